//! The Host header: exactly one, and one that an address can have (RFC 9112, 3.2).

use super::{Case, play};

/// A request with these lines and no other, and a smuggled one behind it.
fn hosts(name: &'static str, lines: &str, wanted: &'static [&'static str]) -> Case {
    let mut sent = format!("GET /a HTTP/1.1\r\n{lines}\r\n");
    if !wanted[0].starts_with("200 ") {
        sent.push_str("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    (name, sent.into_bytes(), wanted)
}

fn ok(name: &'static str, host: &str) -> Case {
    hosts(name, &format!("Host: {host}\r\n"), &["200 GET /a "])
}

fn refused(name: &'static str, host: &str) -> Case {
    hosts(name, &format!("Host:{host}\r\n"), &["400"])
}

#[test]
fn there_is_one_host_that_can_be() {
    play(vec![
        ok("a name", "example.com"),
        ok("a name and a port", "example.com:8080"),
        ok("an empty port", "example.com:"),
        ok("an IPv4 address", "127.0.0.1:80"),
        ok("an IPv6 address", "[::1]"),
        ok("an IPv6 address and a port", "[2001:db8::1]:65535"),
        ok("an underscore", "my_host"),
        hosts("no host", "", &["400"]),
        hosts("two hosts", "Host: a\r\nHost: b\r\n", &["400"]),
        hosts("the same host twice", "Host: a\r\nHost: a\r\n", &["400"]),
        hosts("the same host in other letters", "Host: a\r\nX: y\r\nhOST: a\r\n", &["400"]),
        refused("an empty host", ""),
        refused("only blanks", " \t "),
        refused("only a port", " :80"),
        refused("two in one", " a, b"),
        refused("a comma", " a,b"),
        refused("a blank inside", " a b"),
        refused("a user", " me@a"),
        refused("a path", " a/b"),
        refused("a query", " a?b"),
        refused("a fragment", " a#b"),
        refused("a whole address", " http://a"),
        refused("a backslash", " a\\b"),
        refused("quotes", " \"a\""),
        refused("a character that is not ASCII", " é"),
        refused("a port of letters", " a:http"),
        refused("a port with a sign", " a:+80"),
        refused("a port that is too large", " a:65536"),
        refused("a port of many digits", " a:000000000000000000000000000080x"),
        refused("two ports", " a:80:80"),
        refused("an open bracket", " [::1"),
        refused("a bracket that only closes", " ::1]"),
        refused("an IPv6 address without brackets", " ::1"),
        refused("brackets with nothing in them", " []"),
        refused("brackets with a name in them", " [a]"),
        refused("more behind the brackets", " [::1]a"),
        (
            "HTTP/1.0 needs none",
            b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_vec(),
            &["200 GET /a "],
        ),
        (
            "HTTP/1.0 may not have two",
            b"GET /a HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n".to_vec(),
            &["400"],
        ),
        (
            "HTTP/1.0 may not have a bad one",
            b"GET /a HTTP/1.0\r\nHost: a b\r\n\r\n".to_vec(),
            &["400"],
        ),
        (
            "an address does not stand for the header",
            b"GET http://a/a HTTP/1.1\r\n\r\n".to_vec(),
            &["400"],
        ),
    ]);
}
