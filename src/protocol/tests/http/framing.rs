//! Where a body ends: Content-Length, Transfer-Encoding, and every way to say it twice. What follows a refused request
//! is never taken for another.

use super::{Case, play};

/// A request with these header lines and what follows them. A refused one is followed by a smuggled request.
fn post(headers: &str, rest: &str) -> Vec<u8> {
    format!("POST /a HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n{rest}").into_bytes()
}

/// One that must be refused with this status.
fn refused(name: &'static str, headers: &str, status: &'static [&'static str]) -> Case {
    let smuggled = "5\r\nhello\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    (name, post(headers, smuggled), status)
}

#[test]
fn content_length_is_one_number_and_nothing_else() {
    let ok: &[&str] = &["200 POST /a hello"];
    let bad: &[&str] = &["400"];
    let length =
        |name, value: &str, wanted| refused(name, &format!("Content-Length:{value}"), wanted);
    play(vec![
        ("a length", post("Content-Length: 5", "hello"), ok),
        ("no blank before the length", post("Content-Length:5", "hello"), ok),
        ("blanks and tabs around the length", post("Content-Length: \t 5 \t", "hello"), ok),
        ("zeros before the length", post("Content-Length: 0005", "hello"), ok),
        ("a name in capitals", post("CONTENT-LENGTH: 5", "hello"), ok),
        ("no length and no body", post("X: y", ""), &["200 POST /a "]),
        ("a length of 0", post("Content-Length: 0", ""), &["200 POST /a "]),
        length("two lengths in one, equal", " 5, 5", bad),
        length("two lengths in one, different", " 5,6", bad),
        length("a plus before the length", " +5", bad),
        length("a minus before the length", " -5", bad),
        length("a blank inside of the length", " 1 5", bad),
        length("a hexadecimal length", " 0x5", bad),
        length("a letter in the length", " 5a", bad),
        length("a fraction", " 5.0", bad),
        length("a length with an exponent", " 5e0", bad),
        length("a length in quotes", " \"5\"", bad),
        length("an underscore in the length", " 1_0", bad),
        length("an empty length", "", bad),
        length("only blanks for a length", " \t ", bad),
        length("a vertical tab before the length", " \x0b5", bad),
        length("a form feed behind the length", " 5\x0c", bad),
        length("a digit of another script", " ５", bad),
        length("a length of more than 64 bits", " 18446744073709551621", bad),
        length("a length of very many digits", &format!(" {}5", "9".repeat(300)), bad),
        length("the largest length of 64 bits", " 18446744073709551615", &["413"]),
        length("one byte too many", " 1001", &["413"]),
        refused("two equal lengths", "Content-Length: 5\r\nContent-Length: 5", bad),
        refused("two different lengths", "Content-Length: 5\r\nContent-Length: 6", bad),
        refused("two lengths in different cases", "Content-Length: 5\r\ncontent-length: 5", bad),
    ]);
}

#[test]
fn a_transfer_encoding_is_chunked_once_or_refused() {
    let bad: &[&str] = &["400"];
    let chunked = "5\r\nhello\r\n0\r\n\r\n";
    let coding =
        |name, value: &str, wanted| refused(name, &format!("Transfer-Encoding:{value}"), wanted);
    let ok = |name, headers| (name, post(headers, chunked), &["200 POST /a hello"] as _);
    play(vec![
        ok("chunked", "Transfer-Encoding: chunked"),
        ok("chunked in capitals", "Transfer-Encoding: CHUNKED"),
        ok("a name in small letters, no blank", "transfer-encoding:chunked"),
        ok("blanks behind chunked", "Transfer-Encoding: chunked \t"),
        coding("chunked twice in one", " chunked, chunked", bad),
        coding("gzip", " gzip", bad),
        coding("identity", " identity", bad),
        coding("xchunked", " xchunked", bad),
        coding("chunkedx", " chunkedx", bad),
        coding("chunked and gzip", " chunked, gzip", bad),
        coding("gzip and chunked", " gzip, chunked", &["501"]),
        coding("identity and chunked", " identity, chunked", &["501"]),
        coding("an empty coding before chunked", " , chunked", &["501"]),
        coding("an empty coding behind chunked", " chunked,", bad),
        coding("chunked with a weight", " chunked ;q=1", bad),
        coding("chunked with a parameter", " chunked;x=y", bad),
        coding("chunked in quotes", " \"chunked\"", bad),
        coding("chunked in brackets", " (chunked)", bad),
        coding("no coding at all", "", bad),
        coding("a vertical tab before chunked", " \x0bchunked", bad),
        coding("a vertical tab behind chunked", " chunked\x0b", bad),
        coding("a NUL behind chunked", " chunked\0", bad),
        coding("a no-break space before chunked", "\u{a0}chunked", bad),
        coding("a bare CR before chunked", "\rchunked", bad),
        coding("a bare LF before chunked", "\n chunked", bad),
        coding("a folded line", "\r\n chunked", bad),
        refused("the header twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", bad),
        refused("gzip in a line before", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", bad),
        refused("identity in a line behind", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", bad),
        refused("a blank behind the name", "Transfer-Encoding : chunked", bad),
        refused("a blank before the name", "X: y\r\n Transfer-Encoding: chunked", bad),
        refused("a NUL in the name", "Transfer-Encoding\0: chunked", bad),
        (
            "HTTP/1.0 has no chunks",
            b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.0\r\n\r\n".to_vec(),
            bad,
        ),
    ]);
}

#[test]
fn two_ways_to_say_where_a_body_ends_are_refused() {
    let both =
        |name, first: &str, second: &str| refused(name, &format!("{first}\r\n{second}"), &["400"]);
    let (length, chunked) = ("Content-Length: 5", "Transfer-Encoding: chunked");
    play(vec![
        both("length, then chunked", length, chunked),
        both("chunked, then length", chunked, length),
        both("a length of 0, then chunked", "Content-Length: 0", chunked),
        both("chunked, then a bad length", chunked, "Content-Length: x"),
        both("a length with identity", length, "Transfer-Encoding: identity"),
        both("a length and a coding of some name", "Transfer-Encoding: xchunked", length),
        // What only looks like the header is another one, and says nothing.
        (
            "an underscore is no hyphen",
            post("Transfer_Encoding: chunked\r\nContent-Length: 5", "hello"),
            &["200 POST /a hello"],
        ),
        (
            "a name that goes on",
            post("Transfer-Encoding-X: chunked\r\nContent-Length: 5", "hello"),
            &["200 POST /a hello"],
        ),
        (
            "a GET may have a body",
            b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            &["200 GET /a hello", "200 GET /b "],
        ),
        (
            "a body that looks like a request is a body",
            post("Content-Length: 35", "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"),
            &["200 POST /a GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"],
        ),
    ]);
}
