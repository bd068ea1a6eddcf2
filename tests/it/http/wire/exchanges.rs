//! Requests and answers on one connection: which answers follow, which end it, and which have no body.

use super::{
    ADDRESS, ANSWERS, Case, SCRIPT, answer, expect_in_step, head, play, script_with, seen,
};
use crate::support::{client::Client, host::TestHost};

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

/// The script with this in the place of its answer.
fn answering(code: &str) -> TestHost {
    TestHost::start(&SCRIPT.replace("// more", code))
}

#[test]
fn the_client_says_whether_the_connection_goes_on() {
    let (on, over): (&[&str], &[&str]) = (&["200 GET /a "], &["200! GET /a "]);
    let one = |name, headers: &str, wanted| -> Case {
        let next = if wanted == over { get("/smuggled", "") } else { String::new() };
        (name, format!("{}{next}", get("/a", headers)).into_bytes(), wanted)
    };
    let old = |name, headers: &str, wanted| -> Case {
        (name, format!("GET /a HTTP/1.0\r\n{headers}\r\n").into_bytes(), wanted)
    };
    play(vec![
        one("nothing said", "", on),
        one("keep-alive", "Connection: keep-alive\r\n", on),
        one("close", "Connection: close\r\n", over),
        one("close in capitals", "CONNECTION: CLOSE\r\n", over),
        one("close and more", "Connection: close, x\r\n", over),
        one("more and close", "Connection: x ,\tclose\r\n", over),
        one("close in the second of two", "Connection: x\r\nConnection: close\r\n", over),
        one("close and keep-alive", "Connection: keep-alive, close\r\n", over),
        one("a name that begins like it", "Connection: closed\r\n", on),
        old("1.0 with nothing said", "", over),
        old("1.0 with keep-alive", "Connection: keep-alive\r\n", on),
        old("1.0 with Keep-Alive", "Connection: Keep-Alive\r\n", on),
        old("1.0 with close", "Connection: close\r\n", over),
        old("1.0 with both", "Connection: keep-alive, close\r\n", over),
        old("1.0 with a body", "Connection: keep-alive\r\nContent-Length: 0\r\n", on),
        (
            "close behind some that go on",
            [
                get("/a", ""),
                get("/b", ""),
                get("/c", "Connection: close\r\n"),
                get("/smuggled", ""),
            ]
            .concat()
            .into_bytes(),
            &["200 GET /a ", "200 GET /b ", "200! GET /c "],
        ),
        (
            "a bad one behind some good ones",
            [get("/a", ""), get("/b", ""), get("b ad", ""), get("/smuggled", "")]
                .concat()
                .into_bytes(),
            &["200 GET /a ", "200 GET /b ", "400"],
        ),
        ("ten at once", get("/a", "").repeat(10).into_bytes(), &["200 GET /a "; 10]),
    ]);
}

#[test]
fn an_old_client_that_wants_to_stay_is_told_that_it_may() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(ADDRESS);
    client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(answer(&mut client).header("connection"), Some("keep-alive"));
    client.send(get("/a", ""));
    assert_eq!(answer(&mut client).header("connection"), None);
}

#[test]
fn an_answer_byte_by_byte() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(ADDRESS);
    client.send(get("/a", "Connection: close\r\n"));
    let all = String::from_utf8(client.rest()).expect("UTF-8");
    let (before, rest) = all.split_once("Date: ").expect("a date");
    let (date, after) = rest.split_once("\r\n").expect("a line");
    assert_eq!(before, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n");
    assert_eq!((date.len(), date.ends_with(" GMT")), (29, true), "{date}");
    assert_eq!(after, "Content-Length: 7\r\nConnection: close\r\n\r\nGET /a ");
}

