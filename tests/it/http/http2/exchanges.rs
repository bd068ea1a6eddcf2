//! What a request and its answer are over HTTP/2: what they are over HTTP/1.1, and not what would be left of them if they were
//! said again in its words.

use super::{
    ADDRESS,
    frames::{DATA, Field, Frames, GOODBYE, HEADERS, RESET, frame},
};
use crate::support::host::TestHost;

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.max_package_size = 100_000;
worker.on_error = |connection, code, text| print(`on_error ${code} ${text}`);
worker.on_message = |connection, request| {
    switch request.path() {
        "/cookies" => connection.send(`${request.cookie().len()} ${request.raw_head().split("cookie:").len() - 1}`),
        "/many" => {
            let response = Response();
            for i in 0..98 { response.with_header(`X-${i}`, "v"); }
            connection.send(response.with_body("ok"));
        }
        "/large" => {
            let value = "";
            value.pad(40_000, 'v');
            connection.send(Response(200, #{ "X-Large": value, "Keep-Alive": "timeout=5", "Connection": "close" }, "ok"));
        }
        "/trailer" => connection.send(`${request.body()} ${request.trailer("x-sum")}`),
        "/head" => connection.send(request.raw_head()),
        _ => connection.send(`${request.method()} ${request.raw_body().len()}`),
    }
};
Worker::run_all();
"#;

/// What an error of the connection is answered with, RFC 9113, 7.
const FLOW_CONTROL_ERROR: u8 = 3;
const PROTOCOL_ERROR: u8 = 1;

fn connect() -> (TestHost, Frames) {
    let mut host = TestHost::start(SCRIPT);
    let client = Frames::connect(host.socket(ADDRESS), None);
    (host, client)
}

#[test]
fn cookies_that_come_apart_are_one_header_however_many_they_are() {
    let (_host, mut client) = connect();
    for count in [3, 120, 200] {
        let crumbs: Vec<String> = (0..count).map(|n| format!("c{n}=v")).collect();
        let fields: Vec<Field<'_>> =
            crumbs.iter().map(|crumb| ("cookie", crumb.as_str())).collect();
        let stream = client.ask_for("GET", "/cookies", &fields, true);
        let answer = client.body(stream).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), format!("{count} 1"));
    }
}

#[test]
fn an_answer_may_have_as_many_headers_as_a_script_can_set_and_large_ones() {
    let (_host, mut client) = connect();
    // In HPACK a `v` has seven bits.
    for (path, least) in [("/many", 98), ("/large", 35_000)] {
        let stream = client.ask(path);
        let mut head = client.next().expect("a head");
        assert_eq!((head.kind, head.stream), (HEADERS, stream), "{path}");
        let mut bytes = head.payload.len();
        while !head.has_whole_head {
            head = client.next().expect("the rest of the head");
            bytes += head.payload.len();
        }
        assert!(bytes >= least, "{bytes} bytes of headers");
        assert_eq!(client.body(stream).as_deref(), Some(&b"ok"[..]));
    }
}

