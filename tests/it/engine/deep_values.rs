//! Plain values that are nested deep, and chains of closures: whatever is done with them works or is an error of the
//! handler at its line. None of it ends the process.

use crate::support::{findings, host::TestHost, wait::alone};
use rhost::FaultKind;
use std::fmt::Write;

const TEXT: &str = "text://127.0.0.1:0";

/// Ways to make something that is nested 2000 levels, in a variable `v`; 700 where each level copies those below it.
const MAKERS: [(&str, &str); 7] = [
    ("arrays", "let v = []; for i in 0..2000 { v = [take(v)]; }"),
    ("copied arrays", "let v = []; for i in 0..700 { v = [v]; }"),
    ("maps", "let v = #{}; for i in 0..2000 { v = #{ next: take(v) }; }"),
    ("arrays and maps", "let v = #{}; for i in 0..1000 { v = [#{ next: take(v) }]; }"),
    ("closures", "let v = || 0; for i in 0..2000 { let g = v; v = || g; }"),
    ("captured values", "let v = []; for i in 0..700 { let g = [v]; let f = || g; v = g; }"),
    ("closures in maps", "let v = #{}; for i in 0..1000 { let g = v; v = #{ f: || g }; }"),
];

/// What is done with it.
const USES: [&str; 30] = [
    "v = ();",
    "let b = v; b = 1; v = 2;",
    "let b = [v, v, v];",
    "v == v;",
    "let b = v; v == b;",
    "let b = v; b != v;",
    "v == [];",
    "v in [v];",
    "[1, v].index_of(v);",
    "[v].contains(v);",
    "[v, v].dedup();",
    "[v, v].sort();",
    "[v, 1].sort(|a, b| 0);",
    "print(v);",
    "debug(v);",
    "let s = `${v}`;",
    "let s = \"\" + v;",
    "let s = v.to_string();",
    "let s = v.to_debug();",
    "let s = to_json(v);",
    "c.kept = v; c.kept = ();",
    "worker.kept = v; worker.kept = ();",
    "worker.table.v = v; let b = worker.table.to_map(); worker.table.clear();",
    "worker.list.push(v); let b = worker.list.to_array(); worker.list.pop();",
    "top = v; top = ();",
    "top = v; top = v; let b = top; top = ();",
    "throw #{ message: v };",
    "switch v { 1 => 2, _ => 3 }",
    "let f = |x| x; f.call(v); f.curry(v).call();",
    "type_of(v); is_shared(v); v.is_locked; Timer::delay(0.001, || v); c.on_close = |c| v;",
];

/// Errors that nobody catches, of which the value is a part.
const UNCAUGHT: [&str; 4] =
    ["throw made;", "throw #{ message: made };", "made.no_such_function();", "made - made;"];

