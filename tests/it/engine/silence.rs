//! What rhost itself shows and ships is silent under its own check.

use super::findings::{findings, is_silent};
use rhost::Host;
use std::{fs, path::PathBuf};

#[test]
fn every_example_of_the_reference_is_silent() {
    for section in rhost::script_reference() {
        // (that of `run_all` shows that nothing behind it runs)
        for entry in section.entries.iter().filter(|entry| entry.name != "run_all") {
            is_silent(entry.example);
        }
    }
}

/// The modules of the host that are written in Rhai.
fn modules() -> impl Iterator<Item = PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib");
    let files = fs::read_dir(folder).expect("the modules");
    let paths = files.map(|file| file.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "rhai"))
}

#[test]
fn the_modules_of_the_host_are_silent_themselves() {
    for path in modules() {
        let text = fs::read_to_string(path).expect("UTF-8");
        let found = findings("import \"lib\" as lib;\n", &[("lib.rhai", &text)]);
        let told: Vec<String> = found.iter().map(|f| f.text.clone()).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}

#[test]
fn the_modules_of_the_host_are_silent_alone() {
    for path in modules() {
        let found = Host::builder().script(&path).check().expect("a script");
        let told: Vec<String> = found.iter().map(|f| f.text.clone()).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}
