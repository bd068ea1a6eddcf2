//! Rule 7: a value lives on unless its initialiser was edited, which is its text and all that this text depends on.

use super::TEXT;
use crate::support::{
    client::Client,
    host::TestHost,
    wait::{until, until_some},
};
use rhost::ReloadOptions;

/// Asks until it is the answer.
#[track_caller]
fn ask_until(client: &mut Client, answer: &str) {
    until(answer, || client.ask("?") == answer);
}

/// Reloads with `--reset-state`.
fn reset_state(host: &mut TestHost) {
    let options = ReloadOptions { reset_state: true, ..ReloadOptions::default() };
    host.handle().reload_with(options);
    host.reloaded();
}

/// A script whose one value is made by `made`, and answers with it after it was changed to 99.
fn script(around: &str, made: &str) -> String {
    format!(
        r#"{around}
let worker = Worker("text://127.0.0.1:0");
let value = {made};
worker.property = {made};
worker.on_message = |connection, line| {{
    if line == "change" {{ value = 99; worker.property = 99; }}
    connection.send(`${{value}} ${{worker.property}}`);
}};
"#
    )
}

/// Edits what stands around a value that was changed, and expects both forms of it to start anew, or to live on.
#[track_caller]
fn edit(before: &str, after: &str, made: &str, expected: &str) {
    let mut host = TestHost::start(&script(before, made));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("change"), "99 99");
    let report = host.edit(&script(after, made));
    assert_eq!(client.ask("?"), expected, "{before} -> {after}: {made}");
    let resets = report.reset.iter().any(|name| name == "value" || name == "property");
    assert_eq!(resets, expected != "99 99", "{report:?}");
}

#[test]
fn rule_7_an_edited_constant_renews_what_is_made_with_it() {
    edit("const MAX = 1;", "const MAX = 2;", "MAX + 1", "3 3");
    edit("const MAX = 1;", "const MAX = /* still */ 1;", "MAX + 1", "99 99");
    edit("const A = 1; const B = A;", "const A = 2; const B = A;", "B", "2 2");
    // Another constant, and a property that has its name.
    edit("const MAX = 1; const MIN = 0;", "const MAX = 1; const MIN = 5;", "MAX", "99 99");
    edit("const max = 1;", "const max = 2;", "#{ max: 7 }.max", "99 99");
}

#[test]
fn rule_7_an_edited_function_renews_what_is_made_by_it() {
    edit("fn f() { 1 }", "fn f() { 2 }", "f()", "2 2");
    edit("fn g() { 1 } fn f() { g() }", "fn g() { 5 } fn f() { g() }", "f()", "5 5");
    edit(
        "fn f(n) { n }",
        "fn f(n) { n * 2 }",
        "[1, 2].map(|n| f(n)).reduce(|a, b| a + b, 0)",
        "6 6",
    );
    edit("fn f() { this + 1 }", "fn f() { this + 2 }", "1.f()", "3 3");
    // Functions that call each other have an end.
    edit(
        "fn f(n) { if n > 0 { g(n - 1) } else { 1 } } fn g(n) { f(n) }",
        "fn f(n) { if n > 0 { g(n - 1) } else { 4 } } fn g(n) { f(n) }",
        "f(3)",
        "4 4",
    );
    edit("fn f() { 1 } fn h() { 1 }", "fn f() { 1 } fn h() { 2 }", "f()", "99 99");
}

#[test]
fn rule_7_an_edited_variable_renews_what_names_it() {
    edit("let base = 1;", "let base = 2;", "base * 10", "20 20");
    edit("let base = 1; base = 3;", "let base = 1; base = 4;", "base * 10", "40 40");
    edit("let base = 1;", "let base = 2;", "{ let base = 5; base }", "99 99");
}

#[test]
fn rule_7_what_a_value_depends_on_may_stand_in_another_file() {
    let main = r#"import "lib" as lib;
let worker = Worker("text://127.0.0.1:0");
let value = lib::start() + lib::STEP;
worker.on_message = |connection, line| {
    if line == "change" { value = 99; }
    connection.send(`${value}`);
};
"#;
    let lib = "export const STEP = 1;\nexport const OTHER = 1;\nfn start() { inner() }\nfn inner() { 10 }\n";
    let mut host = TestHost::start_with(main, &[("lib.rhai", lib)]);
    let mut client = host.tcp(TEXT);
    let mut lib = lib.to_owned();
    for (from, to, expected) in [
        ("STEP = 1", "STEP = 2", "12"),
        ("OTHER = 1", "OTHER = 2", "99"),
        ("{ 10 }", "{ 20 }", "22"),
    ] {
        assert_eq!(client.ask("change"), "99");
        lib = lib.replace(from, to);
        host.save("lib.rhai", &lib);
        host.reloaded();
        assert_eq!(client.ask("?"), expected, "{to}");
    }
}

