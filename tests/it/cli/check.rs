//! `rhost check` and `rhost doc`: what is wrong with a script, and what a script can use, without running any.

use crate::support::process::{rhost, rhost_with};
use std::{fs, net::TcpListener};

/// Checks these files, (name, text), all that end in `.rhai` and lie in no folder named on the command line. Gives the
/// exit code and what was said.
fn check(files: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = rhost();
    command.arg("check").current_dir(folder.path());
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
        if !name.contains('/') {
            command.arg(name);
        }
    }
    let output = command.output().expect("rhost can be run");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().expect("an exit code"), said)
}

/// Uses most of what a script can, without a mistake.
const GOOD: &str = r#"
import "lib/words" as words;
const LIMIT = 3;
let seen = #{};
fn greet(name) { `${words::greeting()} ${name} ${LIMIT}` }
let worker = Worker("websocket://127.0.0.1:0");
worker.name = "good";
worker.on_script_error = "keep";
worker.on_worker_start = |worker| {
    let inner = Worker("text://127.0.0.1:0");
    inner.on_message = |connection, line| connection.send(greet(line));
    inner.listen();
    Timer::add(1, || worker.broadcast(`${seen.len()}`));
};
worker.on_message = |connection, data| {
    seen[data] = connection.id;
    for one in worker.connections { if one != connection { one.send(parse_json(data)); } }
    connection.on_close = |c| seen.remove(data);
};
worker.on_websocket_connect = |connection, request| request.path() == "/";
worker.on_error = |connection, code, text| print(`${LIMIT} ${text}`);
worker.on_buffer_full = "tell";
fn tell(connection) { print(connection.send_buffer_size); }
Worker::run_all();
"#;

const WORDS: &str = "fn greeting() { \"hello\" }\n";

#[test]
fn a_script_without_mistakes_is_silence_and_code_0() {
    assert_eq!(check(&[("good.rhai", GOOD), ("lib/words.rhai", WORDS)]), (0, String::new()));
}

