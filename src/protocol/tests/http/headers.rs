//! Header lines: names, values, folded lines, limits.

use super::{Case, play};

/// A request with these bytes among its header lines, and a smuggled one behind it.
fn header(name: &'static str, lines: impl AsRef<[u8]>, wanted: &'static [&'static str]) -> Case {
    let mut sent = b"GET /a HTTP/1.1\r\nHost: x\r\n".to_vec();
    sent.extend_from_slice(lines.as_ref());
    sent.extend_from_slice(b"\r\n\r\n");
    if !wanted[0].starts_with("200 ") {
        sent.extend_from_slice(b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    (name, sent, wanted)
}

fn ok(name: &'static str, lines: impl AsRef<[u8]>) -> Case {
    header(name, lines, &["200 GET /a "])
}

fn refused(name: &'static str, lines: impl AsRef<[u8]>) -> Case {
    header(name, lines, &["400"])
}

#[test]
fn names_are_tokens_and_a_colon_follows_at_once() {
    play(vec![
        ok("every character of a token", "aZ09!#$%&'*+-.^_`|~: y"),
        ok("a header twice", "X: y\r\nX: z"),
        refused("a blank in the name", "X Y: z"),
        refused("a blank behind the name", "X : y"),
        refused("a tab behind the name", "X\t: y"),
        refused("a blank before the name", "X: y\r\n Z: 1"),
        refused("an empty name", ": y"),
        refused("no colon", "X"),
        refused("a blank line with a blank", " "),
        refused("a NUL in the name", "X\0Y: z"),
        refused("a control character in the name", "X\x01: y"),
        refused("a DEL in the name", "X\x7f: y"),
        refused("a byte that is not ASCII in the name", b"X\xe9: y"),
        refused("brackets", "(X): y"),
        refused("a slash", "X/Y: z"),
        refused("quotes", "\"X\": y"),
        refused("an at sign", "X@Y: z"),
        refused("a comma", "X,Y: z"),
        refused("an equals sign", "X=Y: z"),
        refused("curly brackets", "{X}: y"),
    ]);
}

#[test]
fn values_have_no_control_characters() {
    play(vec![
        ok("an empty value", "X:"),
        ok("only blanks", "X: \t "),
        ok("a tab inside", "X: y\tz"),
        ok("a colon inside", "X: y: z"),
        ok("bytes that are not ASCII", b"X: \xe9\xff\x80"),
        refused("a NUL", "X: y\0z"),
        refused("a control character", "X: \x01"),
        refused("a vertical tab", "X: y\x0bz"),
        refused("an escape", "X: \x1b[0m"),
        refused("a DEL", "X: \x7f"),
    ]);
}

#[test]
fn lines_end_in_cr_lf() {
    play(vec![
        refused("a bare LF behind a value", "X: y\nZ: 1"),
        refused("a bare CR in a value", "X: y\rZ: 1"),
        refused("a bare CR before a value", "X: \ry"),
        refused("a bare CR in a name", "X\rY: z"),
        refused("CR CR LF", "X: y\r"),
        refused("LF LF", "X: y\n\nGET /smuggled HTTP/1.1\nHost: x\n"),
        refused("CR CR", "X: y\r\rGET /smuggled HTTP/1.1\rHost: x\r"),
        refused("CR LF LF", "X: y\r\n\nGET /smuggled HTTP/1.1"),
        refused("LF CR LF", "X: y\n"),
        refused("LF CR", "X: y\n\rZ: 1"),
        refused("a folded line", "X: y\r\n z"),
        refused("a line folded by a tab", "X: y\r\n\tz"),
        refused("a folded line with nothing in it", "X: y\r\n \r\nZ: 1"),
        refused("a folded line before everything", "\tX: y"),
    ]);
}

#[test]
fn the_first_line_may_not_be_folded() {
    let sent = |line: &str| format!("GET /a HTTP/1.1\r\n{line}\r\n\r\n").into_bytes();
    play(vec![
        ("a blank before the first header", sent(" Host: x"), &["400"]),
        ("a blank line and a header", sent(" X: y\r\nHost: x"), &["400"]),
    ]);
}

#[test]
fn a_head_has_limits() {
    let lines = |n: usize| "X: y\r\n".repeat(n).trim_end().to_owned();
    let long = |n: usize| format!("X: {}", "y".repeat(n));
    let endless = ["GET /a HTTP/1.1\r\nHost: x\r\nX: ", &"y".repeat(20000)].concat();
    play(vec![
        ok("100 headers", lines(99)),
        ok("a header of 15 KiB", long(15 * 1024)),
        header("101 headers", lines(100), &["431"]),
        header("5000 headers", lines(5000), &["431"]),
        header("a header of 16 KiB", long(16 * 1024), &["431"]),
        header("a header of 100 KiB", long(100 * 1024), &["431"]),
        ("a header that never ends", endless.into_bytes(), &["431"]),
    ]);
}

#[test]
fn expectations_are_known_or_refused() {
    play(vec![
        header("another expectation", "Expect: 200-ok", &["417"]),
        header("two expectations", "Expect: 100-continue, x", &["417"]),
        // A list in one line says what it says in several (RFC 9110, 5.3 and 10.1.1); an empty one says nothing.
        ok("an empty expectation", "Expect:"),
        ok("one twice", "Expect: 100-continue, 100-continue"),
        ok("one twice in two lines", "Expect: 100-continue\r\nexpect: 100-continue"),
        ok("capitals", "Expect: 100-Continue"),
    ]);
}
