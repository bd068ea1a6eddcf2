//! Rules 1, 2 and 8.

use super::TEXT;
use crate::support::{client::Client, host::TestHost, process::Process};
use rhost::Reloaded;
use std::{net::TcpListener, time::Duration};

/// `slow` waits until somebody sends `go`.
const SLOW: &str = r#"
let worker = Worker("text://127.0.0.1:0");
fn version() { "old" }
worker.on_message = |connection, line| {
    if line == "slow" {
        connection.send("waits");
        while worker.released == () { sleep(0.005); }
    }
    if line == "go" { worker.released = true; }
    connection.send(`${line} ${version()} old`);
};
"#;

#[test]
fn rule_1_a_handler_that_sleeps_over_the_reload_finishes_on_old_code_and_the_next_event_runs_new_code()
 {
    let mut host = TestHost::start(SLOW);
    let (mut slow, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(slow.ask("slow"), "waits");
    slow.send("next\n");
    host.edit(&SLOW.replace("\"old\"", "\"new\"").replace("} old`", "} new`"));
    assert_eq!(other.ask("go"), "go new new");
    assert_eq!(slow.line(), "slow old old");
    assert_eq!(slow.line(), "next new new");
}

#[test]
fn callbacks_that_a_sleeping_handler_sets_after_a_reload_still_work() {
    let script = SLOW.replace(
        "    connection.send(`$",
        "    if line == \"slow\" { connection.on_message = |c, l| c.send(`own ${l}`); }\n    connection.send(`$",
    );
    let mut host = TestHost::start(&script);
    let (mut slow, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(slow.ask("slow"), "waits");
    host.edit(&script.replace("\"old\"", "\"new\""));
    assert_eq!(other.ask("go"), "go new old");
    assert_eq!(slow.line(), "slow old old");
    assert_eq!(slow.ask("hello"), "own hello");
    assert_eq!(host.errors(), 0);
}

/// Ticks every 20 ms to all who are connected.
const TICKING: &str = r#"
let worker = Worker("text://127.0.0.1:0");
let ticks = 0;
worker.on_message = |connection, line| { connection.send(`${line} good`); };
Timer::add(0.02, || { ticks += 1; worker.broadcast(`tick ${ticks}`); });
"#;

/// The answer among the ticks.
fn ask_between_ticks(client: &mut Client, line: &str) -> String {
    client.send(format!("{line}\n"));
    loop {
        let answer = client.line();
        if !answer.starts_with("tick ") {
            return answer;
        }
    }
}

#[test]
fn rule_2_a_script_with_any_fault_changes_nothing_and_shows_the_place() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut host = TestHost::start(TICKING);
    let mut client = host.tcp(TEXT);
    // (a line that is added at the end, the column of the fault, what is said about it)
    let faults = [
        ("let x = (1 + ;".to_owned(), 14, "';'"),
        ("throw \"not today\";".into(), 1, "not today"),
        ("frobnicate(1);".into(), 1, "frobnicate"),
        ("let x = tiks + 1;".into(), 9, "did you mean `ticks`?"),
        ("import \"gone\" as gone;".into(), 8, "cannot import `gone`"),
        ("worker.count = \"two\";".into(), 8, "count is a whole number from 1 to 1024"),
        ("worker.on_mesage = |c| {};".into(), 8, "did you mean `on_message`?"),
        ("worker.on_close = |a, b| {};".into(), 8, "(a, b)"),
        ("Worker(\"gopher://127.0.0.1:0\");".into(), 1, "gopher"),
        ("sleep(1);".into(), 1, "not the top level"),
    ];
    for (bad, column, said) in &faults {
        let broken = TICKING.replace("good", "broken");
        let fault = host.edit_badly(&format!("{broken}{bad}\n"));
        let at = format!("main.rhai:6:{column}");
        assert_eq!(fault.location, at, "{bad}: {fault}");
        assert!(!fault.title.contains('\n'), "{bad}: {}", fault.title);
        for part in [*said, bad, &format!("--> {at}"), "^"] {
            assert!(fault.text.contains(part), "{bad}: no `{part}` in\n{fault}");
        }
        assert!(fault.text.contains("generation 0 goes on serving"), "{fault}");
        assert_eq!(ask_between_ticks(&mut client, "a"), "a good", "{bad}");
        assert!(client.line().starts_with("tick "), "{bad}");
    }
    let fault = host.edit_badly(&format!("{TICKING}Worker(\"text://127.0.0.1:{port}\");\n"));
    assert!(fault.text.contains(&format!("127.0.0.1:{port}")), "{fault}");
    assert_eq!(ask_between_ticks(&mut client, "a"), "a good");
    assert!(client.line().starts_with("tick "));

    assert_eq!(host.logged("the fault is mended"), 0);
    let report = host.edit(&TICKING.replace("good", "better"));
    assert_eq!((report.generation, report.connections, report.timers), (1, 1, 1));
    assert_eq!(host.logged("the fault is mended"), 1);
    assert_eq!(ask_between_ticks(&mut client, "b"), "b better");
}

#[test]
fn a_rejected_top_level_leaves_no_value_behind() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let number = 1;
let map = #{ a: 1 };
worker.list = [1];
worker.on_message = |connection, line| { connection.send(`${number} ${map} ${worker.list}`); };
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    let before = client.ask("?");
    assert_eq!(before, r#"1 {"a":1} [1]"#);
    host.edit_badly(&format!(
        "{script}number += 10; map.a = 2; map.b = 3; worker.list.push(2); worker.extra = 1; throw 1;\n"
    ));
    assert_eq!(client.ask("?"), before);
}

#[test]
fn three_hundred_reloads_under_traffic_lose_no_message_and_no_memory() {
    let script = |n: usize| {
        format!(
            r#"
let worker = Worker("websocket://127.0.0.1:0");
let seen = 0;
worker.users = #{{}};
worker.on_worker_start = |worker| {{ Timer::add(3600, || print("never")); }};
worker.on_connect = |connection| {{
    connection.on_message = |c, data| {{ seen += 1; c.send(`${{data}} ${{seen}} {n}`); }};
}};
"#
        )
    };
    let process = Process::run_as(&script(0), |command| command.args(["--settle", "1"]));
    let mut socket = crate::support::websocket::WebSocket::connect(process.socket("-"));
    let (mut seen, mut early) = (0, 0);
    for n in 1..=300 {
        // (with so short a time to settle, a file that is only half there would be read)
        process.save_at_once("main.rhai", &script(n));
        // Traffic goes on until the new code answers, which is the event that is waited for.
        let mut is_live = false;
        for _ in 0..10_000 {
            for line in 0..10 {
                socket.text(&format!("m{line}"));
            }
            for line in 0..10 {
                seen += 1;
                let answer = socket.message();
                is_live = answer == format!("m{line} {seen} {n}");
                assert!(is_live || answer == format!("m{line} {seen} {}", n - 1), "{answer}");
            }
            if is_live {
                break;
            }
        }
        assert!(is_live, "edit {n} is not live");
        if n == 100 {
            early = process.resident();
        }
    }
    let grown = process.resident().saturating_sub(early);
    assert!(grown < 4 << 20, "{} KiB more after 200 reloads", grown / 1024);
    assert_eq!(process.lines().iter().filter(|l| l.contains("ERROR")).count(), 0);
}

#[test]
fn rule_8_one_line_says_what_happened() {
    let mut report = Reloaded {
        generation: 42,
        took: Duration::from_micros(8_900),
        connections: 312,
        listeners: 2,
        timers: 1,
        kept: ["a", "b", "c", "d"].map(String::from).to_vec(),
        ..Reloaded::default()
    };
    assert_eq!(
        report.summary("push.rhai"),
        "reloaded push.rhai, generation 42, 8 ms: kept 312 connections, 2 listeners, 1 timer, 4 values"
    );
    report.reset = vec!["counter".into()];
    report.leftovers = vec![("push.rhai:18".into(), 41); 3];
    assert_eq!(
        report.summary("push.rhai"),
        "reloaded push.rhai, generation 42, 8 ms: kept 312 connections, 2 listeners, 1 timer, 4 values; \
         reset counter (edited); 3 closures still on generation 41 (push.rhai:18)"
    );
}

#[test]
fn the_line_is_logged_as_reported() {
    let mut host = TestHost::start(TICKING);
    let mut client = host.tcp(TEXT);
    ask_between_ticks(&mut client, "a");
    let report = host.edit(&TICKING.replace("let ticks = 0", "let ticks = 5"));
    assert_eq!(report.reset, ["ticks"]);
    let line = host.wait_for_log("reloaded main.rhai, generation 1, ");
    assert_eq!(line.message, report.summary("main.rhai"));
    assert!(
        line.message.ends_with(
            " ms: kept 1 connection, 1 listener, 1 timer, 0 values; reset ticks (edited)"
        ),
        "{line}"
    );
}
