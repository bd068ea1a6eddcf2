//! Rule 8: one line says what happened, and a dry run says it before.

use super::TEXT;
use crate::support::host::TestHost;
use std::time::Duration;

const SCRIPT: &str = r#"
const STEP = 1;
let w = Worker("text://127.0.0.1:0");
w.name = "w";
let n = STEP;
let table = #{};
table.a = 1;
let t = Timer::add(60, || ());
w.on_worker_start = |w| {
    let inner = Worker("text://127.0.0.2:0");
    inner.on_message = |c, m| c.send("inner");
    inner.listen();
    Timer::add(61, || ());
};
w.on_message = |c, m| {
    if m == "timer" { Timer::add(62, || ()); }
    n += 1;
    c.send(`${n} ${table}`);
};
"#;

/// The line without its numbers of generation and time.
fn line(report: &rhost::Reloaded) -> String {
    let text = report.summary("main.rhai");
    text.split_once(": ").expect("what it did").1.to_owned()
}

#[test]
fn rule_8_the_line_counts_what_was_kept_and_names_what_is_new_and_what_went() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(TEXT);
    let mut inner = host.tcp("text://127.0.0.2:0");
    assert_eq!((client.ask("timer"), inner.ask("?")), (r#"2 {"a":1}"#.into(), "inner".into()));
    let report = host.edit(&format!("{SCRIPT}// edited"));
    assert_eq!(line(&report), "kept 2 connections, 2 listeners, 3 timers, 3 values");
    let edited = SCRIPT
        .replace("STEP = 1", "STEP = 5")
        .replace("table.a = 1;", "table.b = 1;")
        .replace("let t = ", "Timer::add(70, || 1); let t = ");
    let report = host.edit(&edited);
    assert_eq!(
        line(&report),
        r#"kept 2 connections, 2 listeners, 3 timers, 2 values; reset n (edited); new: 1 timer, table["b"]; gone: table["a"]"#
    );
    let start = edited.find("w.on_worker_start").expect("a start");
    let end = edited.find("w.on_message").expect("a callback");
    let report = host.edit(&format!("{}{}", &edited[..start], &edited[end..]));
    let told = line(&report);
    let expected = "kept 1 connection, 1 listener, 3 timers, 3 values; gone: 1 listener, 1 timer; closed 1 connection (inner worker \
         `text://127.0.0.2:0` is not asked for any more)";
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn rule_8_connections_that_a_lower_count_or_a_removed_worker_closes_are_counted_and_named() {
    let script = |count: usize, more: &str| {
        format!(
            r#"
let w = Worker("text://127.0.0.1:0");
w.name = "w"; w.count = {count}; w.reuse_port = true;
w.on_message = |c, m| c.send(`${{w.id}}`);
{more}
"#
        )
    };
    let more =
        "let b = Worker(\"text://127.0.0.3:0\"); b.name = \"b\"; b.on_message = |c, m| c.send(m);";
    let mut host = TestHost::start(&script(3, more));
    let mut clients: Vec<_> = (0..12).map(|_| host.tcp(TEXT)).collect();
    let ids: Vec<String> = clients.iter_mut().map(|client| client.ask("?")).collect();
    let mut other = host.tcp("text://127.0.0.3:0");
    assert_eq!(other.ask("x"), "x");
    let report = host.edit(&script(4, more));
    assert_eq!(
        line(&report),
        "kept 13 connections, 4 listeners, 0 timers, 0 values; new: 1 listener"
    );
    let report = host.edit(&script(1, more));
    let lost = ids.iter().filter(|id| *id != "0").count();
    let expected = if lost == 0 { vec![] } else { vec![("count of `w` 4 → 1".to_owned(), lost)] };
    assert_eq!(report.closed, expected);
    assert_eq!(report.connections, 13 - lost);
    let report = host.edit(&script(1, ""));
    assert_eq!(report.closed, [("worker `b` is gone".to_owned(), 1)]);
}

#[test]
fn a_dry_run_says_what_a_reload_would_do_and_changes_nothing() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), r#"2 {"a":1}"#);
    let edited = SCRIPT
        .replace("STEP = 1", "STEP = 5")
        .replace("table.a = 1;", "table.b = 1;")
        .replace("let t = ", "Timer::add(70, || 1); let t = ");
    // The watcher must not be faster: the file is changed where nothing is watched.
    std::fs::write(host.path("main.rhai"), &edited).expect("the script");
    let report = host.handle().dry_run().expect("it runs").expect("fit");
    assert!(report.dry_run);
    assert_eq!(
        line(&report),
        r#"kept 1 connection, 2 listeners, 2 timers, 2 values; reset n (edited); new: 1 timer, table["b"]; gone: table["a"]"#
    );
    let reloaded = host.reloaded();
    assert_eq!(reloaded.generation, report.generation, "the dry run was none");
    assert_eq!(client.ask("?"), r#"6 {"b":1}"#);
    std::fs::write(host.path("main.rhai"), "let x = ;").expect("the script");
    let fault = host.handle().dry_run().expect("it runs").expect_err("unfit");
    assert!(fault.location.starts_with("main.rhai:1"), "{fault}");
    host.rejected();
    assert_eq!(client.ask("?"), r#"7 {"b":1}"#);
}

#[test]
fn a_top_level_that_takes_too_long_for_its_clients_is_rejected_with_its_line() {
    let slow = |loops: &str| {
        format!(
            "let w = Worker(\"text://127.0.0.1:0\");\nw.on_message = |c, m| c.send(m);\n{loops}\nWorker::run_all();\n"
        )
    };
    let mut host = TestHost::try_start_as(&slow(""), &[], |builder| {
        builder.rehearsal_timeout(Duration::from_millis(300))
    })
    .expect("it starts");
    let mut client = host.tcp(TEXT);
    let fault = host.edit_badly(&slow("let n = 0;\nwhile n >= 0 { n += 1; }"));
    assert!(fault.location.starts_with("main.rhai:4"), "{fault}");
    assert!(fault.text.contains("rehearsal_timeout"), "{fault}");
    assert_eq!(client.ask("a"), "a");
    // One that is nearly too slow is told with its line.
    host.edit(&slow("let n = 0;\nlet began = timestamp();\nwhile began.elapsed < 0.2 { n += 1; }"));
    let record = host.wait_for_log("the top level took");
    assert!(record.message.contains("main.rhai:5"), "{}", record.message);
}
