//! Bodies in chunks: RFC 9112, 7.1.

use super::{Case, play};

const HEAD: &str = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What stands behind a request that is refused.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

fn case(name: &'static str, body: impl AsRef<[u8]>, wanted: &'static [&'static str]) -> Case {
    (name, [HEAD.as_bytes(), body.as_ref()].concat(), wanted)
}

fn ok(name: &'static str, body: &str) -> Case {
    case(name, body, &["200 POST /a hello"])
}

fn refused(name: &'static str, body: impl AsRef<[u8]>) -> Case {
    case(name, [body.as_ref(), SMUGGLED.as_bytes()].concat(), &["400"])
}

#[test]
fn sizes_are_hexadecimal_digits() {
    play(vec![
        ok("one chunk", "5\r\nhello\r\n0\r\n\r\n"),
        ok("a chunk for each byte", "1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n"),
        ok("zeros before the size", "0005\r\nhello\r\n0\r\n\r\n"),
        ok("a last chunk of two zeros", "5\r\nhello\r\n00\r\n\r\n"),
        ok("a last chunk of 16 zeros", "5\r\nhello\r\n0000000000000000\r\n\r\n"),
        case("only the last chunk", "0\r\n\r\n", &["200 POST /a "]),
        case("small letters", "a\r\n0123456789\r\n0\r\n\r\n", &["200 POST /a 0123456789"]),
        case("capitals", "A\r\n0123456789\r\n0\r\n\r\n", &["200 POST /a 0123456789"]),
        case("a CR LF that is data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", &["200 POST /a \r\n\r\n"]),
        case(
            "another request follows",
            "5\r\nhello\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
            &["200 POST /a hello", "200 GET /b "],
        ),
        refused("no size", "\r\nhello\r\n0\r\n\r\n"),
        refused("a prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        refused("a minus", "-5\r\nhello\r\n0\r\n\r\n"),
        refused("a plus", "+5\r\nhello\r\n0\r\n\r\n"),
        refused("no hexadecimal digit", "g\r\nhello\r\n0\r\n\r\n"),
        refused("an h behind the size", "5h\r\nhello\r\n0\r\n\r\n"),
        refused("an underscore", "0_5\r\nhello\r\n0\r\n\r\n"),
        refused("a blank before the size", " 5\r\nhello\r\n0\r\n\r\n"),
        refused("a blank behind the size", "5 \r\nhello\r\n0\r\n\r\n"),
        refused("a tab behind the size", "5\t\r\nhello\r\n0\r\n\r\n"),
        refused("a comma", "5,5\r\nhello\r\n0\r\n\r\n"),
        refused("17 digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
        refused("a size of more than 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        case("the largest size of 64 bits", "ffffffffffffffff\r\nhello", &["413"]),
        case("a size beyond signed numbers", "8000000000000005\r\nhello", &["413"]),
        case("one byte too many", "3e9\r\nhello", &["413"]),
        case(
            "too much in several chunks",
            ["1f4\r\n", &"x".repeat(500), "\r\n1f5\r\n"].concat(),
            &["413"],
        ),
    ]);
}

#[test]
fn lines_of_chunks_end_in_cr_lf() {
    play(vec![
        refused("a bare LF behind the size", "5\nhello\r\n0\r\n\r\n"),
        refused("a bare CR behind the size", "5\rhello\r\n0\r\n\r\n"),
        refused("CR CR LF behind the size", "5\r\r\nhello\r\n0\r\n\r\n"),
        refused("a bare LF behind the data", "5\r\nhello\n0\r\n\r\n"),
        refused("a bare CR behind the data", "5\r\nhello\r0\r\n\r\n"),
        refused("nothing behind the data", "5\r\nhello0\r\n\r\n"),
        refused("data that is longer than its size", "4\r\nhello\r\n0\r\n\r\n"),
        refused("data that is shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
        refused("a bare LF behind the last chunk", "5\r\nhello\r\n0\n\r\n"),
        refused("a bare LF at the very end", "5\r\nhello\r\n0\r\n\n"),
        refused("a bare CR at the very end", "5\r\nhello\r\n0\r\n\rX"),
    ]);
}

#[test]
fn extensions_are_judged_and_forgotten() {
    let long = |n: usize| format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(n));
    let many = format!("{}0\r\n\r\n", format!("1;{}\r\nx\r\n", "e".repeat(200)).repeat(60));
    play(vec![
        ok("a name", "5;name\r\nhello\r\n0\r\n\r\n"),
        ok("a name and a value", "5;name=value\r\nhello\r\n0;x=y\r\n\r\n"),
        ok("a quoted value", "5;name=\"a; \\\" b\";more\r\nhello\r\n0\r\n\r\n"),
        ok("blanks around them", "5 ; name = value\r\nhello\r\n0\r\n\r\n"),
        refused("a semicolon and no name", "5;\r\nhello\r\n0\r\n\r\n"),
        refused("two semicolons", "5;;a\r\nhello\r\n0\r\n\r\n"),
        refused("an equals sign and no value", "5;a=\r\nhello\r\n0\r\n\r\n"),
        refused("a quote that does not end", "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
        refused("no semicolon", "5 name\r\nhello\r\n0\r\n\r\n"),
        refused("a bare CR", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        refused("a bare LF", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        refused("a bare LF in a quoted value", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
        refused("a NUL", "5;a\0b\r\nhello\r\n0\r\n\r\n"),
        refused("a control character in a quoted value", "5;a=\"\x01\"\r\nhello\r\n0\r\n\r\n"),
        refused("a byte that is not ASCII in a name", b"5;\xe9\r\nhello\r\n0\r\n\r\n"),
        refused("one that is too long", long(300)),
        refused("too many of them together", many),
    ]);
}

#[test]
fn trailers_are_judged_as_headers_are() {
    let end = "5\r\nhello\r\n0\r\n";
    let good = |name, trailers: &str| ok(name, &format!("{end}{trailers}\r\n"));
    let bad = |name, trailers: &str| refused(name, format!("{end}{trailers}\r\n"));
    let many = "X: y\r\n".repeat(40);
    let long = format!("X: {}\r\n", "y".repeat(5000));
    play(vec![
        good("a trailer", "X: y\r\n"),
        good("two of them", "X: y\r\nZ: 1\r\n"),
        // They say nothing any more.
        good("a length", "Content-Length: 100\r\n"),
        good("a coding", "Transfer-Encoding: chunked\r\n"),
        good("a host", "Host: y\r\n"),
        bad("no colon", "X\r\n"),
        bad("no name", ": y\r\n"),
        bad("a blank behind the name", "X : y\r\n"),
        bad("a folded line", "X: y\r\n z\r\n"),
        bad("a bare LF", "X: y\n"),
        bad("a bare CR", "X: y\rz\r\n"),
        bad("a NUL", "X: \0\r\n"),
        case("too many", [end, &many, "\r\n"].concat(), &["431"]),
        case("a line that is too long", [end, &long, "\r\n"].concat(), &["431"]),
        case("a line that never ends", [end, &long[..4500]].concat(), &["431"]),
        case("all together too long", [end, &"X: 0123456789\r\n".repeat(300)].concat(), &["431"]),
    ]);
}
