//! What the commands do beyond starting and stopping, and what they print.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO},
    process::{listed, rhost_with},
    wait::{SOON, until},
    websocket::{CLOSE, WebSocket},
};
use std::{net::TcpStream, thread, time::Instant};

/// Counts its messages, over reloads too.
const COUNTS: &str = r#"
let seen = 0;
let worker = Worker("websocket://127.0.0.1:0");
worker.name = "counts";
worker.on_message = |connection, text| {
    seen += 1;
    connection.send(`${text} ${seen}`);
};
"#;

fn started(script: &str, worker: &str, options: &[&str]) -> (Daemon, std::net::SocketAddr) {
    let daemon = Daemon::new(script);
    let said = daemon.rhost("start", &[&["-d"], options].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let table: Vec<String> = said.out.lines().map(str::to_owned).collect();
    (daemon, listed(&table, worker))
}

#[test]
fn a_daemon_reloads_what_is_saved_if_it_was_told_to_watch() {
    let (daemon, address) = started(ECHO, "echo", &["--watch"]);
    let mut client = Client::connect(address);
    daemon.save(&ECHO.replace("} 1`", "} 2`"));
    until("the reload", || daemon.log().contains("reloaded main.rhai, generation 1, "));
    assert_eq!(client.ask("a"), "a 2");

    let (daemon, address) = started(ECHO, "echo", &[]);
    let mut client = Client::connect(address);
    daemon.save(&ECHO.replace("} 1`", "} 2`"));
    client.expect_silence();
    assert_eq!(client.ask("a"), "a 1");
    assert!(!daemon.log().contains("reloaded"), "{}", daemon.log());
}

#[test]
fn a_reload_can_be_told_to_close_connections_or_to_start_variables_anew() {
    let (daemon, address) = started(COUNTS, "counts", &[]);
    let mut client = WebSocket::connect(address);
    assert_eq!(client.ask("a"), "a 1");
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    assert_eq!(client.ask("b"), "b 2");
    let said = daemon.rhost("reload", &["--reset-state"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("reset seen (asked for)"), "{}", said.out);
    assert_eq!(client.ask("c"), "c 1");
    let said = daemon.rhost("reload", &["--hard"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("closed 1 connection,"), "{}", said.out);
    // (the goodbye is said by both)
    client.frame(0x80 | CLOSE, &1012_u16.to_be_bytes());
    client.expect_close(1012);
    assert_eq!(WebSocket::connect(address).ask("d"), "d 2", "variables live on");
}

#[test]
fn a_graceful_stop_waits_for_who_is_there_and_refuses_all_others() {
    let (daemon, address) = started(ECHO, "echo", &[]);
    let mut client = Client::connect(address);
    assert_eq!(client.ask("a"), "a 1");
    thread::scope(|scope| {
        let stopping = scope.spawn(|| daemon.rhost("stop", &["-g"]));
        until("refusals", || TcpStream::connect(address).is_err());
        assert_eq!(client.ask("b"), "b 1");
        assert!(!stopping.is_finished());
        drop(client);
        let said = stopping.join().unwrap();
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.out.contains(" is gracefully stopping\n"), "{}", said.out);
    });
    assert_eq!(daemon.rhost("status", &[]).code, Some(3));
}

#[test]
fn a_pid_file_of_ones_choice_leads_commands_of_another_environment_to_the_host() {
    let (daemon, address) = started(ECHO, "echo", &["--pid-file", "my.pid"]);
    assert_eq!(Client::connect(address).ask("a"), "a 1");
    let elsewhere = |arguments: &[&str]| {
        let mut command = daemon.command(arguments);
        command.env("XDG_RUNTIME_DIR", daemon.path("elsewhere"));
        command.output().expect("it runs").status.code()
    };
    std::fs::create_dir(daemon.path("elsewhere")).expect("a folder");
    assert_eq!(elsewhere(&["status", "main.rhai"]), Some(3));
    for command in ["status", "connections", "reload", "stop"] {
        assert_eq!(
            elsewhere(&[command, "main.rhai", "--pid-file", "my.pid"]),
            Some(0),
            "{command}"
        );
    }
    assert_eq!(daemon.rhost("status", &[]).code, Some(3));
}

/// The cells below the head that begins with this one, a row a list. Cells are never empty.
fn rows<'a>(text: &'a str, first: &str) -> Vec<Vec<&'a str>> {
    let lines = text.lines().skip_while(|line| !line.starts_with(first));
    let lines = lines.take_while(|line| !line.is_empty());
    lines
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect()
}

