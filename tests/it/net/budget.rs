//! The budget for bytes that wait for all peers together.

use crate::support::{
    client::Client,
    host::TestHost,
    process::Process,
    wait::until,
    websocket::{CLOSE, PING, WebSocket, masked},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";

/// What the process may need besides.
const REST: usize = 100 << 20;

/// Says how much it sent, and stays below its budget whatever the peers do.
fn script(budget: &str) -> String {
    format!(
        r#"
        {budget}
        let chunk = "";
        chunk.pad(100000, 'x');
        let refused = 0;
        let worker = Worker("text://127.0.0.1:0");
        worker.on_error = |connection, code, text| print(`error ${{code}}: ${{text}}`);
        worker.on_buffer_full = |connection| print("full");
        worker.on_message = |connection, line| {{
            if line == "refused" {{ connection.send(refused); return; }}
            if line == "small" {{ connection.send("small"); return; }}
            for n in 0..100 {{
                if connection.send(chunk) == false {{ refused += 1; }}
            }}
            print("filled");
        }};
        "#
    )
}

/// A peer that reads nothing and is sent ten megabytes: (bytes that wait, how many of the hundred chunks were dropped).
fn fill(host: &mut TestHost, times: usize) -> (Client, u64, u64) {
    let mut greedy = Client::connect_narrow(host.socket(TEXT));
    greedy.stream().set_nodelay(true).expect("nodelay");
    greedy.send("fill\n");
    while host.logged("filled") < times {
        std::thread::yield_now();
    }
    let status = host.handle().status().expect("the host runs");
    (greedy, status.queued_bytes, status.isolates[0].send_failures)
}

#[test]
fn what_is_beyond_the_budget_is_dropped_as_from_a_full_queue_and_peers_that_read_are_served() {
    let budget = "Worker::configure(#{ max_queued_bytes: 300000 });";
    let mut host = TestHost::start(&script(budget));
    assert_eq!(host.handle().status().expect("it runs").max_queued_bytes, 300_000);
    let (greedy, queued, dropped) = fill(&mut host, 1);
    assert!((300_000..500_000).contains(&queued), "{queued} bytes wait");
    assert!(dropped > 0);
    host.wait_for_log("error 2: send buffer full and drop package");
    host.wait_for_log("full");
    let mut reader = host.tcp(TEXT);
    assert_eq!(reader.ask("refused"), dropped.to_string());
    for _ in 0..100 {
        assert_eq!(reader.ask("small"), "small");
    }
    // Room that is free again may be used again.
    greedy.reset();
    while host.handle().status().expect("it runs").queued_bytes > 0 {
        std::thread::yield_now();
    }
    reader.send("fill\n");
    assert_eq!(reader.bytes(100_001)[100_000], b'\n');
}

#[test]
fn a_reload_changes_the_budget() {
    let small = "Worker::configure(#{ max_queued_bytes: 200000 });";
    let mut host = TestHost::start(&script(small));
    let (_first, queued, _) = fill(&mut host, 1);
    assert!(queued < 400_000, "{queued} bytes wait");
    host.edit(&script("Worker::configure(#{ max_queued_bytes: 700000 });"));
    assert_eq!(host.handle().status().expect("it runs").max_queued_bytes, 700_000);
    let (_second, queued, _) = fill(&mut host, 2);
    assert!((700_000..1_000_000).contains(&queued), "{queued} bytes wait");
    host.edit(&script(""));
    assert_eq!(host.handle().status().expect("it runs").max_queued_bytes, 256 << 20);
    let (_third, queued, _) = fill(&mut host, 3);
    assert!(queued > 1_600_000, "the limit of the connection holds again: {queued} bytes wait");
}

#[test]
fn websockets_are_answered_and_close_properly_when_the_budget_is_used_up() {
    let budget = "Worker::configure(#{ max_queued_bytes: 300000 });";
    let websockets = r#"
        worker.on_worker_start = |worker| {
            let inner = Worker("websocket://127.0.0.1:0");
            inner.on_message = |connection, data| if data == "bye" { connection.close(); } else { connection.send(data); };
            inner.listen();
        };
    "#;
    let mut host = TestHost::start(&format!("{}{websockets}", script(budget)));
    let _greedy = fill(&mut host, 1);
    let mut socket = host.websocket("websocket://127.0.0.1:0");
    assert_eq!(socket.ask("hi"), "hi");
    socket.settle();
    socket.text("bye");
    let frame = socket.receive();
    assert_eq!(frame.opcode, CLOSE);
    host.websocket("websocket://127.0.0.1:0").say_goodbye(1000);
}

#[test]
fn who_pings_and_does_not_read_gets_no_more_than_the_budget() {
    const PINGS: usize = 60_000;
    let mut host = TestHost::start(
        r#"
        Worker::configure(#{ max_queued_bytes: 300000 });
        let worker = Worker("websocket://127.0.0.1:0");
        "#,
    );
    let address = host.socket("websocket://127.0.0.1:0");
    let mut greedy = connect_narrow(address);
    let state = || host.handle().status().expect("it runs").isolates.remove(0);
    let before = state().bytes_read;
    let ping = masked(0x80 | PING, &[b'x'; 125]);
    for _ in 0..PINGS / 100 {
        greedy.client.send(ping.repeat(100));
    }
    let mut most = 0;
    until("all pings are read", || {
        let now = state();
        most = most.max(now.queued_bytes);
        now.bytes_read == before + (PINGS * ping.len()) as u64
    });
    assert!((200_000..500_000).contains(&most), "{most} bytes waited");
}

#[test]
fn a_pipe_loses_nothing_when_the_budget_is_used_up() {
    let budget = "Worker::configure(#{ max_queued_bytes: 300000 });";
    let pipe = r#"
        worker.on_worker_start = |worker| {
            let ends = [];
            let inner = Worker("tcp://127.0.0.1:0");
            inner.on_connect = |connection| {
                ends.push(connection);
                if ends.len() == 2 { ends[0].pipe(ends[1]); }
                connection.send("!");
            };
            inner.listen();
        };
    "#;
    let mut host = TestHost::start(&format!("{}{pipe}", script(budget)));
    let address = host.socket("tcp://127.0.0.1:0");
    let mut left = Client::connect(address);
    assert_eq!(left.bytes(1), b"!");
    let mut right = Client::connect_narrow(address);
    assert_eq!(right.bytes(1), b"!");
    let _greedy = fill(&mut host, 1);
    let sent: Vec<u8> = (0..8_000_000u32).map(|n| (n / 1000) as u8).collect();
    let expected = sent.clone();
    let sending = std::thread::spawn(move || {
        left.send(sent);
        left
    });
    assert!(right.bytes(expected.len()) == expected, "something was lost");
    sending.join().expect("sent");
}

#[test]
fn three_hundred_websockets_that_never_read_cost_the_budget_and_no_more() {
    const BUDGET: usize = 64 << 20;
    let process = Process::run(&format!(
        r#"
        Worker::configure(#{{ max_queued_bytes: {BUDGET} }});
        let worker = Worker("websocket://127.0.0.1:0");
        worker.name = "ws";
        worker.handler_timeout = 60;
        worker.heartbeat = 0;
        worker.queued = 0;
        let message = "";
        message.pad(1048576, 'x');
        let dropped = 0;
        worker.on_message = |connection, data| {{
            if data == "broadcast" {{
                for c in worker.connections.values() {{
                    if c.id != connection.id && c.send(message) == false {{ dropped += 1; }}
                }}
            }}
            if data == "one" {{ connection.send(message); return; }}
            connection.send(dropped);
        }};
        Worker::run_all();
        "#
    ));
    let address = process.socket("ws");
    let mut silent: Vec<WebSocket> = (0..300).map(|_| connect_narrow(address)).collect();
    let mut reader = WebSocket::connect(address);
    let mut highest = 0;
    let mut dropped: u64 = 0;
    for _ in 0..6 {
        dropped = reader.ask("broadcast").parse().expect("a number");
        highest = highest.max(process.resident());
    }
    assert!(dropped > 300, "{dropped} dropped");
    assert!(highest < BUDGET + REST, "{} MiB resident", highest >> 20);
    assert!(highest > BUDGET, "the budget is used: {} MiB resident", highest >> 20);
    assert_eq!(reader.ask("how many?"), dropped.to_string(), "who reads is answered meanwhile");
    let status = process.command("status");
    assert_eq!(status["isolates"][0]["send_failures"], dropped);
    let queued = status["queued_bytes"].as_u64().expect("a number") as usize;
    assert!((BUDGET / 2..BUDGET + REST).contains(&queued), "{queued} bytes wait");
    silent.truncate(100);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        reader.text("one");
        let answer = reader.message();
        if answer.len() == 1 << 20 {
            break;
        }
        assert!(Instant::now() < deadline, "the room of those who left is not given back");
    }
}

fn connect_narrow(address: SocketAddr) -> WebSocket {
    WebSocket::shake(Client::connect_narrow(address), "/")
}
