//! Which files are watched, and the ways editors save them.

use super::TEXT;
use crate::support::host::TestHost;
use std::{fs, os::unix::fs::symlink};

const MAIN: &str = r#"
import "lib/words" as words;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| { connection.send(`${words::greeting()} ${line}`); };
"#;

const WORDS: &str = "fn greeting() { \"hello\" }\n";

fn start() -> TestHost {
    TestHost::start_with(MAIN, &[("lib/words.rhai", WORDS)])
}

#[test]
fn an_edit_of_an_imported_module_is_live() {
    let mut host = start();
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "hello a");
    host.save("lib/words.rhai", &WORDS.replace("hello", "hi"));
    assert_eq!(host.reloaded().generation, 1);
    assert_eq!(client.ask("b"), "hi b");
}

#[test]
fn an_edit_of_a_module_that_a_module_imports_is_live() {
    let words = "import \"deep/name\" as name;\nfn greeting() { `hello ${name::own()}` }\n";
    let name = "fn own() { \"ann\" }\n";
    let files = [("lib/words.rhai", words), ("lib/deep/name.rhai", name)];
    let mut host = TestHost::start_with(MAIN, &files);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "hello ann a");
    host.save("lib/deep/name.rhai", &name.replace("ann", "bob"));
    assert_eq!(host.reloaded().generation, 1);
    assert_eq!(client.ask("b"), "hello bob b");
    host.save("lib/deep/name.rhai", "fn own() { nobody }\nthrow own();\n");
    let fault = host.rejected();
    assert_eq!(fault.location, "lib/deep/name.rhai:1:12", "{fault}");
    for caller in ["lib/deep/name.rhai:2:", "lib/words.rhai:1:", "main.rhai:2:"] {
        assert!(fault.text.contains(caller), "no {caller} in\n{fault}");
    }
    assert_eq!(client.ask("c"), "hello bob c");
    host.save("lib/deep/name.rhai", &name.replace("ann", "eve"));
    assert_eq!(host.reloaded().generation, 2);
    assert_eq!(client.ask("d"), "hello eve d");
}

#[test]
fn files_that_are_saved_together_are_one_reload() {
    let mut host = TestHost::try_start_as(MAIN, &[("lib/words.rhai", WORDS)], |builder| {
        builder.settle(std::time::Duration::from_millis(200))
    })
    .unwrap();
    let mut client = host.tcp(TEXT);
    // Either one alone is a fault, or another answer.
    host.save("lib/words.rhai", "fn farewell() { \"bye\" }\n");
    host.save("main.rhai", &MAIN.replace("words::greeting", "words::farewell"));
    assert_eq!(host.reloaded().generation, 1);
    assert_eq!(client.ask("a"), "bye a");
    host.expect_no_reload();
}

#[test]
fn a_fault_in_an_imported_module_names_that_file() {
    let mut host = start();
    let mut client = host.tcp(TEXT);
    host.save("lib/words.rhai", "fn greeting() { \"hello }\n");
    let fault = host.rejected();
    assert!(fault.location.starts_with("lib/words.rhai:1:"), "{}: {fault}", fault.location);
    assert!(fault.text.contains("fn greeting() { \"hello }"), "{fault}");
    assert_eq!(client.ask("a"), "hello a");
    host.save("lib/words.rhai", WORDS);
    assert_eq!(host.reloaded().generation, 1);
}

#[test]
fn an_import_that_is_added_is_watched_from_then_on() {
    let mut host = start();
    let mut client = host.tcp(TEXT);
    host.save("more.rhai", "fn end() { \"!\" }\n");
    host.expect_no_reload();
    host.edit(
        &MAIN
            .replace("let worker", "import \"more\" as more;\nlet worker")
            .replace("${line}", "${line}${more::end()}"),
    );
    assert_eq!(client.ask("a"), "hello a!");
    host.save("more.rhai", "fn end() { \"?\" }\n");
    host.reloaded();
    assert_eq!(client.ask("a"), "hello a?");
}

#[test]
fn a_missing_import_is_waited_for() {
    let mut host = start();
    let mut client = host.tcp(TEXT);
    let fault = host.edit_badly(&MAIN.replace("lib/words", "lib/later"));
    assert_eq!(fault.location, "main.rhai:2:8");
    host.save("lib/later.rhai", &WORDS.replace("hello", "late"));
    host.reloaded();
    assert_eq!(client.ask("a"), "late a");
}

#[test]
fn a_save_by_rename_is_seen_every_time() {
    let mut host = start();
    let mut client = host.tcp(TEXT);
    for n in 1..=3 {
        host.save("main.rhai~", &MAIN.replace("} ${line}", &format!("}} ${{line}} {n}")));
        fs::rename(host.path("main.rhai~"), host.path("main.rhai")).unwrap();
        assert_eq!(host.reloaded().generation, n * 3 - 2);
        assert_eq!(client.ask("a"), format!("hello a {n}"));
        fs::write(host.path("words.tmp"), WORDS.replace("hello", &format!("hello{n}"))).unwrap();
        fs::rename(host.path("words.tmp"), host.path("lib/words.rhai")).unwrap();
        host.reloaded();
        assert_eq!(client.ask("a"), format!("hello{n} a {n}"));
        host.save("lib/words.rhai", WORDS);
        assert_eq!(host.reloaded().generation, n * 3);
    }
}