#[test]
fn rule_7_what_a_function_that_sets_a_property_is_called_with_is_a_part_of_its_initialiser() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
fn set(w, most) { w.most = most; w.least = 0; }
set(worker, 5);
{ let url = "one"; worker.url = url; }
worker.on_message = |connection, line| {
    if line == "change" { worker.most = 99; worker.least = 99; worker.url = 99; }
    connection.send(`${worker.most} ${worker.least} ${worker.url}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("change"), "99 99 99");
    host.edit(&script.replace("w.least = 0", "w.least = 1"));
    assert_eq!(client.ask("?"), "99 1 99");
    host.edit(&script.replace("5)", "6)").replace("w.least = 0", "w.least = 1"));
    assert_eq!(client.ask("?"), "6 1 99");
    host.edit(&script.replace("\"one\"", "\"two\""));
    assert_eq!(client.ask("?"), "5 0 two");
}

#[test]
fn rule_7_a_closure_that_a_value_stores_is_no_part_of_its_initialiser() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let table = #{ answer: |n| `one ${n}`, count: 0 };
worker.on_message = |connection, line| {
    table.count += 1;
    connection.send(`${table.answer.call(table.count)}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "one 1");
    let report = host.edit(&script.replace("one", "two"));
    assert_eq!(report.reset, [""; 0]);
    assert_eq!(client.ask("?"), "two 2");
    // One that is called at once makes the value.
    let edited = script.replace("count: 0", "count: [1].map(|n| n * 10)[0]");
    host.edit(&edited);
    assert_eq!(client.ask("?"), "one 11");
    host.edit(&edited.replace("n * 10", "n * 20"));
    assert_eq!(client.ask("?"), "one 21");
}

#[test]
fn rule_7_constants_are_the_new_ones_in_closures_that_live_on() {
    let script = r#"
const LIMIT = 1;
const TABLE = #{ n: 1 };
const LATE = LIMIT + 10;
let w = Worker("text://127.0.0.1:0");
fn f() { LIMIT }
w.kept = #{};
w.on_connect = |c| {
    w.kept.stored = || LIMIT;
    c.on_message = |c, m| c.send(`${LIMIT} ${f()} ${TABLE.n} ${LATE} ${w.kept.stored.call()} ${w.ticked}`);
    Timer::add(0.01, || { w.ticked = LIMIT; });
};
w.on_worker_start = |w| {
    let inner = Worker("text://127.0.0.1:0");
    inner.on_message = |c, m| c.send(`inner ${LIMIT}`);
    inner.listen();
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    let all = |n: i64, table: i64| format!("{n} {n} {table} {} {n} {n}", n + 10);
    ask_until(&mut client, &all(1, 1));
    host.edit(&script.replace("LIMIT = 1", "LIMIT = 2"));
    ask_until(&mut client, &all(2, 1));
    host.edit(&script.replace("LIMIT = 1", "LIMIT = 3").replace("n: 1", "n: 7"));
    ask_until(&mut client, &all(3, 7));
}

#[test]
fn rule_7_an_edited_local_of_on_worker_start_reaches_the_timers_and_workers_that_it_makes() {
    let script = r#"
const BASE = "a";
let w = Worker("text://127.0.0.1:0");
w.on_worker_start = |w| {
    let url = BASE + "one";
    let count = 0;
    Timer::add(0.01, || { count += 1; w.seen = `${url} ${count > 3}`; });
};
w.on_message = |c, m| c.send(`${w.seen}`);
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    ask_until(&mut client, "aone true");
    host.edit(&script.replace("\"one\"", "\"two\""));
    // The count goes on: it is never below four again.
    let first = until_some("another answer", || Some(client.ask("?")).filter(|a| a != "aone true"));
    assert_eq!(first, "atwo true");
    host.edit(&script.replace("\"a\"", "\"b\"").replace("\"one\"", "\"two\""));
    ask_until(&mut client, "btwo true");
}

#[test]
fn rule_7_the_id_of_a_timer_stays_good() {
    let script = r#"
const EVERY = 0.05;
let w = Worker("text://127.0.0.1:0");
w.ticks = 0;
let t = Timer::add(EVERY, || { w.ticks += 1; w.v = "one"; });
w.list = [t];
w.on_worker_start = |w| { w.started = Timer::add(EVERY, || { w.ticks += 1; }); };
w.on_message = |c, m| {
    if m == "del" { c.send(`${Timer::del(t)} ${Timer::del(w.started)} ${Timer::del(w.list[0])}`); return; }
    c.send(`${t == w.list[0]} ${t != w.started}`);
};
"#;
    let edits: [&dyn Fn(&mut TestHost); 4] = [
        &|host| drop(host.edit(&script.replace("\"one\"", "\"two\""))),
        &|host| drop(host.edit(&script.replace("0.05", "0.02"))),
        &|host| drop(host.edit(&format!("let other = Timer::add(0.05, || ());\n{script}"))),
        &|host| reset_state(host),
    ];
    for edit in edits {
        let mut host = TestHost::start(script);
        let mut client = host.tcp(TEXT);
        assert_eq!(client.ask("?"), "true true");
        edit(&mut host);
        assert_eq!(client.ask("?"), "true true");
        assert_eq!(client.ask("del"), "true true false");
    }
}

#[test]
fn rule_7_the_id_of_a_timer_that_a_handler_ended_is_good_for_the_one_that_a_reload_makes_again() {
    let script = r#"
let w = Worker("text://127.0.0.1:0");
let t = Timer::add(3600, || { w.v = "one"; });
let many = [];
w.on_worker_start = |w| {
    w.started = Timer::add(3600, || { w.v = "one"; });
    for n in 0..3 { many.push(Timer::add(7200, || { w.v = "many"; })); }
};
w.on_message = |c, m| {
    if m == "all" { Timer::del_all(); }
    if m == "middle" { Timer::del(many[1]); }
    c.send([t, w.started, many[0], many[1], many[2]].map(|id| Timer::del(id)));
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("middle"), "[true,true,true,false,true]");
    for (round, asked) in ["?", "middle", "?", "all", "?"].into_iter().enumerate() {
        assert_eq!(client.ask("?"), "[false,false,false,false,false]");
        host.edit(&script.replace("\"one\"", &format!("\"{round}\"")));
        let expected = match asked {
            "all" => "[false,false,false,false,false]",
            "middle" => "[true,true,true,false,true]",
            _ => "[true,true,true,true,true]",
        };
        assert_eq!(client.ask(asked), expected, "{round}");
    }
}

#[test]
fn rule_7_timers_whose_closures_read_the_same_keep_their_ids_when_lines_are_moved() {
    let script = |lines: &[&str]| {
        format!(
            r#"
let w = Worker("text://127.0.0.1:0");
w.on_worker_start = |w| {{
    {}
}};
w.on_message = |c, m| c.send([w.a, w.b, w.c]);
"#,
            lines.join("\n    ")
        )
    };
    let add =
        |name: &str, every: i64| format!("w.{name} = Timer::add({every}, || {{ w.n = 1; }});");
    let (a, b, c) = (add("a", 3601), add("b", 3602), add("c", 3603));
    let mut host = TestHost::start(&script(&[&a, "w.x = || 1;", &b]));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "[1,2,null]");
    host.edit(&script(&[&b, "w.x = || 1;", &a, &c]));
    assert_eq!(client.ask("?"), "[1,2,3]");
    host.edit(&script(&[&c, &b, &a]));
    assert_eq!(client.ask("?"), "[1,2,3]");
    host.edit(&script(&[&a, &c]));
    assert_eq!(client.ask("?"), "[1,null,3]");
}

