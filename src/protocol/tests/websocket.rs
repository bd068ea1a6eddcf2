//! RFC 6455, frame by frame, on a connection that is open.

use super::{Case, Event, check};
use crate::protocol::{
    Codec, Kind,
    http::{Decoded, Http, Upgrade},
    websocket::WebSocket,
};

/// Kinds of frames, and the bit of a message's last one.
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FIN: u8 = 0x80;

/// Bytes of a message.
const LIMIT: usize = 1000;

const REQUEST: &[u8] =
    b"GET /chat?a=b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A connection that is open.
fn open() -> WebSocket {
    let decoded = Http::default().decode(REQUEST, &mut Vec::new(), 0);
    let Ok(Decoded::Request { request, consumed }) = decoded else { panic!("a good request") };
    assert_eq!(
        (consumed, request.head.path(), request.head.query()),
        (REQUEST.len(), "/chat", "a=b")
    );
    let mut out = Vec::new();
    Upgrade::parse(&request.head).expect("an opening").accept(&[], &mut out);
    let head = String::from_utf8(out).expect("UTF-8");
    // The answer to the key of RFC 6455's own example.
    assert!(head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    WebSocket::default()
}

/// A frame of a client, masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..=125 => frame.push(0x80 | n as u8),
        n @ 126..=65535 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Several frames, one behind the other.
fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
}

fn pong(payload: &[u8]) -> Event {
    Event::Reply([&[FIN | PONG, payload.len() as u8], payload].concat())
}

