//! Signals at bad moments, and limits that the system enforces with one.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, signal},
    process::Process,
    wait::{PATIENCE, until},
};
use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

/// To all processes of a group. Whoever is gone by then misses nothing.
fn signal_group(leader: u32, name: &str) {
    let mut kill = Command::new("kill");
    kill.args(["-s", name, "--", &format!("-{leader}")]).stderr(Stdio::null());
    kill.status().expect("kill can be run");
}

#[test]
fn a_signal_that_reaches_monitor_and_server_is_one_order() {
    for name in ["TERM", "INT", "HUP", "QUIT"] {
        let stops = "worker.on_worker_stop = |worker| { sleep(0.2); print(\"cleaned\"); };";
        let daemon = Daemon::new(&format!("{ECHO}{stops}"));
        let mut client = Client::connect(daemon.start());
        assert_eq!(client.ask("a"), "a 1");
        signal_group(daemon.monitor(), name);
        if name == "QUIT" {
            assert_eq!(client.ask("b"), "b 1", "it is served to its end");
            drop(client);
        }
        until("the end", || daemon.rhost("status", &[]).code == Some(3));
        assert!(daemon.log().contains("cleaned"), "{name}");
        assert_eq!(daemon.runtime_file(""), None, "{name}");
    }
}

#[test]
fn reloads_that_come_too_early_end_nothing() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    signal(server, "KILL");
    until("a new server", || {
        for _ in 0..20 {
            signal_group(monitor, "USR1");
            signal_group(monitor, "USR2");
        }
        daemon.server().is_some_and(|new| new != server)
    });
    assert_eq!(daemon.monitor(), monitor);
    let log = daemon.log();
    assert_eq!(log.matches("starting it again").count(), 1, "{log}");
    assert!(!log.contains("killed by signal 1"), "{log}");
}

#[test]
fn a_reload_of_a_foreground_host_that_starts_ends_nothing() {
    let daemon = Daemon::new(ECHO);
    let mut command = daemon.command(&["run", "main.rhai"]);
    let mut host = command.stderr(Stdio::null()).spawn().expect("rhost can be run");
    let has_number = || {
        let file = daemon.runtime_file(".pid");
        file.is_some_and(|file| fs::read_to_string(file).is_ok_and(|text| text.ends_with('\n')))
    };
    let began = Instant::now();
    while !has_number() {
        assert!(began.elapsed() < PATIENCE, "it never wrote its number");
    }
    signal(host.id(), "USR1");
    until("serving", || daemon.server() == Some(host.id()));
    signal(host.id(), "TERM");
    assert_eq!(host.wait().expect("it is our child").code(), Some(0));
}

#[test]
fn a_file_that_may_not_grow_costs_lines_and_nothing_else() {
    let long = "let s = \"\"; s.pad(700, 'x'); print(s)";
    let daemon = Daemon::new(&ECHO.replace("print(\"printed\")", long));
    // (blocks of 512 or 1024 bytes, as the shell likes)
    let start = "ulimit -f 8; exec \"$0\" start -d main.rhai";
    let mut command = Command::new("sh");
    command.args(["-c", start, env!("CARGO_BIN_EXE_rhost")]).stdin(Stdio::null());
    command.current_dir(daemon.path("")).env("XDG_RUNTIME_DIR", daemon.path("run"));
    let said = command.output().expect("sh can be run");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let table = String::from_utf8(said.stdout).expect("UTF-8");
    let table: Vec<String> = table.lines().map(str::to_owned).collect();
    let mut client = Client::connect(crate::support::process::listed(&table, "echo"));
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    for _ in 0..30 {
        assert_eq!(client.ask("print"), "print 1");
    }
    let lost = || {
        let said = daemon.rhost("status", &["--json"]);
        let status: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        status["lost_log_lines"].as_u64().expect("a number")
    };
    until("a lost line", || lost() > 0);
    // The monitor has something to say, too.
    signal(server, "KILL");
    until("a new server", || daemon.server().is_some_and(|new| new != server));
    assert_eq!(daemon.monitor(), monitor);
}

#[test]
fn a_stop_that_comes_before_anything_serves_is_one_in_order() {
    let script =
        format!("{ECHO}worker.on_worker_start = |w| {{ print(\"starting\"); sleep(60); }};");
    let mut process = Process::run_to("starting", &script, |command| command);
    process.signal("TERM");
    assert_eq!(process.ended().0.code(), Some(0));
    assert!(process.lines().iter().all(|line| !line.contains("[OK]")), "{:?}", process.lines());
}
