//! Errors come from scripts that are really run.

use super::*;
use crate::engine::compile::host_modules::HostModules;
use rhai::{Engine, Module, Scope, module_resolvers::StaticModuleResolver};
use std::rc::Rc;

const LIB: &str = "fn check(d) {\n    d.len() > limt\n}\nfn bad(x) { x.nope(1) }";

/// Runs a script with a library and shows the error.
fn report(script: &str) -> (Report, String) {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(64, 64).set_max_call_levels(64);
    engine.register_type_with_name::<Rc<u8>>("Conn");
    engine.register_fn("Conn", || Rc::new(1_u8));
    engine.register_get("owner", |_: &mut Rc<u8>| 1_i64);
    engine.register_fn("send", |_: &mut Rc<u8>, _: &str| 1_i64);
    engine.register_fn("add", |_: &mut Rc<u8>, _: &str| 1_i64);
    let mut space = Module::new();
    space.set_native_fn("begin", || Ok(1_i64));
    space.set_native_fn("run", |n: i64| Ok(n));
    engine.register_static_module("Space", space.into());
    engine.register_fn("query", |_: &str| -> Result<i64, Box<EvalAltResult>> {
        Err("database: connection refused".into())
    });
    let mut lib = engine.compile(LIB).unwrap();
    lib.set_source("lib.rhai");
    let mut resolver = StaticModuleResolver::new();
    resolver.insert("lib", Module::eval_ast_as_new(Scope::new(), &lib, &engine).unwrap());
    engine.set_module_resolver(resolver);
    let sources = [("main.rhai", script), ("lib.rhai", LIB)];
    let sources: Sources = sources.map(|(name, text)| (name.into(), text.into())).into();
    let compiled = engine.compile(script);
    let (error, ast) = match compiled {
        Ok(mut ast) => {
            ast.set_source("main.rhai");
            (engine.run_ast(&ast).unwrap_err(), Some(ast))
        }
        Err(e) => (Box::new(EvalAltResult::from(e)), None),
    };
    let asts = ast.iter().chain([&lib]).collect();
    let report = Report::of(
        &error,
        "main.rhai",
        &Hints {
            engine: &engine,
            asts,
            sources: &sources,
            earlier: &|_| None,
            host: &HostModules::default(),
        },
    );
    let shown = report.render(&sources, false);
    (report, shown)
}

fn bare(line: usize, column: usize) -> Report {
    let (title, file, frames) = ("t".to_string(), "f.rhai".to_string(), Vec::new());
    Report { title, code: None, file, line, column, frames, help: None, note: None }
}

fn of(error: EvalAltResult) -> Report {
    let engine = Engine::new();
    Report::of(
        &error,
        "main.rhai",
        &Hints {
            engine: &engine,
            asts: Vec::new(),
            sources: &Sources::new(),
            earlier: &|_| None,
            host: &HostModules::default(),
        },
    )
}

