//! What commands, signals and looks do to the clients of a daemon: nothing that they notice.

use crate::{
    cli::operation::status,
    support::{
        client::Client,
        daemon::{Daemon, signal},
        process::listed,
        wait::{SOON, until},
        websocket::WebSocket,
    },
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, net::SocketAddr, time::Instant};

const TEXT: &str = "text://127.0.0.1:0";

/// What `much` is answered with: more than the kernel takes for a peer that does not read.
const MUCH: usize = 8_000_000;

/// Does what it is told to.
fn obedient() -> String {
    format!(
        r#"
let kept = [];
let worker = Worker("{TEXT}");
worker.name = "obedient";
worker.reloadable = false;
worker.max_send_buffer_size = 100_000_000;
worker.on_connect = |connection| kept.push(connection);
worker.on_message = |connection, line| {{
    switch line {{
        "much" => {{ let much = ""; much.pad({MUCH}, 'x'); connection.send(much); }}
        "sleep" => {{
            let began = timestamp();
            connection.send("sleeps");
            sleep(0.5);
            connection.send(began.elapsed >= 0.5);
        }}
        _ => connection.send(line),
    }}
}};
"#
    )
}

fn started(script: &str, worker: &str) -> (Daemon, SocketAddr) {
    let daemon = Daemon::new(script);
    let said = daemon.rhost("start", &["-d"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let table: Vec<String> = said.out.lines().map(str::to_owned).collect();
    let address = listed(&table, worker);
    (daemon, address)
}

/// The rows of `rhost connections --json`.
fn connections(daemon: &Daemon) -> Vec<Value> {
    let said = daemon.rhost("connections", &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let shown: Value = serde_json::from_str(&said.out).expect("JSON");
    shown["connections"].as_array().expect("a list").clone()
}

/// All files that the daemon has.
fn files(daemon: &Daemon) -> BTreeSet<String> {
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(daemon.path(folder)).expect("a folder");
        entries.map(|e| format!("{folder}/{}", e.unwrap().file_name().display())).collect()
    };
    ["", "run", "run/rhost"].iter().flat_map(|folder| names(folder)).collect()
}

#[test]
fn looks_and_signals_cut_no_client_whose_queue_is_full() {
    let (daemon, address) = started(&obedient(), "obedient");
    let mut slow = Client::connect_narrow(address);
    slow.send("much\n");
    until("a queue", || {
        connections(&daemon).first().is_some_and(|c| c["send_queue"].as_u64() > Some(0))
    });
    let server = daemon.server().expect("a server");
    for _ in 0..5 {
        assert_eq!(daemon.rhost("status", &[]).code, Some(0));
        assert_eq!(connections(&daemon).len(), 1);
        ["USR1", "USR2", "PIPE"].iter().for_each(|name| signal(server, name));
    }
    slow.widen();
    assert_eq!(slow.line().len(), MUCH, "not a byte is lost");
    assert_eq!(slow.ask("still here"), "still here");
    assert_eq!(status(&daemon)["isolates"][0]["send_failures"], 0);
}

#[test]
fn half_a_message_holds_up_neither_a_reload_nor_a_stop() {
    let script = obedient().replace("worker.reloadable = false;", "");
    let script = format!("{script}let pages = Worker(\"websocket://127.0.0.1:0\");");
    let (daemon, address) = started(&script, "obedient");
    let web = status(&daemon)["workers"][1]["address"].as_str().expect("an address").to_owned();
    let mut page = WebSocket::connect(web.trim_start_matches("websocket://").parse().unwrap());
    page.client.send([0x81, 0x85, 1, 2]);
    let mut line = Client::connect(address);
    line.send("half");
    until("both halves", || {
        let rows = connections(&daemon);
        rows.iter().filter(|row| row["receive_queue"].as_u64() > Some(0)).count() == 2
    });
    daemon
        .save(&script.replace("_ => connection.send(line)", "_ => connection.send(line + \"!\")"));
    let began = Instant::now();
    let said = daemon.rhost("reload", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("kept 2 connections"), "{}", said.out);
    assert_eq!(line.ask(" a line"), "half a line!");
    line.send("half");
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    line.expect_end();
    page.expect_close(1001);
}

#[test]
fn a_graceful_reload_waits_for_nobody_and_its_last_client_takes_no_isolate_along() {
    let (daemon, address) = started(&obedient(), "obedient");
    let mut idle = Client::connect(address);
    assert_eq!(idle.ask("a"), "a");
    let began = Instant::now();
    assert_eq!(daemon.rhost("reload", &["-g"]).code, Some(0));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let server = daemon.server();
    drop(idle);
    until("an empty host", || connections(&daemon).is_empty());
    assert_eq!(Client::connect(address).ask("b"), "b");
    assert_eq!(daemon.server(), server);
    let isolate = &status(&daemon)["isolates"][0];
    assert_eq!((&isolate["restarts"], &isolate["messages"]), (&0.into(), &2.into()));
}

#[test]
fn a_look_wakes_no_sleeper_writes_no_file_and_counts_sockets() {
    let (daemon, address) = started(&obedient(), "obedient");
    let mut gone = Client::connect(address);
    assert_eq!(gone.ask("a"), "a");
    let mut sleeper = Client::connect(address);
    let before = files(&daemon);
    drop(gone);
    // (the script still holds what it knew of the one that left)
    until("one connection", || connections(&daemon).len() == 1);
    assert_eq!(sleeper.ask("sleep"), "sleeps");
    let began = Instant::now();
    for _ in 0..4 {
        assert_eq!(status(&daemon)["isolates"][0]["connections"], 1);
        assert_eq!(files(&daemon), before);
    }
    assert!(began.elapsed() < SOON, "none of them waits for a second: {:?}", began.elapsed());
    assert_eq!(sleeper.line(), "true", "it slept as long as it wanted to");
}

#[test]
fn who_breaks_the_protocol_is_told_why_and_so_is_the_log() {
    let script = format!(
        "let pages = Worker(\"websocket://127.0.0.1:0\");\npages.name = \"pages\";\npages.max_package_size = 100;\n{}",
        obedient()
    );
    let (daemon, _) = started(&script, "obedient");
    let web = status(&daemon)["workers"][0]["address"].as_str().expect("an address").to_owned();
    let web: SocketAddr = web.trim_start_matches("websocket://").parse().expect("an address");
    // A frame without a mask, one of an unknown kind, and one that will be too large.
    for (frame, code) in [
        (&[0x81, 0x00][..], 1002_u16),
        (&[0x83, 0x80, 0, 0, 0, 0], 1002),
        (&[0x82, 0x80 | 126, 0x01, 0x00, 0, 0, 0, 0], 1009),
    ] {
        let mut page = WebSocket::connect(web);
        page.client.send(frame);
        let goodbye = page.receive();
        assert_eq!(goodbye.payload[..2], code.to_be_bytes(), "{goodbye:?}");
        let reason = String::from_utf8(goodbye.payload[2..].to_vec()).expect("UTF-8");
        assert!(!reason.is_empty());
        until("the log line", || daemon.log().contains(&reason));
    }
    let mut stranger = Client::connect(web);
    stranger.send("hello\r\n\r\n");
    let answer = String::from_utf8(stranger.rest()).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("websocket"), "{answer}");
    let warning = " WARN [pages] connection ";
    until("four warnings", || daemon.log().matches(warning).count() == 4);
}
