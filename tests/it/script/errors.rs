//! What a script's author is told.

use super::TEXT;
use crate::support::{findings, host::TestHost};
use rhost::Fault;

/// The fault that a line causes in this handler, which serves on.
fn fault_of(before: &str, body: &str, files: &[(&str, &str)]) -> Fault {
    let script = format!(
        "{before}\nlet worker = Worker(\"{TEXT}\");\nworker.on_message = |connection, line| {{\n    connection.send(\"got\");\n    {body}\n}};\n"
    );
    let mut host = TestHost::start_with(&script, files);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "got");
    let fault = host.fault();
    assert_eq!(host.errors(), 1);
    assert_eq!(client.ask("b"), "got", "the connection lives");
    fault
}

#[test]
fn an_error_names_file_line_column_event_and_connection() {
    let _meant = findings::meant(&["unknown-variable"]);
    let fault = fault_of("fn f(line) { lime + 1 }", "f(line);", &[]);
    assert_eq!(fault.location, "main.rhai:1:14");
    let wanted = "\
error: Variable not found: lime
 --> main.rhai:1:14
  |
1 | fn f(line) { lime + 1 }
  |              ^^^^
  |
 ::: main.rhai:5:5
  |
5 |     f(line);
  |     - in a call to `f`
  |
  = help: did you mean `line`?
  = note: in on_message of worker `text://127.0.0.1:0`, connection 1, generation 0";
    assert_eq!(fault.text, wanted);
    assert_eq!(fault.title, "Variable not found: lime");
}

#[test]
fn the_call_chain_leads_over_files() {
    let _meant = findings::meant(&["unknown-function"]);
    let files = [
        ("lib/deep.rhai", "fn dive(x) {\n    x.frobnicate()\n}\n"),
        ("lib.rhai", "import \"lib/deep\" as deep;\nfn check(x) {\n    deep::dive(x)\n}\n"),
    ];
    let fault =
        fault_of("import \"lib\" as lib; fn own(x) { lib::check(x) }", "own(line);", &files);
    assert_eq!(fault.location, "lib/deep.rhai:2:7");
    let places = [
        "--> lib/deep.rhai:2:7",
        "^^^^^^^^^^",
        "lib.rhai:3:11",
        "in a call to `dive`",
        "main.rhai:1:39",
        "in a call to `check`",
        "main.rhai:5:5",
        "in a call to `own`",
        "frobnicate",
    ];
    for place in places {
        assert!(fault.text.contains(place), "no `{place}` in\n{fault}");
    }
}

#[test]
fn errors_say_what_to_do() {
    let _meant = findings::meant(&[
        "unknown-function",
        "unknown-callback",
        "callback-parameters",
        "read-only",
        "cannot-be-sent",
        "setting-value",
        "wrong-place",
        "address",
    ]);
    let cases = [
        ("connection.sned(1);", "did you mean `send`?"),
        ("connection.on_mesage = |c, d| ();", "did you mean `on_message`?"),
        (
            "connection.on_message = |a, b, c| ();",
            "takes (a, b, c) but is given 2 argument(s) at most",
        ),
        ("connection.on_message = 5;", "takes a closure or the name of a function"),
        ("connection.id = 5;", "id cannot be assigned"),
        ("connection.send(());", "() cannot be sent"),
        ("connection.send(|x| x);", "a function cannot be sent"),
        ("connection.max_package_size = -1;", "a whole number from 1"),
        ("Worker::run_all();", "running already"),
        ("Worker::stop_all(1000);", "from 0 to 255"),
        ("throw #{ code: 7, message: \"mine\" };", "mine"),
        ("let a = [1]; a[5];", "5"),
        ("1 / 0;", "zero"),
        ("Worker(\"text://127.0.0.1:99999\");", "99999"),
    ];
    let mut wrong = Vec::new();
    for (body, said) in cases {
        let fault = fault_of("", body, &[]);
        if !fault.text.contains(said) || !fault.location.starts_with("main.rhai:5:") {
            wrong.push(format!("`{said}` is not in\n{} {fault}", fault.location));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_error_in_a_closure_that_a_function_calls_has_its_own_place() {
    let _meant = findings::meant(&["unknown-function"]);
    let fault = fault_of("fn run(f) { f.call(1) }", "run(|x| x.nothing());", &[]);
    assert!(fault.location.starts_with("main.rhai:5:"), "{fault}");
    assert!(fault.text.contains("in a call to `run`"), "{fault}");
    let fault = fault_of("", "[1, 2].map(|x| x.nothing());", &[]);
    assert!(fault.location.starts_with("main.rhai:5:"), "{fault}");
}

#[test]
fn recursion_without_end_costs_one_event() {
    let fault = fault_of("fn f(n) { f(n + 1) }", "f(0);", &[]);
    assert!(fault.text.contains("overflow") || fault.text.contains("too deeply"), "{fault}");
}

#[test]
fn a_handler_that_never_ends_is_stopped_with_its_place() {
    let script = format!(
        "let worker = Worker(\"{TEXT}\");\nworker.on_message = |connection, line| {{\n    if line == \"loop\" {{ loop {{ }} }}\n    connection.send(line);\n}};\n"
    );
    let limit = std::time::Duration::from_millis(100);
    let mut host = TestHost::try_start_as(&script, &[], |b| b.handler_timeout(limit)).unwrap();
    let mut client = host.tcp(TEXT);
    client.send("loop\nafter\n");
    let fault = host.fault();
    assert!(fault.location.starts_with("main.rhai:3"), "{}: {fault}", fault.location);
    assert!(fault.text.contains("handler_timeout"), "{fault}");
    assert_eq!(client.line(), "after");
}