/// Frames that end the connection with this code. What follows them does not count.
fn ends(code: u16, cases: &[(&'static str, Vec<u8>)]) {
    let case = |(name, bytes): &(&'static str, Vec<u8>)| -> Case {
        let behind = frames(&[(FIN | TEXT, b"behind"), (FIN | PING, b"behind")]);
        let bytes = [frame(FIN | TEXT, b"before"), bytes.clone(), behind].concat();
        let broken = Event::Broken(String::new(), Some(code));
        (name, bytes, vec![Event::text("before"), broken])
    };
    check(open, LIMIT, &cases.iter().map(case).collect::<Vec<_>>());
}

#[test]
fn a_request_is_one_request_however_it_is_cut() {
    for end in 0..REQUEST.len() {
        let decoded = Http::default().decode(&REQUEST[..end], &mut Vec::new(), 0);
        assert!(matches!(decoded, Ok(Decoded::More)), "{end} bytes are not all");
    }
}

#[test]
fn fragments_become_one_message_however_they_are_cut() {
    let cut = |text: &str| -> Vec<u8> {
        let bytes = text.bytes().enumerate();
        let mut sent: Vec<u8> = bytes
            .flat_map(|(at, byte)| frame(if at == 0 { TEXT } else { CONTINUATION }, &[byte]))
            .collect();
        sent.extend(frame(FIN | CONTINUATION, b""));
        sent
    };
    check(
        open,
        LIMIT,
        &[
            ("a text", frame(FIN | TEXT, "é 漢 😀".as_bytes()), vec![Event::text("é 漢 😀")]),
            ("an empty text", frame(FIN | TEXT, b""), vec![Event::text("")]),
            ("bytes", frame(FIN | BINARY, b"\0\xff\xfe"), vec![Event::bytes(b"\0\xff\xfe")]),
            ("a length of two bytes", frame(FIN | BINARY, &[7; 999]), vec![Event::bytes([7; 999])]),
            (
                "four fragments, one of them empty",
                frames(&[
                    (TEXT, b"one "),
                    (CONTINUATION, b""),
                    (CONTINUATION, b"two "),
                    (FIN | CONTINUATION, b"three"),
                ]),
                vec![Event::text("one two three")],
            ),
            ("characters that are cut", cut("é😀"), vec![Event::text("é😀")]),
            (
                "an empty message of two fragments",
                frames(&[(BINARY, b""), (FIN | CONTINUATION, b"")]),
                vec![Event::bytes(b"")],
            ),
            (
                "two messages",
                frames(&[(FIN | TEXT, b"a"), (FIN | BINARY, b"b")]),
                vec![Event::text("a"), Event::bytes(b"b")],
            ),
        ],
    );
}

#[test]
fn a_ping_is_answered_at_once_and_changes_nothing() {
    check(
        open,
        LIMIT,
        &[
            ("an empty one", frame(FIN | PING, b""), vec![pong(b"")]),
            ("one of 125 bytes", frame(FIN | PING, &[0xff; 125]), vec![pong(&[0xff; 125])]),
            (
                "between fragments",
                frames(&[
                    (TEXT, b"first "),
                    (FIN | PING, b"ping"),
                    (FIN | PONG, b"nobody asked"),
                    (FIN | CONTINUATION, b"second"),
                ]),
                vec![pong(b"ping"), Event::text("first second")],
            ),
        ],
    );
    let ping = frame(FIN | PING, &[b'p'; 125]);
    check(open, 10, &[("larger than a package", ping, vec![pong(&[b'p'; 125])])]);
}

#[test]
fn a_message_may_be_as_large_as_the_limit_and_not_larger() {
    let full = vec![b'x'; LIMIT];
    let all = Event::text(&"x".repeat(LIMIT));
    let pinged =
        frames(&[(TEXT, &full[1..]), (FIN | PING, &[b'p'; 125]), (FIN | CONTINUATION, b"x")]);
    check(
        open,
        LIMIT,
        &[
            ("in one frame", frame(FIN | TEXT, &full), vec![all.clone()]),
            (
                "in two",
                frames(&[(TEXT, &full[..600]), (FIN | CONTINUATION, &full[600..])]),
                vec![all.clone()],
            ),
            ("a ping does not count", pinged, vec![pong(&[b'p'; 125]), all]),
        ],
    );
    ends(
        1009,
        &[
            // By the header alone: not a byte of the payload is waited for.
            ("one byte more", vec![FIN | TEXT, 0x80 | 126, 0x03, 0xe9, 0, 0, 0, 0]),
            ("the largest length", [&[FIN | BINARY, 0x80 | 127, 0x7f][..], &[0xff; 11]].concat()),
            ("by their sum", frames(&[(TEXT, &full[..600]), (FIN | CONTINUATION, &full[599..])])),
        ],
    );
}

#[test]
fn control_frames_are_whole_and_short() {
    let long = [0; 126];
    ends(
        1002,
        &[
            ("half a ping", frame(PING, b"half")),
            ("half a pong", frame(PONG, b"half")),
            ("half a close", frame(CLOSE, &[0x03, 0xe8])),
            ("half a ping inside a message", frames(&[(TEXT, b"text"), (PING, b"half")])),
            ("a ping of 126 bytes", frame(FIN | PING, &long)),
            ("a pong of 126 bytes", frame(FIN | PONG, &long)),
            ("a close of 126 bytes", frame(FIN | CLOSE, &long)),
        ],
    );
}

#[test]
fn reserved_bits_and_opcodes_are_refused() {
    ends(
        1002,
        &[
            ("rsv1", frame(0xc0 | TEXT, b"text")),
            ("rsv2", frame(0xa0 | TEXT, b"text")),
            ("rsv3", frame(0x90 | BINARY, b"bytes")),
            ("rsv1 on a ping", frame(0xc0 | PING, b"")),
            ("rsv1 on a continuation", frames(&[(TEXT, b"text"), (0xc0 | CONTINUATION, b"text")])),
            ("opcode 3", frame(FIN | 3, b"")),
            ("opcode 7", frame(FIN | 7, b"")),
            ("opcode 11", frame(FIN | 11, b"")),
            ("opcode 15", frame(FIN | 15, b"")),
        ],
    );
}

#[test]
fn frames_without_a_mask_are_refused() {
    ends(
        1002,
        &[
            ("a text", b"\x81\x04text".to_vec()),
            ("a ping", b"\x89\x00".to_vec()),
            ("a close", b"\x88\x02\x03\xe8".to_vec()),
        ],
    );
}

#[test]
fn a_message_must_start_once_and_before_it_continues() {
    ends(
        1002,
        &[
            ("a continuation of nothing", frame(FIN | CONTINUATION, b"text")),
            ("an unfinished continuation of nothing", frame(CONTINUATION, b"text")),
            ("a text inside a text", frames(&[(TEXT, b"a"), (FIN | TEXT, b"b")])),
            ("bytes inside a text", frames(&[(TEXT, b"a"), (FIN | BINARY, b"b")])),
        ],
    );
}

#[test]
fn text_must_be_utf8_within_a_frame_and_across_fragments() {
    ends(
        1007,
        &[
            ("one frame", frame(FIN | TEXT, b"a\xffb")),
            ("a surrogate", frame(FIN | TEXT, b"\xed\xa0\x80")),
            ("an overlong one", frame(FIN | TEXT, b"\xc0\xaf")),
            ("a cut character at the end", frame(FIN | TEXT, b"\xf0\x9f\x98")),
            (
                "a cut character at the end of the last fragment",
                frames(&[(TEXT, b"\xf0\x9f"), (FIN | CONTINUATION, b"\x98")]),
            ),
            ("across fragments", frames(&[(TEXT, b"\xf0\x9f"), (CONTINUATION, b"\x41")])),
            // Completion at the first fragment, though the message has not ended.
            ("an unfinished message", frame(TEXT, b"a\xffb")),
            ("the reason of a close", frame(FIN | CLOSE, b"\x03\xe8\xff")),
        ],
    );
}

#[test]
fn a_close_is_answered_with_its_code_and_nothing_behind_it_counts() {
    let close = |name, payload: &[u8], code: u16| -> Case {
        let reply = [&[FIN | CLOSE, 2][..], &code.to_be_bytes()].concat();
        let bytes = [frame(FIN | CLOSE, payload), frame(FIN | TEXT, b"behind")].concat();
        (name, bytes, vec![Event::Reply(reply), Event::Goodbye])
    };
    check(
        open,
        LIMIT,
        &[
            close("a code", &1001_u16.to_be_bytes(), 1001),
            close("no code", b"", 1000),
            close("a code and a reason", b"\x03\xe8so long", 1000),
            close("a code of the application's own", &4999_u16.to_be_bytes(), 4999),
        ],
    );
    let mut refused = vec![("half a code", frame(FIN | CLOSE, &[0x03]))];
    for code in [0_u16, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        refused.push(("a code that may not be sent", frame(FIN | CLOSE, &code.to_be_bytes())));
    }
    ends(1002, &refused);
}

#[test]
fn messages_go_out_in_one_frame_with_the_shortest_length() {
    for (size, header) in [
        (0, &[0x81_u8, 0][..]),
        (125, &[0x81, 125]),
        (126, &[0x81, 126, 0, 126]),
        (65535, &[0x81, 126, 0xff, 0xff]),
        (65536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let (payload, mut out) = (vec![b'x'; size], Vec::new());
        open().encode(Kind::Text, &payload, &mut out).expect("it fits");
        assert!(out == [header, &payload].concat(), "a text of {size} bytes");
    }
}