#[test]
fn every_example_is_without_mistakes() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut checked = 0;
    for folder in fs::read_dir(examples).expect("the examples") {
        let folder = folder.expect("an entry").path();
        for file in fs::read_dir(&folder).into_iter().flatten() {
            let file = file.expect("an entry").path();
            if file.extension().is_some_and(|e| e == "rhai") {
                let output = rhost_with(&["check", file.to_str().expect("UTF-8")]);
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && said.is_empty(), "{}: {said}", file.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "there are no examples");
}

#[test]
fn each_kind_of_mistake_is_found_at_its_place() {
    let worker = "let worker = Worker(\"text://127.0.0.1:0\");\n";
    let cases = [
        ("worker.on_mesage = |c, line| c.send(line);", "main.rhai:2:", "on_mesage"),
        ("worker.on_close = |a, b, c| a.send(b);", "main.rhai:2:", "on_close"),
        ("worker.on_message = |c, line| c.send(lime);", "main.rhai:2:38", "lime"),
        ("worker.on_message = |c, line| c.send(gret(line));", "main.rhai:2:", "gret"),
        ("fn greet(name) { name }\nprint(greet(1, 2));", "main.rhai:3:", "greet"),
        ("fn _quiet() { nobody }", "main.rhai:2:15", "nobody"),
        ("worker.on_close = |c| { worker.on_mesage = |c| 0; };", "main.rhai:2:", "on_mesage"),
        ("import \"lib/none\" as none;", "main.rhai:2:", "lib/none"),
        ("worker.on_close = \"nobody\";", "main.rhai:2:8", "no function `nobody`"),
        ("worker.on_close = Fn(\"nobody\");", "main.rhai:2:8", "no function `nobody`"),
        ("fn f(a, b) { a + b }\nworker.on_close = \"f\";", "main.rhai:3:8", "f takes (a, b)"),
        ("Timer::ad(1, || 0);", "main.rhai:2:8", "Timer::ad"),
        ("Timer::add(1);", "main.rhai:2:8", "`Timer::add` exists as `Timer::add("),
        ("Tmer::add(1, || 0);", "main.rhai:2:7", "Tmer"),
        ("total = 1;", "main.rhai:2:1", "total"),
        ("let x = ;", "main.rhai:2:9", "let x = ;"),
        (
            "import \"std/router\" as router; router::get(router::create(), \"/\", |a, b| 1);",
            "main.rhai:2:40",
            "router::get: this closure takes (a, b) but is given 1 argument(s) at most",
        ),
        ("let text = \"open;", "main.rhai:2:", "let text"),
    ];
    for (mistake, place, says) in cases {
        let (code, said) = check(&[("main.rhai", &format!("{worker}{mistake}\n"))]);
        assert_eq!(code, 1, "{mistake}: {said}");
        assert!(said.contains(&format!("--> {place}")), "{mistake}: not at {place}\n{said}");
        assert!(said.contains(says), "{mistake}: no `{says}` in\n{said}");
        assert_eq!(said.matches("--> ").count(), 1, "{mistake}: one finding\n{said}");
        assert!(!said.contains('\u{1b}'), "{mistake}: no colours in a pipe\n{said}");
    }
}

#[test]
fn functions_of_imported_files_are_known() {
    let words = ("lib/words.rhai", "fn greeting(name) { name }\n");
    let main = |call: &str| format!("import \"lib/words\" as words;\nprint(words::{call});\n");
    assert_eq!(check(&[("main.rhai", &main("greeting(1)")), words]).0, 0);
    for call in ["greeting()", "greting(1)"] {
        let (code, said) = check(&[("main.rhai", &main(call)), words]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("--> main.rhai:2:14") && said.contains("words::gre"), "{said}");
    }
}

#[test]
fn functions_of_native_modules_are_known() {
    let main = |call: &str| format!("import \"std/env\" as e;\nprint({call});\n");
    let right = check(&[("main.rhai", &main("e::get(\"A\", 1)"))]);
    assert_eq!(right.0, 0, "{}", right.1);
    let wrong = [
        ("e::get()", "argument-count", "`get` exists as `e::get(name: string)"),
        ("e::gte(1)", "unknown-function", "did you mean `e::get`?"),
        ("e::Get(1)", "foreign-name", "did you mean `e::get`?"),
        ("getenv(1)", "unknown-function", "use `env::get(name: string)"),
    ];
    for (call, code, says) in wrong {
        let (exit, said) = check(&[("main.rhai", &main(call))]);
        assert_eq!(exit, 1, "{call}: {said}");
        for part in [code, says, "--> main.rhai:2:"] {
            assert!(said.contains(part), "{call}: no `{part}` in\n{said}");
        }
    }
    let (exit, said) = check(&[("main.rhai", "import \"std/evn\" as env;\nprint(env::get(1));\n")]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("unknown-import") && said.contains("did you mean `std/env`?"), "{said}");
}

/// Loops in which a closure captures what the loop counts with.
#[test]
fn a_closure_that_is_kept_with_the_variable_of_a_loop_is_found() {
    let start = "let worker = Worker();\nlet kept = []; kept.clear();\nworker.table = #{};\n";
    for (wrong, place, name) in [
        ("for i in 0..3 { Timer::delay(1, || print(i)); }", "main.rhai:4:42", "i"),
        ("for s in [\"a\", \"b\"] { kept.push(|| s); }", "main.rhai:4:36", "s"),
        ("for (c, n) in worker.connections { c.on_close = |x| print(n); }", "main.rhai:4:59", "n"),
        ("for k in worker.table.keys() { worker.table[k] = || k; }", "main.rhai:4:53", "k"),
        (
            "fn _f(all) { for i in range(0, 3) { if i > 1 { all.push(|| i); } } }",
            "main.rhai:4:60",
            "i",
        ),
    ] {
        let (code, said) = check(&[("main.rhai", &format!("{start}{wrong}\n"))]);
        assert_eq!(code, 1, "{wrong}: {said}");
        assert!(said.contains(&format!("--> {place}")), "{wrong}: not at {place}\n{said}");
        assert!(said.contains(&format!("`let x = {name};`")), "{wrong}: {said}");
        assert_eq!(said.matches("--> ").count(), 1, "{wrong}: one finding\n{said}");
    }
    for right in [
        "for i in 0..3 { let x = i; Timer::delay(1, || print(x)); }",
        "for i in 0..3 { let i = i; Timer::delay(1, || print(i)); }",
        "for i in 0..3 { Timer::delay(1, |n| print(n), [i]); }",
        "for i in 0..3 { print([1, 2].map(|n| n * i)); }",
        "fn later(i) { || i }\nfor i in 0..3 { kept.push(later(i)); }",
        "for c in worker.connections { c.on_close = |x| print(c.id); }",
        "for i in 0..3 { if i == 1 { worker.on_close = |c| print(i); break; } }",
    ] {
        let found = check(&[("main.rhai", &format!("{start}{right}\n"))]);
        assert_eq!(found, (0, String::new()), "{right}");
    }
}

#[test]
fn a_callback_name_is_suggested() {
    let (code, said) = check(&[("a.rhai", "let w = Worker(); w.on_mesage = |c| 0;")]);
    assert_eq!(code, 1);
    assert!(said.contains("did you mean `on_message`?"), "{said}");
}

#[test]
fn all_mistakes_of_all_files_are_told_together() {
    let (code, said) = check(&[
        ("a.rhai", "import \"lib/words\" as words;\nprint(one());\nprint(two);\n"),
        ("good.rhai", "print(1);\n"),
        ("b.rhai", "fn _f() {\n    three()\n}\n"),
        ("c.rhai", "let broken = ;\n"),
        ("lib/words.rhai", "fn greeting() { four(1) }\n"),
    ]);
    assert_eq!(code, 1, "{said}");
    for (place, says) in [
        ("a.rhai:2:7", "one"),
        ("a.rhai:3:7", "two"),
        ("b.rhai:2:5", "three"),
        ("c.rhai:1:14", "let broken"),
        ("lib/words.rhai:1:17", "four"),
    ] {
        assert!(said.contains(&format!("--> {place}")), "nothing at {place}\n{said}");
        assert!(said.contains(says), "no `{says}` in\n{said}");
    }
    assert_eq!(said.matches("--> ").count(), 5, "{said}");
    assert!(!said.contains("good.rhai"), "{said}");
}

#[test]
fn a_file_that_another_of_them_imports_is_a_module() {
    let main = "import \"lib\" as lib;\nprint(lib::greet());\n";
    let lib = "fn greet() { 1 }\nfn later() { 2 }\nprint(\"loaded\");\n";
    for files in [[("a.rhai", main), ("lib.rhai", lib)], [("lib.rhai", lib), ("zz.rhai", main)]] {
        assert_eq!(check(&files), (0, String::new()));
    }
    let broken = format!("{lib}print(nobody);\n");
    let (code, said) = check(&[("a.rhai", main), ("lib.rhai", &broken)]);
    assert_eq!((code, said.matches("--> ").count()), (1, 1), "told once: {said}");
    assert!(said.contains("--> lib.rhai:4:7"), "{said}");
    let (code, said) = check(&[("lib.rhai", lib)]);
    assert_eq!((code, said.matches("nothing calls").count()), (1, 2), "a script: {said}");
}

#[test]
fn a_file_that_is_named_twice_is_looked_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("a.rhai"), "print(nobody);\n").expect("a file");
    let output = rhost()
        .args(["check", "a.rhai", "./a.rhai"])
        .current_dir(folder.path())
        .output()
        .expect("rhost can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.matches("--> ").count()), (Some(1), 1), "{said}");
}