#[test]
fn rule_7_a_timer_keeps_its_id_when_the_line_of_one_that_reads_the_same_is_removed() {
    let script = |lines: &str| {
        format!(
            r#"
let w = Worker("{TEXT}");
w.on_worker_start = |w| {{
    {lines}
}};
w.on_message = |c, m| switch m {{
    "a" => c.send(`${{Timer::del(w.a)}}`),
    "b" => c.send(`${{Timer::del(w.b)}}`),
}};
"#
        )
    };
    let add = |name: &str| format!("w.{name} = Timer::add(3602, || {{ w.ticked = 1; }});\n    ");
    let both = [add("a"), add("b")].concat();
    // What handlers have ended before; whether a start is taken back then; whether what is removed still lives.
    let cases = ["", "a", "b"].map(|ended| [(ended, false), (ended, true)]);
    for ((ended, is_taken_back), lives) in
        cases.into_iter().flatten().flat_map(|case| [(case, false), (case, true)])
    {
        let mut host = TestHost::start(&script(&both));
        let mut client = host.tcp(TEXT);
        if !ended.is_empty() {
            assert_eq!(client.ask(ended), "true");
            let report = host.edit(&script(&format!("{both}// once more")));
            assert_eq!((report.timers, report.new_timers), (1, 1), "{report:?}");
        }
        if is_taken_back {
            host.edit_badly(&script(&format!("{both}throw \"no\";")));
        }
        if !lives {
            assert_eq!(client.ask("a"), "true");
        }
        let report = host.edit(&script(&add("b")));
        let what = format!("{ended:?} {is_taken_back} {lives}: {report:?}");
        let timers = (report.timers, report.new_timers, report.ended_timers);
        assert_eq!(timers, (1, 0, usize::from(lives)), "{what}");
        assert_eq!(client.ask("b"), "true", "{what}");
    }
}

#[test]
fn rule_5_a_closure_that_was_left_behind_rejoins_when_its_partner_is_back() {
    let script = r#"
let w = Worker("text://127.0.0.1:0");
w.on_connect = |c| {
    let a = "A";
    c.on_message = |c, m| c.send(`v1 ${a}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "v1 A");
    let other = script.replace("let a", "let n = \"N\"; let a").replace("v1 ${a}", "v2 ${a} ${n}");
    let report = host.edit(&other);
    assert_eq!(report.leftovers.len(), 1, "{report:?}");
    assert_eq!(client.ask("?"), "v1 A");
    let report = host.edit(&script.replace("v1", "v3"));
    assert_eq!(report.leftovers, []);
    assert_eq!(client.ask("?"), "v3 A");
}
