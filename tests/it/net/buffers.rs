//! Peers that do not read: the send queue's limit and callbacks, and back-pressure through `pipe`.

use crate::support::wait::PATIENCE;
use crate::support::{client::Client, host::TestHost, wait::until};
use std::{
    io::{ErrorKind, Read, Write},
    thread,
    time::Duration,
};

const TEXT: &str = "text://127.0.0.1:0";
const TCP: &str = "tcp://127.0.0.1:0";

/// More than the kernel ever buffers for one connection in both directions.
const KERNEL: usize = 32 << 20;

#[test]
fn a_queue_that_is_full_drops_and_a_drained_one_says_so() {
    let mut host = TestHost::start(
        r#"
        let full = 0;
        let errors = 0;
        let drains = 0;
        let chunk = "";
        chunk.pad(65536, 'x');
        let worker = Worker("text://127.0.0.1:0");
        worker.max_send_buffer_size = 200000;
        worker.on_buffer_full = |connection| full += 1;
        worker.on_buffer_drain = |connection| { drains += 1; print(`drained, ${connection.send_buffer_size} wait`); };
        worker.on_error = |connection, code, text| { errors += 1; print(`error ${code}: ${text}`); };
        worker.on_message = |connection, line| {
            if line != "fill" { connection.send(`${full} ${errors} ${drains}`); return; }
            let sent = 0;
            let refused = 0;
            // (a bound, lest a host without limits eat the machine)
            while sent < 1000 && refused < 3 {
                if connection.send(chunk) == false { refused += 1; } else { sent += 1; }
            }
            print(`sent ${sent}, refused ${refused}, within ${connection.send_buffer_size < 200000 + 65537}`);
            worker.sent = sent;
        };
        Worker::run_all();
        "#,
    );
    let mut client = Client::connect_narrow(host.socket(TEXT));
    client.send("fill\n");
    host.wait_for_log("error 2");
    let mut other = host.tcp(TEXT);
    assert_eq!(
        other.ask("?"),
        "1 1 0",
        "full once, and one error for all that was refused in one turn"
    );
    let line = host.printed().remove(0);
    assert!(line.ends_with("refused 3, within true"), "{line}");
    assert_eq!(host.printed()[1], "error 2: send buffer full and drop package");
    let sent: usize =
        line["sent ".len()..].split(',').next().expect("a number").parse().expect("a number");
    for _ in 0..sent {
        assert_eq!(client.bytes(65537)[65536], b'\n');
    }
    host.wait_for_log("drained, 0 wait");
    assert_eq!(other.ask("?"), "1 1 1");
    assert_eq!(client.ask("?"), "1 1 1", "the connection lives, and nothing else came");
}

#[test]
fn one_message_larger_than_the_limit_is_taken_whole() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_connect = |connection| connection.max_send_buffer_size = 1000;
        worker.on_message = |connection, line| {
            let large = "";
            large.pad(16000000, 'x');
            connection.send(large);
            print(`then: ${connection.send("no room")}`);
        };
        Worker::run_all();
        "#,
    );
    let mut client = Client::connect_narrow(host.socket(TEXT));
    client.send("x\n");
    host.wait_for_log("then: false");
    assert_eq!(client.bytes(16_000_001)[16_000_000], b'\n');
    host.expect_silence(&client);
}

/// The first connection is piped into the second, and back if the script says so. A third asks.
const PIPE: &str = r#"
let ends = [];
let worker = Worker("tcp://127.0.0.1:0");
worker.max_send_buffer_size = 100000;
worker.on_connect = |connection| {
    ends.push(connection);
    if ends.len() == 2 {
        ends[0].pipe(ends[1]);
        ends[1].pipe(ends[0]);
    }
    connection.send("!");
};
worker.on_message = |connection, bytes| connection.send(`${ends[1].send_buffer_size}`);
worker.on_error = |connection, code, text| print(`error ${code} ${text}`);
worker.on_close = |connection| print(`closed ${connection.id}`);
Worker::run_all();
"#;

/// Two piped clients; the second does not read by itself and has a small window.
fn piped(host: &mut TestHost) -> (Client, Client) {
    let mut left = host.tcp(TCP);
    assert_eq!(left.bytes(1), b"!");
    let mut right = Client::connect_narrow(host.socket(TCP));
    assert_eq!(right.bytes(1), b"!");
    (left, right)
}

