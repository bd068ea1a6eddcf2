//! Many strangers, and strangers with many requests.

use super::{ADDRESS, SCRIPT, answer, expect_in_step, head, script_with, seen};
use crate::support::{
    client::Client,
    host::TestHost,
    wait::{SOON, until},
};
use rhost::IsolateStatus;
use std::{
    io::{ErrorKind, Read, Write},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

const REQUEST: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

/// A request that fills buffers without being many.
static LONG: LazyLock<String> =
    LazyLock::new(|| format!("GET /a HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(500)));

/// What the only isolate tells of itself.
fn isolate(host: &TestHost) -> IsolateStatus {
    host.handle().status().expect("it runs").isolates.remove(0)
}

/// Sends requests until the host has taken none for a while; gives how many bytes it took.
fn send_until_stuck(client: &mut Client) -> usize {
    let (length, all) = (LONG.len(), LONG.repeat(1000));
    let stream = client.stream();
    stream.set_write_timeout(Some(Duration::from_millis(500))).expect("timeout");
    let mut sent = 0;
    loop {
        // (always where the last one stopped, so that no request is torn)
        match (&*stream).write(&all.as_bytes()[sent % length..]) {
            Ok(n) => sent += n,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return sent;
            }
            Err(e) => panic!("{e}"),
        }
        assert!(sent < 200_000_000, "nothing stops it");
    }
}

#[test]
fn requests_whose_answers_nobody_reads_wait_in_the_kernel() {
    let mut host = TestHost::start(&script_with("worker.max_send_buffer_size = 50000;"));
    let mut client = Client::connect_narrow(host.socket(ADDRESS));
    let sent = send_until_stuck(&mut client);
    let status = isolate(&host);
    assert!(status.queued_bytes < 60_000, "{status:?}");
    let served = seen(&mut host);
    assert!(served < sent / LONG.len(), "{served} of {sent} bytes");
    // Others are served, and so is this one, when it reads: every whole request once.
    expect_in_step(&mut host.tcp(ADDRESS));
    let whole = sent / LONG.len();
    for _ in 0..whole {
        assert_eq!(answer(&mut client).text(), "GET /a ");
    }
    assert_eq!(seen(&mut host), whole + 1);
}

#[test]
fn one_that_asks_for_ever_does_not_keep_the_others_waiting() {
    let mut host = TestHost::start(SCRIPT);
    let greedy = host.tcp(ADDRESS);
    let (mut writes, mut reads) = (
        greedy.stream().try_clone().expect("a clone"),
        greedy.stream().try_clone().expect("a clone"),
    );
    let writer =
        thread::spawn(move || while writes.write_all(REQUEST.repeat(1000).as_bytes()).is_ok() {});
    let reader = thread::spawn(move || while reads.read(&mut [0; 65536]).is_ok_and(|n| n > 0) {});
    let mut other = host.tcp(ADDRESS);
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        let began = Instant::now();
        expect_in_step(&mut other);
        longest = longest.max(began.elapsed());
    }
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    greedy.reset();
    drop(host);
    writer.join().expect("no panic");
    reader.join().expect("no panic");
}

#[test]
fn requests_behind_one_that_waits_are_not_hoarded() {
    let script = SCRIPT.replace("// more", "if request.path() == \"/a\" { return; }");
    let mut host = TestHost::start(&script.replace("// settings", "worker.response_timeout = 0;"));
    let mut client = host.tcp(ADDRESS);
    let sent = send_until_stuck(&mut client);
    let status = isolate(&host);
    assert!((status.bytes_read as usize) < 200_000, "{status:?} of {sent}");
    assert_eq!(seen(&mut host), 1);
}

#[test]
fn who_reads_is_answered_although_others_have_used_up_the_memory_for_answers() {
    let script = SCRIPT.replace(
        "// more",
        r#"if request.path() == "/large" {
               let large = ""; large.pad(2000000, 'x'); return connection.send(large);
           }
           if request.path() == "/a" {
               let some = ""; some.pad(3000, 'x'); return connection.send(some);
           }"#,
    );
    let mut host =
        TestHost::start(&format!("Worker::configure(#{{ max_queued_bytes: 300000 }});\n{script}"));
    let mut greedy = Client::connect_narrow(host.socket(ADDRESS));
    greedy.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3));
    let status = || host.handle().status().expect("it runs");
    until("bytes are queued", || status().queued_bytes > 1_000_000);
    // Their answers wait for each other instead of being dropped.
    let mut client = host.tcp(ADDRESS);
    client.send(REQUEST.repeat(300));
    for _ in 0..300 {
        assert_eq!(answer(&mut client).body.len(), 3000);
    }
    expect_in_step(&mut client);
}

#[test]
fn two_hundred_that_never_finish_do_not_stop_the_others() {
    let mut host = TestHost::start(&script_with("worker.handshake_timeout = 3;"));
    let mut slow: Vec<Client> = (0..200)
        .map(|at| {
            let mut client = host.tcp(ADDRESS);
            match at % 3 {
                0 => client.send("GET /a HTTP/1.1\r\nHost: x\r\nX: "),
                1 => client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"),
                _ => client
                    .send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3"),
            }
            client
        })
        .collect();
    let began = Instant::now();
    for round in 0..20 {
        slow.iter_mut().for_each(|client| client.send(if round % 2 == 0 { "0" } else { "a" }));
        expect_in_step(&mut host.tcp(ADDRESS));
        if round == 3 {
            break;
        }
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // The heads among them end; then they are gone.
    host.advance(3.3);
    let rest = String::from_utf8(slow[0].rest()).expect("UTF-8");
    assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
    slow.clear();
    until("the connections are gone", || isolate(&host).connections == 0);
}

#[test]
fn many_bad_requests_leave_nothing_behind() {
    let mut host = TestHost::start(SCRIPT);
    for _ in 0..200 {
        let mut client = host.tcp(ADDRESS);
        client.send("GET /a HTTP/1.1\r\n\r\n");
        assert_eq!(head(&mut client).status, 400);
    }
    until("the connections are gone", || isolate(&host).connections == 0);
    assert_eq!((seen(&mut host), host.errors()), (0, 0));
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_has_come() {
    let mut host = TestHost::start(SCRIPT);
    for begin in ["Content-Length: 2000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1e8480\r\n"]
    {
        let mut client = host.tcp(ADDRESS);
        client.send(format!("POST /a HTTP/1.1\r\nHost: x\r\n{begin}"));
        // A client that goes on sending still gets to read why it should not have.
        client.send("x".repeat(2_000_000));
        let refused = answer(&mut client);
        assert!((refused.status, refused.closes()) == (413, true), "{refused:?}");
    }
}
