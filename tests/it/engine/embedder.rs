//! Faults in functions that the embedder registers, and scripts that never come to an end, wherever they are met.

use crate::support::host::TestHost;
use std::time::Duration;

const TEXT: &str = "text://127.0.0.1:0";

const GOOD: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    if line == "boom" { boom(line); }
    if line == "spin" {
        let n = 0;
        loop {
            n += 1;
        }
    }
    if line == "timer" { Timer::delay(0.001, || boom("boom")); }
    if line == "wait" { sleep(0.01); boom("boom"); }
    connection.send(line);
};
Worker::run_all();
"#;

fn start(script: &str) -> Result<TestHost, rhost::Error> {
    TestHost::try_start_as(script, &[], |builder| {
        builder.handler_timeout(Duration::from_millis(200)).register(|engine| {
            engine.register_fn("boom", |text: &str| assert_ne!(text, "boom", "the embedder's bug"));
        })
    })
}

#[test]
fn a_panic_costs_its_event_alone() {
    let mut host = start(GOOD).expect("starts");
    let (mut client, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    for order in ["boom", "boom", "timer", "wait"] {
        client.send(format!("{order}\n"));
        if order == "timer" {
            assert_eq!(client.line(), "timer");
        }
        let fault = host.fault();
        assert!(fault.title.contains("a function of the host panicked"), "{}", fault.text);
        assert!(fault.title.contains("the embedder's bug"), "{}", fault.text);
        assert!(fault.title.contains("main.rhai:"), "{}", fault.text);
        assert_eq!(client.ask("a"), "a");
        assert_eq!(other.ask("b"), "b");
    }
}

#[test]
fn a_panic_while_the_script_starts_is_a_start_error() {
    for script in [
        "boom(\"boom\");",
        "let worker = Worker(\"text://127.0.0.1:0\");\nworker.on_worker_start = |w| boom(\"boom\");",
    ] {
        let error = start(script).err().expect("refused").to_string();
        assert!(error.contains("the embedder's bug"), "{error}");
    }
}

#[test]
fn a_panic_while_the_script_is_read_again_rejects_the_reload() {
    let mut host = start(GOOD).expect("starts");
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "a");
    let fault = host.edit_badly(&format!("boom(\"boom\");\n{GOOD}"));
    assert!(fault.text.contains("the embedder's bug"), "{}", fault.text);
    assert_eq!(client.ask("b"), "b");
    host.edit(&GOOD.replace("connection.send(line)", "connection.send(line + \"!\")"));
    assert_eq!(client.ask("c"), "c!");
}

#[test]
fn a_top_level_that_never_ends_is_refused() {
    let error = start("let n = 0;\nloop {\n    n += 1;\n}").err().expect("refused").to_string();
    assert!(error.contains("it ran 0.2 s without waiting (handler_timeout)"), "{error}");
    assert!(error.contains("main.rhai:"), "{error}");

    let mut host = start(GOOD).expect("starts");
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "a");
    let fault = host.edit_badly(&format!("loop {{ }}\n{GOOD}"));
    assert!(fault.text.contains("handler_timeout"), "{}", fault.text);
    assert_eq!(client.ask("b"), "b");
}

#[test]
fn a_handler_that_never_ends_is_ended_where_it_stands() {
    let mut host = start(GOOD).expect("starts");
    let (mut client, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(other.ask("a"), "a");
    client.send("spin\n");
    other.send("b\n");
    let fault = host.fault();
    let says = "it ran 0.2 s without waiting (handler_timeout)";
    assert!(fault.title.contains(says), "{}", fault.text);
    let place = fault.location.as_str();
    assert!(
        ["main.rhai:7:", "main.rhai:8:"].iter().any(|p| place.starts_with(p)),
        "{}",
        fault.text
    );
    assert!(fault.text.contains("connection 1"), "{}", fault.text);
    assert_eq!(other.line(), "b", "the others were only held up");
    assert_eq!(client.ask("c"), "c", "and so was this one");
}
