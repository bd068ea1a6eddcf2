//! The shorter ways of lifted bodies are no other ways: what a function gives, does and throws is the same when a top
//! level calls it, which rhai evaluates as it was written, and when a handler does.

pub(super) mod cases;

use crate::support::{client::Client, findings, host::TestHost};
use cases::CASES;
use std::fmt::Write;

pub(super) const MODULE: &str = r#"
export const T = "abc";
export const A = [1, 2];
fn doubled(x) { x * 2 }
fn sum(a, b) { `${a} and ${b} of the module` }
fn int.typed(x) { `${this} typed ${x}` }
"#;

pub(super) const FUNCTIONS: &str = r#"
import "m" as m;
const G = 5;
fn grow(x) { x += x; x }
fn takes_over(x) { let before = x; x = global::G; `${before} ${x}` }
let changed = 0;
fn note(x) { worker.log.push(x); x }
fn sum(a, b) { a + b }
fn factorial(n) { if n <= 1 { return 1; } n * factorial(n - 1) }
fn thrower(x) { throw x; }
fn nothing() {}
fn early(n) { if n == 1 { return 10; } if n == 2 { return 20; } else if n == 3 { return 30; } 40 }
fn deep_early(n) { if n > 5 { if n > 6 { return "deep"; } note(n); } "flat" }
fn many_returns(n) {
    if n == 1 { return "one"; } if n == 2 { return "two"; } if n == 3 { return "three"; }
    if n == 4 { return "four"; } if n == 5 { return "five"; } if n == 6 { return "six"; }
    if n == 7 { return "seven"; } if n == 8 { return "eight"; } if n == 9 { return "nine"; }
    if n == 10 { return "ten"; } if n == 11 { return "eleven"; }
    "many"
}
fn shadow(x) { let x = x + 1; let x = x * 2; sum(x, x) }
fn free_worker(worker) { worker.one + one_of_worker() }
fn one_of_worker() { worker.one }
fn change_it() { changed += 1; changed = changed * 5; }
fn uses_this() { this.a }
fn with_outer() { x + 1 }
fn afresh() {
    worker.table = #{ a: "A" };
    worker.list = [1, 2, 3];
    worker.nested = #{ x: #{ y: [0, #{ z: "Z" }] } };
    worker.text = "text";
    worker.one = 1;
    worker.log = [];
}
"#;

/// A script in which each case is a function, tried by `try_N()`; `all()` gives what came of them.
fn script() -> String {
    let mut script = FUNCTIONS.to_owned();
    for (number, case) in CASES.iter().enumerate() {
        writeln!(script, "fn case_{number}() {{ {case} }}").unwrap();
        writeln!(
            script,
            "fn try_{number}() {{ afresh(); let came = (); \
             try {{ came = [case_{number}()]; }} catch (e) {{ came = #{{ error: e }}; }} \
             `${{came}} ${{worker.log}} ${{worker.table}} ${{worker.list}} ${{worker.text}}` }}"
        )
        .unwrap();
    }
    script.push_str("let worker = Worker(\"text://127.0.0.1:0\");\nlet expected = [];\n");
    for number in 0..CASES.len() {
        writeln!(script, "expected.push(try_{number}());").unwrap();
    }
    script.push_str("worker.on_message = |connection, line| {\n    switch line {\n");
    for number in 0..CASES.len() {
        writeln!(
            script,
            "        \"{number}\" => connection.send(#{{ expected: expected[{number}], came: try_{number}() }}),"
        )
        .unwrap();
    }
    script.push_str("    }\n};\nWorker::run_all();\n");
    script
}

fn ask(client: &mut Client, number: usize) -> (String, String) {
    let answer: serde_json::Value =
        serde_json::from_str(&client.ask(&format!("{number}"))).expect("JSON");
    let text = |name: &str| answer[name].as_str().expect("a string").to_owned();
    (text("expected"), text("came"))
}