#[test]
fn nothing_of_the_script_runs() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let script = format!(
        r#"
        print("it runs");
        import "lib/words" as words;
        let worker = Worker("text://{address}");
        worker.on_worker_start = |worker| print("it starts");
        Timer::add(0, || print("it ticks"));
        if taken() {{ throw "it throws"; }}
        fn taken() {{ true }}
        loop {{ print("it loops"); }}
        "#
    );
    let files = [("main.rhai", &script[..]), ("lib/words.rhai", "print(\"it is imported\");\n")];
    assert_eq!(check(&files), (0, String::new()));
}

#[test]
fn files_that_cannot_be_read_are_code_1_and_no_file_is_wrong_usage() {
    let output = rhost_with(&["check", "/nowhere/at-all.rhai"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/nowhere/at-all.rhai") && said.contains("No such file"), "{said}");
    assert_eq!(rhost_with(&["check"]).status.code(), Some(2));
}

/// What `rhost doc` says to stdout.
fn doc(arguments: &[&str]) -> String {
    let output = rhost_with(&[&["doc"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn doc_lists_all_names_with_a_line_for_each() {
    let text = doc(&[]);
    for section in rhost::script_reference() {
        assert!(text.contains(&format!("{}\n===", section.title)), "no {}", section.title);
        for entry in section.entries {
            let start = format!("{:24} ", entry.name);
            assert!(text.lines().any(|line| line.starts_with(&start)), "no {}", entry.name);
        }
    }
}

#[test]
fn doc_of_a_name_tells_all_of_it_with_an_example() {
    let text = doc(&["send"]);
    assert!(text.starts_with("TcpConnection\n============="), "{text}");
    assert!(text.contains("send(data: any) -> bool | ()"), "{text}");
    assert!(text.contains("connection.send("), "an example\n{text}");
    assert!(!text.contains("Timer::add"), "{text}");
    let timer = doc(&["timer"]);
    for name in ["Timer::add", "Timer::delay", "Timer::del_all"] {
        assert!(timer.contains(name), "{timer}");
    }
    assert_eq!(timer, doc(&["Timer"]));
    assert!(!timer.contains("on_message("), "{timer}");
}

#[test]
fn doc_of_an_unknown_name_is_code_1() {
    let output = rhost_with(&["doc", "nope"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("scripts have no `nope`") && said.contains("`rhost doc`"), "{said}");
}
