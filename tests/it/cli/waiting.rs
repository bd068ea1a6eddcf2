//! What commands say of handlers that wait, and of a start that does.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO},
    wait::until_some,
};

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
