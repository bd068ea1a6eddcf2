//! What the README's Architecture section promises about the sources, as tests.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Every room with the rooms it may import. Each arrow of the architecture points down this list.
const MAY_IMPORT: [(&str, &[&str]); 14] = [
    // (only compiled for benches/hot.rs, which it shows the inside)
    ("bench", &["script", "engine", "net", "protocol", "log"]),
    // (the binary: it uses the library as any embedder does)
    ("cli", &[]),
    (
        "host",
        &["allocator", "isolate", "script", "engine", "net", "protocol", "watch", "error", "log"],
    ),
    ("isolate", &["script", "engine", "net", "protocol", "error", "log"]),
    ("script", &["runtime", "engine", "net", "protocol", "web", "error", "log"]),
    ("runtime", &["engine", "net", "error", "log"]),
    ("engine", &["allocator", "error", "log"]),
    ("net", &["protocol", "error", "log"]),
    ("protocol", &["error", "log"]),
    ("web", &["error"]),
    ("watch", &["error", "log"]),
    ("allocator", &[]),
    ("error", &[]),
    ("log", &[]),
];

/// Lines beyond which a file has to say in its `//!` why: `Long because …`.
const LONG: usize = 600;

/// Lines that no file may have.
const TOO_LONG: usize = 1000;

/// The only files that may be unsafe: one switches stacks, two are allocators.
const UNSAFE: [&str; 3] =
    ["src/engine/call/coroutine.rs", "src/allocator.rs", "src/cli/mimalloc.rs"];

struct Source {
    /// Relative to the project, `src/net/link.rs`.
    name: String,
    text: String,
}

impl Source {
    /// What is compiled into the library: no comments, and nothing from the first `#[cfg(test)]` on, which by custom
    /// stands last.
    fn code(&self) -> String {
        if self.name.ends_with("_tests.rs") || self.name.contains("/tests/") {
            return String::new();
        }
        let code = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        let code = code.filter(|line| !line.trim_start().starts_with("//"));
        code.map(|line| format!("{line}\n")).collect()
    }

    /// The first part of its path below `src`.
    fn room(&self) -> &str {
        let path = self.name.trim_start_matches("src/");
        path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
    }

    /// How many `super::` lead from this module to the crate's root.
    fn depth(&self) -> usize {
        let path = self.name.trim_start_matches("src/").trim_end_matches(".rs");
        path.trim_end_matches("/mod").split('/').count()
    }

    /// The rooms whose items it names.
    fn imports(&self) -> BTreeSet<String> {
        let code = self.code();
        let root = "super::".repeat(self.depth());
        let mut rooms = BTreeSet::new();
        for path in ["crate::", &root] {
            for (at, _) in code.match_indices(path) {
                let longer = code[..at].ends_with("super::")
                    || code[at + path.len()..].starts_with("super::");
                if !longer {
                    rooms.extend(first_names(&code[at + path.len()..]));
                }
            }
        }
        rooms.remove(self.room());
        rooms
    }
}

/// `engine::{…}` → engine; `{engine::{a, b}, net::c}` → engine, net.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth) = (vec![name(group)], 1);
    for (at, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => (),
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut todo = vec![project().join(folder)];
    while let Some(folder) = todo.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(project()).expect("inside").display().to_string();
                found.push(Source { name, text: fs::read_to_string(&path).expect("UTF-8") });
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect()
}

