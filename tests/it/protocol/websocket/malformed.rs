//! Frames that RFC 6455 forbids: each ends its connection with the code that says why, and nobody else's. What is forbidden
//! stands in `src/protocol/tests`; here one of each kind is played on a real socket.

use super::{ADDRESS, ECHO};
use crate::support::{
    client::Client,
    host::TestHost,
    websocket::{BINARY, CLOSE, CONTINUATION, PING, TEXT, WebSocket, handshake, masked},
};

/// A name and what a client does.
type Case<'a> = (&'a str, &'a dyn Fn(&mut WebSocket));

/// Each case on a connection of its own must end with `code`, be an `on_error` 3, and leave a neighbour alone.
fn each_ends_with(code: u16, cases: &[Case]) {
    let mut host = TestHost::start(ECHO);
    let mut neighbour = host.websocket(ADDRESS);
    for (at, (name, misbehave)) in cases.iter().enumerate() {
        println!("case: {name}");
        let mut socket = host.websocket(ADDRESS);
        misbehave(&mut socket);
        socket.expect_close(code);
        host.wait_for_log(&format!("closed {}", at + 2));
        assert_eq!(host.logged("error 3: "), at + 1, "{name}");
    }
    assert_eq!(neighbour.ask("still here"), "still here");
}

#[test]
fn frames_that_no_client_may_send_are_refused() {
    each_ends_with(
        1002,
        &[
            ("a reserved bit", &|s| s.frame(0xc0 | TEXT, b"text")),
            ("an unknown kind", &|s| s.frame(0x83, b"")),
            ("half a ping inside a message", &|s| {
                s.frame(TEXT, b"text");
                s.frame(PING, b"half");
            }),
            ("a ping of 126 bytes", &|s| s.frame(0x80 | PING, &[0; 126])),
            ("no mask", &|s| s.client.send(b"\x81\x04text")),
            ("a code that may not be sent", &|s| s.frame(0x80 | CLOSE, &1005_u16.to_be_bytes())),
        ],
    );
}

// K4: there it was handed to the script still compressed. Here compression is never agreed to, however it is offered.
#[test]
fn a_compressed_message_in_fragments_is_refused_and_not_delivered() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("websocket://127.0.0.1:0");
        worker.on_message = |connection, data| print("delivered");
        worker.on_close = |connection| print("closed");
        Worker::run_all();
        "#,
    );
    let mut client = Client::connect(host.socket("websocket://127.0.0.1:0"));
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    client.send(handshake("/").trim_end().to_owned() + "\r\n" + offer);
    let mut socket = WebSocket { client };
    let head = socket.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(!head.to_ascii_lowercase().contains("sec-websocket-extensions"), "{head}");
    // "Hello" in raw deflate, as in RFC 7692, in two frames.
    socket.frame(0x40 | TEXT, b"\xf2\x48\xcd");
    socket.frame(0x80 | CONTINUATION, b"\xc9\xc9\x07\x00");
    socket.expect_close(1002);
    host.wait_for_log("closed");
    assert_eq!(host.logged("delivered"), 0);
}

#[test]
fn a_message_must_start_once_and_before_it_continues() {
    each_ends_with(
        1002,
        &[
            ("continuation of nothing", &|s| s.frame(0x80 | CONTINUATION, b"text")),
            ("unfinished continuation of nothing", &|s| s.frame(CONTINUATION, b"text")),
            ("continuation after the end", &|s| {
                s.frame(TEXT, b"a");
                s.frame(0x80 | CONTINUATION, b"b");
                assert_eq!(s.message(), "ab");
                s.frame(0x80 | CONTINUATION, b"c");
            }),
            ("text inside a text", &|s| {
                s.frame(TEXT, b"a");
                s.frame(0x80 | TEXT, b"b");
            }),
            ("bytes inside a text", &|s| {
                s.frame(TEXT, b"a");
                s.frame(0x80 | BINARY, b"b");
            }),
        ],
    );
}

#[test]
fn text_must_be_utf8_within_a_frame_and_across_fragments() {
    each_ends_with(
        1007,
        &[
            ("one frame", &|s| s.frame(0x80 | TEXT, b"a\xffb")),
            // Told at the first fragment, though the message has not ended.
            ("broken in an unfinished message", &|s| s.frame(TEXT, b"a\xffb")),
            ("close reason", &|s| s.frame(0x80 | CLOSE, b"\x03\xe8\xff")),
        ],
    );
}

#[test]
fn nothing_after_a_broken_frame_counts() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    let frames = [
        masked(0x80 | TEXT, b"before"),
        masked(0x83, b""),
        masked(0x80 | TEXT, b"after"),
        masked(0x80 | PING, b"after"),
    ];
    socket.client.send(frames.concat());
    assert_eq!(socket.message(), "before");
    socket.expect_close(1002);
}
