//! How a script starts, how it is refused, and how it ends the host.

use crate::support::{findings, host::TestHost};
use std::{fs, net::TcpListener, process::Command};

const TEXT: &str = "text://127.0.0.1:0";

/// A worker that takes orders to stop.
const OBEYS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| switch line {
    "run" => Worker::run_all(),
    "stop" => { connection.send("bye"); Worker::stop_all(); }
    "300" => Worker::stop_all(300),
    "7" => { connection.send("bye"); Worker::stop_all(7); }
    _ => connection.send(line),
};
worker.on_close = |connection| print("closed");
Worker::run_all();
throw "code after run_all() does not run";
"#;

#[test]
fn a_handler_stops_everything_with_an_exit_code() {
    let _meant = findings::meant(&["wrong-place", "after-run-all"]);
    for (order, code) in [("stop", 0), ("7", 7)] {
        let mut host = TestHost::start(OBEYS);
        let mut client = host.tcp(TEXT);
        let mut other = host.tcp(TEXT);
        assert_eq!(other.ask("hi"), "hi");
        assert_eq!(client.ask(order), "bye");
        client.expect_end();
        other.expect_end();
        assert_eq!(host.ended(), code);
        assert_eq!(host.printed(), ["closed", "closed"]);
    }
}

#[test]
fn orders_that_make_no_sense_cost_their_event_alone() {
    let _meant = findings::meant(&["wrong-place", "after-run-all"]);
    let mut host = TestHost::start(OBEYS);
    let mut client = host.tcp(TEXT);
    client.send("300\n");
    assert!(host.fault().title.contains("an exit code is a number from 0 to 255, not 300"));
    client.send("run\n");
    assert!(host.fault().title.contains("the workers are running already"));
    assert_eq!(client.ask("hi"), "hi");
}

#[test]
fn a_script_without_workers_ends_with_its_last_statement() {
    let mut host = TestHost::start("let sum = 0; for n in 1..4 { sum += n; } print(sum);");
    assert_eq!(host.ended(), 0);
    assert_eq!(host.printed(), ["6"]);
}

#[test]
fn a_script_that_declares_workers_is_run_without_run_all() {
    let mut host = TestHost::start(
        r#"let worker = Worker("text://127.0.0.1:0"); worker.on_message = |c, line| c.send(line);"#,
    );
    assert_eq!(host.tcp(TEXT).ask("hi"), "hi");
}

#[test]
fn a_worker_without_an_address_runs_its_callbacks() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker();
        worker.name = "clock";
        worker.on_worker_start = |worker| Timer::delay(0.01, || { print("tick"); Worker::stop_all(3); });
        Worker::run_all();
        "#,
    );
    assert_eq!(host.ended(), 3);
    assert_eq!(host.printed(), ["tick"]);
}

/// Starts a script that must be refused; gives the whole message.
#[track_caller]
fn refusal(script: &str) -> String {
    let Err(error) = TestHost::try_start(script, &[]) else { panic!("accepted:\n{script}") };
    error.to_string()
}

#[test]
fn a_script_that_cannot_start_is_refused_with_its_place() {
    for (script, says, place) in [
        ("let worker = ;", "Syntax error", "main.rhai:1:14"),
        ("let a = 1;\nthrow \"no way\";", "no way", "main.rhai:2:1"),
        (
            "let w = Worker(\"text://127.0.0.1:0\");\nw.on_message = |c, line| c.send(lime);",
            "did you mean `line`?",
            "main.rhai:2:33",
        ),
        ("Timer::add(-1, || 0);", "a timer's interval is a number of seconds", "main.rhai:1:8"),
        ("Timer::delay(1, 5);", "Timer takes a closure", "main.rhai:1:8"),
        ("let w = Worker(5);", "`Worker` exists as `Worker(", "main.rhai:1:9"),
        ("let w = Worker(); w.broadcast();", "`broadcast(Worker, any) -> i64`", "main.rhai:1:21"),
        ("let a = nothing;", "nothing", "main.rhai:1:9"),
        ("let a = unknown(1);", "unknown", "main.rhai:1:9"),
        ("import \"missing\" as m;", "missing", "main.rhai:1:"),
        ("Worker::stop_all();", "nothing is running yet that could be stopped", "main.rhai:1:"),
        ("let w = Worker(\"foo://127.0.0.1:0\");", "unknown scheme `foo`", "main.rhai:1:9"),
        (
            "let w = Worker(\"ws://127.0.0.1:0\");",
            "a server listens on `websocket://`",
            "main.rhai:1:9",
        ),
        ("let w = Worker(\"127.0.0.1:80\");", "write `scheme://ip:port`", "main.rhai:1:9"),
        (
            "let w = Worker(\"text://127.0.0.1:70000\");",
            "from 0 to 65535, not `70000`",
            "main.rhai:1:9",
        ),
        ("let w = Worker(\"text://127.0.0.1\");", "has no port", "main.rhai:1:9"),
        (
            "let w = Worker(\"text://127.0.0.1:0\");\nw.on_worker_start = |w| throw \"not today\";",
            "not today",
            "main.rhai:2:",
        ),
    ] {
        let error = refusal(script);
        assert!(error.contains(says), "no `{says}` in\n{error}");
        assert!(error.contains(place), "no `{place}` in\n{error}");
        assert!(!error.contains("::types::"), "names of the host's own code in\n{error}");
        assert!(!error.contains("alloc::"), "names of the host's own code in\n{error}");
        let titles = error.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(titles, 1, "one message, not\n{error}");
    }
}