#[test]
fn piped_connections_speak_both_ways_and_end_together() {
    let mut host = TestHost::start(PIPE);
    let (mut left, mut right) = piped(&mut host);
    left.send("to the right");
    assert_eq!(right.bytes(12), b"to the right");
    right.send("to the left");
    assert_eq!(left.bytes(11), b"to the left");
    left.send("last words");
    left.finish();
    assert_eq!(right.rest(), b"last words");
    left.expect_end();
    host.wait_for_log("closed 2");
    assert_eq!(host.errors(), 0);
}

/// Writes until the other side has not taken anything for a while; gives the number of bytes.
fn flood(client: &Client) -> usize {
    let mut stream = client.stream();
    stream.set_write_timeout(Some(Duration::from_millis(400))).expect("timeout");
    let chunk = [b'x'; 65536];
    let mut sent = 0;
    while sent < KERNEL * 4 {
        match stream.write(&chunk) {
            Ok(n) => sent += n,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(e) => panic!("cut off after {sent}: {e}"),
        }
    }
    sent
}

#[test]
fn a_pipe_to_a_slow_reader_holds_the_sender_back() {
    let mut host = TestHost::start(PIPE);
    let (mut left, mut right) = piped(&mut host);
    let sent = flood(&left);
    assert!(sent < KERNEL, "{sent} bytes were taken though nobody reads them");
    let mut third = host.tcp(TCP);
    assert_eq!(third.bytes(1), b"!");
    let mut queued = 0;
    until("the queue fills", || {
        third.send("?");
        let mut answer = [0; 16];
        let n = third.stream().read(&mut answer).expect("an answer");
        queued = std::str::from_utf8(&answer[..n]).expect("UTF-8").parse().expect("a number");
        queued >= 100_000
    });
    assert!(queued < 100_000 + 65_537, "{queued} bytes wait");
    // The reader wakes up and gets every byte.
    let reader = thread::spawn(move || (right.bytes(sent).len(), right));
    let (received, mut right) = reader.join().expect("all of it came");
    assert_eq!(received, sent);
    left.send("end");
    left.finish();
    assert_eq!(right.rest(), b"end");
    assert_eq!(host.printed().iter().filter(|l| l.starts_with("error")).count(), 0);
}

#[test]
fn a_pipe_whose_slow_reader_goes_away_ends_on_both_sides() {
    let mut host = TestHost::start(PIPE);
    let (mut left, right) = piped(&mut host);
    let sent = flood(&left);
    assert!(sent < KERNEL, "{sent} bytes were taken though nobody reads them");
    right.reset();
    host.wait_for_log("closed 2");
    left.expect_end();
    host.wait_for_log("closed 1");
}

#[test]
fn a_one_way_pipe_whose_slow_reader_goes_away_does_not_stay_paused() {
    let mut host = TestHost::start(&PIPE.replace("ends[1].pipe(ends[0]);", ""));
    let (left, right) = piped(&mut host);
    let sent = flood(&left);
    assert!(sent < KERNEL, "{sent} bytes were taken though nobody reads them");
    right.reset();
    host.wait_for_log("closed 2");
    left.reset();
    host.wait_for_log("closed 1");
}

#[test]
fn a_connection_may_be_piped_into_itself() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("tcp://127.0.0.1:0");
        worker.on_connect = |connection| connection.pipe(connection);
        worker.on_close = |connection| print("closed");
        "#,
    );
    let mut client = host.tcp(TCP);
    client.send("echo");
    assert_eq!(client.bytes(4), b"echo");
    client.finish();
    client.expect_end();
    host.wait_for_log("closed");
}

/// `on_error` of a full queue may try to send: that must not call it again, for ever.
#[test]
fn an_on_error_that_sends_into_the_full_queue_is_not_called_for_that() {
    let mut host = TestHost::start(
        r#"
        let errors = 0;
        let worker = Worker("text://127.0.0.1:0");
        worker.max_send_buffer_size = 1000;
        worker.on_error = |connection, code, text| { errors += 1; connection.send(text); };
        worker.on_message = |connection, line| {
            if line != "fill" { connection.send(errors); return; }
            let large = "";
            large.pad(16000000, 'x');
            connection.send(large);
            connection.send("dropped");
        };
        "#,
    );
    let mut other = host.tcp(TEXT);
    assert_eq!(other.ask("?"), "0");
    let mut client = Client::connect_narrow(host.socket(TEXT));
    client.send("fill\n");
    until("on_error is called", || other.ask("?") != "0");
    assert_eq!(other.ask("?"), "1");
    assert_eq!(client.bytes(16_000_001)[16_000_000], b'\n');
    assert_eq!(client.ask("?"), "1");
}

/// The first connection is piped into the second. A third pauses and resumes the first.
const PAUSED_PIPE: &str = r#"
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
    let mut host = TestHost::start(PAUSED_PIPE);
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
