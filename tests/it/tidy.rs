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

/// The rooms of `engine`. Each may import those that come after it, and nothing of `engine/mod.rs`.
const ENGINE: [&str; 15] = [
    "lint",
    "program",
    "diagnostics",
    "reload",
    "compile",
    "fast_path",
    "globals",
    "values",
    "natives",
    "call",
    "internals",
    "hash",
    "limits",
    "nearest",
    "outcome",
];

/// The only file of `engine` that names objects of the host: it says what is written here in place of other languages' words.
const OBJECTS: [&str; 1] = ["src/engine/diagnostics/foreign_names.rs"];

/// Where Rhai's volatile parts are used, and nowhere else.
const INTERNALS: &str = "src/engine/internals/";

/// Names of such parts.
const VOLATILE: [&str; 16] = [
    "allow(deprecated)",
    "AST::new",
    "CustomExpr",
    "EvalContext::new",
    "FnCallHashes",
    "GlobalRuntimeState",
    "call_fn_raw",
    "eval_ast_as_new_raw",
    "eval_expression_tree",
    "global_runtime_state",
    "new_with_all_fields",
    ".on_missing_function(",
    ".on_parse_token(",
    ".on_var(",
    "register_custom_syntax",
    "shared_lib",
];

/// The rooms of `engine` whose work is the tree of a script: they read or change `Expr` and `Stmt`. Of the other rooms, only
/// these files look at it.
const READS_TREES: [&str; 4] = ["lint", "compile", "fast_path", "internals"];
const READ_TREES: [&str; 7] = [
    "src/engine/diagnostics/hints.rs",
    "src/engine/diagnostics/hints/variables.rs",
    "src/engine/globals.rs",
    "src/engine/globals/catches.rs",
    "src/engine/program/mod.rs",
    "src/engine/reload/toplevel.rs",
    "src/engine/values/nodes/keys.rs",
];

/// Lines beyond which a file has to say in its `//!` why: `Long because …`.
const LONG: usize = 600;

/// Lines that no file may have.
const TOO_LONG: usize = 1000;

/// The only files that may be unsafe: one switches stacks, two are allocators, one asks the kernel what no crate asks.
const UNSAFE: [&str; 4] = [
    "src/engine/call/coroutine.rs",
    "src/allocator.rs",
    "src/cli/mimalloc.rs",
    "src/net/transport/unsent.rs",
];

struct Source {
    /// Relative to the project, `src/net/budget.rs`.
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

    /// The room of `engine` that it is in, if it is in one.
    fn engine_room(&self) -> Option<&str> {
        let path = self.name.strip_prefix("src/engine/")?;
        let room = path.split('/').next()?.trim_end_matches(".rs");
        (room != "mod").then_some(room)
    }

