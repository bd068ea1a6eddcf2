//! `HostHandle::status` and `connections`: what they show, and that a busy isolate delays neither.

use crate::support::{client::Client, host::TestHost, wait::until_some, websocket::WebSocket};
use rhost::{Busy, Host, IsolateStatus, Status};
use std::{
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";

fn status(host: &TestHost) -> Status {
    host.handle().status().expect("the host runs")
}

fn only(status: Status) -> IsolateStatus {
    let [isolate] = <[_; 1]>::try_from(status.isolates).expect("one isolate");
    isolate
}

#[test]
fn the_counters_are_what_was_done() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.name = "counted";
        Timer::add(1000, || ());
        worker.on_message = |connection, line| {
            if line == "throw" { throw "on purpose"; }
            if line == "timer" { Timer::delay(1000, || ()); }
            connection.send(line);
        };
        Worker::run_all();
        "#,
    );
    let began = status(&host);
    assert_eq!(began.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(began.pid, std::process::id());
    assert!(began.script.ends_with("main.rhai") && began.script.starts_with('/'));
    assert!(began.memory > 1 << 20, "{}", began.memory);
    assert!(began.last_reload.is_none());
    let worker = &began.workers[0];
    assert_eq!(
        (worker.name.as_str(), worker.transport.as_str(), worker.count),
        ("counted", "tcp", 1)
    );
    assert_eq!(worker.address, Some(host.address(TEXT)));
    assert!(!worker.user.is_empty());
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("12345"), "12345");
    assert_eq!(client.ask("timer"), "timer");
    client.send("throw\n");
    host.fault();
    let gone = host.tcp(TEXT);
    let isolate = until_some("two connections", || {
        Some(only(status(&host))).filter(|isolate| isolate.connections == 2)
    });
    assert_eq!(isolate.worker, "counted");
    assert_eq!(isolate.listening, [host.address(TEXT)]);
    assert_eq!((isolate.messages, isolate.faults, isolate.timers), (3, 1, 2));
    assert_eq!((isolate.bytes_read, isolate.bytes_written), (18, 12));
    assert_eq!((isolate.queued_bytes, isolate.send_failures), (0, 0));
    assert!(isolate.busy.is_none() && isolate.leftovers.is_empty());
    drop(gone);
    until_some("one connection", || (only(status(&host)).connections == 1).then_some(()));
    let handle = host.handle();
    host.stop();
    assert!(handle.status().is_none() && handle.connections().is_none());
}

#[test]
fn a_host_that_was_not_started_has_no_status() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("main.rhai");
    std::fs::write(&script, "throw 1;").expect("the script");
    let host = Host::builder().script(&script).build().expect("a script");
    let handle = host.handle();
    assert!(handle.status().is_none());
    host.run().expect_err("it throws");
    assert!(handle.status().is_none());
}

#[test]
fn every_isolate_of_every_worker_is_shown_and_inner_listeners_too() {
    let mut host = TestHost::start(
        r#"
        let first = Worker("text://127.0.0.1:0");
        first.count = 2;
        let second = Worker();
        second.name = "no address";
        second.on_worker_start = |worker| {
            let inner = Worker("frame://127.0.0.1:0");
            inner.name = "inner";
            inner.on_message = |connection, data| { if data.len() == 1 { inner.unlisten(); } connection.send(data); };
            inner.listen();
        };
        Worker::run_all();
        "#,
    );
    let inner = host.address("frame://127.0.0.1:0");
    let seen = status(&host);
    let shown: Vec<_> = seen.isolates.iter().map(|i| (i.worker.as_str(), i.id)).collect();
    assert_eq!(shown, [(TEXT, 0), (TEXT, 1), ("no address", 0)]);
    assert_eq!(seen.isolates[1].listening, [host.address(TEXT)]);
    assert_eq!(seen.isolates[2].listening, [inner]);
    let mut client = Client::connect(host.socket("frame://127.0.0.1:0"));
    client.send([0, 0, 0, 6, 1, 2]);
    assert_eq!(client.bytes(6), [0, 0, 0, 6, 1, 2]);
    let rows = host.handle().connections().expect("the host runs").connections;
    assert_eq!(
        (rows.len(), rows[0].worker.as_str(), rows[0].protocol.as_str()),
        (1, "inner", "frame")
    );
    client.send([0, 0, 0, 5, 1]);
    client.bytes(5);
    assert!(status(&host).isolates[2].listening.is_empty());
}

