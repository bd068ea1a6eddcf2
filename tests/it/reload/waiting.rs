//! Handlers that wait over a reload end on the code they began with; the reload counts them, and whoever looks sees them.

use super::TEXT;
use crate::support::{host::TestHost, wait::until};

const LOOPS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| Timer::delay(0, || { print("v0"); loop { sleep(0.5); } });
worker.on_message = |connection, line| connection.send(line);
"#;

fn waiting(host: &TestHost) -> u64 {
    host.handle().status().expect("it runs").isolates[0].waiting
}

#[test]
fn a_loop_that_each_save_begins_once_more_is_counted_with_its_line() {
    let mut host = TestHost::start(LOOPS);
    host.wait_for_log("v0");
    let report = host.edit(&LOOPS.replace("v0", "v1"));
    assert_eq!(report.waiting, [("main.rhai:3".to_owned(), 0)]);
    let line = host.wait_for_log("reloaded main.rhai, generation 1").message;
    assert!(line.ends_with("; 1 handler still waits on generation 0 (main.rhai:3)"), "{line}");
    host.wait_for_log("v1");
    until("both wait", || waiting(&host) == 2);
    let report = host.edit(&LOOPS.replace("v0", "v2"));
    let places = [("main.rhai:3".to_owned(), 0), ("main.rhai:3".to_owned(), 1)];
    assert_eq!(report.waiting, places);
    let line = report.summary("main.rhai");
    let each = ["1 handler still waits on generation 0", "1 handler still waits on generation 1"];
    assert!(each.iter().all(|each| line.contains(each)), "{line}");
    let status = host.handle().status().expect("it runs");
    let generations: Vec<_> =
        status.isolates[0].longest_waiting.iter().map(|waits| waits.generation).collect();
    assert_eq!(generations[..2], [0, 1]);
}

#[test]
fn handlers_that_have_ended_or_run_the_new_code_are_not_counted() {
    let script = r#"
let free = false;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    if line == "wait" { while !free { sleep(0.02); } }
    if line == "free" { free = true; }
    connection.send(line);
};
"#;
    let mut host = TestHost::start(script);
    let mut waits: Vec<_> = (0..3).map(|_| host.tcp(TEXT)).collect();
    waits.iter_mut().for_each(|client| client.send("wait\n"));
    until("three wait", || waiting(&host) == 3);
    let report = host.edit(&format!("{script}// 1\n"));
    assert!(
        report
            .summary("main.rhai")
            .ends_with("; 3 handlers still wait on generation 0 (main.rhai:4)")
    );
    assert_eq!(host.tcp(TEXT).ask("free"), "free");
    for client in &mut waits {
        assert_eq!(client.line(), "wait");
    }
    until("nobody waits", || waiting(&host) == 0);
    assert!(host.edit(&format!("{script}// 2\n")).waiting.is_empty());
}
