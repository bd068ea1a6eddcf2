//! The closing handshake, from either side.

use super::{ADDRESS, ECHO, echo_with};
use crate::support::{
    host::TestHost,
    websocket::{CLOSE, PING, TEXT, masked},
};

/// The host says goodbye when it is told "bye".
fn parting() -> String {
    ECHO.replace(
        "connection.send(data);",
        "if data == \"bye\" { connection.close(); } connection.send(data);",
    )
}

#[test]
fn the_peers_code_is_repeated_and_the_socket_ends() {
    let mut host = TestHost::start(ECHO);
    let codes =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000];
    for (at, code) in codes.into_iter().enumerate() {
        let mut socket = host.websocket(ADDRESS);
        socket.say_goodbye(code);
        host.wait_for_log(&format!("closed {}", at + 1));
    }
    assert_eq!(host.logged("error "), 0);
}

#[test]
fn a_goodbye_may_have_a_reason_or_nothing_at_all() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    socket.frame(0x80 | CLOSE, &[&1001_u16.to_be_bytes()[..], &[b'x'; 123]].concat());
    socket.expect_close(1001);
    let mut socket = host.websocket(ADDRESS);
    socket.frame(0x80 | CLOSE, b"");
    socket.expect_close(1000);
}

#[test]
fn messages_before_a_goodbye_are_answered_and_those_after_it_are_not() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    let frames = [
        masked(0x80 | TEXT, b"before"),
        masked(0x80 | CLOSE, &1000_u16.to_be_bytes()),
        masked(0x80 | TEXT, b"after"),
    ];
    socket.client.send(frames.concat());
    assert_eq!(socket.message(), "before");
    socket.expect_close(1000);
}

#[test]
fn close_says_1000_and_waits_for_the_peer_to_say_it_too() {
    let mut host = TestHost::start(&parting());
    let mut socket = host.websocket(ADDRESS);
    socket.text("bye");
    let goodbye = socket.receive();
    assert_eq!((goodbye.opcode, &goodbye.payload[..]), (CLOSE, &[0x03, 0xe8][..]));
    // What is on its way meanwhile is neither handled nor answered.
    socket.text("too late");
    socket.frame(0x80 | PING, b"too late");
    host.expect_silence(&socket.client);
    assert_eq!(host.logged("closed"), 0);
    socket.frame(0x80 | CLOSE, &1000_u16.to_be_bytes());
    socket.client.expect_end();
    host.wait_for_log("closed 1");
}

#[test]
fn a_last_message_goes_before_the_goodbye() {
    let script = ECHO.replace("connection.send(data)", "connection.close(data)");
    let mut host = TestHost::start(&script);
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask("the last"), "the last");
    let goodbye = socket.receive();
    assert_eq!((goodbye.opcode, &goodbye.payload[..]), (CLOSE, &[0x03, 0xe8][..]));
}

#[test]
fn a_peer_that_never_says_goodbye_is_cut_off_after_close_timeout() {
    let script = parting().replace("// settings", "worker.close_timeout = 0.2;");
    let mut host = TestHost::start(&script);
    let mut socket = host.websocket(ADDRESS);
    socket.text("bye");
    socket.expect_close(1000);
    host.wait_for_log("closed 1");
}

#[test]
fn destroy_ends_the_socket_without_a_word() {
    let script = ECHO.replace("connection.send(data)", "connection.destroy()");
    let mut host = TestHost::start(&script);
    let mut socket = host.websocket(ADDRESS);
    socket.text("anything");
    socket.client.expect_end();
    host.wait_for_log("closed 1");
}

#[test]
fn pages_of_a_worker_that_is_gone_are_told_1001() {
    const OTHER: &str =
        r#"let other = Worker("text://127.0.0.1:0"); other.on_message = |c, d| { c.send(d); };"#;
    let mut host = TestHost::start(&echo_with(OTHER));
    let mut socket = host.websocket(ADDRESS);
    let mut other = host.tcp("text://127.0.0.1:0");
    assert_eq!(socket.ask("there"), "there");
    host.edit(&format!("{OTHER}\nWorker::run_all();\n"));
    let goodbye = socket.receive();
    assert_eq!((goodbye.opcode, &goodbye.payload[..2]), (CLOSE, &1001_u16.to_be_bytes()[..]));
    socket.frame(0x80 | CLOSE, &1001_u16.to_be_bytes());
    socket.client.expect_end();
    assert_eq!(other.ask("still there"), "still there");
}

#[test]
fn a_socket_that_ends_without_a_goodbye_is_closed_too() {
    let mut host = TestHost::start(ECHO);
    let mut socket = host.websocket(ADDRESS);
    assert_eq!(socket.ask("a"), "a");
    socket.client.finish();
    socket.client.expect_end();
    host.wait_for_log("closed 1");
    host.websocket(ADDRESS).client.reset();
    host.wait_for_log("closed 2");
}
