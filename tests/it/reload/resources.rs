//! Rule 6: what `on_worker_start` makes, timers and inner workers, belongs to the generation.

use super::TEXT;
use crate::support::host::TestHost;
use std::{net::TcpStream, time::Instant};

const MAIN: &str = "websocket://127.0.0.1:0";

/// A worker with two inner ones.
const INNER: &str = r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.on_message = |connection, data| { connection.send(`${worker.generation} ${worker.started}`); };
worker.on_worker_start = |worker| {
    worker.started = if worker.started == () { 1 } else { worker.started + 1 };
    let inner = Worker("text://127.0.0.1:0");
    inner.on_message = |connection, line| { connection.send(`${line} old`); };
    inner.listen();
    let second = Worker("tcp://127.0.0.1:0");
    second.on_message = |connection, data| { connection.send(data); };
    second.listen();
};
worker.on_worker_reload = |worker| { print(`reloaded ${worker.generation}`); };
"#;

#[test]
fn rule_6_inner_workers_are_adopted_by_address() {
    let mut host = TestHost::start(INNER);
    let address = host.socket(TEXT);
    let mut outer = host.websocket(MAIN);
    let (mut inner, mut second) = (host.tcp(TEXT), host.tcp("tcp://127.0.0.1:0"));
    assert_eq!(outer.ask("?"), "0 1");
    assert_eq!(inner.ask("a"), "a old");
    second.send("x");
    assert_eq!(second.bytes(1), b"x");
    assert_eq!(host.logged("reloaded 0"), 0);

    let report = host.edit(&INNER.replace("} old", "} new"));
    assert_eq!((report.connections, report.listeners), (3, 3));
    host.wait_for_log("reloaded 1");
    assert_eq!(outer.ask("?"), "1 2");
    assert_eq!(inner.ask("b"), "b new");
    assert_eq!(host.socket(TEXT), address, "it was bound anew");
    assert_eq!(host.tcp(TEXT).ask("c"), "c new");
    // (inner workers in the other order)
    let (head, tail) = INNER.split_once("    let inner").unwrap();
    let (inner_text, tail) = tail.split_once("    let second").unwrap();
    let (second_text, tail) = tail.split_once("};\nworker.on_worker_reload").unwrap();
    let turned = format!(
        "{head}    let second{second_text}    let inner{inner_text}}};\nworker.on_worker_reload{tail}"
    );
    let report = host.edit(&turned);
    assert_eq!(report.listeners, 3);
    assert_eq!(inner.ask("d"), "d old");
    second.send("y");
    assert_eq!(second.bytes(1), b"y");
}

#[test]
fn an_inner_worker_that_is_not_asked_for_again_closes_and_may_come_back() {
    let mut host = TestHost::start(INNER);
    let address = host.socket(TEXT);
    let mut inner = host.tcp(TEXT);
    assert_eq!(inner.ask("a"), "a old");
    let without = INNER.replace("    inner.listen();\n", "");
    let report = host.edit(&without);
    assert_eq!((report.connections, report.listeners), (0, 2));
    inner.expect_end();
    assert!(TcpStream::connect(address).is_err(), "it still listens");
    let report = host.edit(INNER);
    assert_eq!((report.listeners, report.new_listeners), (2, 1));
    let listens = host.wait_for(
        |e| matches!(e, rhost::HostEvent::Listening { declared, .. } if declared == TEXT),
    );
    assert!(listens.is_some());
    assert_eq!(host.tcp(TEXT).ask("b"), "b old");
}

#[test]
fn an_inner_worker_made_by_an_event_lives_on() {
    let script = r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.on_message = |connection, data| {
    let inner = Worker("text://127.0.0.1:0");
    inner.on_message = |c, line| { c.send(`${line} ${data} old`); };
    inner.listen();
};
"#;
    let mut host = TestHost::start(script);
    let mut outer = host.websocket(MAIN);
    outer.text("made");
    let mut inner = host.tcp(TEXT);
    assert_eq!(inner.ask("a"), "a made old");
    let report = host.edit(&script.replace("} old", "} new"));
    assert_eq!(report.listeners, 2);
    assert_eq!(inner.ask("b"), "b made new");
    assert_eq!(host.tcp(TEXT).ask("c"), "c made new");
}

