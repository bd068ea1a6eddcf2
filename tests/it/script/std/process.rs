//! `std/process`.

use super::{importing, printed_with, said};
use crate::support::host::TestHost;
use std::fs;

#[test]
fn a_program_gets_its_arguments_as_they_are() {
    let body = r#"
let result = process::run("printf", ["%s|", "a b", "$HOME; rm *", 7]);
print(result.stdout);
print(process::run("./tool.sh", [], #{ env: #{ WHO: "ann" } }).stdout);
print(process::run("pwd", [], #{ cwd: "inner" }).stdout.contains("/inner"));
let failed = process::run("sh", ["-c", "echo oops >&2; exit 7"]);
print(`${failed.code} ${failed.stderr}`);
print(process::run("sh", ["-c", "kill -9 $$"]).signal);
print(process::run("printf", ["\\377"], #{ blob: true }).stdout);
"#;
    let files = [("tool.sh", "#!/bin/sh\nprintf %s \"$WHO\""), ("inner/x", "")];
    let body = format!("process::run(\"chmod\", [\"+x\", \"tool.sh\"]);{body}");
    let wanted = ["a b|$HOME; rm *|7|", "ann", "true", "7 oops", "9", "[ff]"];
    assert_eq!(printed_with(&["process"], &body, &files), wanted);
}

#[test]
fn the_isolate_goes_on_while_a_program_runs() {
    let body = r#"
Timer::delay(0, || print("meanwhile"));
process::run("sleep", ["0.05"]);
print("done");
"#;
    assert_eq!(printed_with(&["process"], body, &[]), ["meanwhile", "done"]);
}

#[test]
fn a_program_ends_with_the_host_that_waits_for_it() {
    let script = importing(&["process"])
        + r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    Timer::delay(0, || process::run("sh", ["-c", "echo $$ > id; sleep 100"], #{ timeout: 100 }));
};
Worker::run_all();"#;
    let host = TestHost::start(&script);
    let id = loop {
        let id = fs::read_to_string(host.path("id")).unwrap_or_default();
        if id.ends_with('\n') {
            break id.trim().to_owned();
        }
        std::thread::yield_now();
    };
    assert!(fs::metadata(format!("/proc/{id}")).is_ok());
    host.stop();
    let deadline = std::time::Instant::now() + crate::support::wait::PATIENCE;
    loop {
        // What nobody has asked for yet is dead all the same.
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        if stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z')) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "it lives on");
        std::thread::yield_now();
    }
}

#[test]
fn mistakes_are_told_with_the_program() {
    let cases = [
        ("process::run(\"no-such-program\")", "run: no-such-program: there is no such program"),
        (
            "process::run(\"sleep\", [\"10\"], #{ timeout: 0.05 })",
            "run: sleep: it was killed, since it took more than 50ms",
        ),
        (
            "process::run(\"yes\", [], #{ max_output: 10 })",
            "run: yes: it was killed, since its output has more than 10 bytes",
        ),
        ("process::run(\"a\", \"b\")", "run: the arguments are an array, not \"b\""),
        ("process::run(\"a\", [#{}])", "run: an argument is a string or a number, not {}"),
        ("process::run(\"a\", [], #{ env: 1 })", "run: the option `env` is a map of variables"),
        ("process::run(\"\")", "run: the command is the name of a program, or a path"),
    ];
    for (call, wanted) in cases {
        let text = said(&["process"], call);
        assert!(text.contains(wanted), "{call}: {text}");
    }
}
