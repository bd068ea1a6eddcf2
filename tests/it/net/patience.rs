//! Peers that hold memory and do nothing with it: they read nothing of what waits for them, or send messages that never become
//! whole. Those go, and nobody else.

use crate::support::{
    client::Client,
    host::TestHost,
    websocket::{BINARY, CLOSE, PONG, WebSocket, masked},
};
use rhost::IsolateStatus;
use std::net::SocketAddr;

const TEXT: &str = "text://127.0.0.1:0";
const PAGES: &str = "websocket://127.0.0.1:0";

/// The seconds after which a peer must have been found that reads nothing. The kernels at both ends hand on bytes for a moment
/// after the last was read, and that moment is longer in the isolates, whose time is not waited for.
const PATIENCE: usize = 200;

/// `fill` sends ten megabytes, `one` a tenth of one or `full`, anything else its length.
const SCRIPT: &str = r#"
    let chunk = "";
    chunk.pad(100000, 'x');
    let worker = Worker("text://127.0.0.1:0");
    worker.on_error = |connection, code, text| print(`error ${code}: ${text}`);
    worker.on_close = |connection| print("closed");
    worker.on_message = |connection, line| {
        if line == "one" {
            if connection.send(chunk) == false { connection.send("full"); }
            return;
        }
        if line != "fill" { connection.send(line.len()); return; }
        for n in 0..100 { connection.send(chunk); }
        print("filled");
    };
"#;

fn first(host: &TestHost) -> IsolateStatus {
    host.handle().status().expect("the host runs").isolates.remove(0)
}

/// A peer for whom as much waits as may.
fn filled(host: &mut TestHost, times: usize) -> Client {
    let mut client = Client::connect_narrow(host.socket(TEXT));
    client.send("fill\n");
    while host.logged("filled") < times {
        std::thread::yield_now();
    }
    client
}

fn connect_narrow(address: SocketAddr) -> WebSocket {
    WebSocket::shake(Client::connect_narrow(address), "/")
}

#[test]
fn who_reads_nothing_for_thirty_seconds_is_closed_and_who_reads_slowly_is_not() {
    let mut host = TestHost::start(SCRIPT);
    let mut slow = filled(&mut host, 1);
    let mut silent = filled(&mut host, 2);
    let mut idle = host.tcp(TEXT);
    assert_eq!(idle.ask("hello"), "5");
    for _ in 0..PATIENCE {
        slow.bytes(3000);
        host.advance(1.0);
        if host.logged("error 2: nothing was read within send_timeout") > 0 {
            break;
        }
    }
    host.wait_for_log("error 2: nothing was read within send_timeout");
    host.wait_for_log("closed");
    let now = first(&host);
    assert_eq!((now.connections, now.cut.by_send_timeout), (2, 1));
    assert_eq!(host.logged("closed"), 1, "for whom nothing waits is not closed");
    slow.bytes(3000);
    assert_eq!(idle.ask("hello"), "5");
    silent.rest();
}

#[test]
fn the_time_to_read_is_a_setting_and_zero_is_for_ever() {
    let mut host = TestHost::start(&format!("{SCRIPT}worker.send_timeout = 0;"));
    let _silent = filled(&mut host, 1);
    host.advance(3600.0);
    assert_eq!(first(&host).connections, 1);
    host.edit(&format!("{SCRIPT}worker.send_timeout = 2;"));
    host.advance(PATIENCE as f64);
    host.wait_for_log("nothing was read within send_timeout");
    host.wait_for_log("closed");
}

