//! Handlers that wait: who looks sees them, many of them are told of, and whichever way they end, nothing is left.

use crate::support::{
    answer::Answer,
    host::TestHost,
    http::HttpClient,
    wait::{until, until_some},
};
use rhost::{IsolateStatus, Level, WaitingHandler};

const TEXT: &str = "text://127.0.0.1:0";

const SCRIPT: &str = r#"
Worker::configure(#{ metrics: "127.0.0.1:0" });
let free = false;
let worker = Worker("text://127.0.0.1:0");
worker.name = "w";
worker.on_message = |connection, line| {
    if line == "free" { free = true; }
    if line == "wait" { while !free { sleep(0.05); } }
    if line == "throw" { while !free { sleep(0.05); } throw "on purpose"; }
    if line == "panic" { while !free { sleep(0.05); } panic_now(); }
    connection.send(line);
};
Worker::run_all();
"#;

fn start(script: &str) -> TestHost {
    TestHost::try_start_as(script, &[], |builder| {
        builder.register(|engine| {
            engine.register_fn("panic_now", || -> i64 { panic!("on purpose") });
        })
    })
    .expect("starts")
}

fn isolate(host: &TestHost) -> IsolateStatus {
    host.handle().status().expect("it runs").isolates.remove(0)
}

/// Waits until so many handlers wait, and gives those that are listed.
#[track_caller]
fn waiting(host: &TestHost, count: u64) -> Vec<WaitingHandler> {
    until_some("the number of handlers that wait", || {
        let isolate = isolate(host);
        (isolate.waiting == count).then_some(isolate.longest_waiting)
    })
}

#[test]
fn a_handler_that_waits_is_seen_until_it_has_ended() {
    let mut host = start(SCRIPT);
    assert!(waiting(&host, 0).is_empty());
    let (mut first, mut second) = (host.tcp(TEXT), host.tcp(TEXT));
    first.send("wait\n");
    let [seen] = <[_; 1]>::try_from(waiting(&host, 1)).expect("one");
    assert_eq!(
        (seen.place.as_str(), seen.event.as_str(), seen.worker.as_str(), seen.waits_in.as_str()),
        ("main.rhai:6", "on_message", "w", "sleep")
    );
    assert_eq!((seen.connection, seen.connection_is_gone, seen.generation), (Some(1), false, 0));
    let longer = until_some("it waits on", || {
        waiting(&host, 1).into_iter().find(|waits| waits.seconds > seen.seconds)
    });
    assert_eq!(longer.connection, Some(1), "it is the same wait, though it slept again and again");
    assert_eq!(second.ask("free"), "free");
    assert_eq!(first.line(), "wait");
    assert!(waiting(&host, 0).is_empty());
}

#[test]
fn a_handler_whose_connection_is_gone_is_marked_and_ends_without_a_trace() {
    let mut host = start(SCRIPT);
    let (mut gone, mut stays) = (host.tcp(TEXT), host.tcp(TEXT));
    gone.send("wait\n");
    assert!(!waiting(&host, 1)[0].connection_is_gone);
    gone.reset();
    until_some("the mark", || waiting(&host, 1)[0].connection_is_gone.then_some(()));
    assert_eq!(stays.ask("free"), "free");
    assert!(waiting(&host, 0).is_empty());
}

#[test]
fn a_handler_that_throws_or_panics_after_it_waited_leaves_no_trace() {
    for how in ["throw", "panic"] {
        let mut host = start(SCRIPT);
        let (mut client, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
        client.send(format!("{how}\n"));
        waiting(&host, 1);
        assert_eq!(other.ask("free"), "free");
        host.fault();
        assert!(waiting(&host, 0).is_empty(), "{how}");
    }
}

#[test]
fn an_isolate_that_is_ended_takes_its_waiting_handlers_with_it() {
    let script = SCRIPT.replace("worker.name = \"w\";", "worker.on_script_error = \"exit\";");
    let mut host = start(&script);
    let (mut client, mut bad) = (host.tcp(TEXT), host.tcp(TEXT));
    client.send("wait\n");
    waiting(&host, 1);
    bad.send("free\nthrow\n");
    client.expect_end();
    until_some("a new isolate", || (isolate(&host).restarts == 1).then_some(()));
    assert!(waiting(&host, 0).is_empty());
}

#[test]
fn timers_and_what_they_wait_in_are_named() {
    let mut host = start(
        r#"
let worker = Worker("http://127.0.0.1:0");
worker.name = "w";
worker.on_message = |connection, request| { Timer::delay(0, || sleep(60)); connection.send("ok"); };
"#,
    );
    let mut client = HttpClient::connect(host.socket("http://127.0.0.1:0"));
    let answer: Answer = client.get("/");
    assert_eq!(answer.text(), "ok");
    let seen = waiting(&host, 1).remove(0);
    assert_eq!(
        (seen.event.as_str(), seen.worker.as_str(), seen.place.as_str(), seen.connection),
        ("timer 1", "w", "main.rhai:4", None)
    );
    host.advance(61.0);
    assert!(waiting(&host, 0).is_empty());
}

/// Makes so many handlers wait for five seconds.
const MANY: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    for i in 0..parse_int(line) { Timer::delay(0, || sleep(5)); }
    connection.send("made");
};
"#;

#[test]
fn many_that_wait_are_told_of_at_half_and_at_all_of_the_room_and_not_again() {
    let _alone = crate::support::wait::alone();
    let mut host = TestHost::start(MANY);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("4001"), "made");
    let listed = waiting(&host, 4001);
    assert_eq!(listed.len(), 20, "those that have waited for longest");
    let half = host.wait_for_log("4000 handlers wait at once, there is room for 8000");
    assert_eq!(half.level, Level::Warn);
    assert!(half.message.ends_with("; most of them (4000) at main.rhai:4"), "{half}");
    assert_eq!(client.ask("3998"), "made");
    waiting(&host, 7999);
    assert_eq!(client.ask("10"), "made");
    let full = host.wait_for_log("8000 handlers wait at once");
    assert_eq!(full.level, Level::Error);
    assert!(full.message.contains("further events wait until one ends; most of them (8000) at "));
    host.advance(6.0);
    assert_eq!((host.logged("handlers wait at once"), host.errors()), (2, 1));
    // Those that had no room have it now, and begin their five seconds.
    host.advance(6.0);
    waiting(&host, 0);
    assert_eq!(client.ask("4000"), "made");
    waiting(&host, 4000);
    // Its number had fallen by more than a quarter.
    until("a second warning", || host.logged("4000 handlers wait at once") == 2);
}