#[test]
fn a_script_without_workers_has_an_isolate_too() {
    let host = TestHost::start("Timer::add(1000, || ());");
    let isolate = only(status(&host));
    assert_eq!((isolate.worker.as_str(), isolate.timers), ("", 1));
    let seen = host.handle().connections().expect("the host runs");
    assert!(seen.connections.is_empty() && seen.missing.is_empty());
}

#[test]
fn connections_are_sockets_with_their_queues_and_addresses() {
    let mut host = TestHost::start(
        r#"
        let kept = [];
        let worker = Worker("websocket://127.0.0.1:0");
        worker.name = "ws";
        worker.on_connect = |connection| kept.push(connection);
        worker.on_message = |connection, data| {
            let large = "";
            large.pad(16000000, 'x');
            connection.send(large);
        };
        Worker::run_all();
        "#,
    );
    let address = host.socket("websocket://127.0.0.1:0");
    let mut early = Client::connect(address);
    early.send("GET / HTTP/1.1\r\n");
    let mut reader = WebSocket::connect(address);
    let mut leaver = WebSocket::connect(address);
    leaver.say_goodbye(1000);
    let mut slow = WebSocket::shake(Client::connect_narrow(address), "/");
    slow.text("fill");
    slow.client.send([0x81]);
    let handle = host.handle();
    let rows = until_some("the queue", || {
        let rows = handle.connections().expect("the host runs").connections;
        let filled = rows.last().is_some_and(|row| row.send_queue > 0);
        (rows.len() == 3 && filled && rows[0].receive_queue > 0).then_some(rows)
    });
    let ids: Vec<_> = rows.iter().map(|row| (row.id, row.status.as_str())).collect();
    assert_eq!(
        ids,
        [(1, "HANDSHAKE"), (2, "ESTABLISHED"), (4, "ESTABLISHED")],
        "the third has left"
    );
    assert_eq!(rows[0].receive_queue, 16);
    let row = &rows[1];
    let (ours, theirs) = reader.client.addresses();
    assert_eq!((&row.remote, &row.local), (&ours.to_string(), &theirs.to_string()));
    assert_eq!(
        (row.worker.as_str(), row.transport.as_str(), row.protocol.as_str(), row.ip_version),
        ("ws", "tcp", "websocket", 4)
    );
    assert_eq!(rows[2].send_queue, only(status(&host)).queued_bytes);
    // To look has cost nobody anything.
    reader.settle();
    assert_eq!(slow.message().len(), 16_000_000);
}

/// A function of the embedder that blocks its isolate until it is let go.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn wait(&self) {
        let open = self.0.0.lock().expect("the gate");
        drop(self.0.1.wait_while(open, |open| !*open).expect("the gate"));
    }

    fn open(&self) {
        *self.0.0.lock().expect("the gate") = true;
        self.0.1.notify_all();
    }
}

const BUSY: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    if line == "block" { block(); }
    if line == "sleep" { sleep(1000); }
    if line == "loop" {
        loop { }
    }
    connection.send(line);
};
worker.on_connect = |connection| ();
let other = Worker("text://127.0.0.2:0");
other.on_message = |connection, line| connection.send(line);
Worker::run_all();
"#;

fn busy_host(gate: &Gate, timeout: Duration) -> TestHost {
    let gate = gate.clone();
    let options = |builder: rhost::HostBuilder| {
        builder.handler_timeout(timeout).register(move |engine| {
            let gate = gate.clone();
            engine.register_fn("block", move || gate.wait());
        })
    };
    TestHost::try_start_as(BUSY, &[], options).expect("starts")
}

fn wait_until_busy(host: &TestHost, at_least: f64) -> Busy {
    until_some("it is busy", || {
        status(host).isolates[0].busy.clone().filter(|busy| busy.seconds >= at_least)
    })
}