/// Fails with all that is wrong, not only the first.
fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        if matches!(source.room(), "main" | "lib") {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(room, _)| *room == source.room()) else {
            wrong.push(format!("{}: a room that tests/it/tidy.rs does not know", source.name));
            continue;
        };
        for room in source.imports() {
            // (what `lib.rs` re-exports is no room)
            let known = MAY_IMPORT.iter().any(|(name, _)| *name == room);
            if known && !allowed.contains(&room.as_str()) {
                wrong.push(format!("{} imports {room}", source.name));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn the_command_line_uses_the_library_as_any_embedder_does() {
    let sources = sources("src");
    let main = sources.iter().find(|s| s.name == "src/main.rs").expect("main.rs");
    assert!(!main.code().contains("crate::"), "main.rs reaches into the library");
    let modules: Vec<&str> = main.text.lines().filter(|l| l.starts_with("mod ")).collect();
    assert_eq!(modules, ["mod cli;"], "main.rs has modules of the library");
}

#[test]
fn imports_are_read_in_every_form() {
    let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
    let rooms = |source: Source| source.imports().into_iter().collect::<Vec<_>>().join(" ");
    let grouped = "use crate::{\n    engine::{a, b::C},\n    net::{d},\n    log::E,\n};\n";
    assert_eq!(rooms(source("src/host/a.rs", grouped)), "engine log net");
    assert_eq!(rooms(source("src/host/a.rs", "let x = crate::script::Y;")), "script");
    assert_eq!(rooms(source("src/net/mod.rs", "use super::engine::X;")), "engine");
    assert_eq!(rooms(source("src/net/link.rs", "use super::{engine, outbox};")), "");
    assert_eq!(rooms(source("src/net/link.rs", "use super::super::script::X;")), "script");
    assert_eq!(rooms(source("src/net/link.rs", "// crate::engine is not used here")), "");
}

#[test]
fn only_the_coroutines_are_unsafe() {
    let word =
        |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "unsafe");
    let mut wrong = Vec::new();
    for source in sources("src").iter().filter(|s| !UNSAFE.contains(&s.name.as_str())) {
        let lines = source.text.lines().filter(|l| !l.trim_start().starts_with("//") && word(l));
        wrong.extend(lines.map(|line| format!("{}: {line}", source.name)));
    }
    assert_none(wrong);
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    for file in UNSAFE {
        let text = fs::read_to_string(project().join(file)).expect("a file that may be unsafe");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            if line.contains("unsafe {") || line.contains("unsafe impl") {
                let before = lines[..at].iter().rev().take_while(|l| l.starts_with("//"));
                let reasoned = before.into_iter().any(|l| l.contains("SAFETY:"));
                assert!(reasoned, "{file}:{}: no `// SAFETY:` above `{line}`", at + 1);
            }
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source.text.lines().count();
        let header: String = source.text.lines().take_while(|l| l.starts_with("//!")).collect();
        if header.is_empty() && !source.name.ends_with("_tests.rs") {
            wrong.push(format!("{} does not open with `//!`", source.name));
        }
        if lines > TOO_LONG || (lines > LONG && !header.contains("Long because")) {
            wrong.push(format!("{} has {lines} lines", source.name));
        }
    }
    assert_none(wrong);
}

#[test]
fn no_file_is_a_drawer() {
    for source in sources("src") {
        for drawer in ["utils", "util", "helpers", "common", "misc"] {
            let named = source.name.split(['/', '.']).any(|part| part == drawer);
            assert!(!named, "{}: a name that says nothing", source.name);
        }
    }
}

#[test]
fn nothing_is_left_open_and_nothing_panics_without_a_reason() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        for (at, line) in source.code().lines().enumerate() {
            for bad in [".unwrap()", "todo!", "unimplemented!", "dbg!"] {
                if line.contains(bad) {
                    wrong.push(format!("{}, about line {at}: {bad}", source.name));
                }
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn every_example_is_explained_and_played() {
    let examples = entries(&project().join("examples"));
    assert!(!examples.is_empty(), "there are no examples");
    for example in examples.iter().filter(|path| path.is_dir()) {
        let files = entries(example);
        // (systemd runs an example of another folder)
        let is_unit = |f: &PathBuf| f.extension().is_some_and(|e| e == "service");
        let ends: &[&str] = match files.iter().any(is_unit) {
            true => &["/README.md"],
            false => &["/README.md", ".rhai", ".session"],
        };
        let has = |end: &str| files.iter().any(|f| f.to_string_lossy().ends_with(end));
        for end in ends {
            assert!(has(end), "{} has no {end}", example.display());
        }
    }
}
