//! Every script of the project, and what becomes of it when somebody is in the middle of typing: the check says what it
//! likes, and fails at none.

use rhost::Host;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Changed scripts that are looked at.
const CHANGED: u64 = 600;

/// Longer files are not changed: each is read and looked at as a whole.
const MAX_CHANGED: usize = 6_000;

/// All files below a folder that end so.
fn files(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files(&path, end, found),
            false if path.extension().is_some_and(|e| e == end) => found.push(path),
            false => (),
        }
    }
}

/// The texts of all files of the project below these folders that end so, in a fixed order.
fn texts(folders: &[&str], end: &str) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), end, &mut found);
    }
    found.sort();
    found.iter().map(|path| fs::read_to_string(path).expect("UTF-8")).collect()
}

/// Files that are scripts.
fn whole() -> Vec<String> {
    texts(&["examples", "stdlib", "tests", "benches"], "rhai")
}

/// The scripts of the project: whole files, the examples of the reference, and the texts in quotes of the tests, most of
/// which are scripts or parts of one.
fn scripts() -> Vec<String> {
    let mut scripts = whole();
    let sections = rhost::script_reference().iter();
    scripts.extend(sections.flat_map(|s| s.entries.iter().map(|entry| entry.example.to_owned())));
    for text in texts(&["tests/it"], "rs") {
        let words = words(&text);
        let quoted = words.iter().filter(|w| w.starts_with('"') && w.len() > 8);
        scripts
            .extend(quoted.map(|w| w.trim_matches('"').replace("\\\"", "\"").replace("\\n", "\n")));
    }
    scripts
}

/// Names, numbers, texts in double quotes, and each other sign by itself.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            '"' => quoted(rest),
            c if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        words.push(&rest[..length]);
        rest = &rest[length..];
    }
    words
}

fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => (),
        }
    }
    text.len()
}

/// The next number of a row that is the same in each run.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 16).expect("48 bits")
}

/// A script with a few words dropped, doubled, swapped, or replaced by those of another.
fn changed(scripts: &[String], state: &mut u64) -> String {
    let short: Vec<&String> = scripts.iter().filter(|s| s.len() < MAX_CHANGED).collect();
    let mut all = words(short[next(state) % short.len()]);
    let others = words(short[next(state) % short.len()]);
    for _ in 0..=next(state) % 3 {
        let named: Vec<usize> = (0..all.len()).filter(|at| !all[*at].trim().is_empty()).collect();
        if named.is_empty() || others.is_empty() {
            break;
        }
        let at = named[next(state) % named.len()];
        let other = others[next(state) % others.len()];
        match next(state) % 4 {
            0 => drop(all.remove(at)),
            1 => all[at] = other,
            2 => all.insert(at, other),
            _ => all.swap(at, named[next(state) % named.len()]),
        }
    }
    all.concat()
}

/// Where scripts are put to be looked at, one after the other.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// Looks at a script: nothing that rhost itself did wrong is among what is found.
    fn looks_through(&self, script: &str) {
        let path = self.0.path().join("main.rhai");
        fs::write(&path, script).expect("a file");
        let found = Host::builder().script(&path).check();
        for finding in found.unwrap_or_else(|e| panic!("{e}\n{script}")) {
            assert_ne!(finding.code, "check-failed", "{}\n{script}", finding.text);
        }
    }
}

#[test]
fn the_check_fails_at_no_script_of_the_project() {
    let desk = Desk::new();
    for script in whole() {
        desk.looks_through(&script);
    }
}

#[test]
fn the_check_fails_at_no_script_that_is_half_typed() {
    let (desk, scripts) = (Desk::new(), scripts());
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..CHANGED {
        desk.looks_through(&changed(&scripts, &mut state));
    }
}
