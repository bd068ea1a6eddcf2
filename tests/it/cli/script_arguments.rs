//! What a script is given on the command line, and how it is run as a program of its own.

use crate::support::{
    daemon::Daemon,
    process::{Process, rhost},
    wait::until,
};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

const SCRIPT: &str = "import \"std/env\" as env;
print(`given ${env::arguments()}`);
let worker = Worker(\"text://127.0.0.1:0\");
worker.name = \"echo\";
";

#[test]
fn what_stands_behind_two_dashes_belongs_to_the_script() {
    let process = Process::run_as(SCRIPT, |command| command.args(["--", "a b", "--watch", "-d"]));
    assert!(process.wait_for_line("given").ends_with(r#"given ["a b","--watch","-d"]"#));
    let process = Process::run_as(SCRIPT, |command| command.args(["--settle", "10", "a", "--b"]));
    assert!(process.wait_for_line("given").ends_with(r#"given ["a","--b"]"#));
}

#[test]
fn a_restart_gives_a_daemon_the_same_again() {
    let daemon = Daemon::new(SCRIPT);
    let times = |text: &str| daemon.log().matches(text).count();
    let said = daemon.rhost("start", &["-d", "--", "a", "--daemon"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let first = r#"given ["a","--daemon"]"#;
    until("the first line", || times(first) == 1);
    assert_eq!(daemon.rhost("restart", &[]).code, Some(0));
    until("the second line", || times(first) == 2);
    assert_eq!(daemon.rhost("restart", &["--", "b"]).code, Some(0));
    until("other arguments", || times(r#"given ["b"]"#) == 1);
}

#[test]
fn a_script_with_a_first_line_for_the_system_is_a_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.rhai");
    let script = SCRIPT.replace("given", "program given")
        + "worker.on_worker_start = |w| Worker::stop_all(0);";
    fs::write(&file, format!("#!/usr/bin/env -S rhost run\n{script}")).expect("a script");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("permissions");
    let binary = Path::new(env!("CARGO_BIN_EXE_rhost")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", binary.display());
    let output = Command::new(&file)
        .args(["a", "--b"])
        .env("PATH", path)
        .env("XDG_RUNTIME_DIR", folder.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains(r#"program given ["a","--b"]"#), "{said}");
    let checked = rhost().arg("check").arg(&file).output().expect("it runs");
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn fields_of_a_line_are_a_field_of_its_json() {
    let script = "import \"std/log\" as log;
let worker = Worker(\"text://127.0.0.1:0\");
worker.on_worker_start = |w| log::warn(\"odd\", #{ user: 7 });";
    let json = ["--log-format", "json"];
    let process = Process::run_to("odd", script, |command| command.args(json));
    let line: serde_json::Value =
        serde_json::from_str(&process.wait_for_line("odd")).expect("JSON");
    assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"odd".into()));
    assert_eq!((&line["file"], &line["line"]), (&"main.rhai".into(), &3.into()));
    assert_eq!(line["fields"], r#"{"user":7}"#);
}
