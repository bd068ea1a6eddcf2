//! What a stranger may cost: time limits (Workerman's K20), sizes (K21), resets.

use crate::support::{client::Client, host::TestHost, wait::PATIENCE, websocket::handshake};
use std::{
    io::{ErrorKind, Write},
    thread,
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";
const WEBSOCKET: &str = "websocket://127.0.0.1:0";

/// An echo with these settings, which prints errors and ends.
fn echo(address: &str, settings: &str) -> TestHost {
    TestHost::start(&format!(
        r#"
        let worker = Worker("{address}");
        {settings}
        worker.on_message = |connection, data| {{
            if data == "close" {{ connection.close(); }} else {{ connection.send(data); }}
        }};
        worker.on_error = |connection, code, text| print(`error ${{code}}: ${{text}}`);
        worker.on_close = |connection| print(`closed ${{connection.id}}`);
        Worker::run_all();
        "#
    ))
}

#[test]
fn a_handshake_has_a_time_limit() {
    let mut host = echo(WEBSOCKET, "worker.handshake_timeout = 0.3;");
    let mut good = host.websocket(WEBSOCKET);
    let began = Instant::now();
    let mut silent = host.tcp(WEBSOCKET);
    let mut slow = host.tcp(WEBSOCKET);
    slow.send("GET / HTTP/1.1\r\nHost: x\r\n");
    let answer = String::from_utf8(slow.rest()).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(began.elapsed() >= Duration::from_millis(200), "not before its time");
    assert!(silent.rest().starts_with(b"HTTP/1.1 408 "));
    host.wait_for_log("error 3: no websocket request within handshake_timeout");
    assert_eq!(good.ask("still here"), "still here");
}

#[test]
fn silence_has_a_time_limit() {
    let mut host = echo(TEXT, "worker.idle_timeout = 0.4;");
    let began = Instant::now();
    let mut silent = host.tcp(TEXT);
    let mut busy = host.tcp(TEXT);
    // Half a line is something received: this one lives for as long as it goes on.
    silent.stream().set_nonblocking(true).expect("nonblocking");
    let mut probe = [0];
    loop {
        assert_eq!(busy.ask("x"), "x");
        match silent.stream().peek(&mut probe) {
            Ok(0) => break,
            Err(e) if e.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(20)),
            other => panic!("{other:?}"),
        }
        assert!(began.elapsed() < PATIENCE, "never closed");
    }
    silent.stream().set_nonblocking(false).expect("blocking");
    silent.expect_end();
    assert!(began.elapsed() >= Duration::from_millis(300), "not before its time");
    host.wait_for_log("closed 1");
    assert_eq!(busy.ask("x"), "x");
}

#[test]
fn a_close_has_a_time_limit_when_the_peer_does_not_read() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.close_timeout = 0.3;
        worker.on_message = |connection, line| {
            let large = "";
            large.pad(16000000, 'x');
            connection.send(large);
            connection.close("bye");
        };
        worker.on_close = |connection| print("closed");
        Worker::run_all();
        "#,
    );
    let mut client = Client::connect_narrow(host.socket(TEXT));
    let began = Instant::now();
    client.send("x\n");
    host.wait_for_log("closed");
    assert!(began.elapsed() >= Duration::from_millis(200), "not before its time");
    assert!(client.rest().len() < 16_000_000, "the rest was given up");
}

#[test]
fn a_websocket_that_does_not_say_goodbye_is_closed_all_the_same() {
    let mut host = echo(WEBSOCKET, "worker.close_timeout = 0.3;");
    let mut socket = host.websocket(WEBSOCKET);
    let began = Instant::now();
    socket.text("close");
    socket.expect_close(1000);
    host.wait_for_log("closed 1");
    assert!(began.elapsed() >= Duration::from_millis(200), "not before its time");
}

/// Sends `chunk` again and again; gives the number of bytes that were taken before the peer cut it off.
fn pour(client: &Client, chunk: &[u8], enough: usize) -> usize {
    let mut stream = client.stream();
    let mut sent = 0;
    while sent < enough {
        match stream.write(chunk) {
            Ok(n) => sent += n,
            Err(e) if matches!(e.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                return sent;
            }
            Err(e) => panic!("neither taken nor cut off after {sent}: {e}"),
        }
    }
    sent
}

