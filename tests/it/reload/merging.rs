//! Rule 7: maps and arrays that several lines fill are merged entry by entry.

use super::TEXT;
use crate::support::host::TestHost;

/// Lines that fill tables, and a worker that changes and shows them.
fn script(lines: &str) -> String {
    format!(
        r#"
let w = Worker("text://127.0.0.1:0");
w.routes = #{{}};
let list = [];
let table = #{{ given: 1 }};
fn register(name, f) {{ w.routes[name] = f; }}
{lines}
w.on_message = |c, m| {{
    let words = m.split(" ");
    switch words[0] {{
        "call" => c.send(if words[1] in w.routes {{ w.routes[words[1]].call(m) }} else {{ "no route" }}),
        "set" => {{ table[words[1]] = words[2]; c.send("ok"); }}
        "push" => {{ list.push(words[1]); c.send("ok"); }}
        "route" => {{ w.routes[words[1]] = |m| "of a handler"; c.send("ok"); }}
        "drop" => {{ table.remove(words[1]); c.send("ok"); }}
        _ => c.send(`${{table}} ${{list}} ${{w.routes.keys()}}`),
    }}
}};
"#
    )
}

#[test]
fn rule_7_lines_that_are_added_to_what_fills_a_table_take_effect_and_removed_ones_too() {
    let one = script(r#"w.routes["a"] = |m| "a";"#);
    let mut host = TestHost::start(&one);
    let mut client = host.tcp(TEXT);
    assert_eq!((client.ask("call a"), client.ask("call b")), ("a".into(), "no route".into()));
    assert_eq!(client.ask("route own"), "ok");
    let report = host.edit(&script("w.routes[\"a\"] = |m| \"a2\";\nw.routes[\"b\"] = |m| \"b\";"));
    assert_eq!(report.added, [r#"routes["b"]"#]);
    assert_eq!((client.ask("call a"), client.ask("call b")), ("a2".into(), "b".into()));
    assert_eq!(client.ask("call own"), "of a handler");
    let report = host.edit(&script(r#"w.routes["b"] = |m| "b";"#));
    assert_eq!(report.removed, [r#"routes["a"]"#]);
    assert_eq!((client.ask("call a"), client.ask("call b")), ("no route".into(), "b".into()));
    assert_eq!(client.ask("call own"), "of a handler");
    let line = report.summary("main.rhai");
    assert!(line.contains(r#"; gone: routes["a"]"#), "{line}");
}

#[test]
fn rule_7_functions_that_fill_a_table_are_lines_too() {
    let mut host = TestHost::start(&script(r#"register("a", |m| "a"); register("b", |m| "b");"#));
    let mut client = host.tcp(TEXT);
    assert_eq!((client.ask("call a"), client.ask("call b")), ("a".into(), "b".into()));
    host.edit(&script(r#"register("b", |m| "b2"); register("c", |m| "c");"#));
    let answers = ["call a", "call b", "call c"].map(|line| client.ask(line));
    assert_eq!(answers, ["no route", "b2", "c"]);
}

#[test]
fn rule_7_entries_live_on_unless_their_own_line_was_edited() {
    let lines = r#"table.x = 1; table.y = 2; table["z"] = #{ n: 1 };"#;
    let mut host = TestHost::start(&script(lines));
    let mut client = host.tcp(TEXT);
    for line in ["set x 10", "set y 20", "set free 5", "drop given"] {
        assert_eq!(client.ask(line), "ok");
    }
    let report = host.edit(&script(&lines.replace("table.y = 2", "table.y = 3")));
    assert_eq!(report.reset, [r#"table["y"]"#]);
    assert_eq!(client.ask("?"), r#"{"x":"10","y":3,"z":{"n":1},"free":"5"} [] []"#);
    // A line that goes takes its entry along, unless a handler has changed it.
    let report = host.edit(&script(r#"table.y = 3;"#));
    assert_eq!(report.removed, [r#"table["z"]"#]);
    assert_eq!(client.ask("?"), r#"{"x":"10","y":3,"free":"5"} [] []"#);
    // One that comes does not take from a handler what is there.
    host.edit(&script(r#"table.y = 3; table.free = 1; table.late = 2;"#));
    assert_eq!(client.ask("?"), r#"{"x":"10","y":3,"free":"5","late":2} [] []"#);
}

#[test]
fn rule_7_nested_tables_are_merged_too() {
    let lines = r#"table.deep = #{}; table.deep.a = 1; table.deep.b = #{ n: 1 };"#;
    let mut host = TestHost::start(&script(lines));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("set own 1"), "ok");
    host.edit(&script(&format!("{lines} table.deep.b.m = 2; table.deep.c = 3;")));
    assert_eq!(
        client.ask("?"),
        r#"{"given":1,"deep":{"a":1,"b":{"n":1,"m":2},"c":3},"own":"1"} [] []"#
    );
}

#[test]
fn rule_7_what_is_made_by_chance_or_by_the_clock_lives_on_as_long_as_its_line_does() {
    let lines = "table.t = timestamp().elapsed; list.push(timestamp().elapsed);";
    let mut host = TestHost::start(&script(lines));
    let mut client = host.tcp(TEXT);
    let before = client.ask("?");
    host.edit(&script(&format!("let other = 1; {lines}")));
    assert_eq!(client.ask("?"), before);
}

#[test]
fn rule_7_a_list_that_nobody_changed_is_what_the_new_text_says() {
    let mut host = TestHost::start(&script("list.push(1); list.push(2); list.push(3);"));
    let mut client = host.tcp(TEXT);
    host.edit(&script("list.push(3); list.push(0); list.push(1);"));
    assert_eq!(client.ask("?"), r#"{"given":1} [3,0,1] []"#);
    host.edit(&script("for n in 0..3 { list.push(n); }"));
    assert_eq!(client.ask("?"), r#"{"given":1} [0,1,2] []"#);
}

#[test]
fn rule_7_a_list_that_handlers_changed_keeps_its_order_and_gets_additions_at_its_end() {
    let mut host = TestHost::start(&script("list.push(1); list.push(2);"));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("push own"), "ok");
    let report = host.edit(&script("list.push(1); list.push(7); list.push(2);"));
    assert_eq!(report.added, ["list (1)"]);
    assert_eq!(client.ask("?"), r#"{"given":1} [1,2,"own",7] []"#);
    let report = host.edit(&script("list.push(7); list.push(2);"));
    assert_eq!(report.removed, ["list (1)"]);
    assert_eq!(client.ask("?"), r#"{"given":1} [2,"own",7] []"#);
}

#[test]
fn rule_7_a_rejected_reload_merges_nothing() {
    let mut host = TestHost::start(&script("table.x = 1; list.push(1);"));
    let mut client = host.tcp(TEXT);
    let before = client.ask("?");
    host.edit_badly(&script("table.x = 2; table.y = 2; list.push(2); throw \"no\";"));
    assert_eq!(client.ask("?"), before);
    host.edit(&script("table.y = 2; list.push(1);"));
    assert_eq!(client.ask("?"), r#"{"given":1,"y":2} [1] []"#);
}

#[test]
fn rule_7_an_edited_initialiser_of_the_table_itself_takes_everything_anew() {
    let text = script("table.x = 1;");
    let mut host = TestHost::start(&text);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("set own 1"), "ok");
    host.edit(&text.replace("given: 1", "given: 2"));
    assert_eq!(client.ask("?"), r#"{"given":2,"x":1} [] []"#);
}