#[test]
fn a_budget_that_is_used_up_makes_room_at_those_who_read_nothing() {
    let pages = r#"
        worker.send_timeout = 0;
        worker.on_worker_start = |worker| {
            let pages = Worker("websocket://127.0.0.1:0");
            pages.send_timeout = 0;
            pages.on_message = |page, data| {
                for n in 0..100 { page.send(chunk); }
                print("filled");
            };
            pages.listen();
        };
    "#;
    let budget = "Worker::configure(#{ max_queued_bytes: 3000000 });";
    let mut host = TestHost::start(&format!("{budget}{SCRIPT}{pages}"));
    let mut slow = filled(&mut host, 1);
    let address = host.socket(PAGES);
    let mut pages: Vec<WebSocket> = Vec::new();
    for n in 0..4 {
        let mut page = connect_narrow(address);
        page.text("fill");
        while host.logged("filled") < n + 2 {
            std::thread::yield_now();
        }
        pages.push(page);
    }
    assert!(first(&host).queued_bytes > 2_000_000, "the budget is used up");
    let pong = masked(0x80 | PONG, &[]);
    let mut reader = host.tcp(TEXT);
    for _ in 0..PATIENCE {
        slow.bytes(3000);
        pages.iter_mut().for_each(|page| page.client.try_send(&pong));
        host.advance(1.0);
        reader.send("one\n");
        if reader.line() != "full" {
            break;
        }
    }
    for _ in 0..10 {
        reader.send("one\n");
        assert_eq!(reader.bytes(100_001)[100_000], b'\n', "who reads gets all of it");
    }
    let now = first(&host);
    assert!(
        (1..=3).contains(&now.cut.by_max_queued_bytes),
        "no more than necessary: {:?}",
        now.cut
    );
    assert_eq!(now.cut.by_send_timeout, 0);
    slow.bytes(100_000);
}

#[test]
fn unfinished_messages_have_a_budget_and_the_largest_that_was_silent_for_longest_goes() {
    let budget = "Worker::configure(#{ max_received_bytes: 1000000 });";
    let mut host = TestHost::start(&format!("{budget}{SCRIPT}"));
    let mut all = Vec::new();
    for n in 1..=3 {
        let mut client = host.tcp(TEXT);
        client.send([b'x'; 300_000]);
        while first(&host).received_bytes < n * 300_000 {
            std::thread::yield_now();
        }
        host.advance(1.0);
        all.push(client);
    }
    let mut last = host.tcp(TEXT);
    last.send([b'x'; 300_000]);
    host.wait_for_log("unfinished messages used max_received_bytes up");
    all.remove(0).expect_end();
    for client in all.iter_mut().chain([&mut last]) {
        assert_eq!(client.ask(""), "300000");
    }
    let now = first(&host);
    assert_eq!((now.cut.by_max_received_bytes, now.received_bytes, now.connections), (1, 0, 3));
    assert_eq!(host.handle().status().expect("it runs").max_received_bytes, 1_000_000);
}

#[test]
fn a_websocket_whose_fragments_go_for_others_is_told_to_try_again_later() {
    let mut host = TestHost::start(
        r#"
        Worker::configure(#{ max_received_bytes: 500000 });
        let worker = Worker("websocket://127.0.0.1:0");
        worker.on_message = |connection, data| connection.send(data.len());
        "#,
    );
    let mut early = host.websocket(PAGES);
    early.frame(BINARY, &vec![1; 300_000]);
    while first(&host).received_bytes < 300_000 {
        std::thread::yield_now();
    }
    host.advance(1.0);
    let mut late = host.websocket(PAGES);
    late.frame(BINARY, &vec![1; 300_000]);
    let goodbye = early.receive();
    assert_eq!((goodbye.opcode, &goodbye.payload[..2]), (CLOSE, &1013_u16.to_be_bytes()[..]));
    late.frame(0x80, &[1]);
    assert_eq!(late.message(), "300001");
}

#[test]
fn a_request_whose_body_goes_for_others_is_answered_with_503() {
    let mut host = TestHost::start(
        r#"
        Worker::configure(#{ max_received_bytes: 300000 });
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| connection.send(request.body().len());
        "#,
    );
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200001\r\n\r\n";
    let send = |host: &mut TestHost| {
        let mut client = host.tcp("http://127.0.0.1:0");
        client.send(post);
        client.send([b'x'; 200_000]);
        client
    };
    let mut early = send(&mut host);
    while first(&host).received_bytes < 200_000 {
        std::thread::yield_now();
    }
    host.advance(1.0);
    let mut late = send(&mut host);
    let refused = String::from_utf8(early.rest()).expect("UTF-8");
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    late.send("x");
    late.finish();
    let answer = String::from_utf8(late.rest()).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("200001"), "{answer}");
}
