//! `std/file`.

use super::{importing, printed, printed_with, said};
use crate::support::host::TestHost;
use std::fs;

#[test]
fn paths_begin_at_the_script() {
    let files = [("data/a.txt", "beside the script")];
    let body = r#"
print(file::read("data/a.txt"));
print(file::list("data"));
print(file::stat("data").is_dir);
"#;
    assert_eq!(
        printed_with(&["file"], body, &files),
        ["beside the script", r#"["a.txt"]"#, "true"]
    );
}

#[test]
fn what_the_top_level_reads_counts_as_a_file_of_the_script() {
    let script = importing(&["file", "encoding"])
        + "let settings = encoding::parse_toml(file::read(\"settings.toml\"));\nprint(`port ${settings.port}`);\nWorker();";
    let mut host = TestHost::start_with(&script, &[("settings.toml", "port = 1")]);
    host.wait_for_log("port 1");
    host.save("settings.toml", "port = 2");
    host.reloaded();
    host.wait_for_log("port 2");
    host.save("settings.toml", "port = ");
    let fault = host.rejected();
    assert!(fault.text.contains("parse_toml: line 1"), "{}", fault.text);
    host.save("settings.toml", "port = 3");
    host.reloaded();
    host.wait_for_log("port 3");
}

#[test]
fn a_file_that_the_top_level_missed_is_waited_for() {
    let script = importing(&["file"])
        + "let text = try_read();\nprint(`read ${text}`);\nfn try_read() { try { return file::read(\"later.bin\", #{ blob: true }).len; } catch { return \"nothing\"; } }\nWorker();";
    let mut host = TestHost::start(&script);
    host.wait_for_log("read nothing");
    host.save("later.bin", "12345");
    host.reloaded();
    host.wait_for_log("read 5");
}

#[test]
fn what_handlers_read_reloads_nothing() {
    let script = importing(&["file"])
        + "let worker = Worker(); worker.on_worker_start = |w| print(file::read(\"a.txt\")); Worker::run_all();";
    let mut host = TestHost::start_with(&script, &[("a.txt", "one")]);
    host.wait_for_log("one");
    host.save("a.txt", "two");
    host.expect_no_reload();
}

#[test]
fn large_files_are_read_by_lines_and_by_parts() {
    let lines: String = (0..50_000).map(|n| format!("line {n}\r\n")).collect();
    let body = r#"
let count = 0;
let last = "";
for line in file::lines("big.txt") { count += 1; last = line; }
print(`${count} ${last}`);
let bytes = 0;
for part in file::parts("big.txt", 100000) { bytes += part.len; }
print(bytes == file::stat("big.txt").size);
let first = ();
for line in file::lines("big.txt") { first = line; break; }
print(first);
"#;
    let files = [("big.txt", lines.as_str())];
    assert_eq!(printed_with(&["file"], body, &files), ["50000 line 49999", "true", "line 0"]);
}

#[test]
fn a_loop_over_lines_waits_in_its_body() {
    let body = r#"
for line in file::lines("names.txt") { sleep(0.001); print(line); }
"#;
    assert_eq!(printed_with(&["file"], body, &[("names.txt", "ann\nbob")]), ["ann", "bob"]);
}

#[test]
fn a_root_lets_nothing_out() {
    let body = r#"
let root = file::root("inside");
root.write("own.txt", "own", #{ atomic: true });
print(root.list("."));
for way in [
    || root.read("../secret.txt"),
    || root.write("../secret.txt", "x"),
    || root.append("../new.txt", "x"),
    || root.remove("../secret.txt"),
    || root.rename("own.txt", "../own.txt"),
    || root.copy("../secret.txt", "copy.txt"),
    || root.mkdir("../new"),
    || root.list(".."),
    || root.exists("../secret.txt"),
    || root.root(".."),
    || root.lines("/etc/passwd"),
] {
    try { way.call(); print("it works"); } catch (why) { if !why.contains("leads out of the root") { print(why); } }
}
"#;
    let files = [("secret.txt", "secret"), ("inside/a.txt", "a")];
    assert_eq!(printed_with(&["file"], body, &files), [r#"["a.txt","own.txt"]"#]);
}

#[test]
fn a_watch_calls_back_until_the_script_is_another() {
    let script = |version: &str| {
        let watching = format!(
            "let worker = Worker();\nworker.on_worker_start = |w| {{\n\
             file::watch(\"a.txt\", |path| print(`{version} saw ${{file::read(path)}}`));\n}};\nWorker::run_all();"
        );
        importing(&["file"]) + watching.as_str()
    };
    let mut host = TestHost::start_with(&script("one"), &[("a.txt", "0")]);
    fs::write(host.path("a.txt"), "first").expect("a file");
    host.wait_for_log("one saw first");
    host.edit(&script("two"));
    fs::write(host.path("a.txt"), "second change").expect("a file");
    host.wait_for_log("two saw second change");
    assert_eq!(host.logged("one saw second change"), 0, "the old watch has ended");
}

#[test]
fn mistakes_are_told_with_the_path() {
    let cases = [
        ("file::read(\"no.txt\")", "no.txt: there is no such file or directory"),
        ("file::read(\".\")", "it is a directory"),
        ("file::read(\"\")", "the path is empty"),
        ("file::read(\"main.rhai\", #{ max: 3 })", "it has more than 3 bytes: raise `max`"),
        (
            "file::read(\"/proc/self/exe\", #{ length: 100 })",
            "it is not UTF-8 text: read it with `#{ blob: true }`",
        ),
        ("file::write(\"main.rhai\", \"x\", #{ exclusive: true })", "main.rhai: it exists"),
        ("file::write(\"x\", 1)", "write: the data is a string or a blob, not 1"),
        (
            "file::write(\"x\", \"\", #{ atomc: true })",
            "write has no option `atomc`: known are atomic, exclusive, mode",
        ),
        ("file::parts(\"main.rhai\", 0)", "parts: the bytes of a part is a whole number from 1"),
        ("file::root(\"main.rhai\")", "root: "),
        ("file::watch(\"a\", 1)", "watch takes a closure or the name of a function"),
    ];
    for (call, wanted) in cases {
        let text = said(&["file"], call);
        assert!(text.contains(wanted), "{call}: {text}");
    }
    assert_eq!(printed(&["file"], "print(file::exists(\"nothing\"));"), ["false"]);
}