#[test]
fn a_client_that_expects_to_be_asked_for_its_body_is_asked() {
    let (_host, mut client) = connect();
    let expects: [Field<'_>; 1] = [("expect", "100-continue")];
    let stream = client.ask_for("POST", "/", &expects, false);
    let asked = client.next().expect("an interim answer");
    assert_eq!((asked.kind, asked.stream, asked.ends), (HEADERS, stream, false));
    assert!(asked.says("100"), "{}", asked.payload.escape_ascii());
    client.send(&frame(DATA, 1, stream, b"a body"));
    assert_eq!(client.body(stream).as_deref(), Some(&b"POST 6"[..]));
    // One whose body would be refused is not asked for it.
    let large = [("expect", "100-continue"), ("content-length", "100001")];
    let stream = client.ask_for("POST", "/", &large, false);
    let refused = client.head(stream);
    assert!(refused.says("413"), "{}", refused.payload.escape_ascii());
    let reason = client.body(stream).expect("a reason");
    assert_eq!(reason, b"a body of more than max_package_size\n");
    let unknown: [Field<'_>; 1] = [("expect", "more")];
    let stream = client.ask_for("POST", "/", &unknown, false);
    assert!(client.head(stream).says("417"));
    client.body(stream).expect("a reason");
}

#[test]
fn a_body_comes_whole_with_its_trailers_and_not_more_of_it_than_is_allowed() {
    let (_host, mut client) = connect();
    let stream = client.ask_for("POST", "/trailer", &[], false);
    client.send(&frame(DATA, 0, stream, b"first "));
    client.send(&frame(DATA, 0, stream, b"second"));
    client.trailers(stream, &[("x-sum", "12"), ("content-length", "1")]);
    assert_eq!(client.body(stream).as_deref(), Some(&b"first second 12"[..]));
    // An empty frame is the end, too.
    let stream = client.ask_for("POST", "/", &[], false);
    client.send(&frame(DATA, 1, stream, b""));
    assert_eq!(client.body(stream).as_deref(), Some(&b"POST 0"[..]));
    let stream = client.ask_for("POST", "/", &[], false);
    for _ in 0..7 {
        client.send(&frame(DATA, 0, stream, &[b'x'; 16_000]));
    }
    assert!(client.head(stream).says("413"));
}

#[test]
fn a_head_is_shown_as_it_came_and_judged_as_any_other() {
    let (_host, mut client) = connect();
    let fields = [("x-a", "1"), ("cookie", "a=1"), ("x-b", "2"), ("cookie", "b=2")];
    let stream = client.ask_for("GET", "/head", &fields, true);
    let head = client.body(stream).expect("an answer");
    let head = String::from_utf8_lossy(&head);
    assert_eq!(head, "GET /head HTTP/2\r\nhost: x\r\nx-a: 1\r\nx-b: 2\r\ncookie: a=1; b=2");
    let stream = client.ask_for("BREW", "/", &[], true);
    assert_eq!(client.body(stream).as_deref(), Some(&b"BREW 0"[..]));
    let stream = client.ask_for("brew", "/", &[], true);
    assert!(client.head(stream).says("501"));
    client.body(stream).expect("a reason");
}

/// RFC 9113, 5.4.1 and 6.9.1: the peer learns by GOAWAY what it did, whatever it has said before.
#[test]
fn an_error_of_the_connection_is_told_to_the_peer_and_to_the_script() {
    let (mut host, mut first) = connect();
    let socket = host.socket(ADDRESS);
    let window = (i32::MAX as u32).to_be_bytes();
    let widened = [frame(8, 0, 0, &window), frame(8, 0, 0, &window)].concat();
    let cases = [(frame(6, 0, 0, b"123"), PROTOCOL_ERROR), (widened, FLOW_CONTROL_ERROR)];
    for (bad, code) in cases {
        // Once behind a request, and once at once.
        for asks in [true, false] {
            let mut client = Frames::connect(socket, None);
            if asks {
                let stream = client.ask("/");
                client.body(stream).expect("an answer");
            }
            client.send(&bad);
            let goodbye = client.next().expect("a goodbye");
            assert_eq!(goodbye.kind, GOODBYE);
            assert_eq!(goodbye.payload[4..8], [0, 0, 0, code]);
            assert!(client.next().is_none(), "the connection ends");
            host.wait_for_log("ended: HTTP/2: ");
            host.wait_for_log("on_error 3 HTTP/2: ");
        }
    }
    // The others go on.
    let stream = first.ask("/");
    assert_eq!(first.body(stream).as_deref(), Some(&b"GET 0"[..]));
}

/// The same of one stream ends that stream.
#[test]
fn an_error_of_a_stream_ends_the_stream() {
    let (_host, mut client) = connect();
    let fields = [("content-length", "3")];
    let stream = client.ask_for("POST", "/", &fields, false);
    client.send(&frame(DATA, 1, stream, b"more than three"));
    let reset = client.next().expect("a reset");
    assert_eq!((reset.kind, reset.stream), (RESET, stream));
    let next = client.ask("/");
    assert_eq!(client.body(next).as_deref(), Some(&b"GET 0"[..]));
}