#[test]
fn every_call_is_shown_in_the_file_in_which_it_stands() {
    let script = "import \"lib\" as lib;
fn outer(d) {
\tlib::check(d)
}
let c = |d| { outer(d); };
c.call(\"x\");";
    let (report, shown) = report(script);
    assert_eq!(report.location(), "lib.rhai:2:15");
    let want = "error: Variable not found: limt
 --> lib.rhai:2:15
  |
2 |     d.len() > limt
  |               ^^^^
  |
 ::: main.rhai:3:7
  |
3 |     lib::check(d)
  |          ----- in a call to `check`
  |
 ::: main.rhai:5:15
  |
5 | let c = |d| { outer(d); };
  |               ----- in a call to `outer`
  |
 ::: main.rhai:6:3
  |
6 | c.call(\"x\");
  |   ---- closure called here
  |
  = help: no variable is called so; seen here are `d`";
    assert_eq!(shown, want);
}

#[test]
fn help_says_what_was_probably_meant() {
    let cases = [
        ("let limit = 1; fn f() { limt } f()", "did you mean `limit`?"),
        ("fn f(data) { let count = data; cuont } f(1)", "did you mean `count`?"),
        ("Conn().sned(1)", "did you mean `send`?"),
        ("fn helper(x) {} hepler(1)", "did you mean `helper`?"),
        ("Conn().send(1)", "`send` exists as `send(Conn, string) -> i64`"),
        ("fn f(a, b) {} f(1)", "`f` exists as `f(a, b)`"),
        ("Conn().ownr", "did you mean `owner`?"),
        ("Conn().send", "`send` is a method: call it, `send(…)`"),
        ("let x = || 1; x()", "`x` is a variable: `x.call(…)` calls what it holds"),
        ("let f = |x| x; f.call(1, 2)", "the closure takes 1 argument fewer"),
        ("let k = 1; let f = |x, y| x + k; f.call()", "the closure takes 2 arguments more"),
        ("import \"lib\" as lib; lbi::bad(1)", "did you mean `lib`?"),
        ("let f = |x| later + x;\nlet later = 1;", "`later` is defined further down, at line 2; a"),
        ("undefined", "the empty value is written `()`"),
        ("var x = 1;", "use `let`"),
        ("print(null)", "the empty value is written `()`"),
        ("let w = new Worker(1);", "there is no `new`"),
        ("let x = 1; if x === 1 {}", "use `==`"),
        ("x++", "use `+= 1`"),
        ("let x = 1; if x = 2 {}", "write `==` to compare"),
        ("let conn = 1; Space.run(1)", "the functions of `Space` are called so: `Space::run(…)`"),
        (
            "let space = 1; Space.other()",
            "the functions of `Space` are called so: `Space::begin(…)`",
        ),
        ("let a = 1; a.add(5)", "use `list.push(value)` for arrays"),
        ("let a = 1; a.send(5)", "`send` is a method of `Conn` only"),
        ("let x = 'abc';", "single quotes are for one character"),
        ("function f() {}", "functions are written `fn name(a, b)"),
        ("async fn f() {}", "not needed: a call that waits"),
        ("for (i = 0; i < 1; i += 1) {}", "loops are written `for i in 0..10"),
        ("fn f(n) { f(n + 1) } f(1)", "does a function call itself without end?"),
    ];
    for (script, help) in cases {
        let (report, _) = report(script);
        let got = report.help.unwrap_or_default();
        assert!(got.starts_with(help) || got.contains(help), "{script}: {got}");
    }
    assert_eq!(report("1 + #{}").0.help, None);
    let race = of(EvalAltResult::ErrorDataRace("x".into(), rhai::Position::NONE));
    assert!(race.help.unwrap().contains("let copy = x;"));
}

#[test]
fn titles_carry_no_places_and_no_inner_names() {
    let cases = [
        ("throw \"bad luck (line 3, position 4)\"", "bad luck (line 3, position 4)", None),
        ("throw #{message: \"no such user\"}", "no such user", None),
        (
            "throw #{code: 4, message: \"no such user\"}",
            "no such user",
            Some("thrown: #{code: 4, message: \"no such user\"}"),
        ),
        ("throw [1, ()]", "uncaught throw: [1, ]", None),
        ("throw", "uncaught throw", None),
        ("query(\"a\")", "database: connection refused", None),
        ("try { query(\"a\") } catch (e) { throw e }", "database: connection refused", None),
        (
            "\n try { [1][5] } catch (e) { throw e }",
            "Array index 5 out of bounds: only 1 element in array",
            Some("first raised at line 2, position 12"),
        ),
        ("Conn().x", "Unknown property 'x' of type 'Conn'", None),
        ("\"a\" - 1", "Function not found: - (string, i64)", None),
        ("let f = |x| x; f.call(1, 2)", "Function not found: closure (i64, i64)", None),
        (
            "let x = 1; while x = 2 {}",
            "Syntax error: `=` assigns, and cannot stand in a condition",
            None,
        ),
        ("let x = (1;", "Syntax error: Expecting ')' for a matching ( in this expression", None),
    ];
    for (script, title, note) in cases {
        let (report, _) = report(script);
        assert_eq!((report.title.as_str(), report.note.as_deref()), (title, note), "{script}");
    }
    let stopped = EvalAltResult::ErrorTerminated("deadline".into(), rhai::Position::NONE);
    assert_eq!(of(stopped).title, "stopped: deadline");
}

#[test]
fn values_that_are_in_use_or_endless_can_be_thrown() {
    let ring = Dynamic::from(rhai::Map::new()).into_shared();
    let mut other = ring.clone();
    other.write_lock::<rhai::Map>().unwrap().insert("me".into(), ring.clone());
    let thrown =
        |v: &Dynamic| of(EvalAltResult::ErrorRuntime(v.clone(), rhai::Position::NONE)).title;
    assert_eq!(thrown(&ring), "uncaught throw: #{me: #{me: #{me: #{me: …}}}}");
    let lock = other.write_lock::<rhai::Map>();
    assert_eq!(thrown(&ring), "uncaught throw");
    assert_eq!(thrown(&vec![ring.clone()].into()), "uncaught throw: [<in use>]");
    drop(lock);
    other.write_lock::<rhai::Map>().unwrap().clear();
    assert_eq!(thrown(&"é".repeat(5000).into()).chars().count(), MESSAGE + 1);
}

#[test]
fn long_chains_of_calls_are_cut_in_the_middle() {
    let script = "fn f(n) { if n == 0 { throw \"x\" } g(n - 1) }\nfn g(n) { f(n) }\nf(20);";
    let (long, shown) = report(script);
    assert_eq!(long.frames.len(), 12 + 1 + 4);
    assert_eq!(long.frames[12].label, "… 25 more calls");
    assert!(shown.contains("= note: … 25 more calls"));
    assert_eq!(long.frames.last().unwrap().place, (3, 1));
    let (same, _) = report("fn f(n) { if n == 0 { throw \"x\" } f(n - 1) }\nf(20);");
    let labels: Vec<_> = same.frames.iter().map(|f| f.label.as_str()).collect();
    assert_eq!(labels, ["in a call to `f`, 20 times", "in a call to `f`"]);
    // one line for `map` and its closure
    assert_eq!(report("[1].map(|x| x.foo())").0.frames.len(), 1);
}

#[test]
fn no_place_is_too_odd_to_be_shown() {
    let texts = ["", "\n", "ab\r\n\té é\n", "\u{1F980}\u{0301}x", "a\u{7}\u{1b}[31m", "\n\n{"];
    for text in texts {
        let sources: Sources = [("f.rhai".to_string(), text.into())].into();
        for (line, column) in
            (0..5).flat_map(|l| (0..8).map(move |c| (l, c))).chain([(65535, 65535)])
        {
            let shown = bare(line, column).render(&sources, false);
            assert!(shown.starts_with("error: t"), "{shown}");
            assert!(!shown.contains('\u{1b}'));
        }
    }
    assert!(bare(1, 1).render(&Sources::new(), true).contains('\u{1b}'));
    assert_eq!([bare(0, 0).location(), bare(2, 1).location()], ["f.rhai", "f.rhai:2:1"]);
}

#[test]
fn a_long_line_is_shown_in_part() {
    for n in [150, 5000] {
        for line in [
            format!("let a = [{} xyz, {}];", "1, ".repeat(n), "2, ".repeat(n)),
            format!("let a = `{}` + xyz;", "é".repeat(n)),
            "a".repeat(n),
        ] {
            let (report, shown) = report(&line);
            assert!(shown.contains(&report.location()));
            assert!(shown.lines().all(|l| l.chars().count() < 200 || l.starts_with("error")));
        }
    }
}

#[test]
fn a_module_that_does_not_compile_is_named() {
    let inner = EvalAltResult::from(Engine::new().compile("\nlet x = ;").unwrap_err());
    let error =
        EvalAltResult::ErrorInModule("lib.rhai".into(), inner.into(), rhai::Position::new(3, 1));
    let report = of(error).with_note("a").with_note("b");
    assert_eq!(report.location(), "lib.rhai:2:9");
    assert_eq!((report.frames[0].file.as_str(), report.frames[0].place), ("main.rhai", (3, 1)));
    assert!(report.render(&Sources::new(), false).ends_with("= note: a\n = note: b"));
}

#[test]
fn only_near_names_are_suggested() {
    let known = ["send", "close", "on_message", "id", "Worker"];
    for (name, want) in [
        ("sned", Some("send")),
        ("clsoe", Some("close")),
        ("onMessage", Some("on_message")),
        ("worker", Some("Worker")),
        ("ip", None),
        ("send", None),
        ("sing", None),
        ("", None),
    ] {
        assert_eq!(nearest(name, known), want, "{name}");
    }
    assert_eq!(nearest(&"a".repeat(70_000), known), None);
}
