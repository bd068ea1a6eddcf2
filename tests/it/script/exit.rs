//! `exit` is Rhai's and not the host's: it is unknown, and what to write instead is told.

use crate::support::{findings, host::TestHost};
use std::fs;

const HINT: &str = "use `Worker::stop_all(3)` to stop the host";

#[test]
fn exit_in_a_handler_costs_the_event_and_says_what_to_write() {
    let _meant = findings::meant(&["unknown-function"]);
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "exit" { exit(); }
            if line == "code" { exit(3); }
            connection.send(line);
        };
        "#,
    );
    let mut client = host.tcp("text://127.0.0.1:0");
    for (line, call) in [("exit", "exit ()"), ("code", "exit (_)")] {
        client.send(format!("{line}\n"));
        let fault = host.fault();
        assert!(fault.title.contains(&format!("Function not found: {call}")), "{}", fault.title);
        assert!(fault.text.contains(HINT), "{}", fault.text);
        assert!(fault.location.starts_with("main.rhai:"), "{}", fault.location);
    }
    assert_eq!(client.ask("still"), "still");
}

#[test]
fn exit_at_the_top_level_is_no_start_with_code_0() {
    for script in ["exit(3);", "exit();", "fn end() { exit(0) }\nend();"] {
        let error = TestHost::try_start(script, &[]).err().expect("it does not start").to_string();
        assert!(error.contains("Function not found: exit") && error.contains(HINT), "{error}");
    }
}

#[test]
fn check_finds_exit_without_running_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("main.rhai");
    let found = |script: &str| {
        fs::write(&file, script).expect("the script");
        rhost::Host::builder().script(&file).check().expect("it can be read")
    };
    let faults = found("let worker = Worker();\nworker.on_worker_start = || exit(1);");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        faults[0].text.contains(HINT) && (&*faults[0].file, faults[0].line) == ("main.rhai", 2)
    );
    let own = "fn exit(code) { print(code); }\nlet worker = Worker();\nworker.on_worker_start = || exit(1);";
    assert!(found(own).is_empty(), "a script may have one of its own");
}

#[test]
fn an_exit_of_the_scripts_own_is_called() {
    let host = TestHost::start(
        "fn exit(code) { print(`left by ${code}`); }\nlet door = #{ exit: 2 };\nTimer::delay(0.001, || exit(door.exit));",
    );
    host.wait_for_log("left by 2");
    assert_eq!(host.errors(), 0);
}
