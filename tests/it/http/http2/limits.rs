//! What one peer may cost: time without a request, and memory for answers that it does not read.

use super::{
    ADDRESS,
    frames::{Frames, PREFACE, RESET, frame},
};
use crate::support::{client::Client, host::TestHost, process::Process};
use std::fs;

/// How long a slow head may take, seconds.
const HANDSHAKE: u64 = 1;

#[test]
fn who_never_completes_a_request_is_left_after_handshake_timeout() {
    let mut host = TestHost::start(&format!(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.handshake_timeout = {HANDSHAKE};
        worker.on_message = |connection, request| connection.send("hi");
        "#
    ));
    let address = host.socket(ADDRESS);
    let hello = [PREFACE, &frame(4, 0, 0, b"")].concat();
    // (a frame of headers that more are to follow)
    let half = [&hello[..], &frame(1, 0, 1, b"\x82")].concat();
    let clients = [PREFACE, &hello, &half].map(|begin| {
        let mut client = Client::connect(address);
        client.send(begin);
        client
    });
    // (keep_alive_timeout is a minute)
    host.advance(5.0);
    for mut client in clients {
        client.rest();
    }
}

/// Bytes of the file that is asked for.
const LARGE: usize = 3_000_000;

/// Connections that ask for it, a hundred times each.
const GREEDY: usize = 10;

#[test]
fn answers_that_are_not_read_cost_the_budget_and_not_more_and_are_given_up() {
    let host = Process::run(
        r#"
        Worker::configure(#{ max_queued_bytes: 50_000_000 });
        let worker = Worker("http://127.0.0.1:0");
        worker.name = "files";
        worker.body_timeout = 1;
        worker.on_message = |connection, request| {
            if request.path() == "/large" { connection.send(Response().with_file("large")); }
            else { connection.send("small"); }
        };
        "#,
    );
    fs::write(host.path("large"), vec![b'x'; LARGE]).unwrap();
    let before = host.resident();
    let address = host.socket("files");
    let mut greedy: Vec<Frames> = (0..GREEDY).map(|_| Frames::connect(address, Some(0))).collect();
    for client in &mut greedy {
        for _ in 0..100 {
            client.ask("/large");
        }
    }
    let mut most = 0;
    for client in &mut greedy {
        let mut resets = 0;
        while resets < 100 {
            most = most.max(host.resident());
            let frame = client.next().expect("the connection lives");
            resets += usize::from(frame.kind == RESET);
        }
    }
    let cost = (most - before) >> 20;
    assert!(cost < 200, "{cost} MiB for {} streams", GREEDY * 100);
    // The connections go on, and who reads gets all of it.
    let client = &mut greedy[0];
    let stream = client.ask("/large");
    client.widen(stream, LARGE as u32);
    client.widen(0, LARGE as u32);
    assert_eq!(client.body(stream).expect("an answer").len(), LARGE);
}