/// Two timers of one interval, one of another.
const TIMERS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| {
    Timer::add(20, || { worker.broadcast("a1"); });
    Timer::add(20, || { worker.broadcast("b1"); });
    Timer::add(3600, || { worker.broadcast("c1"); });
};
"#;

#[test]
fn rule_6_timers_go_on_in_their_order_and_phase() {
    let mut host = TestHost::start(TIMERS);
    let mut client = host.tcp(TEXT);
    let pair = |client: &mut crate::support::client::Client| {
        let mut pair = [client.line(), client.line()];
        pair.sort();
        pair.concat()
    };
    host.advance(21.0);
    assert_eq!(pair(&mut client), "a1b1");
    let edited = TIMERS.replace("a1", "a2").replace("b1", "b2").replace("c1", "c2");
    for reloads in 1..=3 {
        let again = format!("{{ /*{reloads}*/ worker.b");
        assert_eq!(host.edit(&edited.replace("{ worker.b", &again)).timers, 3);
        host.advance(4.0);
    }
    client.expect_nothing_yet();
    // Had the phase begun anew with the last reload, it would take 16 s more.
    host.advance(8.0);
    assert_eq!(pair(&mut client), "a2b2");
}

#[test]
fn rule_6_a_timer_that_is_not_asked_for_again_ends() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |c, line| { c.send(line); };
Timer::add(0.01, || { worker.broadcast("top"); });
worker.on_worker_start = |worker| {
    Timer::add(0.01, || { worker.broadcast("start"); });
    Timer::add(0.02, || { worker.broadcast("other"); });
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    while client.line() != "other" {}
    let kept: Vec<_> = script.lines().filter(|l| !l.contains("0.01")).collect();
    assert_eq!(host.edit(&kept.join("\n")).timers, 1);
    client.send("mark\n");
    while client.line() != "mark" {}
    assert_eq!([client.line(), client.line(), client.line()], ["other"; 3]);
}

#[test]
fn no_timer_ever_doubles() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let ticks = #{ top: 0, start: 0, event: 0 };
Timer::add(0.05, || { ticks.top += 1; });
worker.on_worker_start = |worker| { Timer::add(0.05, || { ticks.start += 1; }); };
worker.on_message = |connection, line| {
    if line == "event" { Timer::add(0.05, || { ticks.event += 1; }); }
    connection.send(`${ticks.top} ${ticks.start} ${ticks.event}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    client.ask("event");
    for n in 0..10 {
        let report = host.edit(&format!("// {n}\n{script}"));
        assert_eq!((report.timers, report.new_timers), (3, 0));
        host.edit_badly(&format!("{script}throw {n};"));
    }
    let mut count = || -> Vec<u32> {
        client.ask("?").split(' ').map(|n| n.parse().expect("a number")).collect()
    };
    let (before, began) = (count(), Instant::now());
    host.advance(1.0);
    let (after, took) = (count(), began.elapsed());
    for (before, after) in before.iter().zip(after) {
        // (besides the second that was made to pass, some real time has)
        let most = 20 + took.as_millis() as u32 / 50 + 2;
        assert!((19..=most).contains(&(after - before)), "{before} to {after} in {took:?}");
    }
}

#[test]
fn a_timer_of_another_interval_is_another_timer() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| { Timer::add(3600, || { worker.broadcast("tick"); }); };
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(host.edit(&script.replace("3600", "0.02")).timers, 1);
    assert_eq!([client.line(), client.line()], ["tick"; 2]);
    assert_eq!(host.edit(&script.replace("3600", "7200")).timers, 1);
}

#[test]
fn timers_of_a_script_without_workers_end_when_they_are_not_asked_for_again() {
    let script = "Timer::add(0.02, || print(\"old tick\"));";
    let mut host = TestHost::start(script);
    host.wait_for_log("old tick");
    host.edit("Timer::add(0.03, || print(\"new tick\"));");
    let old = host.logged("old tick");
    host.wait_for_log("new tick");
    let (mut seen, wanted) = (0, 5);
    while seen < wanted {
        host.wait_for_log("new tick");
        seen = host.logged("new tick");
    }
    assert!(host.logged("old tick") <= old + 1, "the old timer still ticks");
}