#[test]
fn whatever_is_done_with_deep_values_the_host_serves_on() {
    let _alone = alone();
    let _meant = findings::meant(&["unknown-function"]);
    let mut script = format!(
        r#"
let top = ();
let worker = Worker("{TEXT}");
worker.table = #{{}};
worker.list = [];
worker.handler_timeout = 60;
worker.on_message = |c, line| {{
    switch line {{
"#
    );
    for (maker, (_, make)) in MAKERS.iter().enumerate() {
        let make = make.replace("v = ", "made = ").replace("(v)", "(made)");
        let make = make.replace("[v]", "[made]").replace("= v;", "= made;");
        writeln!(script, "        \"{maker}\" => {{ {make}").expect("memory");
        for code in USES {
            // (what is used is printed first: a log that ends early says what was the end of it)
            writeln!(script, "            print({code:?});").expect("memory");
            writeln!(script, "            {{ let v = made; try {{ {code} }} catch {{ }} }}")
                .expect("memory");
        }
        script.push_str("        }\n");
        for (usage, code) in UNCAUGHT.iter().enumerate() {
            writeln!(script, "        \"{maker}/{usage}\" => {{ {make} {code} }}").expect("memory");
        }
    }
    script.push_str("        _ => ()\n    }\n    c.send(\"done\");\n};\nWorker::run_all();\n");
    let mut host = TestHost::start(&script);
    for (maker, (name, _)) in MAKERS.iter().enumerate() {
        assert_eq!(host.tcp(TEXT).ask(&maker.to_string()), "done", "{name}");
        for (usage, code) in UNCAUGHT.iter().enumerate() {
            let mut client = host.tcp(TEXT);
            client.send(format!("{maker}/{usage}\nand\n"));
            assert_eq!(client.line(), "done", "{name}: {code}");
            assert_eq!(host.fault().kind, FaultKind::Script, "{name}: {code}");
        }
    }
    host.edit(&script.replace("let top = ();", "let top = 1;"));
    assert_eq!(host.stop(), 0);
}

/// A host whose handler runs this for the line `?` and sends others back.
fn start(body: &str) -> TestHost {
    TestHost::start(&format!(
        r#"
let top = ();
let worker = Worker("{TEXT}");
worker.handler_timeout = 60;
worker.on_message = |c, line| {{
    if line != "?" {{ c.send(line); return; }}
    {body}
}};
Worker::run_all();
"#
    ))
}

#[test]
fn what_is_nested_too_deep_is_an_error_at_its_line() {
    let _alone = alone();
    for body in [
        "let v = []; loop { v = [take(v)]; }",
        "let v = #{}; loop { v = #{ next: take(v) }; }",
        "let v = || 0; loop { let g = v; v = || g; }",
    ] {
        let mut host = start(body);
        let mut client = host.tcp(TEXT);
        client.send("?\n");
        let fault = host.fault();
        assert_eq!(fault.title, "a value is nested deeper than 10000 levels", "{body}");
        assert!(fault.location.starts_with("main.rhai:7:"), "{}", fault.text);
        assert_eq!(client.ask("hi"), "hi", "{body}");
    }
}

#[test]
fn a_line_of_a_stranger_becomes_a_list_or_an_error() {
    let _alone = alone();
    let mut host = start("");
    drop(host.tcp(TEXT));
    host.edit(&format!(
        r#"
let worker = Worker("{TEXT}");
worker.max_package_size = 1000000;
worker.handler_timeout = 60;
worker.on_message = |c, m| {{ let l = (); for part in m.split(" ") {{ l = #{{ v: part, next: take(l) }}; }} c.send("ok"); }};
Worker::run_all();
"#
    ));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask(&"x ".repeat(8_000)), "ok");
    client.send(format!("{}\n", "x ".repeat(200_000)));
    assert_eq!(host.fault().title, "a value is nested deeper than 10000 levels");
    assert_eq!(client.ask("x"), "ok");
}

#[test]
fn depth_that_comes_message_by_message_does_no_harm() {
    // (a variable of the top level, one level with each message, and each is dropped as a whole at the end)
    let body = "for i in 0..100 { let g = top; top = || g; } c.send(\"done\");";
    let mut host = start(body);
    let mut client = host.tcp(TEXT);
    for _ in 0..300 {
        client.send("?\n");
        client.send("and\n");
        while client.line() != "and" {}
    }
    host.edit(&format!("let worker = Worker(\"{TEXT}\");\nworker.on_message = |c, line| c.send(line);\nWorker::run_all();"));
    assert_eq!(client.ask("hi"), "hi");
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_top_level_with_deep_values_is_run_and_let_go() {
    for (name, make) in MAKERS {
        let worker = format!("{make}\nlet worker = Worker(\"{TEXT}\");\nWorker::run_all();");
        let host = TestHost::start(&worker);
        assert_eq!(host.stop(), 0, "{name}");
    }
}

#[test]
fn closures_that_call_each_other_in_a_ring_are_no_deep_values() {
    let body = "let a = (); let b = || a; a = [b]; let list = []; \
        for i in 0..50000 { list.push(`text ${i}`); } c.send(list.len());";
    let mut host = start(body);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "50000");
}
