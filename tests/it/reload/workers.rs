//! Rules 3 and 4.

use super::TEXT;
use crate::{
    client::{self, Client, masked},
    host::TestHost,
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
fn a_worker_is_the_same_if_its_name_is() {
    let mut host = TestHost::start(&one(TEXT, "w", "1"));
    let old_address = host.socket(TEXT);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "a 1");
    let report = host.edit(&one(OTHER, "w", "2"));
    assert_eq!((report.connections, report.listeners), (1, 1));
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
fn a_worker_is_the_same_if_its_address_is() {
    let mut host = TestHost::start(&one(TEXT, "first", "1"));
    let address = host.socket(TEXT);
    let mut client = host.tcp(TEXT);
    let report = host.edit(&one(TEXT, "second", "2"));
    assert_eq!((report.connections, report.listeners), (1, 1));
    assert_eq!(client.ask("a"), "a 2");
    assert_eq!(Client::connect(address).ask("b"), "b 2");
}

#[test]
fn a_new_worker_is_bound_and_a_gone_one_says_goodbye() {
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
    assert_eq!(host.edit(&both).listeners, 2);
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
fn a_reload_closes_nothing() {
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
fn a_worker_that_is_not_reloadable_goes_on_with_its_code_and_is_told() {
    let script = r#"
let fixed = Worker("text://127.0.0.1:0");
fixed.reloadable = false;
fixed.on_message = |connection, line| connection.send(`${line} 1`);
fixed.on_worker_reload = |worker| print("told 1");
let other = Worker("text://127.0.0.1:00");
other.on_message = |connection, line| connection.send(`${line} 1`);
Worker::run_all();
"#;
    let mut host = TestHost::start(script);
    let mut fixed = host.tcp("text://127.0.0.1:0");
    let mut other = host.tcp("text://127.0.0.1:00");
    assert_eq!((fixed.ask("a"), other.ask("a")), ("a 1".into(), "a 1".into()));
    for version in ["2", "3"] {
        host.edit(&script.replace(" 1`", &format!(" {version}`")));
        assert_eq!((fixed.ask("b"), other.ask("b")), ("b 1".into(), format!("b {version}")));
    }
    host.wait_for_log("told 1");
    assert_eq!(host.tcp("text://127.0.0.1:0").ask("c"), "c 1");
    assert_eq!(host.logged("told 1"), 2);
}
