//! `rhost check --json`: what editors read.

use crate::support::process::rhost;
use serde_json::{Value, json};
use std::fs;

/// What is printed for these files, (name, text), of which the first is named on the command line; and the exit code.
fn check(files: &[(&str, &str)]) -> (i32, Value) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let mut command = rhost();
    command.args(["check", "--json", files[0].0]).current_dir(folder.path());
    let output = command.output().expect("rhost can be run");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = serde_json::from_slice(&output.stdout).expect("JSON");
    (output.status.code().expect("an exit code"), said)
}

#[test]
fn a_script_without_mistakes_is_an_empty_list_and_code_0() {
    assert_eq!(check(&[("main.rhai", "print(1);\n")]), (0, json!([])));
}

#[test]
fn each_finding_is_an_object_with_the_path_of_its_file() {
    let main = "import \"lib/words\" as words;\nprint(words::one());\nlet worker = Worker();\nworker.cuont = 2;\n";
    let words = "fn one() { let n = 1; 2 }\n";
    let (code, said) = check(&[("app/main.rhai", main), ("app/lib/words.rhai", words)]);
    let first = json!({
        "file": "app/main.rhai", "line": 4, "column": 8, "code": "misspelt-property",
        "message": "Worker has no `cuont`, and nothing in the script reads it",
        "help": "did you mean `count`?",
    });
    let second = json!({
        "file": "app/lib/words.rhai", "line": 1, "column": 16, "code": "unused-variable",
        "message": "nothing uses `n`", "help": "if that is meant, call it `_n`",
    });
    assert_eq!((code, said), (1, json!([first, second])));
}

#[test]
fn what_does_not_parse_or_is_not_there_is_a_finding_too() {
    let (code, said) = check(&[("main.rhai", "let x = ;\n")]);
    assert_eq!((code, &said[0]["code"]), (1, &json!("unreadable")), "{said}");
    assert_eq!((&said[0]["line"], &said[0]["column"]), (&json!(1), &json!(9)), "{said}");
    let output = rhost().args(["check", "--json", "/nowhere/at-all.rhai"]).output().expect("rhost");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said[0]["file"], json!("/nowhere/at-all.rhai"), "{said}");
    assert!(said[0]["help"].is_null() && said[0]["line"] == json!(0), "{said}");
}
