//! What one peer, one script or one pipe may not do to the others.

use crate::{
    support::client::Client,
    support::host::{PATIENCE, TestHost},
};
use std::{
    io::{ErrorKind, Read, Write},
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";
const TCP: &str = "tcp://127.0.0.1:0";

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

#[test]
fn a_socket_that_is_destroyed_is_closed_before_a_waiting_on_close_returns() {
    for scheme in ["text", "websocket"] {
        let address = format!("{scheme}://127.0.0.1:0");
        let mut host = TestHost::start(&format!(
            r#"
            let free = false;
            let worker = Worker("{address}");
            worker.on_message = |connection, line| switch line {{
                "destroy" => connection.destroy(),
                "free" => {{ free = true; connection.send(line); }}
                _ => connection.send(line),
            }};
            worker.on_close = |connection| {{
                print("closing");
                while !free {{ sleep(0.01); }}
                print("closed");
            }};
            "#
        ));
        let mut ask: Box<dyn FnMut(&str) -> String> = if scheme == "text" {
            let (mut client, mut other) = (host.tcp(&address), host.tcp(&address));
            client.send("destroy\n");
            client.expect_end();
            Box::new(move |line| other.ask(line))
        } else {
            let (mut socket, mut other) = (host.websocket(&address), host.websocket(&address));
            socket.text("destroy");
            socket.client.expect_end();
            Box::new(move |line| other.ask(line))
        };
        host.wait_for_log("closing");
        assert_eq!(ask("a"), "a");
        assert_eq!(host.logged("closed"), 0, "its handler waits still");
        assert_eq!(ask("free"), "free");
        host.wait_for_log("closed");
    }
}

/// Answers, and then throws.
const THROWS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    connection.send(line);
    if line == "bad" { throw "every time"; }
};
"#;

/// The numbers of reports that the log says it left out.
fn left_out(host: &TestHost) -> Vec<usize> {
    let number = |message: &str| -> Option<usize> {
        let (before, _) = message.split_once(" more errors before this one were not shown)")?;
        before.rsplit('(').next()?.parse().ok()
    };
    host.log().iter().filter_map(|record| number(&record.message)).collect()
}

#[test]
fn a_script_that_throws_with_every_message_does_not_flood_the_log() {
    const FLOOD: usize = 1000;
    let mut host = TestHost::start(THROWS);
    let (mut client, mut witness) = (host.tcp(TEXT), host.tcp(TEXT));
    let began = Instant::now();
    for _ in 0..FLOOD {
        assert_eq!(client.ask("bad"), "bad");
    }
    let (shown, took) = (host.errors(), began.elapsed());
    assert_eq!(witness.ask("good"), "good");
    let seconds = took.as_secs() as usize + 2;
    assert!((1..=50 * seconds).contains(&shown), "{shown} reports in {took:?}");
    assert!(shown < FLOOD, "{shown} reports in {took:?}");
    for _ in 0..FLOOD {
        assert_eq!(host.fault().title, "every time", "the embedder is told of each");
    }
    // A later report says how many it stands for.
    let before = left_out(&host).len();
    let began = Instant::now();
    let mut more = 0;
    while left_out(&host).len() == before {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody says what was left out");
        assert_eq!(client.ask("bad"), "bad");
        assert_eq!(witness.ask("good"), "good");
        more += 1;
    }
    let left_out: usize = left_out(&host).iter().sum();
    assert_eq!(host.errors() + left_out, FLOOD + more, "none is lost");
}

/// The first connection is piped into the second. A third pauses and resumes the first.
const PIPE: &str = r#"
let ends = [];
let worker = Worker("tcp://127.0.0.1:0");
worker.max_send_buffer_size = 100000;
worker.on_connect = |connection| {
    ends.push(connection);
    if ends.len() == 2 { ends[0].pipe(ends[1]); }
    connection.send("!");
};
worker.on_message = |connection, bytes| {
    if bytes.as_string() == "P" { ends[0].pause_recv(); } else { ends[0].resume_recv(); }
    connection.send(bytes);
};
worker.on_buffer_full = |connection| print("full");
worker.on_buffer_drain = |connection| print("drained");
"#;

