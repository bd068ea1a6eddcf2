//! What hands type that know other languages, and what helps them.

use super::*;
use rhai::Engine;

/// The advice on a script that does not compile.
fn advice(script: &str) -> String {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(64, 64);
    let error = engine.compile(script).expect_err(script);
    let at = error.position();
    let at = (at.line().unwrap_or(0), at.position().unwrap_or(0));
    help(&error.0, script, at).unwrap_or_default()
}

#[track_caller]
fn helps(scripts: &[&str], says: &str) {
    for script in scripts {
        let said = advice(script);
        assert!(said.contains(says), "{script}: {said}");
    }
}

#[test]
fn an_arrow_is_a_dot() {
    helps(&["let c = 1; c->send(1);"], "written with a dot");
}

#[test]
fn variables_have_no_dollar() {
    helps(&["$x = 1;", "let $x = 1;", "print($x);", "f(1, $x)", "Worker::$x"], "write `x`");
}

#[test]
fn texts_are_joined_with_plus() {
    helps(
        &["print(\"a\" . \"b\");", "let x = \"a\" . 1;", "c.send(\"a\" . `b`);"],
        "joined with `+`",
    );
    helps(&["print(f\"x {y}\")"], "in backticks");
}

#[test]
fn maps_have_a_hash_and_no_arrows() {
    let maps = [
        "let m = { a: 1 };",
        "let m = { a: 1, b: 2 };",
        "let m = { \"a\": 1 };",
        "f({ a: 1 });",
        "let m = { a, b };",
        "let m = [\"a\" => 1];",
        "let m = [\"a\" => 1, \"b\" => 2];",
    ];
    helps(&maps, "#{ key: value }");
}

#[test]
fn functions_without_a_name_have_bars() {
    let functions = [
        "let f = (x) => x;",
        "let f = x => x;",
        "let f = () => 1;",
        "w.on_message = (c, d) => { c.send(d); };",
        "list.map(x => x + 1)",
        "let f = fn(x) { x };",
        "fn() { }",
        "let f = function(x) { };",
        "w.on_message = function(c, d) { };",
    ];
    helps(&functions, "|a, b|");
    helps(&["function f() { }", "def f(): pass", "func f() { }"], "`fn name(a, b) { … }`");
    helps(&["fn f() { fn g() { } }"], "elsewhere make a closure");
}

#[test]
fn else_if_is_two_words() {
    helps(&["if true { } elseif false { }", "if true { } elif false { }"], "write `else if`");
    helps(&["if x { } \n; else { }"], "follows the `}`");
}

#[test]
fn loops_walk_ranges_and_lists() {
    let loops = [
        "for (let i = 0; i < 3; i++) { }",
        "for (i = 0; i < 3; i++) { }",
        "for (let i of [1]) { }",
        "for (let i in [1]) { }",
        "for (const i of [1]) { }",
        "for (i of [1]) { }",
        "for ($i = 0; $i < 3; $i++) { }",
    ];
    for script in loops {
        let said = advice(script);
        assert!(said.contains("for i in 0..10") || said.contains("no `$`"), "{script}: {said}");
    }
    helps(&["foreach ([1] as x) { }", "foreach (x in [1]) { }"], "for value in list");
}

#[test]
fn nothing_has_a_type_or_a_default_value() {
    helps(&["let x: int = 1;", "fn f(a: int) { }", "let f = |a: int| a;"], "no types");
    helps(&["fn f(a, b = 2) { }", "let f = |a, b = 2| a;"], "no default values");
    helps(&["fn f() -> int { }"], "do not name the type");
    helps(&["let x = (int) y;", "let x = y as int;"], "converted by functions");
}

#[test]
fn blocks_have_braces() {
    let scripts =
        ["let x = 1; if (x) y;", "if x == 1 print(1);", "while (true) f();", "if x { } else f();"];
    helps(&scripts, "stands in braces");
}

#[test]
fn words_of_other_languages_are_told_apart_from_missing_semicolons() {
    helps(&["class A { }"], "no classes");
    helps(&["echo \"x\";", "echo 1"], "print(value)");
    helps(&["print \"x\";"], "call it, `print(…)`");
    helps(&["global x;"], "sees the variables of the top level");
    helps(&["a and b", "not x", "let x = 1; if x == 1 or x == 2 { }"], "`&&`, `||` and `!`");
    helps(
        &["import a from \"b\";", "import { a } from \"b\";", "require \"b\";", "use A\\B;"],
        "import \"path\" as name",
    );
    helps(&["x instanceof Y", "typeof x"], "type_of(value)");
    helps(&["switch x { case 1: break; }"], "1 => …");
    helps(&["<?php\necho 1;"], "<?php");
    helps(&["let a = f()\nlet b = 2;"], "missing at the end of line 1");
    helps(&["let a = f() g();"], "missing before `g`");
}

