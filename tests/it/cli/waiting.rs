//! What commands say of handlers that wait, and of a start that does.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO},
    process::listed,
    wait::{until, until_some},
};
use std::thread;

/// The report of `rhost status`, as soon as it has that text.
fn status_with(daemon: &Daemon, text: &str) -> String {
    until_some(text, || Some(daemon.rhost("status", &[]).out).filter(|out| out.contains(text)))
}

#[test]
fn the_status_names_handlers_that_wait_with_all_that_helps_to_find_them() {
    let script = ECHO.replace(
        "if line == \"stop\"",
        "if line == \"wait\" { sleep(3600); }\n    if line == \"stop\"",
    );
    let daemon = Daemon::new(&script);
    let address = daemon.start();
    assert!(daemon.rhost("status", &[]).out.contains("[idle]"));
    let mut waits = Client::connect(address);
    waits.send("wait\n");
    let line = "on_message of echo, connection 1 waits at main.rhai:4 in sleep for ";
    let seen = status_with(&daemon, line);
    assert!(seen.contains("  [waiting] 1\n"), "{seen}");
    waits.reset();
    status_with(&daemon, "on_message of echo, connection 1, which is gone, waits at main.rhai:4");
    daemon.save(&format!("{script}// edited\n"));
    let said = daemon.rhost("reload", &[]);
    let waits = "; 1 handler still waits on generation 0 (main.rhai:4)\n";
    assert!(said.code == Some(0) && said.out.ends_with(waits), "{}{}", said.out, said.err);
    let seen = daemon.rhost("status", &[]).out;
    assert!(seen.contains("\nstill on generation 0: on_message of echo, connection 1"), "{seen}");
    let json: serde_json::Value =
        serde_json::from_str(&daemon.rhost("status", &["--json"]).out).expect("JSON");
    let isolate = &json["isolates"][0];
    let waits = &isolate["longest_waiting"][0];
    assert_eq!((isolate["waiting"].as_u64(), waits["waits_in"].as_str()), (Some(1), Some("sleep")));
    assert_eq!(waits["connection_is_gone"].as_bool(), Some(true), "{waits}");
    assert!(waits["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{waits}");
}

/// The service, with a start that never ends.
fn hangs() -> String {
    format!(
        "{ECHO}worker.on_worker_start = |w| {{ print(\"begins\"); while w.ready != true {{ sleep(0.05); }} }};\n"
    )
}

const LATE: &str = "on_worker_start of worker `echo` has not returned for 5 s (main.rhai:9): nothing is accepted before it does";

#[test]
fn a_daemon_whose_start_hangs_says_so_and_a_reload_of_the_mended_script_starts_over() {
    let daemon = Daemon::new(&hangs());
    thread::scope(|scope| {
        let start = scope.spawn(|| daemon.rhost("start", &["-d"]));
        until("the start", || daemon.log().contains("begins"));
        let seen = status_with(&daemon, "[starting]");
        assert!(
            seen.contains("\non_worker_start of worker `echo` has not returned for "),
            "{seen}"
        );
        daemon.save(ECHO);
        let said = daemon.rhost("reload", &[]);
        assert!(said.code == Some(0) && said.out.contains("generation 1"), "{}", said.err);
        let waits = "rhost: waiting for on_worker_start of worker `echo` has not returned for ";
        assert!(said.err.contains(waits), "{}", said.err);
        let said = start.join().expect("no panic");
        assert!(said.code == Some(0) && said.out.contains("[OK]"), "{}{}", said.out, said.err);
        assert!(said.err.contains(&format!("rhost: {LATE}\nrhost: waiting on: ")), "{}", said.err);
        assert!(daemon.log().contains(LATE));
        assert_eq!(Client::connect(listed_in(&said.out)).ask("a"), "a 1");
    });
}

#[test]
fn a_reload_whose_start_hangs_again_exits_with_a_code_of_its_own_and_a_graceful_stop_ends_it() {
    let daemon = Daemon::new(&hangs());
    thread::scope(|scope| {
        let start = scope.spawn(|| daemon.rhost("start", &["-d"]));
        until("the start", || daemon.log().contains("begins"));
        let said = daemon.rhost("reload", &[]);
        assert_eq!(said.code, Some(7), "{}{}", said.out, said.err);
        assert!(said.err.contains("main.rhai does not serve yet"), "{}", said.err);
        assert!(said.err.contains(LATE), "{}", said.err);
        daemon.save("let x = ;");
        let said = daemon.rhost("reload", &[]);
        assert_eq!(said.code, Some(6), "{}{}", said.out, said.err);
        assert!(said.err.contains("the start before goes on as it is"), "{}", said.err);
        assert_eq!(daemon.rhost("stop", &["-g"]).code, Some(0));
        let said = start.join().expect("no panic");
        assert!(said.out.starts_with("main.rhai has ended with code 0"), "{}", said.out);
        assert_eq!(said.err.matches("has not returned").count(), 2, "once for each start");
    });
}

/// Where the service listens, by the table of `start`.
fn listed_in(table: &str) -> std::net::SocketAddr {
    listed(&table.lines().map(str::to_owned).collect::<Vec<_>>(), "echo")
}