/// Writes until nothing more is taken for a while; gives the number of bytes.
fn flood(client: &Client) -> usize {
    let mut stream = client.stream();
    stream.set_write_timeout(Some(Duration::from_millis(400))).expect("timeout");
    let mut sent = 0;
    loop {
        match stream.write(&[b'x'; 65536]) {
            Ok(n) => sent += n,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(e) => panic!("cut off after {sent}: {e}"),
        }
    }
    sent
}

/// Reads until nothing more comes for a while; gives the number of bytes.
fn drain(client: &Client) -> usize {
    let mut stream = client.stream();
    stream.set_read_timeout(Some(Duration::from_millis(400))).expect("timeout");
    let (mut received, mut buffer) = (0, [0; 65536]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => panic!("closed after {received}"),
            Ok(n) => received += n,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(e) => panic!("cut off after {received}: {e}"),
        }
    }
    stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
    received
}

#[test]
fn a_pipe_that_drains_does_not_resume_what_the_script_has_paused() {
    let mut host = TestHost::start(PIPE);
    let mut left = host.tcp(TCP);
    assert_eq!(left.bytes(1), b"!");
    let mut right = Client::connect_narrow(host.socket(TCP));
    assert_eq!(right.bytes(1), b"!");
    let mut third = host.tcp(TCP);
    assert_eq!(third.bytes(1), b"!");
    let sent = flood(&left);
    host.wait_for_log("full");
    third.send("P");
    assert_eq!(third.bytes(1), b"P");
    let mut first = drain(&right);
    while host.logged("drained") == 0 {
        first += drain(&right);
    }
    assert!(first < sent, "all {sent} bytes came although the script has paused their sender");
    third.send("R");
    assert_eq!(third.bytes(1), b"R");
    right.bytes(sent - first);

    // The other way round: what a pipe holds back is not let go by the script's own resuming, for its target would lose it.
    let more = flood(&left);
    third.send("R");
    assert_eq!(third.bytes(1), b"R");
    let more = more + flood(&left);
    right.bytes(more);
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_handler_that_assigns_another_connection_to_its_parameter_does_not_change_whose_the_next_message_is()
 {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_connect = |connection| { if worker.first == () { worker.first = connection; } };
        worker.on_message = |connection, line| {
            connection.send(`${connection.id} ${line}`);
            if line == "swap" { connection = worker.first; }
        };
        worker.on_close = |connection| print(`closed ${connection.id}`);
        "#,
    );
    let mut first = host.tcp(TEXT);
    assert_eq!(first.ask("hello"), "1 hello");
    let mut second = host.tcp(TEXT);
    assert_eq!(second.ask("swap"), "2 swap");
    assert_eq!(second.ask("after"), "2 after");
    drop(second);
    host.wait_for_log("closed 2");
}

#[test]
fn a_request_behind_a_pause_is_looked_at_when_the_queue_before_it_has_gone_out() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| {
            if request.path() == "/b" { connection.send("second"); return; }
            connection.pause_recv();
            Timer::delay(0.05, || {
                connection.resume_recv();
                let body = "";
                body.pad(20000, 'x');
                connection.send(body);
                connection.max_send_buffer_size = 1000;
            });
        };
        "#,
    );
    let mut client = host.tcp("http://127.0.0.1:0");
    client.send(
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    let answers = String::from_utf8(client.rest()).expect("text");
    assert!(answers.ends_with("second"), "{}", answers.len());
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
    let mut socket = host.websocket("websocket://127.0.0.1:0");
    let opened = Instant::now();
    socket.receive();
    // (the sweeper comes by ten times a second)
    assert!(opened.elapsed() >= Duration::from_millis(350), "{:?}", opened.elapsed());
}
