//! Rule 5.

use super::TEXT;
use crate::host::TestHost;

/// Closures in every place a script can put one; each captures `name`.
const HOLDERS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.table = #{};
worker.on_message = |connection, name| {
    if name == "?" {
        connection.send(worker.table.held.call("map"));
        return;
    }
    connection.on_message = |c, line| {
        c.send(`own ${name} ${line}`);
    };
    worker.table.held = |line| `in ${name} ${line}`;
    Timer::add(0.01, || {
        if worker.tick != () { connection.send(`timer ${name}`); Timer::del_all(); }
    });
    Timer::delay(0.001, || connection.send("ready"));
};
"#;

#[test]
fn rule_5_closures_that_are_held_elsewhere_run_the_edited_code_with_what_they_captured() {
    let mut host = TestHost::start(HOLDERS);
    let (mut client, mut asking) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(client.ask("bob"), "ready");
    assert_eq!(client.ask("1"), "own bob 1");
    assert_eq!(asking.ask("?"), "in bob map");
    // Everything moves down, and each closure is edited.
    let edited = HOLDERS
        .replace("let worker", "// a comment\n\nlet worker")
        .replace("own ${", "OWN ${")
        .replace("in ${", "IN ${")
        .replace("timer ${", "TIMER ${");
    for round in 0..3 {
        let report = host.edit(&format!("{edited}// {round}\n"));
        assert!(report.leftovers.is_empty(), "{:?}", report.leftovers);
    }
    assert_eq!(client.ask("2"), "OWN bob 2");
    assert_eq!(asking.ask("?"), "IN bob map");
    host.edit(&edited.replace("worker.tick != ()", "true"));
    assert_eq!(client.line(), "TIMER bob");
}

#[test]
fn a_closure_in_a_captured_variable_of_a_function_runs_the_edited_code() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| {
    let count = 0;
    let next = || { count += 1; `old ${count}` };
    connection.on_message = |c, line| { c.send(next.call()); };
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "old 1");
    host.edit(&script.replace("old", "new"));
    assert_eq!(client.ask("b"), "new 2");
    host.edit(&script.replace("old", "newer"));
    assert_eq!(client.ask("c"), "newer 3");
}

/// Each connection gets a closure of its own, which uses a named function.
const OWN: &str = r#"
let worker = Worker("text://127.0.0.1:0");
fn greeting() { "hello" }
worker.on_connect = |connection| {
    connection.on_message = |c, line| { c.send(`${greeting()} ${line} own`); };
};
"#;

#[test]
fn rule_5_a_closure_without_a_partner_keeps_its_generation_and_is_listed() {
    let mut host = TestHost::start(OWN);
    let mut old = host.tcp(TEXT);
    assert_eq!(old.ask("a"), "hello a own");
    let without = r#"
let worker = Worker("text://127.0.0.1:0");
fn greeting() { "goodbye" }
worker.on_message = |c, line| { c.send(`${greeting()} ${line} shared`); };
"#;
    for generation in 1..=3 {
        let report = host.edit(&format!("{without}// {generation}\n"));
        assert_eq!(report.leftovers, [("main.rhai:5".to_owned(), 0)]);
        let text = "; 1 closure still on generation 0 (main.rhai:5)";
        assert!(report.summary("main.rhai").ends_with(text), "{}", report.summary("main.rhai"));
        // Its whole generation, not its body with the new functions.
        assert_eq!(old.ask("b"), "hello b own");
        assert_eq!(host.tcp(TEXT).ask("c"), "goodbye c shared");
    }
    drop(old);
    // (the closing may take a turn of the loop)
    let listed = (0..100).any(|n| host.edit(&format!("{without}//{n}")).leftovers.is_empty());
    assert!(listed, "the closure of a closed connection is still listed");
}

#[test]
fn a_closure_that_takes_other_parameters_now_is_left_over() {
    let mut host = TestHost::start(OWN);
    let mut old = host.tcp(TEXT);
    assert_eq!(old.ask("a"), "hello a own");
    let edited =
        OWN.replace("|c, line| { c.send(`${greeting()} ${line} own`)", "|c| { c.send(\"short\")");
    let report = host.edit(&edited);
    assert_eq!(report.leftovers, [("main.rhai:5".to_owned(), 0)]);
    assert_eq!(old.ask("b"), "hello b own");
    assert_eq!(host.tcp(TEXT).ask("c"), "short");
}

#[test]
fn a_named_function_as_a_callback_is_the_new_one() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
fn answer(connection, line) { connection.send(`old ${line}`); }
worker.on_connect = |connection| { connection.on_message = answer; };
worker.on_message = "answer";
"#;
    let script = script.replace("= answer;", "= Fn(\"answer\");");
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "old a");
    host.edit(&script.replace("old", "new"));
    assert_eq!(client.ask("b"), "new b");
}

#[test]
fn rule_5_callbacks_belong_to_the_worker_and_those_not_set_any_more_are_cleared() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| { connection.send(line); };
worker.on_close = |connection| { print("closed"); };
"#;
    let mut host = TestHost::start(script);
    let (mut first, mut second) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!((first.ask("a"), second.ask("a")), ("a".into(), "a".into()));
    drop(first);
    host.wait_for_log("closed");
    host.edit(&script.lines().filter(|l| !l.contains("on_close")).collect::<Vec<_>>().join("\n"));
    second.finish();
    second.expect_end();
    assert_eq!(host.logged("closed"), 1);
}
