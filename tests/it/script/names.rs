//! Names tell Workers apart: no two of the top level have the same, and those without one are called something of their own.

use crate::support::{host::TestHost, process::rhost};

const TWICE: &str = r#"let one = Worker("text://127.0.0.1:0");
one.name = "x";
let two = Worker();
two.name = "x";
"#;

const SAYS: &str = "the worker of main.rhai:2 has the name `x` already";

/// What `rhost check` says of a script.
fn check(script: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("main.rhai"), script).expect("a file");
    let output = rhost().args(["check", "main.rhai"]).current_dir(folder.path()).output();
    String::from_utf8(output.expect("rhost can be run").stderr).expect("UTF-8")
}

#[test]
fn the_same_name_twice_is_refused_with_both_places() {
    let error = TestHost::try_start(TWICE, &[]).err().expect("it is refused").to_string();
    assert!(error.contains(SAYS), "{error}");
    assert!(error.contains("main.rhai:4:5"), "{error}");
}

#[test]
fn a_check_finds_the_same_name_twice() {
    let said = check(TWICE);
    assert!(said.contains(SAYS) && said.contains("main.rhai:4:5"), "{said}");
    for fine in [
        TWICE.replace("two.name = \"x\"", "two.name = \"y\""),
        TWICE.replace("two.name = \"x\"", "one.name = \"x\""),
        TWICE.replace("two.name = \"x\"", "one.name = \"y\"; two.name = \"x\""),
    ] {
        assert_eq!(check(&fine), "");
        TestHost::start(&fine);
    }
}

#[test]
fn a_reload_that_names_two_workers_alike_is_rejected_and_names_may_be_swapped() {
    let good = TWICE.replace("two.name = \"x\"", "two.name = \"y\"");
    let mut host = TestHost::start(&good);
    let fault = host.edit_badly(TWICE);
    assert!(fault.text.contains(SAYS), "{fault}");
    let swapped = good.replace("one.name = \"x\"", "one.name = \"y\"");
    host.edit(&swapped.replace("two.name = \"y\"", "two.name = \"x\""));
}

#[test]
fn workers_without_a_name_have_titles_of_their_own() {
    let host = TestHost::start(
        r#"
let clock = Worker();
let other = Worker();
other.on_worker_start = |worker| print("here");
let text = Worker("text://127.0.0.1:0");
let again = Worker("text://127.0.0.1:0");
"#,
    );
    assert_eq!(host.wait_for_log("here").worker, "worker 2");
    let status = host.handle().status().expect("it runs");
    let titles: Vec<&str> = status.isolates.iter().map(|i| i.worker.as_str()).collect();
    let expected = ["worker 1", "worker 2", "text://127.0.0.1:0", "text://127.0.0.1:0 (2)"];
    assert_eq!(titles, expected);
}