#[test]
fn the_status_tells_of_each_isolate_its_faults_and_what_keeps_it_busy() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "busy";
worker.count = 2;
worker.on_message = |connection, line| {
    if line == "throw" { throw "on purpose"; }
    if line == "loop" { loop {} }
    connection.send(worker.id);
};
Timer::add(3600, || ());
"#;
    let (daemon, address) = started(script, "busy", &[]);
    let mut client = Client::connect(address);
    let id = client.ask("?");
    client.send("throw\n");
    assert_eq!(client.ask("?"), id);
    daemon.save("let x = ;");
    assert_eq!(daemon.rhost("reload", &[]).code, Some(6));
    client.send("loop\n");
    let look = || {
        let said = daemon.rhost("status", &[]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out
    };
    until("it is busy", || look().contains("[busy]"));
    let seen = look();
    assert!(!seen.contains('\u{1b}'), "no colours in a pipe: {seen}");
    let head: Vec<&str> = seen.lines().collect();
    assert!(head[0].starts_with(concat!("rhost ", env!("CARGO_PKG_VERSION"), "  /")), "{seen}");
    assert!(head[0].ends_with("  generation 0"), "{seen}");
    assert!(head[1].starts_with("running for ") && head[1].contains("  load average "), "{seen}");
    assert!(head[1].contains("  memory ") && head[1].contains("  queued 0B of "), "{seen}");
    assert!(head[2].starts_with("0 reloads, 1 rejected; the last, "), "{seen}");
    assert!(head[2].ends_with(" ago, was rejected:"), "{seen}");
    assert!(seen.contains("main.rhai:1:9") && seen.contains("let x = ;"), "{seen}");

    let listen = format!("text://{address}");
    let workers = rows(&seen, "proto");
    assert_eq!(workers[0], ["proto", "user", "worker", "listen", "count"]);
    assert_eq!((workers[1][0], &workers[1][2..]), ("tcp", &["busy", &listen, "2"][..]));
    let isolates = rows(&seen, "worker");
    assert_eq!(
        isolates[0],
        [
            "worker",
            "id",
            "listening",
            "connections",
            "send_fail",
            "timers",
            "total_request",
            "qps",
            "faults",
            "restarts",
            "gen",
            "status"
        ]
    );
    let at = id.parse::<usize>().expect("a number");
    let (ours, other) = (&isolates[1 + at], &isolates[2 - at]);
    let cells = ["busy", &id, &listen, "1", "0", "1", "4", "0", "1", "0", "0"];
    assert_eq!(ours[..11], cells, "{seen}");
    assert!(ours[11].starts_with("[busy] main.rhai:5 for ") && ours[11].ends_with(" s"), "{seen}");
    assert_eq!(other[3..], ["0", "0", "1", "0", "0", "0", "0", "0", "[idle]"], "{seen}");
    assert_eq!(isolates[3], ["Summary", "1", "0", "2", "4", "0", "1", "0"], "{seen}");
    let began = Instant::now();
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert!(began.elapsed() < SOON, "the busy one does not hold it up");
}

#[test]
fn the_connections_are_told_with_queues_bytes_and_both_addresses() {
    let (daemon, address) = started(ECHO, "echo", &[]);
    let mut client = Client::connect(address);
    assert_eq!(client.ask("hello"), "hello 1");
    client.send("hel");
    let look = || daemon.rhost("connections", &[]).out;
    until("half a line", || rows(&look(), "isolate").get(1).is_some_and(|row| row[6] == "3B"));
    let seen = look();
    let rows = rows(&seen, "isolate");
    assert_eq!(
        rows[0],
        [
            "isolate",
            "worker",
            "cid",
            "trans",
            "protocol",
            "ip",
            "recv-q",
            "send-q",
            "bytes-r",
            "bytes-w",
            "status",
            "local address",
            "foreign address"
        ]
    );
    let (ours, theirs) = client.addresses();
    let (ours, theirs) = (ours.to_string(), theirs.to_string());
    assert_eq!(
        rows[1],
        [
            "0",
            "echo",
            "1",
            "tcp",
            "text",
            "v4",
            "3B",
            "0B",
            "9B",
            "8B",
            "ESTABLISHED",
            &theirs,
            &ours
        ]
    );
    assert_eq!(rows.len(), 2);
}

#[test]
fn every_exit_code_is_told_by_the_help_and_by_the_readme() {
    let help = String::from_utf8(rhost_with(&["--help"]).stdout).expect("UTF-8");
    let readme = include_str!("../../../../README.md");
    for code in 0..=7 {
        assert!(help.contains(&format!("\n  {code}  ")), "{code}: {help}");
        assert!(readme.contains(&format!("\n| {code} | ")), "{code}");
    }
}
