//! `std/env`: what a script is given from outside.

use super::importing;
use crate::support::host::TestHost;

const SCRIPT: &str = "print(`port ${env::get(\"STD_ENV_PORT\", \"none\")}`);\nWorker();";

#[test]
fn a_variable_of_the_file_counts_where_the_environment_has_none() {
    let files = [(".env", "STD_ENV_PORT=8080\nPATH=/nowhere\n")];
    let script = importing(&["env"])
        + "print(`port ${env::get(\"STD_ENV_PORT\")}, ${env::get(\"PATH\") != \"/nowhere\"}, ${env::all().STD_ENV_PORT}`);\nWorker();";
    TestHost::start_with(&script, &files).wait_for_log("port 8080, true, 8080");
}

#[test]
fn an_edit_of_the_file_reloads_also_when_it_was_missing() {
    let mut host = TestHost::start(&(importing(&["env"]) + SCRIPT));
    host.wait_for_log("port none");
    host.save(".env", "STD_ENV_PORT=1");
    host.reloaded();
    host.wait_for_log("port 1");
    host.save(".env", "STD_ENV_PORT=2");
    host.reloaded();
    host.wait_for_log("port 2");
    host.save(".env", "nonsense");
    let fault = host.rejected();
    assert!(
        fault.text.contains(".env: line 1: a variable is written NAME=value"),
        "{}",
        fault.text
    );
}

#[test]
fn a_script_that_asks_for_no_variable_is_not_reloaded_by_the_file() {
    let mut host = TestHost::start(&(importing(&["env"]) + "Worker();"));
    host.save(".env", "A=1");
    host.expect_no_reload();
}

#[test]
fn arguments_are_those_of_the_host() {
    let script = importing(&["env"]) + "print(env::arguments());\nWorker();";
    let given = |builder: rhost::HostBuilder| builder.arguments(["a b".to_owned(), "--c".into()]);
    let host = TestHost::try_start_as(&script, &[], given).expect("it starts");
    host.wait_for_log(r#"["a b","--c"]"#);
}

#[test]
fn a_first_line_for_the_system_is_a_comment_in_every_file() {
    let script = "#!/usr/bin/env -S rhost run\nimport \"part\" as part;\nprint(part::name());\nnonsense();\nWorker();";
    let files = [("part.rhai", "#!/usr/bin/env -S rhost run\nfn name() { \"part\" }")];
    let error = TestHost::try_start(script, &files).err().expect("it does not start");
    assert!(error.to_string().contains("main.rhai:4:1"), "places are kept: {error}");
    let host = TestHost::start_with(&script.replace("nonsense();", ""), &files);
    host.wait_for_log("part");
}
