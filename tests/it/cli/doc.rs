//! `rhost doc` finds whatever a script can write, however it is asked for, and says what was probably meant.

use crate::support::process::rhost;

/// What it says of a name: the exit code, stdout, stderr.
fn doc(name: &str) -> (i32, String, String) {
    let output = rhost().args(["doc", name]).output().expect("rhost can be run");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn told(name: &str, wanted: &[&str]) {
    let (code, said, complaint) = doc(name);
    assert_eq!(code, 0, "{name}: {complaint}");
    for wanted in wanted {
        assert!(said.contains(wanted), "{name}: no `{wanted}` in\n{said}");
    }
}

#[track_caller]
fn suggested(name: &str, wanted: &str) {
    let (code, said, complaint) = doc(name);
    assert_eq!((code, &*said), (1, ""), "{name}");
    assert!(complaint.contains(&format!("scripts have no `{name}`")), "{complaint}");
    assert!(complaint.contains(wanted), "{name}: no `{wanted}` in {complaint}");
}

#[test]
fn names_are_found_as_scripts_and_the_reference_write_them() {
    told("Timer::add", &["Timer::add(seconds: number, callback: function) -> int"]);
    told("Timer::add()", &["Timer::add(seconds"]);
    told("Worker::run_all", &["Worker::run_all()"]);
    told("Worker::configure", &["stop_timeout"]);
    told("TcpConnection.send", &["send(data: any)"]);
    told("connection.send(data)", &["send(data: any)"]);
    told("worker.count", &["count: int = 1"]);
    told("connection.id", &["id: int"]);
    told("router::get", &["std/router"]);
    told("worker.on_message", &["on_message"]);
}

#[test]
fn what_other_languages_call_it_is_found() {
    told("getenv", &["env::get(name: string) -> any", "Like PHP's `getenv`"]);
    told("process.env", &["env::get(name: string)"]);
    told("setTimeout", &["Timer::delay(seconds: number"]);
    told("env", &["env::all() -> map"]);
    told("env::get", &["env::get(name: string) -> any"]);
}

#[test]
fn an_owner_keeps_the_names_of_others_away() {
    let (_, said, _) = doc("connection.id");
    assert!(
        said.starts_with("TcpConnection\n===") && !said.contains("number of this isolate"),
        "{said}"
    );
}

#[test]
fn headings_give_all_that_stands_under_them() {
    told("Maps", &["keys()", "Maps\n===="]);
    told("arrays", &["push"]);
    told("Uploads", &["move_file"]);
    told("Properties of a Worker", &["max_package_size"]);
}

#[test]
fn options_are_found_where_they_are_told() {
    told("stop_timeout", &["Worker::configure", "seconds that a stop waits"]);
    told("metrics", &["Prometheus"]);
}

#[test]
fn rhais_own_functions_are_told_with_their_types() {
    told(
        "sub_string",
        &["sub_string(string, int, int) -> string", "sub_string(string, int) -> string"],
    );
    told("trim", &["trim(string)"]);
    told("parse_int", &["parse_int(string) -> int"]);
    told("timestamp", &["timestamp()"]);
    told("write_be", &["write_be(bytes: blob"]);
    for name in [
        "to_upper",
        "parse_float",
        "type_of",
        "blob",
        "parse_be_int",
        "as_string",
        "sqrt",
        "to_int",
        "call",
    ] {
        told(name, &[name]);
    }
}

#[test]
fn a_name_of_several_things_gives_them_all() {
    told("split", &["Changing arrays", "Functions of Rhai", "split(string, string) -> array"]);
    told("string.split", &["split(string, string) -> array"]);
}

#[test]
fn words_and_signs_of_the_grammar_are_told() {
    for name in
        ["[]", "==", "in", "let", "switch", "catch", "??", "..=", "`", "import", "#{", "=>", "+="]
    {
        told(name, &["Rhai\n===="]);
    }
    told("[]", &["Worker", "Rhai\n===="]);
    told("..=", &["0..=9"]);
}

#[test]
fn what_does_not_exist_is_told_with_what_was_probably_meant() {
    suggested("sedn", "did you mean `send`?");
    suggested("onMessage", "did you mean `on_message`?");
    suggested("on_mesage", "did you mean `on_message`?");
    suggested("worker.onMessage", "did you mean `on_message`?");
    suggested("sub_strng", "did you mean `sub_string`?");
    suggested("strlen", "use `len()`");
    suggested("nope", "`rhost doc` lists all names");
}

#[test]
fn the_list_has_rhais_names_too() {
    let output = rhost().arg("doc").output().expect("rhost can be run");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    for name in ["sub_string", "switch", "parse_int", "send"] {
        assert!(said.lines().any(|line| line.starts_with(name)), "no {name}");
    }
}
