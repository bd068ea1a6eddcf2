//! An `on_worker_start` that takes longer than the host waits for it: it goes on by itself, and what comes of it is told,
//! but it must not get in the way of a newer one.

use crate::support::host::TestHost;
use std::{io::ErrorKind, net::TcpStream};

const FIRST: &str = "text://127.0.0.1:0";
const SECOND: &str = "text://127.0.0.2:0";
const THIRD: &str = "text://127.0.0.3:0";

/// One worker; `{}` are its address, its on_worker_start and what it answers.
fn script(address: &str, start: &str, answer: &str) -> String {
    format!(
        r#"
let ready = false;
let worker = Worker("{address}");
worker.name = "w";
worker.on_worker_start = |worker| {{ {start} }};
worker.on_message = |connection, line| {{
    if line == "go" {{ ready = true; }}
    connection.send(`${{line}} {answer}`);
}};
"#
    )
}

/// Starts, but not before it is told to.
const WAITS: &str = "print(\"begins\"); while !ready { sleep(0.01); } print(\"goes on\");";

#[test]
fn a_late_start_that_throws_is_reported() {
    let mut host = TestHost::start(&script(FIRST, "", "1"));
    let mut client = host.tcp(FIRST);
    assert_eq!(client.ask("a"), "a 1");
    host.edit(&script(FIRST, &format!("{WAITS} throw \"too late\";"), "2"));
    host.wait_for_log("on_worker_start is still running in 1 isolate(s)");
    assert_eq!(client.ask("a"), "a 2", "the new code serves meanwhile");
    let last = |host: &TestHost| host.handle().status().and_then(|s| s.last_reload).expect("one");
    let kept = "what is kept is not known yet for 1 isolate";
    assert_eq!((host.logged(kept), last(&host).failed), (1, false));
    assert_eq!(client.ask("go"), "go 2");
    let fault = host.fault();
    assert_eq!(fault.title, "too late");
    assert!(fault.text.contains("on_worker_start of worker `w`"), "{fault}");
    let record = host.wait_for_log("too late");
    assert_eq!(record.level, rhost::Level::Error);
    assert_eq!(client.ask("b"), "b 2");
    assert_eq!(host.tcp(FIRST).ask("c"), "c 2");
    let outcome =
        "on_worker_start failed after the reload was accepted: generation 1 serves all the same";
    assert_eq!(host.wait_for_log(outcome).level, rhost::Level::Error);
    let reload = last(&host);
    assert!(reload.accepted && reload.failed, "{reload:?}");
    assert!(reload.text.contains("too late") && reload.text.contains(outcome), "{}", reload.text);
    host.edit(&script(FIRST, "", "3"));
    assert!(!last(&host).failed);
    assert_eq!(host.logged("the fault is mended"), 1);
}

#[test]
fn isolates_that_answer_late_are_told_of_where_the_others_are_counted() {
    let ready = script(FIRST, "", "1").replace("\"w\";", "\"w\";\nworker.count = 2;");
    let mut host = TestHost::start(&ready);
    let mut clients: Vec<_> = (0..4).map(|_| host.tcp(FIRST)).collect();
    for client in &mut clients {
        assert_eq!(client.ask("a"), "a 1");
    }
    let waits = "if worker.id == 0 { while !ready { sleep(0.01); } }";
    let report = host.edit(&ready.replace("|worker| {  }", &format!("|worker| {{ {waits} }}")));
    assert_eq!((report.silent, report.listeners), (1, 1));
    let kept = format!("kept {} connection", report.connections);
    let line = host.wait_for_log(&kept).to_string();
    assert!(line.contains("not known yet for 1 isolate"), "{line}");
}

#[test]
fn a_late_start_accepts_on_its_new_port_when_it_is_done() {
    let mut host = TestHost::start(&script(FIRST, "", "1"));
    let mut client = host.tcp(FIRST);
    host.edit(&script(SECOND, WAITS, "2"));
    host.wait_for_log("still running");
    assert_eq!(client.ask("go"), "go 2");
    assert_eq!(host.tcp(SECOND).ask("b"), "b 2");
    assert_eq!(client.ask("c"), "c 2");
}

#[test]
fn a_late_start_does_not_take_the_port_of_a_newer_generation_away() {
    let mut host = TestHost::start(&script(FIRST, "", "1"));
    let mut client = host.tcp(FIRST);
    assert_eq!(client.ask("a"), "a 1");
    host.edit(&script(SECOND, WAITS, "2"));
    host.wait_for_log("still running");
    let second = host.socket(SECOND);
    host.edit(&script(THIRD, "print(\"newer\");", "3"));
    let mut newer = host.tcp(THIRD);
    assert_eq!(newer.ask("b"), "b 3");
    assert_eq!(client.ask("go"), "go 3");
    host.wait_for_log("goes on");
    // (what the old start does next it does in the same step)
    assert_eq!(newer.ask("c"), "c 3");
    for _ in 0..3 {
        assert_eq!(host.tcp(THIRD).ask("d"), "d 3");
    }
    assert_eq!(client.ask("e"), "e 3");
    let refused = TcpStream::connect(second).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(host.errors(), 0);
    let report = host.edit(&script(THIRD, "", "4"));
    assert_eq!(report.listeners, 1);
    assert_eq!(host.tcp(THIRD).ask("f"), "f 4");
}

#[test]
fn a_newer_start_accepts_on_the_port_that_a_late_one_was_to_have() {
    let mut host = TestHost::start(&script(FIRST, "", "1"));
    let mut client = host.tcp(FIRST);
    host.edit(&script(SECOND, WAITS, "2"));
    host.wait_for_log("still running");
    let report = host.edit(&script(SECOND, "print(\"newer\");", "3"));
    assert_eq!((report.listeners, report.new_listeners), (0, 1));
    let mut newer = host.tcp(SECOND);
    assert_eq!(newer.ask("b"), "b 3");
    assert_eq!(client.ask("go"), "go 3");
    host.wait_for_log("goes on");
    assert_eq!(newer.ask("c"), "c 3");
    assert_eq!(host.tcp(SECOND).ask("d"), "d 3");
    assert_eq!(host.errors(), 0);
}

#[test]
fn what_a_late_start_asks_for_ends_when_a_newer_one_is_complete() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let ticks = #{ n: 0 };
worker.on_worker_start = |worker| {
    if worker.generation == 1 { sleep(3); print("late"); }
    Timer::add(3600, || ticks.n += 1);
};
worker.on_message = |connection, line| connection.send(line);
"#;
    let mut host = TestHost::start(script);
    let timers = |host: &TestHost| host.handle().status().expect("it runs").isolates[0].timers;
    assert_eq!(timers(&host), 1);
    host.edit(&format!("{script}// late\n"));
    host.wait_for_log("on_worker_start is still running");
    host.edit(&format!("{script}// newer\n"));
    host.wait_for_log("late");
    crate::support::wait::until("one timer is left", || timers(&host) == 1);
    assert_eq!(host.tcp("text://127.0.0.1:0").ask("a"), "a");
    assert_eq!(timers(&host), 1);
}
