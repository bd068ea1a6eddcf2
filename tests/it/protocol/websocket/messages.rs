//! What arrives, and as what: text, bytes, fragments, and the pings in between.

use super::{ADDRESS, ECHO, echo_with};
use crate::support::{
    host::TestHost,
    wait::PATIENCE,
    websocket::{BINARY, CONTINUATION, PING, PONG, TEXT, WebSocket, masked},
};
use std::time::Instant;

#[test]
fn text_comes_back_as_text_and_bytes_as_bytes() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask("é 漢 😀"), "é 漢 😀");
    assert_eq!(socket.ask(""), "");
    for bytes in [&b""[..], b"\x00\xff\xfe", &[0x81; 999]] {
        socket.binary(bytes);
        let frame = socket.receive();
        assert_eq!((frame.fin, frame.opcode, &frame.payload[..]), (true, BINARY, bytes));
    }
}

#[test]
fn bytes_are_blobs_and_with_encoding_utf8_they_are_strings() {
    const TYPES: &str = r#"connection.send(type_of(data))"#;
    let script = ECHO.replace("connection.send(data)", TYPES);
    let mut host = TestHost::start(&script);
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask("a"), "string");
    socket.binary(b"a");
    assert_eq!(socket.message(), "blob");

    host.edit(&script.replace("// settings", "worker.encoding = \"utf8\";"));
    socket.binary("é".as_bytes());
    assert_eq!(socket.message(), "string");
    socket.binary(b"\xff");
    socket.expect_close(1007);
    host.wait_for_log("error 3: ");
}

#[test]
fn fragments_become_one_message_however_they_are_cut() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    socket.frame(TEXT, b"one ");
    socket.frame(CONTINUATION, b"");
    socket.frame(CONTINUATION, b"two ");
    socket.frame(0x80 | CONTINUATION, b"three");
    assert_eq!(socket.message(), "one two three");

    // Characters may be cut, messages may be empty.
    for byte in "é😀".bytes().enumerate() {
        socket.frame(if byte.0 == 0 { TEXT } else { CONTINUATION }, &[byte.1]);
    }
    socket.frame(0x80 | CONTINUATION, b"");
    assert_eq!(socket.message(), "é😀");
    socket.frame(BINARY, b"");
    socket.frame(0x80 | CONTINUATION, b"");
    let frame = socket.receive();
    assert_eq!((frame.fin, frame.opcode, frame.payload.len()), (true, BINARY, 0));
}

#[test]
fn frames_may_come_byte_by_byte_or_many_at_once() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    let long = "x".repeat(200);
    for byte in masked(0x80 | TEXT, long.as_bytes()) {
        socket.client.send([byte]);
    }
    assert_eq!(socket.message(), long);
    let many: Vec<u8> =
        (0..300).flat_map(|n| masked(0x80 | TEXT, n.to_string().as_bytes())).collect();
    socket.client.send(many);
    for n in 0..300 {
        assert_eq!(socket.message(), n.to_string());
    }
}

// K3: there the ping swallowed the first fragment.
#[test]
fn a_ping_between_fragments_is_answered_at_once_and_changes_nothing() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    socket.frame(TEXT, b"first ");
    socket.frame(0x80 | PING, b"ping");
    let pong = socket.receive();
    assert_eq!((pong.fin, pong.opcode, &pong.payload[..]), (true, PONG, &b"ping"[..]));
    socket.frame(0x80 | PONG, b"nobody asked");
    socket.frame(0x80 | CONTINUATION, b"second");
    assert_eq!(socket.message(), "first second");
}

#[test]
fn a_message_may_be_as_large_as_max_package_size_and_not_larger() {
    let mut host = TestHost::start(ECHO);
    let full = "x".repeat(1000);
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask(&full), full);
    // By the header alone: not a byte of the payload is waited for.
    socket.client.send([0x80 | TEXT, 0x80 | 126, 0x03, 0xe9, 0, 0, 0, 0]);
    socket.expect_close(1009);

    let mut socket = host.websocket(ADDRESS);
    socket.client.send([&[0x80 | BINARY, 0x80 | 127, 0x7f][..], &[0xff; 11]].concat());
    socket.expect_close(1009);

    // By the sum of the fragments.
    let mut socket = host.websocket(ADDRESS);
    socket.frame(TEXT, &full.as_bytes()[..600]);
    socket.frame(0x80 | CONTINUATION, &full.as_bytes()[600..]);
    assert_eq!(socket.message(), full);
    socket.frame(TEXT, &full.as_bytes()[..600]);
    socket.frame(0x80 | CONTINUATION, &full.as_bytes()[599..]);
    socket.expect_close(1009);
    host.wait_for_log("max_package_size is 1000");
}

#[test]
fn a_larger_max_package_size_serves_the_connections_that_are_open() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask("before"), "before");
    host.edit(&echo_with("").replace("= 1000", "= 70000"));
    let long = "x".repeat(70000);
    assert!(socket.ask(&long) == long);
}

#[test]
fn pings_of_a_peer_that_does_not_read_do_not_pile_up() {
    const PINGS: usize = 150_000;
    const SHOW: &str = r#"let first = worker.connections[1];
        connection.send(`${first.bytes_read} ${first.send_buffer_size}`);"#;
    let mut host = TestHost::start(&ECHO.replace("connection.send(data);", SHOW));
    let mut flood = host.websocket(ADDRESS);
    let mut observer = host.websocket(ADDRESS);
    let ask = |observer: &mut WebSocket| -> (usize, usize) {
        let shown = observer.ask("how much?");
        let (read, queued) = shown.split_once(' ').expect("two numbers");
        (read.parse().unwrap(), queued.parse().unwrap())
    };
    let before = ask(&mut observer).0;
    let ping = masked(0x80 | PING, &[b'x'; 125]);
    for _ in 0..PINGS / 100 {
        flood.client.send(ping.repeat(100));
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (read, queued) = ask(&mut observer);
        assert!(
            queued <= 1024 * 1024 + 128 * 1024,
            "{queued} bytes wait for a peer that does not read"
        );
        if read == before + PINGS * ping.len() {
            break;
        }
        assert!(Instant::now() < deadline, "the host stopped reading at {read} bytes");
    }
}
