//! Timers and `sleep`. Times are short, and only lower bounds and orders are asserted, for machines are slow.

use crate::support::process::Process;
use crate::support::{findings, host::TestHost, wait::PATIENCE};
use std::time::{Duration, Instant};

const TEXT: &str = "text://127.0.0.1:0";

/// A worker whose messages run `body`.
fn on_message(body: &str) -> String {
    format!(
        "let worker = Worker(\"{TEXT}\");\nworker.on_message = |connection, line| {{\n{body}\n}};\n"
    )
}

/// Starts it and sends one line.
fn with_line(body: &str) -> (TestHost, crate::support::client::Client) {
    let mut host = TestHost::start(&on_message(body));
    let mut client = host.tcp(TEXT);
    client.send("line\n");
    (host, client)
}

#[test]
fn add_repeats_until_it_is_deleted() {
    let (host, mut client) = with_line(
        r#"
let n = 0;
let id = 0;
id = Timer::add(0.01, || {
    n += 1;
    connection.send(`tick ${n}`);
    if n == 3 { connection.send(`${Timer::del(id)} ${Timer::del(id)}`); }
});
connection.send(type_of(id));
"#,
    );
    let lines: Vec<_> = (0..5).map(|_| client.line()).collect();
    assert_eq!(lines, ["i64", "tick 1", "tick 2", "tick 3", "true false"]);
    host.expect_silence(&client);
}

#[test]
fn the_first_run_is_after_the_interval_and_add_calls_nothing_itself() {
    let began = Instant::now();
    let (host, mut client) = with_line(
        "Timer::add(0.2, || connection.send(\"tick\"), [], false); connection.send(\"first\");",
    );
    assert_eq!([client.line(), client.line()], ["first", "tick"]);
    assert!(began.elapsed() >= Duration::from_millis(200));
    host.expect_silence(&client);
}

