//! The request line: method, target, version, and what stands between and before them.

use super::{Case, play};

/// A request line and everything else that is needed, and a smuggled request behind it.
fn line(name: &'static str, line: impl AsRef<[u8]>, wanted: &'static [&'static str]) -> Case {
    let mut sent = line.as_ref().to_vec();
    sent.extend_from_slice(b"\r\nHost: x\r\n\r\n");
    if !wanted[0].starts_with("200 ") {
        sent.extend_from_slice(b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    (name, sent, wanted)
}

fn refused(name: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    line(name, bytes, &["400"])
}

#[test]
fn one_blank_stands_between_method_target_and_version() {
    play(vec![
        line("a request line", "GET /a HTTP/1.1", &["200 GET /a "]),
        refused("two blanks before the target", "GET  /a HTTP/1.1"),
        refused("two blanks before the version", "GET /a  HTTP/1.1"),
        refused("a blank at the end", "GET /a HTTP/1.1 "),
        refused("a blank at the beginning", " GET /a HTTP/1.1"),
        refused("a tab before the target", "GET\t/a HTTP/1.1"),
        refused("a tab before the version", "GET /a\tHTTP/1.1"),
        refused("a vertical tab", "GET /a\x0bHTTP/1.1"),
        refused("no method", "/a HTTP/1.1"),
        refused("no target", "GET HTTP/1.1"),
        refused("an empty target", "GET  HTTP/1.1"),
        refused("more behind the version", "GET /a HTTP/1.1 HTTP/1.1"),
        refused("a bare LF", "GET /a HTTP/1.1\nX: y"),
        refused("a bare CR", "GET /a HTTP/1.1\rX: y"),
        refused("CR CR LF", "GET /a HTTP/1.1\r"),
        refused("a colon line instead", "Host: y"),
        refused("noise", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
    ]);
}

#[test]
fn versions_are_1_0_and_1_1() {
    play(vec![
        ("version 1.0", b"GET /a HTTP/1.0\r\n\r\n".to_vec(), &["200! GET /a "]),
        line("version 1.2", "GET /a HTTP/1.2", &["505"]),
        line("version 2.0", "GET /a HTTP/2.0", &["505"]),
        line("version 0.9", "GET /a HTTP/0.9", &["505"]),
        line("the opening of HTTP/2", "PRI * HTTP/2.0", &["505"]),
        refused("no version", "GET /a"),
        refused("a blank and no version", "GET /a "),
        refused("small letters", "GET /a http/1.1"),
        refused("one number", "GET /a HTTP/1"),
        refused("a minor version of two digits", "GET /a HTTP/1.10"),
        refused("zeros", "GET /a HTTP/01.1"),
        refused("a comma", "GET /a HTTP/1,1"),
        refused("blanks inside", "GET /a HTTP/ 1.1"),
        refused("another protocol", "GET /a HTTPS/1.1"),
        refused("a letter", "GET /a HTTP/1.x"),
    ]);
}

#[test]
fn targets_are_paths_or_addresses() {
    play(vec![
        line("the root", "GET / HTTP/1.1", &["200 GET / "]),
        line("a query", "GET /a?b=c&d=/? HTTP/1.1", &["200 GET /a "]),
        line("an address", "GET http://y/a?b HTTP/1.1", &["200 GET /a "]),
        line("an address without path", "GET http://y HTTP/1.1", &["200 GET / "]),
        line("an address with only a query", "GET http://y?b HTTP/1.1", &["200 GET / "]),
        line("an address in capitals with a port", "GET HTTP://Y:80/a HTTP/1.1", &["200 GET /a "]),
        line("all of the server", "OPTIONS * HTTP/1.1", &["200 OPTIONS * "]),
        line("escapes are not undone", "GET /%2e%2E/%00 HTTP/1.1", &["200 GET /%2e%2E/%00 "]),
        line("two slashes", "GET //y/a HTTP/1.1", &["200 GET //y/a "]),
        refused("an asterisk with another method", "GET * HTTP/1.1"),
        refused("an asterisk and more", "OPTIONS *a HTTP/1.1"),
        refused("no slash", "GET a HTTP/1.1"),
        refused("a host and a port", "GET y:80 HTTP/1.1"),
        refused("a fragment", "GET /a#b HTTP/1.1"),
        refused("an address with a fragment", "GET http://y/#b HTTP/1.1"),
        refused("an address of another kind", "GET ftp://y/a HTTP/1.1"),
        refused("an address without host", "GET http:///a HTTP/1.1"),
        refused("an address with a user", "GET http://me@y/a HTTP/1.1"),
        refused("an address with a bad port", "GET http://y:x/a HTTP/1.1"),
        refused("an address with an open bracket", "GET http://[::1/a HTTP/1.1"),
        refused("a blank", "GET /a b HTTP/1.1"),
        refused("a NUL", "GET /a\0b HTTP/1.1"),
        refused("a control character", "GET /a\x01b HTTP/1.1"),
        refused("a DEL", "GET /a\x7fb HTTP/1.1"),
        refused("a character that is not ASCII", "GET /é HTTP/1.1"),
        refused("a byte that is no character", b"GET /\xff HTTP/1.1"),
        refused("a bare CR", "GET /a\rb HTTP/1.1"),
        refused("a bare LF", "GET /a\nb HTTP/1.1"),
    ]);
}

#[test]
fn methods_are_known_or_at_least_look_like_it() {
    play(vec![
        line("DELETE", "DELETE /a HTTP/1.1", &["200 DELETE /a "]),
        line("PATCH", "PATCH /a HTTP/1.1", &["200 PATCH /a "]),
        line("one that the script may know", "M-SEARCH /a HTTP/1.1", &["200 M-SEARCH /a "]),
        line("CONNECT", "CONNECT y:443 HTTP/1.1", &["501"]),
        line("CONNECT with a path", "CONNECT /a HTTP/1.1", &["501"]),
        line("TRACE", "TRACE /a HTTP/1.1", &["501"]),
        line("small letters", "get /a HTTP/1.1", &["501"]),
        line("a mixed case", "Get /a HTTP/1.1", &["501"]),
        line("one that is too long", "ABCDEFGHIJKLMNOPQRSTUVWXY /a HTTP/1.1", &["501"]),
        refused("a colon", "GET: /a HTTP/1.1"),
        refused("a bracket", "G(T /a HTTP/1.1"),
        refused("a NUL", "GE\0T /a HTTP/1.1"),
        refused("a byte that is not ASCII", b"G\xc9T /a HTTP/1.1"),
        refused("quotes", "\"GET\" /a HTTP/1.1"),
    ]);
}

#[test]
fn a_few_empty_lines_before_a_request_are_nothing() {
    let before = |name, blanks: &str, wanted| -> Case {
        let sent = format!("{blanks}GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        (name, sent.into_bytes(), wanted)
    };
    play(vec![
        before("one", "\r\n", &["200 GET /a "]),
        before("four", "\r\n\r\n\r\n\r\n", &["200 GET /a "]),
        before("five", "\r\n\r\n\r\n\r\n\r\n", &["400"]),
        before("a bare LF", "\n", &["400"]),
        before("a bare CR", "\r", &["400"]),
        before("a blank in it", " \r\n", &["400"]),
        (
            "one between two requests",
            b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            &["200 PUT /a x", "200 GET /b "],
        ),
    ]);
}

#[test]
fn a_line_that_is_too_long_is_refused() {
    let long = |n: usize| format!("GET /{} HTTP/1.1", "a".repeat(n));
    play(vec![
        line("of 9000 bytes", long(9000), &["414"]),
        line("of 20000 bytes", long(20000), &["414"]),
        ("that never ends", long(20000).into_bytes(), &["414"]),
    ]);
}
