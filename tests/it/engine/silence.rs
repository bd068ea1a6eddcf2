//! What rhost itself shows and ships is silent under its own check.

use super::findings::{findings, is_silent};
use rhost::Host;
use std::fs;

#[test]
fn every_example_of_the_reference_is_silent() {
    for section in rhost::script_reference() {
        // (that of `run_all` shows that nothing behind it runs)
        for entry in section.entries.iter().filter(|entry| entry.name != "run_all") {
            is_silent(entry.example);
        }
    }
}

#[test]
fn the_modules_of_the_host_are_silent_themselves() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib");
    for file in fs::read_dir(folder).expect("the modules") {
        let text = fs::read_to_string(file.expect("an entry").path()).expect("UTF-8");
        let found = findings("import \"lib\" as lib;\n", &[("lib.rhai", &text)]);
        let told: Vec<String> = found.iter().map(|f| f.text.clone()).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}

#[test]
fn the_modules_of_the_host_are_silent_alone() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib");
    for file in fs::read_dir(folder).expect("the modules") {
        let path = file.expect("an entry").path();
        let found = Host::builder().script(&path).check().expect("a script");
        let told: Vec<String> = found.iter().map(|f| f.text.clone()).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}
