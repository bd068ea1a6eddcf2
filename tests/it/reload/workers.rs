//! Rules 3 and 4.

use super::TEXT;
use crate::support::{
    client::{self, Client},
    host::TestHost,
    websocket::masked,
};
use std::{io::Write, net::TcpStream};

/// One worker; `{}` are its address, its name and what it answers.
fn one(address: &str, name: &str, answer: &str) -> String {
    format!(
        r#"
let worker = Worker("{address}");
worker.name = "{name}";
worker.on_message = |connection, line| {{ connection.send(`${{line}} {answer}`); }};
"#
    )
}

const OTHER: &str = "text://127.0.0.2:0";

#[test]
fn rule_3_a_worker_is_the_same_if_its_name_is() {
    let mut host = TestHost::start(&one(TEXT, "w", "1"));
    let old_address = host.socket(TEXT);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "a 1");
    let report = host.edit(&one(OTHER, "w", "2"));
    assert_eq!((report.connections, report.listeners, report.new_listeners), (1, 0, 1));
    assert_eq!(client.ask("b"), "b 2");
    assert_eq!(host.tcp(OTHER).ask("c"), "c 2");
    assert!(TcpStream::connect(old_address).is_err(), "the old address still listens");
}

#[test]
fn a_worker_whose_address_changed_is_known_by_the_new_one_afterwards() {
    let mut host = TestHost::start(&one(TEXT, "w", "1"));
    let mut client = host.tcp(TEXT);
    host.edit(&one(OTHER, "w", "2"));
    let mut newer = host.tcp(OTHER);
    let report = host.edit(&one(OTHER, "", "3"));
    assert_eq!((report.connections, report.listeners), (2, 1));
    assert_eq!(client.ask("a"), "a 3");
    assert_eq!(newer.ask("b"), "b 3");
    assert_eq!(host.tcp(OTHER).ask("c"), "c 3");
}

#[test]
fn rule_3_a_worker_is_the_same_if_its_address_is() {
    let mut host = TestHost::start(&one(TEXT, "first", "1"));
    let address = host.socket(TEXT);
    let mut client = host.tcp(TEXT);
    let report = host.edit(&one(TEXT, "second", "2"));
    assert_eq!((report.connections, report.listeners), (1, 1));
    assert_eq!(client.ask("a"), "a 2");
    assert_eq!(Client::connect(address).ask("b"), "b 2");
}

#[test]
fn rule_3_a_new_worker_is_bound_and_a_gone_one_says_goodbye() {
    let web = r#"
let web = Worker("websocket://127.0.0.1:0");
web.on_message = |connection, data| {
    for i in 0..100 { connection.send(`${data} ${i}`); }
};
"#;
    let mut host = TestHost::start(&one(TEXT, "", "1"));
    let mut client = host.tcp(TEXT);
    client.ask("a");
    let both = format!("{}{web}", one(TEXT, "", "2"));
    let report = host.edit(&both);
    assert_eq!((report.listeners, report.new_listeners), (1, 1));
    let address = host.socket("websocket://127.0.0.1:0");
    let mut socket = host.websocket("websocket://127.0.0.1:0");
    socket.text("x");
    assert_eq!(socket.message(), "x 0");
    let report = host.edit(&one(TEXT, "", "3"));
    assert_eq!((report.connections, report.listeners), (1, 1));
    // What it had been sent comes first.
    (1..100).for_each(|i| assert_eq!(socket.message(), format!("x {i}")));
    socket.expect_close(1001);
    assert!(TcpStream::connect(address).is_err(), "the gone worker still listens");
    assert_eq!(client.ask("b"), "b 3");
}

#[test]
fn workers_that_change_places_stay_who_they_are() {
    let (a, b) = (one(TEXT, "", "a"), one(OTHER, "", "b").replace("worker", "other"));
    let mut host = TestHost::start(&format!("{a}{b}"));
    let (mut first, mut second) = (host.tcp(TEXT), host.tcp(OTHER));
    assert_eq!((first.ask("1"), second.ask("2")), ("1 a".into(), "2 b".into()));
    let report = host.edit(&format!("{b}{a}"));
    assert_eq!((report.connections, report.listeners), (2, 2));
    assert_eq!((first.ask("1"), second.ask("2")), ("1 a".into(), "2 b".into()));
    assert_eq!((host.tcp(TEXT).ask("3"), host.tcp(OTHER).ask("4")), ("3 a".into(), "4 b".into()));
}

