//! Frames that RFC 6455 forbids: each ends its connection with the code that says why, and nobody else's.

use super::{ADDRESS, ECHO};
use crate::support::{
    client::Client,
    host::TestHost,
    websocket::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket, handshake, masked},
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

// K2: there it was message data.
#[test]
fn control_frames_in_fragments_are_refused() {
    each_ends_with(
        1002,
        &[
            ("ping", &|s| s.frame(PING, b"half")),
            ("pong", &|s| s.frame(PONG, b"half")),
            ("close", &|s| s.frame(CLOSE, &[0x03, 0xe8])),
            ("inside a message", &|s| {
                s.frame(TEXT, b"text");
                s.frame(PING, b"half");
            }),
        ],
    );
}

#[test]
fn control_frames_of_more_than_125_bytes_are_refused() {
    each_ends_with(
        1002,
        &[
            ("ping", &|s| s.frame(0x80 | PING, &[0; 126])),
            ("pong", &|s| s.frame(0x80 | PONG, &[0; 126])),
            ("close", &|s| s.frame(0x80 | CLOSE, &[0; 126])),
        ],
    );
}

// K5: there RSV1 was inflated and the others ignored.
#[test]
fn reserved_bits_and_opcodes_are_refused() {
    each_ends_with(
        1002,
        &[
            ("rsv1", &|s| s.frame(0xc0 | TEXT, b"text")),
            ("rsv2", &|s| s.frame(0xa0 | TEXT, b"text")),
            ("rsv3", &|s| s.frame(0x90 | BINARY, b"bytes")),
            ("rsv1 on a ping", &|s| s.frame(0xc0 | PING, b"")),
            ("rsv1 on a continuation", &|s| {
                s.frame(TEXT, b"text");
                s.frame(0xc0 | CONTINUATION, b"text");
            }),
            ("opcode 3", &|s| s.frame(0x83, b"")),
            ("opcode 7", &|s| s.frame(0x87, b"")),
            ("opcode 11", &|s| s.frame(0x8b, b"")),
            ("opcode 15", &|s| s.frame(0x8f, b"")),
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
fn frames_without_a_mask_are_refused() {
    each_ends_with(
        1002,
        &[
            ("text", &|s| s.client.send(b"\x81\x04text")),
            ("ping", &|s| s.client.send(b"\x89\x00")),
            ("close", &|s| s.client.send(b"\x88\x02\x03\xe8")),
        ],
    );
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
            ("a surrogate", &|s| s.frame(0x80 | TEXT, b"\xed\xa0\x80")),
            ("overlong", &|s| s.frame(0x80 | TEXT, b"\xc0\xaf")),
            ("cut character at the end", &|s| s.frame(0x80 | TEXT, b"\xf0\x9f\x98")),
            ("cut character at the end of the last fragment", &|s| {
                s.frame(TEXT, b"\xf0\x9f");
                s.frame(0x80 | CONTINUATION, b"\x98");
            }),
            ("broken across fragments", &|s| {
                s.frame(TEXT, b"\xf0\x9f");
                s.frame(CONTINUATION, b"\x41");
            }),
            // Told at the first fragment, though the message has not ended.
            ("broken in an unfinished message", &|s| s.frame(TEXT, b"a\xffb")),
            ("close reason", &|s| s.frame(0x80 | CLOSE, b"\x03\xe8\xff")),
        ],
    );
}

#[test]
fn close_codes_that_may_not_be_sent_are_refused() {
    let mut cases: Vec<(String, Vec<u8>)> = vec![("half a code".into(), vec![0x03])];
    for code in [0_u16, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        cases.push((code.to_string(), code.to_be_bytes().to_vec()));
    }
    let mut host = TestHost::start(ECHO);
    for (name, payload) in cases {
        println!("case: {name}");
        let mut socket = host.websocket(ADDRESS);
        socket.frame(0x80 | CLOSE, &payload);
        socket.expect_close(1002);
    }
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