#[test]
fn an_answer_to_head_has_the_length_and_not_the_body() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(ADDRESS);
    client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    let headers = head(&mut client);
    assert_eq!((headers.status, headers.header("content-length")), (200, Some("8")));
    assert!(headers.header("date").is_some());
    expect_in_step(&mut client);
    // An answer that we give has none either.
    let bad = [
        ("HEAD /a HTTP/1.1\r\n\r\n", 400),
        ("HEAD /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n", 413),
        ("HEAD /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ];
    for (request, status) in bad {
        let mut client = host.tcp(ADDRESS);
        client.send(request);
        assert_eq!(head(&mut client).status, status);
        client.expect_end();
    }
    let mut failing = TestHost::start(&SCRIPT.replace(ANSWERS, "throw \"no\";"));
    let mut client = failing.tcp(ADDRESS);
    client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(head(&mut client).status, 500);
    client.expect_end();
}

#[test]
fn answers_that_can_have_no_body_have_none() {
    let mut host = answering(
        r#"if request.path() != "/probe" {
            let status = parse_int(request.path().sub_string(1));
            return connection.send(Response(status, #{ "Content-Length": "5" }, "hello"));
        }"#,
    );
    let mut client = host.tcp(ADDRESS);
    for (status, length) in [(204, None), (304, None), (205, Some("0"))] {
        client.send(get(&format!("/{status}"), ""));
        let headers = head(&mut client);
        assert_eq!(headers.status, status);
        assert_eq!(headers.header("content-length"), length);
        assert!(headers.header("transfer-encoding").is_none(), "{headers:?}");
        expect_in_step(&mut client);
    }
}

#[test]
fn a_stream_is_chunked_for_new_clients_and_ends_the_connection_of_old_ones() {
    let mut host = answering(
        r#"if request.path().starts_with("/stream") {
            let status = if request.path() == "/stream204" { 204 } else { 200 };
            connection.send(Response(status, #{ "Transfer-Encoding": "chunked" }, "one"));
            connection.send(Chunk("twotwotwotwo"));
            return connection.send(Chunk(""));
        }"#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(get("/stream", ""));
    let headers = head(&mut client);
    assert_eq!(headers.header("transfer-encoding"), Some("chunked"));
    assert!(headers.header("content-length").is_none());
    let body = b"3\r\none\r\nC\r\ntwotwotwotwo\r\n0\r\n\r\n";
    assert_eq!(client.bytes(body.len()), body);
    expect_in_step(&mut client);
    // Who wants no body gets none, and the script need not know.
    client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    let headers = head(&mut client);
    assert!(headers.closes() && headers.header("transfer-encoding") == Some("chunked"));
    client.expect_end();
    let mut client = host.tcp(ADDRESS);
    client.send(get("/stream204", ""));
    let headers = head(&mut client);
    assert!(headers.closes() && headers.header("transfer-encoding").is_none());
    client.expect_end();
    assert_eq!(host.errors(), 0);
    let mut old = host.tcp(ADDRESS);
    old.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let headers = head(&mut old);
    assert!(headers.closes() && headers.header("transfer-encoding").is_none(), "{headers:?}");
    assert_eq!(old.rest(), b"onetwotwotwotwo");
}

/// Reads the line that says to go on, and no more.
fn expect_continue(client: &mut Client) {
    assert_eq!(client.bytes(25), b"HTTP/1.1 100 Continue\r\n\r\n");
}

#[test]
fn a_client_that_waits_is_told_to_send_its_body() {
    let mut host = TestHost::start(SCRIPT);
    let post = |version: &str, headers: &str| {
        format!("POST /a HTTP/{version}\r\nHost: x\r\nExpect: 100-continue\r\n{headers}\r\n")
    };
    let mut client = host.tcp(ADDRESS);
    client.send(post("1.1", "Content-Length: 5\r\n"));
    expect_continue(&mut client);
    host.expect_silence(&client);
    client.send("hello");
    assert_eq!(answer(&mut client).text(), "POST /a hello");
    client.send(post("1.1", "Transfer-Encoding: chunked\r\n"));
    expect_continue(&mut client);
    client.send("5\r\nhello\r\n0\r\n\r\n");
    assert_eq!(answer(&mut client).text(), "POST /a hello");
    // Who does not wait is not told, nor is who has nothing to send.
    client.send(post("1.1", "Content-Length: 5\r\n") + "hello");
    assert_eq!(head(&mut client).status, 200);
    assert_eq!(client.bytes(13), b"POST /a hello");
    client.send(post("1.1", "Content-Length: 0\r\n"));
    assert_eq!(head(&mut client).status, 200);
    assert_eq!(client.bytes(8), b"POST /a ");
    // An old client cannot know what it says.
    client.send(post("1.0", "Content-Length: 5\r\n"));
    host.expect_silence(&client);
    client.send("hello");
    assert_eq!(head(&mut client).status, 200);
}

#[test]
fn a_client_that_waits_is_told_when_it_need_not_send() {
    let mut host = TestHost::start(SCRIPT);
    for (headers, status) in [
        ("Expect: 100-continue\r\nContent-Length: 1001\r\n", 413),
        ("Expect: 100-continue\r\nContent-Length: x\r\n", 400),
        ("Expect: 100-continue\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
        ("Expect: 200-ok\r\nContent-Length: 5\r\n", 417),
    ] {
        let mut client = host.tcp(ADDRESS);
        client.send(format!("POST /a HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
        let refused = head(&mut client);
        assert_eq!(refused.status, status, "{headers}");
        assert!(refused.closes());
    }
    assert_eq!(seen(&mut host), 0);
}

#[test]
fn a_request_behind_a_waiting_one_is_told_in_its_turn() {
    let mut host = TestHost::start(&script_with("").replace("// more", "sleep(0.1);"));
    let mut client = host.tcp(ADDRESS);
    client.send(
        get("/a", "")
            + "POST /b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
    );
    assert_eq!(head(&mut client).status, 200);
    assert_eq!(client.bytes(7), b"GET /a ");
    expect_continue(&mut client);
    client.send("x");
    assert_eq!(answer(&mut client).text(), "POST /b x");
}

#[test]
fn a_script_may_end_the_connection() {
    let mut host = answering(
        r#"if request.path() == "/a" {
            return connection.send(Response(200, #{ "Connection": "close" }, "bye"));
        }"#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(get("/a", "") + get("/smuggled", "").as_str());
    let last = answer(&mut client);
    assert!(last.closes());
    assert_eq!(last.text(), "bye");
    client.expect_end();
    assert_eq!(seen(&mut host), 1);
}
