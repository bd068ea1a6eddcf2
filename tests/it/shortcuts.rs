//! The shorter ways of lifted bodies are no other ways: what a function gives, does and throws is the same when a top
//! level calls it, which rhai evaluates as it was written, and when a handler does.

use crate::{client::Client, host::TestHost};
use std::fmt::Write;

/// Bodies of functions. `worker` is a Worker with `table`, a map, `list`, an array, `text`, a string, and `log`, an array;
/// `note(x)` adds to the log and gives x back.
const CASES: &[&str] = &[
    // Chains of handles.
    "worker.table.a",
    "worker.table.missing",
    "worker.table.missing.further",
    "worker.table.missing.send(1)",
    "worker.table[\"a\"]",
    "worker.table[1] = 7; worker.table[1]",
    "worker.table[note(\"a\")]",
    "worker.table[[1]]",
    "worker.list[0]",
    "worker.list[-1]",
    "worker.list[99]",
    "worker.list[\"a\"]",
    "worker.nested[\"x\"].y[1].z",
    "worker.nested[note(\"x\")].y[note(1)].z + worker.nested.x.y[0]",
    "worker.nested.x.y.len()",
    "worker.nested.x.y.len",
    "worker.table.len() + worker.list.len() + worker.text.len()",
    "worker.table.keys()",
    "worker.text.to_upper()",
    "worker.text.len",
    "worker.text[1]",
    "worker.connections.len() == worker.connections.len",
    "worker.nothing.len()",
    "worker.table.get(\"a\")",
    "worker.table.get(1, 2, 3)",
    "worker.table.get(note(\"a\"), note(2), note(3))",
    "worker.table.get()",
    "worker.table.set(\"fresh\", note(5)); worker.table.fresh",
    "worker.table.unknown(1)",
    "worker.name.unknown()",
    "worker.on_mesage",
    "worker.table?.a",
    "worker.missing?.a",
    "worker.missing?.a.b",
    "worker.missing ?? worker.table.a",
    "worker.table.a.b.c",
    // Values that are no handles: what changes them changes the variable, or the property.
    "let s = \"a\"; s.push(\"b\"); s",
    "let s = \"a\"; s += \"b\"; s.len()",
    "worker.text.push(\"!\"); worker.text",
    "worker.text += note(\"?\"); worker.text",
    "let a = [3, 1, 2]; a.sort(); a.push(note(4)); a",
    "let a = [1, 2]; push(a, 3); len(a) + a.len()",
    "let m = #{ x: #{ y: 1 } }; m.x.y += 1; m.x.z = note(2); m",
    "let m = #{ x: [1] }; m.x.push(note(2)); m.x[1] + m.x.len()",
    "let m = parse_json(`{\"a\": {\"b\": [1, {\"c\": \"d\"}]}}`); m.a.b[1].c + m.a.b.len()",
    "let m = parse_json(\"nonsense\"); m.uid",
    "parse_json(note(\"[1,2]\"))",
    "parse_json(5)",
    "let n = 5; n.missing",
    "let n = 5; n.to_float() + n.sign()",
    "let n = 5; n.unknown(note(1))",
    "const C = \"abc\"; C.len() + C.to_upper()",
    "const C = [1]; C.push(2)",
    "let f = 1.5; [f, true, 'x', (), -3, \"s\", `${f}${worker.text}`]",
    "let b = blob(3, 7); b[1] + b.len()",
    // `in`, and other functions of the host.
    "\"a\" in worker.table && !(\"b\" in worker.table) && 2 in worker.list",
    "note(\"a\") in worker.table",
    "1 in 5",
    "\"b\" in \"abc\"",
    "contains(worker.table, \"a\")",
    "len(worker.list) + len(worker.text)",
    "keys(worker.table)",
    "clear(worker.list); worker.list",
    "push(worker.list, note(9)); worker.list",
    "unknown(note(1), note(2))",
    // Order, and what arguments do to the value that they are for.
    "worker.table.set(note(\"k\"), note(note(1) + note(2))); worker.table",
    "let x = 1; worker.table.set(\"k\", { x = 2; x }); x + worker.table.k",
    "let x = 1; sum(x, { x = 2; x })",
    "let x = \"a\"; worker.table.set(x, { x = \"b\"; 5 }); worker.table",
    "let a = [1]; push(a, { a = [5, 6]; 2 }); a",
    "let t = worker.table; t.set(\"v\", { t = worker.nested; 1 }); [worker.table, t.len()]",
    "worker.table[{ worker.table = #{ a: 0 }; \"a\" }]",
    // Parts of modules, and what looks like them.
    "[m::T, m::A, len(m::T), m::A.len(), m::A[1], m::A[note(0)]]",
    "[m::T.contains(note(\"a\")), m::A.contains(note(1)), note(\"a\") in m::T, 2 in m::A]",
    "[m::doubled(note(2)), m::sum(1, 2), m::T.to_upper()]",
    "m::missing(note(1))",
    "let T = \"own\"; [len(T), len(m::T), note(\"a\") in m::T]",
    "[sum(global::G, 1), sum(2, 3), sum(global::G, global::G), sum(1, global::G), sum(4, 4)]",
    "[grow(global::G), grow(1), grow(m::T), grow(2), global::G]",
    "let x = global::G; x += 1; [x, grow(x), x]",
    "[takes_over(1), takes_over(2), sum(takes_over(3), 1), takes_over(m::T)]",
    "worker.table.g = global::G; worker.table.g += 1; worker.table.g",
    "5.typed(note(1))",
    "worker.typed(note(1))",
    "5.typed()",
    // Plain maps and arrays are looked at where they lie.
    "let m = parse_json(`{\"rows\":[1,2,3],\"a\":{\"b\":5}}`); [m.rows[1], m.rows.len(), m.rows, m.a, m.a.b, len(m.rows), len(m)]",
    "let m = parse_json(`{\"rows\":[1,2,3]}`); [2 in m.rows, \"rows\" in m, \"x\" in m, note(\"rows\") in m]",
    "let m = parse_json(`{\"rows\":[1,2,3]}`); m.rows.push(note(4)); m.rows[0] += 1; m.rows",
    "let b = blob(3, 1); let m = #{ b: b }; [m.b[0], m.b.len(), b[note(1)]]",
    // Closures that change what they are called on.
    "worker.nested.x.y.for_each(|| { worker.nested.remove(\"x\"); }); worker.nested",
    "worker.list.for_each(|x| worker.list = [9]); worker.list",
    "worker.list.retain(|x| x > worker.one); worker.list",
    "worker.list.reduce(|sum, x| { note(x); sum + x }, 0)",
    // Captured variables.
    "let a = [1, 2, 3]; let f = |i| a[i] + a.len(); f.call(0) + f.call(note(2)) + a[1]",
    "let m = #{ a: 1 }; let f = |k| k in m; [f.call(\"a\"), f.call(\"b\"), \"a\" in m]",
    "let n = 1; let f = || n += 1; f.call(); f.call(); n + note(n)",
    "let s = \"a\"; let f = || s.push(\"b\"); f.call(); s.len() + s",
    "let t = #{ n: 1 }; let f = || t.n += 1; f.call(); t.n",
    "let l = worker.list; let f = |x| l.push(x); f.call(note(1)); l.len() + l[-1]",
    "let key = \"a\"; let f = || worker.table[key]; f.call()",
    "worker.list.map(|x| x + worker.list.len())",
    "[1, 2, 3].filter(|x| x > worker.one).map(|x| note(x))",
    // Functions of the file.
    "sum(note(1), note(2))",
    "sum(1)",
    "sum(\"a\", worker)",
    "sum(worker.list[0], sum(worker.one, 1))",
    "factorial(10)",
    "thrower(note(1))",
    "nothing()",
    "nothing(1)",
    "early(1) + early(2) + early(3) + early(4)",
    "deep_early(7)",
    "(1..12).map(|n| many_returns(n))",
    "shadow(5)",
    "let sum = 5; sum(sum, 1)",
    "let worker = #{ table: #{ a: \"own\" } }; worker.table.a",
    "free_worker(#{ one: 5 })",
    "changed = 1; change_it(); changed",
    "uses_this()",
    "worker.table.uses_this()",
    "call(Fn(\"sum\"), 1, 2) + Fn(\"sum\").call(3, 4)",
    "sum!(1, 2)",
    "let x = 3; with_outer!()",
    "let x = 3; with_outer()",
    // Returns at the end, and elsewhere.
    "return",
    "return note(5);",
    "return note(5); note(6)",
    "throw note(5);",
    "if worker.one == 1 { return 5; } note(6)",
    "if worker.one == 2 { return 5; } note(6)",
    "if worker.one == 2 { return 5; } else { note(7); } note(6)",
    "if worker.one == 1 { throw 5; } note(6)",
    "if worker.one == 1 { return; }",
    "if worker.one == 1 { let x = note(1); return x; } let y = note(2); y",
    "if worker.one == 2 { return 1; } let y = note(2); if y == 2 { let z = y + 1; return z; } y",
    "{ return note(1); }",
    "{ { 5 } }",
    "let x = 1; { let x = 2; if x == 2 { return x; } } x",
    "for x in worker.list { if x == 2 { return note(x); } } note(9)",
    "let n = 0; while true { n += 1; if n > 3 { break; } } n",
    "let n = 0; loop { n += 1; if n == 2 { continue; } if n > 3 { return n; } }",
    "for (x, i) in worker.list { note(x + i); } for k in worker.table.keys() { note(k); }",
    "for x in note([1, 2]) { worker.list.push(x); } worker.list",
    "switch worker.table.a { \"A\" => return note(1), _ => note(2) } note(3)",
    "try { return note(1); } catch { note(2); }",
    "try { worker.table.unknown(); } catch (e) { return note(e); } 5",
    "let f = |x| { if x > 1 { return \"more\"; } \"less\" }; f.call(1) + f.call(2)",
    "let x = if worker.one == 1 { 5 } else { 6 }; x",
    "let x = { let y = note(1); y + 1 }; x",
    "worker.a.b = 1",
    "worker.table.a.b = 1",
    "worker.list[99] = 1",
    "worker.one += note(1); worker.one",
    "worker.nested.x.y[1].z += \"!\"; worker.nested",
    "worker.list[note(0)] += note(5); worker.list",
];

const MODULE: &str = r#"
export const T = "abc";
export const A = [1, 2];
fn doubled(x) { x * 2 }
fn sum(a, b) { `${a} and ${b} of the module` }
fn int.typed(x) { `${this} typed ${x}` }
"#;

const FUNCTIONS: &str = r#"
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