#[test]
fn arguments_are_given_to_the_callback() {
    let (host, mut client) = with_line(
        r#"
Timer::add(0.01, |c, a, b| c.send(`add ${a} ${b}`), [connection, 1, "x"], false);
Timer::delay(0.03, |c, m| c.send(`delay ${m.k}`), [connection, #{ k: 2 }]);
let id = 0;
id = Timer::repeat(0.06, |c| { c.send("repeat"); Timer::del(id); }, [connection]);
"#,
    );
    assert_eq!([client.line(), client.line(), client.line()], ["add 1 x", "delay 2", "repeat"]);
    host.expect_silence(&client);
}

#[test]
fn callbacks_may_be_named_in_every_way() {
    let script = format!(
        "fn tell(c) {{ c.send(\"told\"); }}\n{}",
        on_message(
            r#"
Timer::delay(0, "tell", [connection]);
Timer::delay(0, Fn("tell"), [connection]);
"#
        )
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(TEXT);
    assert_eq!([client.ask("a"), client.line()], ["told"; 2]);
}

#[test]
fn an_interval_of_zero_runs_at_once_and_again_and_again() {
    let (_host, mut client) = with_line(
        r#"
Timer::delay(0, || connection.send("once"));
connection.send("before");
let n = 0;
let id = 0;
id = Timer::add(0, || { n += 1; if n == 50 { connection.send("fifty"); Timer::del(id); } });
"#,
    );
    assert_eq!([client.line(), client.line(), client.line()], ["before", "once", "fifty"]);
}

#[test]
fn del_of_what_is_unknown_is_false_and_del_all_ends_all() {
    let (host, mut client) = with_line(
        r#"
connection.send(`${Timer::del(12345)} ${Timer::del(-1)}`);
for i in 0..10 { Timer::add(0.02, || connection.send("tick")); }
Timer::delay(0.02, || connection.send("tick"));
Timer::del_all();
"#,
    );
    assert_eq!(client.line(), "false false");
    host.expect_silence(&client);
}

#[test]
fn a_bad_interval_or_callback_is_an_error_at_its_line() {
    let _meant = findings::meant(&[
        "argument-value",
        "argument-type",
        "unknown-function",
        "callback-parameters",
    ]);
    let bad = [
        ("Timer::add(-1, || ());", "a timer's interval is a number of seconds, 0 or more, not -1"),
        ("Timer::add(\"1\", || ());", "not \"1\""),
        ("Timer::add((), || ());", "a timer's interval"),
        ("Timer::delay(-0.5, || ());", "not -0.5"),
        ("Timer::add(1, 5);", "a closure or the name of a function"),
        ("Timer::add(1, \"nobody\");", "there is no function `nobody`"),
        ("Timer::add(1, |a| ());", "(a)"),
        ("sleep(-1);", "sleep is a number of seconds, 0 or more, not -1"),
        ("sleep(\"x\");", "sleep is a number"),
    ];
    for (code, said) in bad {
        let (mut host, mut client) = with_line(&format!("connection.send(\"got\");\n{code}"));
        assert_eq!(client.line(), "got");
        let fault = host.fault();
        assert!(fault.location.starts_with("main.rhai:4:"), "{code}: {fault}");
        assert!(fault.text.contains(said) && fault.text.contains(code), "{code}: {fault}");
        assert_eq!(client.ask("again"), "got", "{code}");
    }
}

#[test]
fn an_error_inside_costs_that_tick_only() {
    let (mut host, mut client) = with_line(
        r#"
let n = 0;
Timer::add(0.01, || { n += 1; if n == 2 { throw "tick two"; } connection.send(`tick ${n}`); });
"#,
    );
    assert_eq!([client.line(), client.line()], ["tick 1", "tick 3"]);
    let fault = host.fault();
    assert!(
        fault.text.contains("tick two") && fault.text.contains("in timer 1 of worker"),
        "{fault}"
    );
    assert_eq!(fault.location, "main.rhai:5:43");
}

#[test]
fn a_timer_never_overlaps_with_itself() {
    let (_host, mut client) = with_line(
        r#"
let running = 0;
let n = 0;
Timer::add(0.005, || {
    running += 1;
    n += 1;
    let mine = n;
    sleep(0.03);
    connection.send(`${mine} ${running}`);
    running -= 1;
});
"#,
    );
    let lines: Vec<_> = (0..4).map(|_| client.line()).collect();
    assert_eq!(lines, ["1 1", "2 1", "3 1", "4 1"]);
}

#[test]
fn a_late_timer_runs_once_for_all_that_it_missed() {
    let (_host, mut client) = with_line(
        r#"
let n = 0;
Timer::add(0.02, || { n += 1; });
let began = timestamp();
while began.elapsed < 0.3 { }
Timer::delay(0.001, || connection.send(`${n <= 2}`));
"#,
    );
    assert_eq!(client.line(), "true");
}

#[test]
fn sleep_suspends_the_handler_and_not_the_isolate() {
    let mut host = TestHost::start(&on_message(
        r#"
if line == "slow" {
    connection.send("sleeps");
    while worker.released == () { sleep(0.005); }
}
if line == "release" { worker.released = true; }
connection.send(line);
"#,
    ));
    let (mut slow, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(slow.ask("slow"), "sleeps");
    slow.send("second\nthird\n");
    for n in 0..20 {
        assert_eq!(other.ask(&n.to_string()), n.to_string());
    }
    // What this connection sends meanwhile waits for its turn.
    host.expect_silence(&slow);
    assert_eq!(other.ask("release"), "release");
    assert_eq!([slow.line(), slow.line(), slow.line()], ["slow", "second", "third"]);
}

#[test]
fn sleep_lasts_as_long_as_it_says_wherever_it_is_called() {
    let began = Instant::now();
    let (_host, mut client) = with_line(
        r#"
for i in 0..2 { sleep(0.05); }
[1, 2].map(|x| { sleep(0.05); x });
Timer::sleep(0.05);
let nap = || sleep(0.05);
nap.call();
try { sleep(0.05); throw 1 } catch { sleep(0.05) }
connection.send("awake");
"#,
    );
    assert_eq!(client.line(), "awake");
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
}

#[test]
fn many_handlers_may_sleep_at_once() {
    let mut host = TestHost::start(&on_message("sleep(0.1); connection.send(line);"));
    let mut clients: Vec<_> = (0..200).map(|_| host.tcp(TEXT)).collect();
    let began = Instant::now();
    clients.iter_mut().for_each(|c| c.send("x\n"));
    clients.iter_mut().for_each(|c| assert_eq!(c.line(), "x"));
    // One after the other they would take 20 s.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn sleep_at_the_top_level_is_a_start_error() {
    for code in ["sleep(0.1);", "Timer::sleep(0.1);"] {
        let error = TestHost::try_start(&format!("let a = 1;\n{code}\n"), &[]).err().unwrap();
        let text = error.to_string();
        assert!(text.contains("--> main.rhai:2:") && text.contains("not the top level"), "{text}");
    }
}

#[test]
fn a_handler_that_sleeps_while_its_connection_closes_goes_on() {
    let mut host = TestHost::start(&on_message(
        r#"
if line == "close" { for c in worker.connections { c.close(); } }
if line == "sleep" {
    connection.send("sleeps");
    while connection.get_status() == 2 { sleep(0.005); }
    print(`sent: ${connection.send("late")}`);
}
"#,
    ));
    let (mut client, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(client.ask("sleep"), "sleeps");
    other.send("close\n");
    host.wait_for_log("sent: false");
}

#[test]
fn handlers_that_sleep_are_unwound_at_the_stop() {
    let (host, mut client) =
        with_line("connection.send(\"sleeps\"); sleep(3600); print(\"woke\");");
    assert_eq!(client.line(), "sleeps");
    let began = Instant::now();
    assert_eq!(host.stop(), 0);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    client.expect_end();
}

#[test]
fn a_timer_whose_handler_takes_time_keeps_its_rhythm() {
    // With the handler's time added to each interval, three of four ticks would be out of step.
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            let began = timestamp();
            Timer::add(0.2, || {
                let late = began.elapsed % 0.2;
                let busy = timestamp();
                while busy.elapsed < 0.05 { }
                connection.send(late < 0.05);
            });
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    client.send("begin\n");
    let in_step = (0..12).filter(|_| client.line() == "true").count();
    assert!(in_step >= 8, "{in_step} of 12");
}

#[test]
fn timers_of_the_top_level_are_as_fine_as_any() {
    let script = "let ticks = 0;\nTimer::add(0.01, || { ticks += 1; if ticks == 50 { print(\"fifty\"); } });\n";
    let process = Process::run(script);
    let began = Instant::now();
    process.wait_for_line("fifty");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
