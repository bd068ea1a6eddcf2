//! What a reload removes leaves nothing behind, and what it only tried to remove stays.

use crate::support::{client::Client, guards::Guards, host::TestHost, wait::PATIENCE};
use std::{
    net::{SocketAddr, TcpListener},
    time::Instant,
};

const TEXT: &str = "text://127.0.0.1:0";
const OTHER: &str = "text://127.0.0.2:0";

const STAYS: &str = r#"
let free = false;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| { if line == "free" { free = true; } connection.send(line); };
"#;

/// Callbacks that hold a guard and, in a ring, their own worker.
const CALLBACKS: &str = r#"
fn equip(w) {
    let held = guard();
    w.held = held;
    w.on_message = |connection, line| { touch(held); w.seen = line; connection.send(line); };
    w.on_close = |connection| { touch(held); w.seen = (); print("closed"); };
}
"#;

fn start(script: &str, guards: &Guards) -> TestHost {
    TestHost::try_start_as(script, &[], |builder| guards.register(builder)).expect("starts")
}

#[test]
fn a_top_level_worker_that_a_reload_removes_frees_what_its_callbacks_hold() {
    let guards = Guards::new();
    let other = "let other = Worker(\"text://127.0.0.2:0\");\nequip(other);\n";
    let mut host = start(&format!("{CALLBACKS}{STAYS}{other}"), &guards);
    let (mut stays, mut leaves) = (host.tcp(TEXT), host.tcp(OTHER));
    assert_eq!((stays.ask("a"), leaves.ask("b")), ("a".into(), "b".into()));
    guards.expect_held("while the worker lives");
    host.edit(&format!("{CALLBACKS}{STAYS}"));
    leaves.expect_end();
    host.wait_for_log("closed");
    // (each of the two isolates has run the top level)
    guards.expect_freed("in the isolate that ended");
    guards.expect_freed("in the isolate that goes on");
    assert_eq!(stays.ask("c"), "c");
    assert_eq!(host.errors(), 0);
}

#[test]
fn an_inner_worker_that_a_reload_removes_frees_what_its_callbacks_hold() {
    let guards = Guards::new();
    let inner = r#"
worker.on_worker_start = |worker| {
    let inner = Worker("text://127.0.0.2:0");
    equip(inner);
    inner.listen();
};
"#;
    let mut host = start(&format!("{CALLBACKS}{STAYS}{inner}"), &guards);
    let (mut stays, mut leaves) = (host.tcp(TEXT), host.tcp(OTHER));
    assert_eq!((stays.ask("a"), leaves.ask("b")), ("a".into(), "b".into()));
    guards.expect_held("while the worker lives");
    host.edit(&format!("{CALLBACKS}{STAYS}"));
    leaves.expect_end();
    host.wait_for_log("closed");
    guards.expect_freed("when the last connection has left");
    assert_eq!(stays.ask("c"), "c");
    // (and one that never had a connection)
    host.edit(&format!("{CALLBACKS}{STAYS}{inner}"));
    guards.expect_held("while the worker lives again");
    host.edit(&format!("{CALLBACKS}{STAYS}"));
    guards.expect_freed("at once");
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_worker_that_a_reload_removes_keeps_its_callbacks_until_its_last_connection_has_left() {
    let guards = Guards::new();
    let callbacks =
        CALLBACKS.replace("w.seen = (); ", "print(\"closing\"); while !free { sleep(0.01); } ");
    let inner = r#"
worker.on_worker_start = |worker| {
    let inner = Worker("text://127.0.0.2:0");
    equip(inner);
    inner.listen();
};
"#;
    let mut host = start(&format!("{STAYS}{callbacks}{inner}"), &guards);
    let (mut stays, mut leaves) = (host.tcp(TEXT), host.tcp(OTHER));
    assert_eq!(leaves.ask("b"), "b");
    host.edit(&format!("{STAYS}{callbacks}"));
    host.wait_for_log("closing");
    assert_eq!(stays.ask("a"), "a");
    guards.expect_held("while on_close of a connection runs");
    assert_eq!(stays.ask("free"), "free");
    host.wait_for_log("closed");
    guards.expect_freed("when the last connection has left");
    assert_eq!(host.errors(), 0);
}

/// Asks until the timer has ticked more often than it has by now.
fn expect_ticks(client: &mut Client) {
    let before = client.ask("?");
    let began = Instant::now();
    while client.ask("?") == before {
        assert!(began.elapsed() < PATIENCE, "the timer does not tick any more");
    }
}

#[test]
fn a_rejected_top_level_that_deletes_timers_ends_none() {
    let script = r#"
let ticks = 0;
Timer::add(0.002, || ticks += 1);
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.send(ticks);
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    expect_ticks(&mut client);
    for deletion in ["Timer::del_all();", "Timer::del(1);", "for id in 0..99 { Timer::del(id); }"] {
        let fault = host.edit_badly(&format!("{deletion}\n{script}\nthrow \"no\";"));
        assert_eq!(fault.title, "no");
        expect_ticks(&mut client);
        let fault = host.edit_badly(&format!("{script}\n{deletion}\nlet x = ;"));
        assert!(fault.location.starts_with("main.rhai:"), "{fault}");
        expect_ticks(&mut client);
    }
    // What the top level has asked for itself it may delete.
    host.edit(&script.replace("let worker", "Timer::del_all();\nlet worker"));
    let last = client.ask("?");
    host.expect_silence(&client);
    assert_eq!(client.ask("?"), last, "nobody asked for the timer");
}

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.3:0").expect("a port");
    listener.local_addr().expect("an address")
}

#[test]
fn an_inner_worker_may_change_its_protocol_on_the_same_port() {
    let address = free_address();
    let script = |scheme: &str| {
        format!(
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.send(line);
worker.on_worker_start = |worker| {{
    let inner = Worker("{scheme}://{address}");
    inner.on_message = |connection, data| connection.send(`${{type_of(data)}} {scheme}`);
    inner.on_close = |connection| print("closed");
    inner.listen();
}};
"#
        )
    };
    let mut host = TestHost::start(&script("text"));
    let mut outer = host.tcp(TEXT);
    assert_eq!(outer.ask("a"), "a");
    let mut old = Client::connect(address);
    assert_eq!(old.ask("hi"), "string text");
    let report = host.edit(&script("frame"));
    assert_eq!((report.connections, report.listeners), (2, 2));
    let mut new = Client::connect(address);
    new.send(b"\0\0\0\x06hi");
    assert_eq!(new.bytes(14), b"\0\0\0\x0eblob frame");
    assert_eq!(old.ask("hi"), "string frame", "an open connection speaks as it did");
    let report = host.edit(&script("websocket"));
    assert_eq!((report.connections, report.listeners), (3, 2));
    assert_eq!(
        crate::support::websocket::WebSocket::connect(address).ask("hi"),
        "string websocket"
    );
    assert_eq!(old.ask("hi"), "string websocket");
    host.edit(&script("text"));
    assert_eq!(Client::connect(address).ask("hi"), "string text");
    assert_eq!(outer.ask("b"), "b");
    assert_eq!(host.errors(), 0);
}
