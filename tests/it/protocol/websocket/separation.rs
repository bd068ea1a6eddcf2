//! K1: what one connection sent never reaches another, nor another protocol. There, equal bytes were taken for decoded.

use super::{ADDRESS, ECHO};
use crate::{
    examples::push,
    support::{
        host::TestHost,
        websocket::{CONTINUATION, TEXT},
    },
};

// K1a (our test clients always use the same mask)
#[test]
fn equal_frames_of_two_clients_do_not_mix_their_messages() {
    let mut host = TestHost::start(ECHO);
    let mut a = host.websocket(ADDRESS);
    let mut b = host.websocket(ADDRESS);
    a.frame(TEXT, b"SECRET-");
    a.frame(0x80 | CONTINUATION, b"end");
    assert_eq!(a.message(), "SECRET-end");
    b.frame(TEXT, b"PUBLIC-");
    b.frame(0x80 | CONTINUATION, b"end");
    assert_eq!(b.message(), "PUBLIC-end");
    assert_eq!(b.ask("next"), "next");
    // In turns, too.
    a.frame(TEXT, b"A1-");
    b.frame(TEXT, b"B1-");
    a.frame(0x80 | CONTINUATION, b"end");
    b.frame(0x80 | CONTINUATION, b"end");
    assert_eq!((a.message(), b.message()), ("A1-end".to_owned(), "B1-end".to_owned()));
}

// K1a, with a client that leaves in the middle of a message
#[test]
fn what_a_client_left_unfinished_is_not_continued_by_the_next() {
    let mut host = TestHost::start(ECHO);
    let mut a = host.websocket(ADDRESS);
    a.frame(TEXT, b"SECRET-");
    a.settle();
    a.say_goodbye(1000);
    let mut b = host.websocket(ADDRESS);
    b.frame(0x80 | CONTINUATION, b"end");
    b.expect_close(1002);
    // Half a frame is no better.
    let mut a = host.websocket(ADDRESS);
    a.client.send([0x80 | TEXT, 0x80 | 20, 1, 2, 3, 4, b'S', b'E']);
    a.client.finish();
    a.client.expect_end();
    assert_eq!(host.websocket(ADDRESS).ask("mine"), "mine");
}

// K1b
#[test]
fn equal_bytes_mean_to_each_protocol_what_they_mean_to_it() {
    const BOTH: &str = r#"
let lines = Worker("text://127.0.0.1:0");
lines.on_message = |connection, data| { connection.send(`${type_of(data)} ${data.len()}`); };
lines.on_worker_start = |worker| {
    let raw = Worker("tcp://127.0.0.1:0");
    raw.on_message = |connection, data| { connection.send(`${type_of(data)} ${data.len()}` + "\n"); };
    raw.listen();
};
Worker::run_all();
"#;
    let mut host = TestHost::start(BOTH);
    let mut lines = host.tcp("text://127.0.0.1:0");
    let mut raw = host.tcp("tcp://127.0.0.1:0");
    for _ in 0..2 {
        assert_eq!(lines.ask("hi"), "string 2");
        assert_eq!(raw.ask("hi"), "blob 3");
    }
}

// K1c
#[test]
fn a_line_known_from_the_text_port_logs_nobody_in_on_the_websocket_port() {
    let mut host = TestHost::start(&push::script());
    let mut backend = host.tcp("text://127.0.0.1:0");
    assert_eq!(backend.ask("uid1"), "fail");
    let mut intruder = host.tcp(ADDRESS);
    intruder.send("uid1\n");
    let answer = String::from_utf8(intruder.rest()).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(backend.ask(r#"{"uid":"uid1"}"#), "fail");
}