#[test]
fn a_deleted_script_goes_on_serving_and_may_come_back() {
    let mut host = start();
    let mut client = host.tcp(TEXT);
    fs::remove_file(host.path("main.rhai")).unwrap();
    let fault = host.rejected();
    assert!(fault.text.contains("there is no such file"), "{fault}");
    assert_eq!(client.ask("a"), "hello a");
    let report = host.edit(&MAIN.replace("} ${line}", "} ${line} again"));
    assert_eq!((report.generation, report.connections), (1, 1));
    assert_eq!(client.ask("a"), "hello a again");
    fs::remove_file(host.path("lib/words.rhai")).unwrap();
    assert!(host.rejected().text.contains("cannot import `lib/words`"));
    host.save("lib/words.rhai", &WORDS.replace("hello", "back"));
    host.reloaded();
    assert_eq!(client.ask("a"), "back a again");
}

#[test]
fn a_script_behind_a_symbolic_link_is_watched_at_both_ends() {
    let mut host = TestHost::start_with(MAIN, &[("lib/words.rhai", WORDS), ("real/notes", "")]);
    let mut client = host.tcp(TEXT);
    let text = |n: usize| {
        MAIN.replace("\"lib/", "\"../lib/").replace("} ${line}", &format!("}} ${{line}} {n}"))
    };
    fs::write(host.path("real/one.rhai"), text(1)).unwrap();
    fs::write(host.path("real/two.rhai"), text(2)).unwrap();
    symlink("real/one.rhai", host.path("link")).unwrap();
    fs::rename(host.path("link"), host.path("main.rhai")).unwrap();
    host.reloaded();
    assert_eq!(client.ask("a"), "hello a 1");
    fs::write(host.path("real/one.rhai"), text(3)).unwrap();
    host.reloaded();
    assert_eq!(client.ask("a"), "hello a 3");
    // The link is turned to another file, as deployments do it.
    symlink("real/two.rhai", host.path("link")).unwrap();
    fs::rename(host.path("link"), host.path("main.rhai")).unwrap();
    host.reloaded();
    assert_eq!(client.ask("a"), "hello a 2");
    fs::write(host.path("real/two.rhai"), text(4)).unwrap();
    host.reloaded();
    assert_eq!(client.ask("a"), "hello a 4");
}

#[test]
fn a_file_that_does_not_belong_to_the_script_triggers_nothing() {
    let mut host = start();
    host.save("other.rhai", "throw 1;");
    host.save("lib/other.rhai", "throw 1;");
    host.save("main.rhai.swp", "x");
    host.expect_no_reload();
    assert_eq!(host.edit(&format!("{MAIN}//\n")).generation, 1);
}

#[test]
fn a_script_in_a_folder_behind_a_link_is_read_again_when_the_link_is_switched() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for release in ["r1", "r2", "r3"] {
        fs::create_dir_all(path(release).join("lib")).unwrap();
        fs::write(path(release).join("main.rhai"), MAIN).unwrap();
        let words = WORDS.replace("hello", &format!("hello from {release}"));
        fs::write(path(release).join("lib/words.rhai"), words).unwrap();
    }
    // As deployments do it: in one step.
    let switch = |release: &str| {
        symlink(release, path("next")).unwrap();
        fs::rename(path("next"), path("cur")).unwrap();
    };
    switch("r1");
    let script = path("cur/main.rhai");
    let mut host = TestHost::try_start_as("", &[], |builder| builder.script(script)).unwrap();
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "hello from r1 a");
    for release in ["r2", "r3", "r1"] {
        switch(release);
        host.reloaded();
        assert_eq!(client.ask("b"), format!("hello from {release} b"));
    }
    // Saves in the folder where it leads to are seen, those where it led to are not.
    fs::write(path("r1/lib/words.rhai"), WORDS.replace("hello", "edited")).unwrap();
    host.reloaded();
    assert_eq!(client.ask("c"), "edited c");
    fs::write(path("r2/main.rhai"), "let x = ;").unwrap();
    host.expect_no_reload();
}

#[test]
fn rule_2_every_isolate_compiles_the_same_bytes_whatever_is_saved_meanwhile() {
    let script = |version: &str| {
        format!(
            "const VERSION = \"{version}\";\nchange(VERSION);\nlet worker = Worker(\"text://127.0.0.1:0\");\n\
             worker.count = 3;\nworker.on_worker_start = |w| print(`${{w.generation}} ${{VERSION}}`);\n"
        )
    };
    let newest = script("newest");
    let place = std::sync::Arc::new(std::sync::OnceLock::<std::path::PathBuf>::new());
    let known = place.clone();
    // While the first isolate reads the new script, the file becomes another.
    let options = |builder: rhost::HostBuilder| {
        builder.register(move |engine| {
            let (known, newest) = (known.clone(), newest.clone());
            engine.register_fn("change", move |version: &str| {
                if let Some(path) = known.get().filter(|_| version == "new") {
                    std::fs::write(path, &newest).expect("the script");
                }
            });
        })
    };
    let mut host = TestHost::try_start_as(&script("old"), &[], options).expect("it starts");
    place.set(host.path("main.rhai")).expect("set once");
    host.edit(&script("new"));
    host.reloaded();
    let printed = host.printed();
    let told = |line: &str| printed.iter().filter(|l| *l == line).count();
    assert_eq!((told("0 old"), told("1 new"), told("2 newest")), (3, 3, 3), "{printed:?}");
}