#[test]
fn errors_are_caught_by_catch_alone() {
    helps(
        &["try { f() } catch (Exception e) { }", "try { f() } catch (e: Error) { }"],
        "`catch (e)`",
    );
    helps(&["try { f() } finally { }", "try { f() } catch (e) { } finally { }"], "no `finally`");
}

#[test]
fn lists_are_not_taken_apart() {
    let scripts = [
        "let [a, b] = [1, 2];",
        "let { a } = b;",
        "const { a } = b;",
        "let a, b = 1;",
        "let a = 1, b = 2;",
    ];
    helps(&scripts, "one for each");
    helps(&["f(...args);"], "no spreading");
}

#[test]
fn an_assignment_is_no_value() {
    helps(
        &[
            "if x = 5 { }",
            "while x = 5 { }",
            "if x.len = 3 { }",
            "do { } while x = 5;",
            "if a { } else if x = 1 { }",
        ],
        "write `==` to compare",
    );
    helps(
        &[
            "if (x = 5) { }",
            "a = b = 5;",
            "let y = x = 3;",
            "print(x = 3);",
            "return x = 5;",
            "let l = [x = 3];",
        ],
        "a statement of its own",
    );
    helps(&["let x = try { 1 } catch { 2 };", "return try { 1 } catch { 2 };"], "gives no value");
}

#[test]
fn an_underscore_alone_is_no_name() {
    let scripts = [
        "for _ in 0..2 { }",
        "for (_, i) in [1] { }",
        "let _ = 5;",
        "fn f(_) { }",
        "let f = |_| 1;",
        "let f = |a, _| 1;",
        "try { f() } catch (_) { }",
    ];
    helps(&scripts, "write `_i`");
}

#[test]
fn arms_of_a_switch_have_no_words() {
    helps(
        &["switch \"a\": { }", "switch x { \"a\": 1 }", "switch x { 1: 2, 2: 3 }"],
        "switch value { 1 => …",
    );
    helps(&["switch x { 1 => 2, _ if x > 3 => 4 }"], "`_ => if x > 3");
}

#[test]
fn names_and_elements_have_signs_of_their_own() {
    helps(&["let my-var = 5;", "const my-var = 5;", "fn my-fn() { }"], "names have no `-`");
    helps(&["print(data.0);", "let x = a.b.12;"], "list[0]");
    helps(&["let f = (x) -> x + 1;", "list.map((x, y) -> x)"], "|a, b|");
    helps(&["f(x)->send(1);", "a.b()->c();"], "written with a dot");
}

#[test]
fn a_bracket_that_closes_nothing_is_told() {
    let scripts = [
        "let x = 1; }",
        "let f = || { 1 } }\nf.call();",
        "f(1));",
        "let l = [1]];",
        "fn f() { 1 } }\nf();",
    ];
    helps(&scripts, "closes nothing");
    let said = advice("let f = || { 1 } g();");
    assert!(said.ends_with("missing before `g`"), "{said}");
}

#[test]
fn quotes_are_told_apart() {
    helps(&["let s = 'abc';", "let s = 'abc"], "single quotes are for one character");
    helps(&["let s = \"abc\ndef\";"], "ends on its line");
}

#[test]
fn signs_of_other_languages_are_named() {
    helps(&["let x = a ? b : c;"], "if condition { a } else { b }");
    helps(&["if a === b { }"], "use `==`");
    helps(&["x++;"], "`+= 1`");
    helps(&["if a <> b { }"], "`!=`");
    helps(&["x := 1"], "let name = value");
    helps(&["# comment"], "`//`");
    helps(&["#!/usr/bin/rhost"], "rhost run FILE");
    helps(&["let x = .5;"], "0.5");
    helps(&["let x = 5 if y else 6;"], "`if` comes first");
}

#[test]
fn what_is_left_open_is_named_with_its_line() {
    helps(&["let w = 1;\nw.f(|c| {\n c.g();\n"], "the `{` of line 2 is never closed");
    helps(
        &["f(|c| {\n /* c.g();\n});", "fn f() {\n1 /* }"],
        "the comment that begins in line 2 is never closed",
    );
}

#[test]
fn what_is_too_complex_is_told_with_the_limit_and_the_way_out() {
    let sum = format!("let x = {}1;", "1 + x + ".repeat(80));
    helps(&[&sum], "64 levels");
    let ifs = format!("if a {{ }} {}", "else if b { } ".repeat(80));
    helps(&[&ifs], "into a `switch`");
}