#[test]
fn a_changed_count_starts_and_drains_isolates() {
    let script = |count: usize| {
        format!(
            r#"
let worker = Worker("text://127.0.0.1:0");
worker.count = {count};
worker.on_message = |connection, line| {{ connection.send(worker.id); }};
"#
        )
    };
    let mut host = TestHost::start(&script(1));
    let mut first = host.tcp(TEXT);
    assert_eq!(first.ask("?"), "0");
    assert_eq!(host.edit(&script(3)).connections, 1);
    assert_eq!(first.ask("?"), "0");
    // The system hands connections to whichever isolate is awake first.
    let mut clients = Vec::new();
    for _ in 0..2000 {
        let mut client = host.tcp(TEXT);
        let id = client.ask("?");
        clients.push((client, id));
        let seen = |id: &str| clients.iter().any(|(_, seen)| seen == id);
        if seen("1") && seen("2") {
            break;
        }
    }
    let kept = clients.iter().filter(|(_, id)| id == "0").count() + 1;
    assert!(kept < clients.len() + 1, "all connections went to one isolate");
    assert_eq!(host.edit(&script(1)).connections, kept);
    assert_eq!(first.ask("?"), "0");
    for (client, id) in &mut clients {
        match id.as_str() {
            "0" => assert_eq!(client.ask("?"), "0"),
            _ => client.expect_end(),
        }
    }
}

#[test]
fn rule_4_a_reload_closes_no_connection() {
    let script = |n: usize| {
        format!(
            r#"
let web = Worker("websocket://127.0.0.1:0");
web.on_message = |connection, data| {{ connection.send(`${{data}} {n}`); }};
web.on_close = |connection| {{ print("closed"); }};
web.on_worker_start = |web| {{
    let inner = Worker("text://127.0.0.1:0");
    inner.on_message = |connection, data| {{ connection.send(`${{data}} {n}`); }};
    inner.on_close = |connection| {{ print("closed"); }};
    inner.listen();
}};
let raw = Worker("tcp://127.0.0.1:0");
raw.on_message = |connection, data| {{ connection.send(data); }};
raw.on_close = |connection| {{ print("closed"); }};
"#
        )
    };
    let mut host = TestHost::start(&script(0));
    let mut sockets: Vec<_> = (0..20).map(|_| host.websocket("websocket://127.0.0.1:0")).collect();
    let mut lines: Vec<_> = (0..20).map(|_| host.tcp(TEXT)).collect();
    let mut raw: Vec<_> = (0..20).map(|_| host.tcp("tcp://127.0.0.1:0")).collect();
    // A message that is half there when the script changes.
    lines[0].send("ha");
    raw.iter_mut().for_each(|c| {
        c.send("x");
        c.bytes(1);
    });
    for n in 1..=5 {
        sockets.iter_mut().for_each(|s| assert_eq!(s.ask("a"), format!("a {}", n - 1)));
        lines[1..].iter_mut().for_each(|l| assert_eq!(l.ask("b"), format!("b {}", n - 1)));
        let report = host.edit(&script(n));
        assert_eq!((report.connections, report.listeners), (60, 3));
    }
    assert_eq!(lines[0].ask("lf"), "half 5");
    raw.iter_mut().for_each(|c| {
        c.send("end");
        assert_eq!(c.bytes(3), b"end");
    });
    assert_eq!(host.logged("closed"), 0);
}

#[test]
fn a_gone_worker_says_goodbye_to_a_peer_that_goes_on_talking() {
    let web = r#"
let web = Worker("websocket://127.0.0.1:0");
web.on_message = |connection, data| { connection.send(data); };
"#;
    let mut host = TestHost::start(&format!("{}{web}", one(TEXT, "", "1")));
    let mut socket = host.websocket("websocket://127.0.0.1:0");
    assert_eq!(socket.ask("x"), "x");
    host.edit(&one(TEXT, "", "2"));
    let closed = (0..1000).any(|_| {
        let _ = socket.client.stream().write_all(&masked(0x80 | client::TEXT, b"x"));
        socket.receive().opcode == client::CLOSE
    });
    assert!(closed, "it is served for ever");
}

#[test]
fn changed_limits_hold_for_open_connections_too() {
    let script = |limit: usize| {
        format!(
            r#"
let worker = Worker("{TEXT}");
worker.max_package_size = {limit};
worker.idle_timeout = {limit};
worker.on_message = |connection, line| {{
    connection.send(`${{line.len}} ${{connection.max_package_size}} ${{worker.idle_timeout}}`);
}};
"#
        )
    };
    let mut host = TestHost::start(&script(20));
    let (mut open, mut closes) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!((open.ask("a").as_str(), closes.ask("a").as_str()), ("1 20 20.0", "1 20 20.0"));
    host.edit(&script(100));
    let line = "x".repeat(80);
    assert_eq!(open.ask(&line), "80 100 100.0");
    assert_eq!(host.tcp(TEXT).ask(&line), "80 100 100.0");
    host.edit(&script(50));
    closes.send(format!("{line}\n"));
    closes.expect_end();
    assert_eq!(open.ask("a"), "1 50 50.0");
}