#[test]
fn a_handler_that_blocks_is_shown_with_its_place_and_delays_nobody_who_looks() {
    let gate = Gate::default();
    let mut host = busy_host(&gate, Duration::from_secs(100));
    let mut sleeper = host.tcp(TEXT);
    let mut client = host.tcp(TEXT);
    let mut other = host.tcp("text://127.0.0.2:0");
    assert_eq!((client.ask("a").as_str(), other.ask("b").as_str()), ("a", "b"));
    sleeper.send("sleep\n");
    assert_eq!(client.ask("c"), "c");
    assert!(status(&host).isolates[0].busy.is_none(), "who waits keeps nobody busy");
    client.send("block\n");
    assert_eq!(wait_until_busy(&host, 0.3).place, "main.rhai:3");
    let began = Instant::now();
    let seen = status(&host);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(seen.isolates[0].connections, 2);
    assert!(seen.isolates[1].busy.is_none());
    let began = Instant::now();
    let seen = host.handle().connections().expect("the host runs");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(seen.connections.len(), 1, "only of the isolate that answers");
    let missing = seen.missing.iter().map(ToString::to_string).collect::<Vec<_>>();
    let [missing] = &missing[..] else { panic!("{missing:?}") };
    let says = format!("isolate 0 ({TEXT}) is busy in main.rhai:3 for ");
    assert!(missing.starts_with(&says) && missing.ends_with(" s: its connections are not listed"));
    // While a reload waits for the busy isolate, the status does not wait with it.
    host.handle().reload();
    assert_eq!(other.ask("d"), "d");
    assert!(status(&host).isolates[0].busy.is_some());
    gate.open();
    assert_eq!(client.line(), "block");
    until_some("it is free", || status(&host).isolates[0].busy.is_none().then_some(()));
}

#[test]
fn a_loop_is_shown_with_its_place_until_it_is_ended() {
    let mut host = busy_host(&Gate::default(), Duration::from_millis(1500));
    let mut client = host.tcp(TEXT);
    client.send("loop\n");
    assert_eq!(wait_until_busy(&host, 0.2).place, "main.rhai:3");
    host.fault();
    assert_eq!(client.ask("a"), "a");
    let isolate = &status(&host).isolates[0];
    assert!(isolate.busy.is_none());
    assert_eq!(isolate.faults, 1);
}

#[test]
fn a_top_level_that_does_not_end_is_shown_while_it_runs() {
    let mut host = busy_host(&Gate::default(), Duration::from_millis(1500));
    host.save("main.rhai", &format!("loop {{ }}\n{BUSY}"));
    assert_eq!(wait_until_busy(&host, 0.2).place, "main.rhai");
    host.rejected();
    assert!(status(&host).isolates[0].busy.is_none());
}

#[test]
fn a_rejected_reload_is_told_until_it_is_mended() {
    let good = r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_connect = |connection| connection.send("hello");
    "#;
    let mut host = TestHost::start(good);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.line(), "hello");
    let fault = host.edit_badly("let x = ;");
    for _ in 0..2 {
        let seen = status(&host);
        let last = seen.last_reload.expect("one");
        assert!(!last.accepted && last.at > 0);
        assert_eq!(last.text, fault.text);
        assert_eq!((seen.generation, seen.reloads, seen.rejected_reloads), (0, 0, 1));
    }
    let report = host.edit(&good.replace("hello", "hi"));
    let seen = status(&host);
    let last = seen.last_reload.expect("one");
    assert!(last.accepted);
    assert_eq!(last.text, report.summary("main.rhai"));
    assert_eq!((seen.generation, seen.reloads, seen.rejected_reloads), (1, 1, 1));
    assert_eq!(seen.isolates[0].generation, 1);
}

#[test]
fn closures_on_an_old_generation_are_listed_until_they_are_gone() {
    let script = |body: &str| {
        format!(
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| {{
    {body}
    connection.send("ready");
}};
"#
        )
    };
    let own = "connection.on_message = |c, line| { let n = 1; c.send(line + n); };";
    let mut host = TestHost::start(&script(own));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.line(), "ready");
    let report = host.edit(&script(""));
    assert_eq!(report.leftovers, [("main.rhai:4".to_owned(), 0)]);
    until_some("the leftover", || {
        (only(status(&host)).leftovers == report.leftovers).then_some(())
    });
    drop(client);
    host.advance(3.1);
    until_some("its end", || only(status(&host)).leftovers.is_empty().then_some(()));
}
