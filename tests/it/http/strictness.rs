//! The client of these tests takes nothing that is not right: else it would hide what it should find.

use crate::support::{client::Client, http::HttpClient};
use std::{
    io::{Read, Write},
    net::TcpListener,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::SystemTime,
};

/// A client of a server that answers with these bytes, whatever it is asked, and closes.
fn answered_with(answer: &str) -> HttpClient {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let answer = answer.replace("DATE", &format!("Date: {date}"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 1000]);
        stream.write_all(answer.as_bytes()).expect("the client takes it");
    });
    HttpClient::over(Client::connect(address))
}

#[test]
fn every_good_answer_is_taken() {
    let sized = "HTTP/1.1 200 OK\r\nDATE\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(answered_with(sized).get("/").text(), "hello");
    assert_eq!(answered_with(sized).post("/", "text/plain", "x").text(), "hello");
    let head = answered_with("HTTP/1.1 200 OK\r\nDATE\r\nContent-Length: 5\r\n\r\n").head("/");
    assert_eq!((head.header("content-length"), head.text()), (Some("5"), ""));
    let closed = "HTTP/1.1 200 OK\r\nDATE\r\nConnection: close\r\n\r\nhello";
    assert_eq!(answered_with(closed).get("/").text(), "hello");
    let empty = "HTTP/1.1 204 No Content\r\nDATE\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n";
    assert_eq!(answered_with(empty).get("/").all("set-cookie").collect::<Vec<_>>(), ["a", "b"]);
    let chunked = "HTTP/1.1 200 OK\r\nDATE\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n";
    let whole = answered_with(chunked).get("/");
    assert_eq!((whole.text(), &*whole.trailers[0].1), ("hello", "y"));
    let mut pieces = answered_with(chunked);
    pieces.send("GET", "/", &[], "");
    assert_eq!(pieces.begin().status, 200);
    assert_eq!([pieces.chunk(), pieces.chunk()], [Some(b"hel".to_vec()), Some(b"lo".to_vec())]);
    assert_eq!(pieces.chunk(), None);
}

#[test]
fn a_server_of_others_may_leave_the_date_out_and_stay() {
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    let mut client = HttpClient::of_a_foreign_server(answered_with(answer).client);
    assert_eq!(client.get("/").text(), "ok");
}

#[test]
fn no_answer_is_taken_that_is_not_right() {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\nhello");
    let chunks =
        |body: &str| format!("HTTP/1.1 200 OK\r\nDATE\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let length = "Content-Length: 5";
    let mut taken = Vec::new();
    for (name, answer) in [
        ("nothing", String::new()),
        ("another version", head(&format!("DATE\r\n{length}")).replace("1.1", "1.0")),
        ("no reason", head(&format!("DATE\r\n{length}")).replace(" OK", "")),
        ("a status of two digits", head(&format!("DATE\r\n{length}")).replace("200", "20")),
        ("a bare LF", head(&format!("DATE\n{length}"))),
        ("a folded line", head(&format!("DATE\r\nX: a\r\n b\r\n{length}"))),
        ("a blank in a name", head(&format!("DATE\r\nX : a\r\n{length}"))),
        ("a line without a colon", head(&format!("DATE\r\nX\r\n{length}"))),
        ("a control character", head(&format!("DATE\r\nX: \x01\r\n{length}"))),
        ("no date", head(length)),
        ("an old date", head(&format!("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n{length}"))),
        ("two dates", head(&format!("DATE\r\nDATE\r\n{length}"))),
        ("two lengths", head(&format!("DATE\r\n{length}\r\n{length}"))),
        ("two types", head(&format!("DATE\r\nContent-Type: a\r\ncontent-type: a\r\n{length}"))),
        ("a length that is none", head("DATE\r\nContent-Length: +5")),
        ("neither length nor end", head("DATE")),
        ("a length and chunks", head(&format!("DATE\r\n{length}\r\nTransfer-Encoding: chunked"))),
        ("a body that is too short", head("DATE\r\nContent-Length: 6")),
        ("bytes behind the end", head("DATE\r\nContent-Length: 4")),
        ("bytes behind the last answer", head("DATE\r\nConnection: close\r\nContent-Length: 4")),
        ("a length without a body", "HTTP/1.1 204 No\r\nDATE\r\nContent-Length: 0\r\n\r\n".into()),
        ("a body of a 304", "HTTP/1.1 304 No\r\nDATE\r\n\r\nhello".into()),
        ("no size", chunks("\r\nhello\r\n0\r\n\r\n")),
        ("a size with a sign", chunks("+5\r\nhello\r\n0\r\n\r\n")),
        ("a bare LF behind a size", chunks("5\nhello\r\n0\r\n\r\n")),
        ("nothing behind a chunk", chunks("5\r\nhello0\r\n\r\n")),
        ("no last chunk", chunks("5\r\nhello\r\n")),
        ("bytes behind the last chunk", chunks("5\r\nhello\r\n0\r\n\r\nmore")),
    ] {
        let mut client = answered_with(&answer);
        if let Ok(answer) = catch_unwind(AssertUnwindSafe(|| client.get("/"))) {
            taken.push(format!("{name}: {answer:?}"));
        }
    }
    assert!(taken.is_empty(), "\n{}", taken.join("\n"));
}