#[test]
fn an_endless_handshake_is_cut_off() {
    let mut host = echo(WEBSOCKET, "");
    for start in ["GET / HTTP/1.1\r\nX: ", "GET /", "\r\n", ""] {
        let mut client = host.tcp(WEBSOCKET);
        client.send(start);
        let sent = pour(&client, &[b'a'; 4096], 64 << 20);
        assert!(sent < 32 << 20, "{start:?}: {sent} bytes were taken");
    }
    // A request that is just too long is told so.
    let mut client = host.tcp(WEBSOCKET);
    let long =
        handshake("/").replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "a".repeat(16 * 1024)));
    client.send(long);
    let answer = String::from_utf8(client.rest()).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(host.websocket(WEBSOCKET).ask("hi"), "hi");
}

#[test]
fn an_endless_line_is_cut_off_at_the_limit() {
    let mut host = echo(TEXT, "worker.max_package_size = 100000;");
    let client = host.tcp(TEXT);
    let sent = pour(&client, &[b'a'; 4096], 64 << 20);
    assert!(sent < 32 << 20, "{sent} bytes were taken");
    let record = host.wait_for_log("and no end, max_package_size is 100000");
    let text = record.to_string();
    let kept: usize = text
        .split("a line of ")
        .nth(1)
        .expect("a size")
        .split(' ')
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    assert!(
        (100_000..100_000 + 65_536).contains(&kept),
        "one read above the limit at most: {text}"
    );
    host.wait_for_log("closed 1");
    assert_eq!(host.tcp(TEXT).ask("hi"), "hi");
}

#[test]
fn a_broken_connection_ends_alone_whatever_it_left_behind() {
    let mut host = echo(TEXT, "");
    let mut websocket = TestHost::start(&format!(
        "let w = Worker(\"{WEBSOCKET}\"); w.on_message = |c, d| c.send(d); w.on_close = |c| print(`closed ${{c.id}}`);"
    ));
    let (mut witness, mut shaken) = (host.tcp(TEXT), websocket.websocket(WEBSOCKET));
    for (at, part) in ["", "half a line", "a line\nand a half"].into_iter().enumerate() {
        let mut client = host.tcp(TEXT);
        client.send(part);
        if part.contains('\n') {
            assert_eq!(client.line(), "a line");
        }
        client.reset();
        host.wait_for_log(&format!("closed {}", at + 2));
    }
    for (at, part) in [handshake("/").as_bytes()[..40].to_vec(), handshake("/").into_bytes()]
        .into_iter()
        .enumerate()
    {
        let mut client = websocket.tcp(WEBSOCKET);
        client.send(part);
        client.reset();
        websocket.wait_for_log(&format!("closed {}", at + 2));
    }
    let mut client = websocket.websocket(WEBSOCKET);
    client.client.send([0x81, 0x85, 1, 2, 3, 4, b'h']);
    client.client.reset();
    websocket.wait_for_log("closed 4");
    assert_eq!(witness.ask("hi"), "hi");
    assert_eq!(shaken.ask("hi"), "hi");
    assert_eq!((host.errors(), websocket.errors()), (0, 0));
}

#[test]
fn a_reset_of_a_connection_that_is_not_read_is_noticed() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            connection.pause_recv();
            connection.send("paused");
        };
        worker.on_close = |connection| print("noticed");
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("x"), "paused");
    client.reset();
    host.wait_for_log("noticed");
}

#[test]
fn a_peer_that_sends_many_slow_messages_does_not_keep_others_waiting_for_all_of_them() {
    let mut host = TestHost::start(
        r#"
        let done = 0;
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "slow" {
                let began = timestamp();
                while began.elapsed < 0.05 {}
                done += 1;
                if done == 1 { print("the first is done"); }
            } else {
                connection.send(done);
            }
        };
        "#,
    );
    let (mut floods, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(other.ask("?"), "0");
    floods.send("slow\n".repeat(50));
    host.wait_for_log("the first is done");
    for _ in 0..3 {
        let done: usize = other.ask("?").parse().expect("a number");
        assert!(done < 25, "{done} of 50 messages were handled first");
    }
}