#[test]
fn an_address_that_cannot_be_listened_on_is_refused_in_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let one = format!("Worker(\"text://127.0.0.1:{port}\");");
    let says = format!(
        "cannot listen on text://127.0.0.1:{port}: the address is already in use by another program \
         (the worker of main.rhai:1)"
    );
    assert_eq!(refusal(&one), says);
    drop(taken);
    let error = refusal(&format!("{one}\n{one}"));
    assert!(error.contains("already in use by worker `text://127.0.0.1:"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    let error = refusal("Worker(\"text://192.0.2.1:0\");");
    assert_eq!(
        error,
        "cannot listen on text://192.0.2.1:0: this machine does not have that address \
         (the worker of main.rhai:1)"
    );
}

#[test]
fn a_taken_inner_address_is_refused_at_the_call() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let error = refusal(&format!(
        "let w = Worker(\"{TEXT}\");\nw.on_worker_start = |w| {{\n    let inner = Worker(\"text://127.0.0.1:{port}\");\n    inner.listen();\n}};"
    ));
    assert!(error.contains("already in use by another program"), "{error}");
    assert!(error.contains("main.rhai:4:"), "{error}");
}

/// Runs the real program until it ends; gives its exit code and what it wrote to stderr.
fn run(script: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("main.rhai");
    fs::write(&path, script).expect("the script");
    let output = Command::new(env!("CARGO_BIN_EXE_rhost"))
        .args(["run", "--no-watch"])
        .arg(&path)
        .env("NO_COLOR", "1")
        .env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("the program runs");
    assert!(output.stdout.is_empty(), "stdout is the script's: {:?}", output.stdout);
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn the_program_fails_with_one_message_and_code_1() {
    let (code, stderr) = run("let a = 1;\nthrow \"no way\";");
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(stderr.matches("no way").count(), 2, "the title and the source line: {stderr}");
    assert!(stderr.starts_with("rhost: "), "{stderr}");
    let (code, stderr) = run("Worker(\"text://192.0.2.1:0\");");
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn the_program_ends_with_the_scripts_code() {
    assert_eq!(run("let nothing = 0;").0, Some(0));
    let stops = format!(
        "let w = Worker(\"{TEXT}\");\nw.on_worker_start = |w| Timer::delay(0.01, || Worker::stop_all(9));"
    );
    assert_eq!(run(&stops).0, Some(9));
}

#[test]
fn a_port_that_is_none_is_refused_wherever_it_stands_and_never_wraps_around() {
    for port in ["65536", "70000", "-1", "99999999999999999999", "80x", ""] {
        let address = format!("text://127.0.0.1:{port}");
        for script in [
            format!("let worker = Worker(\"{address}\");"),
            format!(
                "let worker = Worker(\"{TEXT}\");\nworker.on_worker_start = |worker| Worker(\"{address}\").listen();"
            ),
            format!(
                "Worker::configure(#{{ metrics: \"127.0.0.1:{port}\" }});\nlet worker = Worker(\"{TEXT}\");"
            ),
        ] {
            let error = TestHost::try_start(&script, &[]).err().expect("refused").to_string();
            assert!(error.contains("port") && error.contains(port), "{script}: {error}");
        }
    }
}
