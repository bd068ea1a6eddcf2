//! The log: how much of it there is, and how it looks to people and to programs.

use crate::support::{
    client::Client,
    daemon::{Daemon, Said},
    process::{Process, listed},
};
use std::{fs, process::Command};

/// Says something on every level.
const SPEAKS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "speaks";
worker.max_package_size = 100;
worker.on_message = |connection, line| {
    debug("the details");
    print("the news");
    connection.send(line);
    if line == "throw" {
        throw "the trouble";
    }
};
"#;

/// What is said on each level, from the loudest.
const LEVELS: [(&str, &str, &str); 4] = [
    ("error", "ERROR ", "the trouble"),
    ("warn", " WARN ", "max_package_size is 100"),
    ("info", " INFO ", "the news"),
    ("debug", "DEBUG ", "the details"),
];

#[test]
fn the_log_of_a_daemon_has_the_levels_that_are_wanted_and_no_more() {
    let wanted = [("off", 0), ("error", 1), ("warn", 2), ("info", 3), ("debug", 4)];
    for (filter, shown) in wanted.into_iter().chain([("", 3), ("no,such=thing=", 3)]) {
        let daemon = Daemon::new(SPEAKS);
        let mut command = daemon.command(&["start", "-d", "main.rhai"]);
        let said = Said::from(command.env("RUST_LOG", filter).output().expect("it runs"));
        assert_eq!(said.code, Some(0), "{}", said.err);
        let table: Vec<String> = said.out.lines().map(str::to_owned).collect();
        let mut client = Client::connect(listed(&table, "speaks"));
        assert_eq!(client.ask("throw"), "throw");
        client.send([b'x'; 200]);
        client.expect_end();
        assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
        let log = daemon.log();
        for (at, (_, word, text)) in LEVELS.iter().enumerate() {
            let line = log.lines().find(|line| line.contains(text));
            assert_eq!(line.is_some(), at < shown, "`{filter}`: {text}\n{log}");
            assert!(line.is_none_or(|line| line.contains(word)), "{line:?}");
        }
        assert_eq!(log.is_empty(), shown == 0, "`{filter}`\n{log}");
        let is_refused = log.contains("RUST_LOG=\"no,such=thing=\" cannot be used");
        assert_eq!(is_refused, filter.contains("such"), "{log}");
    }
}

#[test]
fn an_error_is_one_object_of_a_json_log() {
    let process = Process::run_to("listening on", SPEAKS, |c| c.args(["--log-format", "json"]));
    let line = process.wait_for_line("listening on");
    let address = line.split("text://").nth(1).and_then(|rest| rest.split(' ').next());
    let mut client = Client::connect(address.expect("an address").parse().expect("a socket"));
    assert_eq!(client.ask("throw"), "throw");
    let line = process.wait_for_line("the trouble");
    let error: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(error["level"], "ERROR");
    assert_eq!(error["worker"], "speaks");
    let message = error["message"].as_str().expect("text");
    assert!(message.contains("main.rhai:10:9") && message.lines().count() > 2, "{message}");
    assert!(!line.contains("\\u001b"), "no colours in it: {line}");
}

#[test]
fn lines_are_coloured_for_people_at_a_terminal_only() {
    // It errs, and ends by itself.
    let script = "Timer::delay(0.01, || throw \"the trouble\");\nTimer::delay(0.1, || Worker::stop_all(0));\n";
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("main.rhai"), script).expect("the script");
    let run = format!("{} run main.rhai", env!("CARGO_BIN_EXE_rhost"));
    let output = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.path());
        command.env("XDG_RUNTIME_DIR", folder.path()).env_remove("NO_COLOR").env_remove("RUST_LOG");
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
    };
    let terminal = output("script", &["-qec", &run, "/dev/null"]);
    assert!(terminal.contains("\u{1b}[31mERROR\u{1b}[0m"), "{terminal}");
    let pipe = output("sh", &["-c", &run]);
    assert!(pipe.contains("ERROR ") && !pipe.contains('\u{1b}'), "{pipe}");
    assert!(pipe.contains("the trouble") && terminal.contains("the trouble"));
}