#[test]
fn a_handler_gives_does_and_throws_what_a_top_level_does() {
    let _meant = findings::meant(&[
        "unknown-function",
        "argument-count",
        "misspelt-property",
        "argument-type",
        "unreachable",
    ]);
    let mut host = TestHost::start_with(&script(), &[("m.rhai", MODULE)]);
    let mut client = host.tcp("text://127.0.0.1:0");
    let mut different = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        // (twice: what was found for some types is remembered)
        for _ in 0..2 {
            let (expected, came) = ask(&mut client, number);
            if came != expected {
                different.push(format!("{case}\n    rhai: {expected}\n    here: {came}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn functions_that_only_call_functions_are_ended_when_their_time_is_up() {
    let calls = (0..50).map(|n| format!("fn f{n}(x) {{ f{}(f{}(x)) }}\n", n + 1, n + 1));
    let script = format!(
        "{}fn f50(x) {{ x }}\nlet worker = Worker(\"text://127.0.0.1:0\");\nworker.handler_timeout = 0.1;\n\
         worker.on_message = |connection, line| {{ if line == \"long\" {{ f0(1); }} connection.send(line); }};\n",
        calls.collect::<String>()
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp("text://127.0.0.1:0");
    client.send("long\n");
    host.wait_for_log("it ran 0.1 s without waiting (handler_timeout)");
    assert_eq!(client.ask("short"), "short", "the connection lives on");
}

#[test]
fn calls_of_functions_are_as_deep_as_rhai_lets_them_be() {
    let script = r#"
let deepest = 0;
fn dive(n) { deepest = n; dive(n + 1) }
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    if line == "dive" { dive(1); }
    connection.send(deepest);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    client.send("dive\n");
    host.wait_for_log("Stack overflow");
    assert_eq!(client.ask("how deep?"), "64");
}

#[test]
fn large_plain_values_are_looked_at_where_they_lie() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    let m = parse_json(line);
    let (sum, n) = (0, 0);
    for i in 0..m.rows.len() {
        sum += m.rows[i];
        if `k${i}` in m { n += 1; }
    }
    let rows = m.rows;
    let at = |i| rows[i];
    for i in 0..rows.len() { sum -= at.call(i); }
    connection.send(`${sum} ${n}`);
};
"#;
    let script = script.replace("let (sum, n) = (0, 0);", "let sum = 0; let n = 0;");
    let mut host = TestHost::start(&script);
    let mut client = host.tcp("text://127.0.0.1:0");
    // (with a copy for each look the handler would run into its time limit)
    let rows = vec!["1"; 30_000].join(",");
    assert_eq!(client.ask(&format!("{{\"rows\":[{rows}]}}")), "0 0");
}

#[test]
fn what_an_import_in_a_function_brings_is_there_while_the_function_runs_and_not_longer() {
    let script = r#"
fn call_it() { try { return 5.kork(1); } catch { return "failed"; } }
fn use_import() { import "m" as m; call_it() }
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.send(if line == "u" { use_import() } else { call_it() });
"#;
    let module = "fn int.kork(x) { `kork${x}` }";
    let mut host = TestHost::start_with(script, &[("m.rhai", module)]);
    for order in ["ccuu", "ucuuu", "uuucc", "cucucu"] {
        let mut client = host.tcp("text://127.0.0.1:0");
        for letter in order.chars() {
            let expected = if letter == 'u' { "kork1" } else { "failed" };
            assert_eq!(client.ask(&letter.to_string()), expected, "{letter} in {order}");
        }
    }
}

#[test]
fn functions_of_a_file_whose_name_is_computed_are_found() {
    let script = r#"
fn load() { let n = "dy"; import n + "n" as d; 5.dynm(1) + worker.broadcast("B") }
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| connection.send(load());
"#;
    let module = "fn int.dynm(x) { `dynm${x}` } fn Worker.broadcast(x) { ` script ${x}` }";
    let mut host = TestHost::start_with(script, &[("dyn.rhai", module)]);
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("load"), "dynm1 script B");
    assert_eq!(client.ask("load"), "dynm1 script B");
}

#[test]
fn a_callback_by_name_is_the_function_and_not_the_method_of_that_name() {
    let script = r#"
fn handle(connection, line) { connection.send("plain " + line); }
fn TcpConnection.handle(a, b) { this.send("typed"); }
let worker = Worker("text://127.0.0.1:0");
worker.on_message = Fn("handle");
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("a"), "plain a");
    assert_eq!(client.ask("b"), "plain b");
}

#[test]
fn what_an_embedder_registers_comes_before_what_the_host_has() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.table = #{ a: 1 };
worker.on_message = |connection, line| {
    connection.send(`${parse_json(line)} ${worker.table.len} ${twice(4)} ${worker.table.a.thrice()}`);
};
"#;
    let started = TestHost::try_start_as(script, &[], |builder| {
        builder.register(|engine| {
            let mut module = rhai::Module::new();
            let ast =
                rhai::Engine::new().compile("fn twice(x) { x * 2 } fn int.thrice() { this * 3 }");
            let ast = ast.expect("it is right");
            let made =
                rhai::Module::eval_ast_as_new(rhai::Scope::new(), &ast, &rhai::Engine::new());
            module.combine(made.expect("it runs"));
            engine.register_global_module(module.into());
            engine.register_fn("parse_json", |text: &str| format!("embedder:{text}"));
            engine.register_get("len", |_: &mut rhai::Dynamic| 77_i64);
        })
    });
    let mut host = started.expect("it starts");
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("[1]"), "embedder:[1] 77 8 3");
    assert_eq!(client.ask("[1]"), "embedder:[1] 77 8 3");
}
