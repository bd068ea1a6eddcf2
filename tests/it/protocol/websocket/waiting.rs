//! Time: who is slow, who is silent, who is gone. A sweep every 100 ms keeps the limits, which are not waited for here: the
//! clock of the host is moved.

use super::{ADDRESS, ECHO, echo_with};
use crate::support::{
    host::TestHost,
    websocket::{CLOSE, PING, PONG, WebSocket, handshake},
};

#[test]
fn a_request_that_takes_too_long_is_refused_with_408() {
    let mut host = TestHost::start(&echo_with("worker.handshake_timeout = 0.2;"));
    for beginning in ["", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"] {
        let mut client = host.tcp(ADDRESS);
        client.send(beginning);
        host.advance(0.4);
        let answer = String::from_utf8(client.rest()).expect("UTF-8");
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    }
    host.wait_for_log("handshake_timeout");
    host.wait_for_log("closed 2");
}

#[test]
fn the_handshake_limit_is_over_when_the_handshake_is() {
    let mut host = TestHost::start(&echo_with("worker.handshake_timeout = 0.2;"));
    let mut socket = host.websocket(ADDRESS);
    let mut slow = host.tcp(ADDRESS);
    // (when the slow one was refused, the same time has passed for the quick one)
    slow.send(&handshake("/")[..20]);
    host.advance(0.4);
    slow.rest();
    assert_eq!(socket.ask("still here"), "still here");
}

#[test]
fn a_silent_peer_that_answers_pings_stays() {
    let mut host = TestHost::start(&echo_with("worker.heartbeat = 0.3;"));
    let mut socket = host.websocket(ADDRESS);
    for _ in 0..4 {
        host.advance(0.45);
        let ping = socket.receive();
        assert_eq!((ping.fin, ping.opcode, ping.payload.len()), (true, PING, 0));
        socket.frame(0x80 | PONG, b"");
    }
    assert_eq!(socket.ask("still here"), "still here");
}

#[test]
fn a_silent_peer_that_answers_nothing_is_given_up() {
    let mut host = TestHost::start(&echo_with("worker.heartbeat = 0.2;"));
    let mut socket = host.websocket(ADDRESS);
    host.advance(0.35);
    assert_eq!(socket.receive().opcode, PING);
    // (one ping, and no goodbye: nobody would hear it)
    host.advance(0.3);
    socket.client.expect_end();
    host.wait_for_log("error 3: ");
    host.wait_for_log("closed 1");
}

#[test]
fn without_a_heartbeat_nobody_is_pinged() {
    let mut host =
        TestHost::start(&echo_with("worker.heartbeat = 0; worker.handshake_timeout = 0.4;"));
    let mut socket = host.websocket(ADDRESS);
    let mut silent = host.tcp(ADDRESS);
    host.advance(100.0);
    silent.rest();
    socket.settle();
}

#[test]
fn a_peer_that_sends_nothing_within_idle_timeout_is_told_1001() {
    let mut host = TestHost::start(&echo_with("worker.idle_timeout = 0.3;"));
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask("a"), "a");
    host.advance(0.25);
    socket.client.expect_nothing_yet();
    host.advance(0.3);
    let goodbye = socket.receive();
    assert_eq!(goodbye.payload.get(..2), Some(&1001_u16.to_be_bytes()[..]), "{goodbye:?}");
    socket.frame(0x88, &1001_u16.to_be_bytes());
    socket.client.expect_end();
    host.wait_for_log("closed 1");
}

#[test]
fn a_saved_limit_holds_for_the_connections_that_are_open() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask("a"), "a");
    host.edit(&echo_with("worker.heartbeat = 0.2;"));
    host.advance(0.35);
    assert_eq!(socket.receive().opcode, PING);
    host.advance(0.3);
    socket.client.expect_end();
}

#[test]
fn time_that_the_isolate_itself_was_busy_does_not_make_peers_look_silent() {
    const BUSY: &str = "let t = timestamp(); while t.elapsed < 0.5 { } connection.send(data);";
    let script = echo_with("worker.heartbeat = 0.4;").replace("connection.send(data);", BUSY);
    let mut host = TestHost::start(&script);
    let mut silent = host.websocket(ADDRESS);
    let mut busy = host.websocket(ADDRESS);
    // (the second message waits in the socket while the first is handled)
    busy.text("first");
    busy.text("second");
    assert_eq!((busy.message(), busy.message()), ("first".to_owned(), "second".to_owned()));
    assert_eq!(silent.receive().opcode, PING);
    silent.frame(0x80 | PONG, b"");
    silent.settle();
}

#[test]
fn the_time_that_a_handshake_takes_in_the_script_is_no_silence_of_the_peer() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("websocket://127.0.0.1:0");
        worker.idle_timeout = 0.5;
        worker.on_websocket_connect = |connection, request| { sleep(0.6); true };
        "#,
    );
    let mut client = host.tcp("websocket://127.0.0.1:0");
    client.send(handshake("/"));
    host.advance(0.7);
    let mut socket = WebSocket { client };
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    host.advance(0.3);
    socket.client.expect_nothing_yet();
    host.advance(0.4);
    assert_eq!(socket.receive().opcode, CLOSE);
}