    /// What it names of `engine`, by the first name behind that.
    fn engine_imports(&self) -> BTreeSet<String> {
        let code = self.code();
        let root = "super::".repeat(self.depth() - 1);
        let mut names = BTreeSet::new();
        for (at, _) in code.match_indices("crate::engine::") {
            names.extend(first_names(&code[at + "crate::engine::".len()..]));
        }
        for (at, _) in code.match_indices("crate::{") {
            let group = &code[at + "crate::".len()..];
            let end = group.find(';').unwrap_or(group.len());
            let engine = group[..end].find("engine::").map(|at| at + "engine::".len());
            names.extend(engine.into_iter().flat_map(|at| first_names(&group[at..])));
        }
        for (at, _) in code.match_indices(&root).filter(|_| !root.is_empty()) {
            let rest = &code[at + root.len()..];
            if !code[..at].ends_with("super::") && !rest.starts_with("super::") {
                names.extend(first_names(rest));
            }
        }
        names
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
fn imports_inside_of_the_engine_point_one_way() {
    let place = |room: &str| ENGINE.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    for source in sources("src/engine") {
        let Some(room) = source.engine_room() else { continue };
        let Some(own) = place(room) else {
            wrong.push(format!("{}: a room that tests/it/tidy.rs does not know", source.name));
            continue;
        };
        for other in source.engine_imports() {
            // A name that is no room is one of the engine's door.
            if place(&other).is_none_or(|other| other < own) {
                wrong.push(format!("{} imports engine::{other}", source.name));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn volatile_parts_of_rhai_are_behind_one_door() {
    let mut wrong = Vec::new();
    for source in sources("src").iter().filter(|s| !s.name.starts_with(INTERNALS)) {
        let code = source.code();
        let used = VOLATILE.iter().filter(|name| code.contains(**name));
        wrong.extend(used.map(|name| format!("{} uses {name}", source.name)));
    }
    assert_none(wrong);
}

#[test]
fn the_engine_names_no_objects_of_the_host() {
    let mut wrong = Vec::new();
    for source in sources("src/engine").iter().filter(|s| !OBJECTS.contains(&s.name.as_str())) {
        for (at, line) in source.code().lines().enumerate() {
            let named = ["Worker", "Timer", "TcpConnection", "on_worker", "std/push", "std/router"];
            let words = named.iter().filter(|name| line.contains(**name));
            wrong.extend(words.map(|name| format!("{}, about line {at}: {name}", source.name)));
        }
    }
    assert_none(wrong);
}

#[test]
fn trees_are_read_where_that_is_the_work() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let code = source.code();
        let names = |name: &str| {
            code.match_indices(name).any(|(at, _)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    && code[at + name.len()..].starts_with("::")
            })
        };
        let is_meant = source.engine_room().is_some_and(|room| READS_TREES.contains(&room))
            || READ_TREES.contains(&source.name.as_str());
        let reads = names("Expr") || names("Stmt");
        if reads && !is_meant {
            wrong.push(format!("{} reads trees", source.name));
        }
        if READ_TREES.contains(&source.name.as_str()) && !reads {
            wrong.push(format!("{} reads no trees any more", source.name));
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

/// Fields and methods of a connection. A connection that knows what it is used for grows one flag for each use.
const CONN_FIELDS: usize = 14;
const CONN_METHODS: usize = 30;

#[test]
fn the_core_of_a_connection_is_small_and_names_no_protocol() {
    let (mut wrong, mut methods) = (Vec::new(), 0);
    for source in sources("src/net/conn") {
        for line in source.text.lines() {
            let lower = line.to_ascii_lowercase();
            if lower.contains("http") || lower.contains("websocket") {
                wrong.push(format!("{}: {line}", source.name));
            }
        }
        let blocks = source.text.split("\nimpl Conn {\n").skip(1);
        let bodies = blocks.map(|block| block.split("\n}\n").next().unwrap_or_default());
        let signatures = bodies.flat_map(str::lines).filter(|line| {
            let code = line.strip_prefix("    ").filter(|code| !code.starts_with([' ', '/']));
            code.is_some_and(|code| {
                code.split('(').next().is_some_and(|s| s.contains("fn ")) || code.contains(" fn ")
            })
        });
        methods += signatures.count();
    }
    let core = fs::read_to_string(project().join("src/net/conn/mod.rs")).expect("UTF-8");
    let fields = core.split("pub(crate) struct Conn {").nth(1).and_then(|s| s.split("\n}").next());
    let is_field = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let fields = fields.expect("the struct").lines().filter(is_field).count();
    assert_none(wrong);
    assert!((1..=CONN_FIELDS).contains(&fields), "{fields} fields");
    assert!((1..=CONN_METHODS).contains(&methods), "{methods} methods");
}

/// Words of the README's glossary.
const GLOSSARY: usize = 25;

#[test]
fn the_glossary_has_twenty_five_words_that_the_sources_use() {
    let readme = fs::read_to_string(project().join("README.md")).expect("UTF-8");
    let table =
        readme.split("| word | what it is |\n| --- | --- |\n").nth(1).expect("the glossary");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let words: Vec<&str> = rows.filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    assert_eq!(words.len(), GLOSSARY);
    let sources = sources("src");
    let comments = |source: &Source| -> String {
        let comments = source.text.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
        comments.map(|line| format!("{}\n", line.to_lowercase())).collect()
    };
    let said: Vec<String> = sources.iter().map(comments).collect();
    let is_used = |word: &&str| said.iter().any(|text| text.contains(*word));
    let unused: Vec<&str> = words.iter().copied().filter(|word| !is_used(word)).collect();
    assert!(unused.is_empty(), "no comment of the sources uses {unused:?}");
}

#[test]
fn the_architecture_lists_the_imports_that_are_allowed() {
    let readme = fs::read_to_string(project().join("README.md")).expect("UTF-8");
    let rooms = readme.split("## Architecture\n\n```text\n").nth(1).expect("the rooms");
    let rooms = rooms.split("```").next().unwrap_or_default();
    let mut wrong = Vec::new();
    for (room, allowed) in MAY_IMPORT {
        let begin = [format!("{room}/ "), format!("{room}.rs ")];
        let row =
            rooms.lines().find(|line| begin.iter().any(|name| line.starts_with(name.as_str())));
        let listed = row.and_then(|row| row.rsplit_once('→')).map_or("", |(_, rooms)| rooms.trim());
        let listed: BTreeSet<&str> = listed.split(", ").filter(|room| !room.is_empty()).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        let is_silent = |room: &&str| matches!(*room, "error" | "log" | "lib");
        let shown = |rooms: BTreeSet<&str>| -> BTreeSet<String> {
            rooms.into_iter().filter(|room| !is_silent(room)).map(str::to_owned).collect()
        };
        if room != "bench" && shown(listed.clone()) != shown(allowed.clone()) {
            wrong.push(format!("{room}: README says {listed:?}, allowed is {allowed:?}"));
        }
    }
    assert_none(wrong);
}

#[test]
fn imports_are_read_in_every_form() {
    let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
    let rooms = |source: Source| source.imports().into_iter().collect::<Vec<_>>().join(" ");
    let grouped = "use crate::{\n    engine::{a, b::C},\n    net::{d},\n    log::E,\n};\n";
    assert_eq!(rooms(source("src/host/a.rs", grouped)), "engine log net");
    assert_eq!(rooms(source("src/host/a.rs", "let x = crate::script::Y;")), "script");
    assert_eq!(rooms(source("src/net/mod.rs", "use super::engine::X;")), "engine");
    assert_eq!(rooms(source("src/net/budget.rs", "use super::{engine, outbox};")), "");
    assert_eq!(rooms(source("src/net/budget.rs", "use super::super::script::X;")), "script");
    assert_eq!(rooms(source("src/net/budget.rs", "// crate::engine is not used here")), "");
    let inside = |source: Source| source.engine_imports().into_iter().collect::<Vec<_>>().join(" ");
    let grouped = "use crate::{\n    engine::{call::{a, b}, values::C},\n    error::D,\n};\n";
    assert_eq!(inside(source("src/engine/program/a.rs", grouped)), "call values");
    assert_eq!(inside(source("src/engine/lint/mod.rs", "use crate::engine::reload::X;")), "reload");
    assert_eq!(inside(source("src/engine/lint/walk.rs", "use super::super::call::X;")), "call");
    assert_eq!(inside(source("src/engine/lint/walk.rs", "use super::kinds::X;")), "");
}

#[test]
fn only_a_few_files_are_unsafe() {
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
