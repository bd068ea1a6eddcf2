//! Runs the commands that the READMEs of the examples show in blocks of `console`, and compares what they print. A line
//! that begins with `$ ` is a command, and what follows it, up to the next one, is what it prints. `…` stands for anything.

use super::session::start;
use std::{fs, path::Path, process::Command};

/// The address that READMEs name, which the examples have elsewhere in tests.
const NAMED: &str = "127.0.0.1:8080";

#[test]
fn commands_of_the_rest_example_print_what_its_readme_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rest");
    let readme = fs::read_to_string(folder.join("README.md")).expect("a README");
    let (mut host, addresses) = start(&folder.join("rest.rhai"));
    let address = host.socket(&addresses["http://0.0.0.0:8080"]).to_string();
    let commands = commands(&readme);
    assert!(commands.len() > 8, "{commands:?}");
    for (command, wanted) in commands {
        // Without a bar of progress, which is for people.
        let command = command.replace(NAMED, &address).replacen("curl ", "curl --silent ", 1);
        let output = Command::new("sh").args(["-c", &command]).output().expect("a shell");
        let printed = String::from_utf8(output.stdout).expect("UTF-8").replace('\r', "");
        assert!(
            fits(printed.trim_end(), &wanted),
            "{command}\nprints\n{printed}\nand not\n{wanted}"
        );
    }
    assert_eq!(host.errors(), 0);
}

/// Each command, and what it is said to print.
fn commands(readme: &str) -> Vec<(String, String)> {
    let blocks = readme.split("```console\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or_default());
    let parts = blocks.flat_map(|block| {
        format!("\n{block}").split("\n$ ").skip(1).map(str::to_owned).collect::<Vec<_>>()
    });
    let split = |part: String| {
        let (command, printed) = part.split_once('\n').unwrap_or((&part, ""));
        (command.to_owned(), printed.trim_end().to_owned())
    };
    parts.map(split).collect()
}

/// Whether a text is the wanted one, in which `…` stands for anything.
fn fits(text: &str, wanted: &str) -> bool {
    let mut parts = wanted.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.is_empty()
}
