//! `--log-format json`: what a line says besides its text.

use crate::support::{client::Client, daemon::Daemon, wait::until};
use serde_json::{Value, json};

const SCRIPT: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "echo";
worker.handler_timeout = 0.1;
worker.on_message = |connection, line| {
    switch line {
        "print" => print("printed"),
        "throw" => throw "on purpose",
        "loop" => loop {},
        _ => connection.send(line),
    }
};
worker.on_close = |connection| { throw "at the end"; };
"#;

/// The line with that text, as soon as it is there.
fn line(daemon: &Daemon, text: &str) -> Value {
    let find = || {
        let log = daemon.log();
        let found = log.lines().find(|line| line.contains(text)).map(str::to_owned);
        found.map(|line| serde_json::from_str::<Value>(&line).expect("JSON"))
    };
    until(text, || find().is_some());
    find().expect("just seen")
}

/// What the line says under these names, `null` where it does not.
fn fields(line: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| line[*name].clone()).collect()
}

#[test]
fn a_fault_is_told_with_its_kind_and_place_and_whom_it_met() {
    let daemon = Daemon::new(SCRIPT);
    let said = daemon.rhost("start", &["-d", "--log-format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let table: Vec<String> = said.out.lines().map(str::to_owned).collect();
    let address = crate::support::process::listed(&table, "echo");
    let (mut one, mut two) = (Client::connect(address), Client::connect(address));
    assert_eq!((one.ask("a"), two.ask("b")), ("a".into(), "b".into()));
    const PLACE: [&str; 4] = ["fault", "file", "line", "column"];
    const WHOM: [&str; 4] = ["worker", "isolate", "connection", "generation"];

    two.send("throw\n");
    let thrown = line(&daemon, "on purpose");
    assert_eq!(thrown["level"], "ERROR");
    assert_eq!(fields(&thrown, &PLACE), json!(["script", "main.rhai", 8, 20]));
    assert_eq!(fields(&thrown, &WHOM), json!(["echo", 0, 2, 0]));
    let message = thrown["message"].as_str().expect("a text");
    assert!(message.starts_with("error: on purpose\n --> main.rhai:8:20\n"), "{message}");

    one.send("print\n");
    let printed = line(&daemon, "printed");
    assert_eq!(fields(&printed, &PLACE), json!([null, "main.rhai", 7, null]));
    assert_eq!(fields(&printed, &["worker", "isolate", "message"]), json!(["echo", 0, "printed"]));

    daemon.save(&SCRIPT.replace("_ =>", "() =>"));
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    one.send("loop\n");
    let ended = line(&daemon, "without waiting");
    assert_eq!(fields(&ended, &["fault", "file", "line"]), json!(["timeout", "main.rhai", 9]));
    assert_eq!(fields(&ended, &WHOM), json!(["echo", 0, 1, 1]));
    drop(one);
    let closing = line(&daemon, "at the end");
    assert_eq!(fields(&closing, &WHOM), json!(["echo", 0, 1, 1]));

    daemon.save("let x = ;");
    assert_eq!(daemon.rhost("reload", &[]).code, Some(6));
    let rejected = line(&daemon, "reload rejected");
    assert_eq!(fields(&rejected, &PLACE), json!(["script", "main.rhai", 1, 9]));
    assert_eq!(fields(&rejected, &WHOM), json!([null, null, null, 2]));

    let said = daemon.rhost("stop", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for line in daemon.log().lines() {
        serde_json::from_str::<Value>(line).expect("every line is JSON");
    }
}
