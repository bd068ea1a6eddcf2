//! The real binary, where memory ends: scripts that want all of it, and deep values, end neither it nor its clients.

use crate::support::{
    client::Client,
    host::eventually,
    process::{Process, rhost_with},
};
use std::{
    fs,
    process::{Command, Stdio},
};

const SCRIPT: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.handler_timeout = 60;
worker.on_message = |c, line| {
    if line == "string" { let s = "x"; loop { s += s; } }
    if line == "array" { let a = [1]; loop { a += a; } }
    if line == "pad" { let s = ""; s.pad(10000000000, "x"); }
    if line == "blob" { blob(1000000000000); }
    if line == "pieces" { let s = ""; s.pad(40000000, "x,"); s.split(","); }
    if line == "deep" { let l = []; loop { l = [take(l)]; } }
    if line == "closures" { let f = || 0; loop { let g = f; f = || g; } }
    c.send(line);
};
Worker::run_all();
"#;

/// The same command with a limited address space.
fn limited(command: &mut Command) -> &mut Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 3000000; exec \"$0\" \"$@\""]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().expect("a folder"));
    shell.stdin(Stdio::null()).stderr(Stdio::piped());
    *command = shell;
    command
}

fn survives(process: &Process) {
    let address = process.socket("-");
    let mut witness = Client::connect(address);
    for line in ["string", "array", "pad", "blob", "pieces", "deep", "closures"] {
        let mut client = Client::connect(address);
        client.send(format!("{line}\nand\n"));
        assert_eq!(client.line(), "and", "{line} is lost, and its connection is not");
        assert_eq!(witness.ask("hi"), "hi", "{line}");
    }
    eventually(|| process.resident() < 200 << 20);
}

#[test]
fn handlers_that_want_all_memory_cost_themselves() {
    survives(&Process::run(SCRIPT));
}

#[test]
fn they_do_so_too_where_the_address_space_is_small() {
    survives(&Process::run_as(SCRIPT, limited));
}

#[test]
fn a_check_of_deep_values_ends_well() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("main.rhai");
    let deep = "let v = [];\nfor i in 0..8000 { v = [take(v)]; }\nlet worker = Worker();\nworker.kept = v;\nWorker::run_all();\n";
    fs::write(&script, deep).expect("the script");
    let done = rhost_with(&["check", script.to_str().expect("UTF-8")]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
}
