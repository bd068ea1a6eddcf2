//! Rule 7 in `on_worker_start`, which runs again in each generation on values that live on.

use super::TEXT;
use crate::support::host::TestHost;

fn script(start: &str) -> String {
    format!(
        r#"
let w = Worker("text://127.0.0.1:0");
const BASE = 1;
fn equip(w, n) {{ w.equipped = n; w.table[`f${{n}}`] = n; }}
w.on_worker_start = |w| {{
{start}
}};
w.on_message = |c, m| {{
    let words = m.split(" ");
    switch words[0] {{
        "set" => {{ w.table[words[1]] = words[2]; c.send("ok"); }}
        "drop" => {{ w.table.remove(words[1]); c.send("ok"); }}
        "push" => {{ w.list.push(words[1]); c.send("ok"); }}
        "number" => {{ w.number = words[1]; c.send("ok"); }}
        _ => c.send(`${{w.number}} ${{w.table}} ${{w.list}} ${{w.equipped}}`),
    }}
}};
"#
    )
}

/// A host with such a start, and a client.
fn start(lines: &str) -> (TestHost, crate::support::client::Client) {
    let mut host = TestHost::start(&script(lines));
    let client = host.tcp(TEXT);
    (host, client)
}

#[test]
fn rule_7_what_on_worker_start_sets_keeps_its_users() {
    let lines = "w.table = #{}; w.list = []; w.number = BASE;";
    let (mut host, mut client) = start(lines);
    for line in ["set ann 1", "push x", "number 7"] {
        assert_eq!(client.ask(line), "ok");
    }
    let report = host.edit(&format!("{}// edited", script(lines)));
    let mut kept = report.kept;
    kept.sort();
    assert_eq!(
        (kept, report.reset),
        (["list", "number", "table"].map(String::from).to_vec(), vec![])
    );
    assert_eq!(client.ask("?"), r#"7 {"ann":"1"} ["x"] "#);
    let report = host.edit(&script(lines).replace("BASE = 1", "BASE = 2"));
    assert_eq!(report.reset, ["number"]);
    assert_eq!(client.ask("?"), r#"2 {"ann":"1"} ["x"] "#);
    let edited = lines.replace("table = #{}", "table = #{ bob: 2 }");
    assert_eq!(host.edit(&script(&edited)).reset, ["table", "number"]);
    assert_eq!(client.ask("?"), r#"1 {"bob":2} ["x"] "#);
    // One that is not set any more is gone.
    let report = host.edit(&script("w.list = [];"));
    let mut removed = report.removed;
    removed.sort();
    assert_eq!(removed, ["number", "table"]);
    assert_eq!(client.ask("?"), r#"  ["x"] "#);
}

#[test]
fn rule_7_what_on_worker_start_fills_is_merged() {
    let lines = "w.table = #{}; w.list = [];\nw.table.a = 1; w.table.b = 2;\nw.list.push(1); w.list.push(2);";
    let (mut host, mut client) = start(lines);
    for line in ["set a 10", "push own", "set own 5"] {
        assert_eq!(client.ask(line), "ok");
    }
    host.edit(&format!("{}// edited", script(lines)));
    assert_eq!(client.ask("?"), r#" {"a":"10","b":2,"own":"5"} [1,2,"own"] "#);
    let lines = lines.replace("w.table.b = 2;", "w.table.b = 3; w.table.c = 4;");
    let lines = lines.replace("w.list.push(2);", "w.list.push(3);");
    let report = host.edit(&script(&lines));
    assert_eq!(report.removed, ["list (1)"]);
    assert_eq!(report.added, ["list (1)", r#"table["c"]"#]);
    assert_eq!(report.reset, [r#"table["b"]"#]);
    assert_eq!(client.ask("?"), r#" {"a":"10","b":3,"own":"5","c":4} [1,"own",3] "#);
    let report = host.edit(&script("w.table = #{}; w.list = [];\nw.table.c = 4; w.list.push(1);"));
    let mut removed = report.removed;
    removed.sort();
    assert_eq!(removed, ["list (1)", r#"table["b"]"#]);
    assert_eq!(client.ask("?"), r#" {"a":"10","own":"5","c":4} [1,"own"] "#);
}

#[test]
fn rule_7_lines_of_on_worker_start_that_set_the_same_entry_are_one_initialiser() {
    let lines = "w.table = #{}; w.list = [];\nw.table.a = 1; w.table.a = 2;";
    let (mut host, mut client) = start(lines);
    assert_eq!(client.ask("set a 9"), "ok");
    host.edit(&format!("{}// edited", script(lines)));
    assert_eq!(client.ask("?"), r#" {"a":"9"} [] "#);
    host.edit(&script(&lines.replace("a = 1", "a = 5")));
    assert_eq!(client.ask("?"), r#" {"a":2} [] "#);
    assert_eq!(client.ask("set a 9"), "ok");
    host.edit(&script(&lines.replace("a = 1", "a = 5").replace("a = 2", "a = 3")));
    assert_eq!(client.ask("?"), r#" {"a":3} [] "#);
}

#[test]
fn rule_7_an_entry_is_what_the_last_line_says_that_is_left_of_those_that_set_it() {
    let base = "w.table = #{}; w.list = [];\n";
    let start_of = |lines: &str| script(&format!("{base}{lines}"));
    let both = "w.table.a = 1; w.table.a = 2;";
    let (mut host, mut client) = start(&format!("{base}{both}"));
    assert_eq!(client.ask("set a 9"), "ok");
    // The later line has gone: what the earlier one says was never seen.
    let report = host.edit(&start_of("w.table.a = 1;"));
    assert_eq!(report.reset, [r#"table["a"]"#]);
    assert_eq!(client.ask("?"), r#" {"a":1} [] "#);
    for (lines, expected) in [
        ("w.table.a = 1;", "9"),
        (both, "2"),
        // An earlier one has gone, which has nothing to do with what is there.
        ("w.table.a = 2;", "9"),
        (both, "2"),
        // They have changed places.
        ("w.table.a = 2; w.table.a = 1;", "1"),
        ("if w.generation < 0 { w.list = []; } w.table.a = 2; w.table.a = 1;", "9"),
        ("equip(w, 1); w.table.f1 = 2; w.table.a = 1;", "9"),
    ] {
        assert_eq!(client.ask("set a 9"), "ok");
        host.edit(&start_of(lines));
        let answer = client.ask("?");
        let shown = if expected == "9" { r#""9""# } else { expected };
        assert!(answer.contains(&format!(r#""a":{shown}"#)), "{lines}: {answer}");
    }
    // The one that is called has set it before.
    assert_eq!(client.ask("?"), r#" {"a":"9","f1":2} [] 1"#);
    host.edit(&start_of("equip(w, 1); w.table.a = 1;"));
    assert_eq!(client.ask("?"), r#" {"a":"9","f1":1} [] 1"#);
}

#[test]
fn rule_7_a_line_that_was_not_come_to_again_still_counts_as_the_last_one() {
    let lines =
        |last: &str| format!("w.table = #{{}}; w.list = [];\nw.table.a = 1; w.number = 1;\n{last}");
    let once = "if w.generation == 0 { w.table.a = 2; w.number = 2; }";
    let (mut host, mut client) = start(&lines(once));
    for n in 0..2 {
        host.edit(&format!("{}// edited {n}", script(&lines(once))));
        assert_eq!(client.ask("?"), r#"2 {"a":2} [] "#, "{n}");
    }
    host.edit(&script(&lines("")));
    assert_eq!(client.ask("?"), r#"1 {"a":1} [] "#);
}

#[test]
fn rule_7_a_property_is_what_the_last_line_says_that_is_left_of_those_that_set_it() {
    let lines = "w.table = #{}; w.list = [];\nw.number = 1; w.number = 2;";
    let (mut host, mut client) = start(lines);
    assert_eq!(client.ask("number 9"), "ok");
    let report = host.edit(&format!("{}// edited", script(lines)));
    assert_eq!(report.reset, Vec::<String>::new());
    assert_eq!(report.kept.iter().filter(|kept| *kept == "number").count(), 1);
    assert_eq!(client.ask("?"), "9 {} [] ");
    for (lines, expected) in [
        (lines.replace(" w.number = 2;", ""), "1"),
        (lines.replace("w.number = 1; ", ""), "2"),
        (lines.replace("w.number = 1; ", "// edited\n"), "9"),
        (lines.to_owned(), "2"),
        (lines.replace("w.number = 2", "w.number = 3"), "3"),
        // A loop sets it as often as it runs, and what adds up needs what it begins with.
        (lines.replace("w.number = 2;", "for n in 4..7 { w.number = n; }"), "6"),
        (lines.replace("w.number = 2;", "for n in 4..7 { w.number = n; } // edited"), "9"),
        (lines.replace("w.number = 2;", "for n in 4..7 { w.number += n; }"), "16"),
        (lines.replace("w.number = 2;", "for n in 4..7 { w.number += n; } // edited"), "16"),
    ] {
        assert_eq!(client.ask("number 9"), "ok");
        let report = host.edit(&script(&lines));
        assert_eq!(client.ask("?"), format!("{expected} {{}} [] "), "{lines}");
        assert_eq!(report.reset.contains(&"number".to_owned()), expected != "9", "{lines}");
    }
}

#[test]
fn rule_7_functions_that_on_worker_start_calls_are_a_part_of_it() {
    let lines = "w.table = #{}; w.list = [];\nequip(w, 1);";
    let (mut host, mut client) = start(lines);
    assert_eq!(client.ask("set f1 9"), "ok");
    host.edit(&format!("{}// edited", script(lines)));
    assert_eq!(client.ask("?"), r#" {"f1":"9"} [] 1"#);
    host.edit(&script(&lines.replace("(w, 1)", "(w, 2)")));
    assert_eq!(client.ask("?"), r#" {"f1":"9","f2":2} [] 2"#);
}

#[test]
fn rule_7_a_guard_in_on_worker_start_is_no_reason_to_forget() {
    let lines = "if w.table == () { w.table = #{}; w.table.a = 1; }\nw.list = [];";
    let (mut host, mut client) = start(lines);
    assert_eq!(client.ask("set own 5"), "ok");
    for n in 0..3 {
        host.edit(&format!("{}// edited {n}", script(lines)));
        assert_eq!(client.ask("?"), r#" {"a":1,"own":"5"} [] "#);
    }
}

#[test]
fn rule_7_a_start_that_waits_notes_only_what_it_does_itself() {
    let lines = "w.table = #{}; w.list = [];\nsleep(0.05);\nw.list.push(1); w.table.late = 1; w.number = 0;";
    let (mut host, mut client) = start(lines);
    assert_eq!(client.ask("?"), r#"0 {"late":1} [1] "#);
    assert_eq!(client.ask("set late 2"), "ok");
    for n in 0..2 {
        host.edit(&format!("{}// edited {n}", script(lines)));
        assert_eq!(client.ask("?"), r#"0 {"late":"2"} [1] "#);
    }
    host.edit(&script("w.table = #{}; w.list = [];"));
    assert_eq!(client.ask("?"), r#" {"late":"2"} [] "#);
}

#[test]
fn rule_7_a_line_of_on_worker_start_has_gone_when_another_one_sets_the_same_elsewhere() {
    let lines = "w.table = #{}; w.list = []; w.number = 5; w.equipped = 5;\nw.table.a = 5; w.table[\"b\"] = 5;";
    let named =
        |lines: &str| script(lines).replace("w.on_message", "w.name = \"same\";\nw.on_message");
    let mut host = TestHost::start(&named(lines));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), r#"5 {"a":5,"b":5} [] 5"#);
    let edited = lines.replace("w.table.a", "w.table.c").replace("[\"b\"]", "[\"d\"]");
    host.edit(&named(&edited.replace("w.number = 5; ", "")));
    assert_eq!(client.ask("?"), r#" {"c":5,"d":5} [] 5"#);
    // Where the worker listens is no part of what its properties are set to.
    assert_eq!(client.ask("set c 6"), "ok");
    host.edit(&named(&edited).replace("text://127.0.0.1:0", "text://127.0.0.2:0"));
    let mut client = host.tcp("text://127.0.0.2:0");
    assert_eq!(client.ask("?"), r#"5 {"c":"6","d":5} [] 5"#);
}

#[test]
fn rule_7_lines_of_on_worker_start_that_say_the_same_are_as_many_as_there_are() {
    let lines = |count: usize| format!("w.list = [];\n{}", "w.list.push(1);\n".repeat(count));
    let (mut host, mut client) = start(&lines(2));
    assert_eq!(client.ask("push own"), "ok");
    for (count, expected) in [
        (2, r#"[1,1,"own"]"#),
        (1, r#"[1,"own"]"#),
        (3, r#"[1,"own",1,1]"#),
        (3, r#"[1,"own",1,1]"#),
        (0, r#"["own"]"#),
        (1, r#"["own",1]"#),
    ] {
        host.edit(&format!("{}// edited", script(&lines(count))));
        assert_eq!(client.ask("?"), format!("  {expected} "), "{count}");
    }
}

#[test]
fn what_a_start_that_throws_did_not_come_to_stays() {
    let lines = "w.table = #{}; w.list = []; w.number = 5;";
    let (mut host, mut client) = start(lines);
    for line in ["set own 1", "push own", "number 6"] {
        assert_eq!(client.ask(line), "ok");
    }
    host.edit_badly(&script(&format!("w.table = #{{}};\nthrow \"no\";\n{lines}")));
    assert_eq!(client.ask("?"), r#"6 {"own":"1"} ["own"] "#);
    host.edit(&format!("{}// edited", script(lines)));
    assert_eq!(client.ask("?"), r#"6 {"own":"1"} ["own"] "#);
}

#[test]
fn handles_that_on_worker_start_sets_are_the_new_ones() {
    let script = |name: &str| {
        format!(
            r#"
let w = Worker("text://127.0.0.1:0");
w.on_worker_start = |w| {{
    let inner = Worker("text://127.0.0.1:0");
    inner.name = "{name}";
    inner.listen();
    w.inner = inner;
    w.all = #{{ inner: inner }};
    w.hook = || "{name}";
}};
w.on_message = |c, m| c.send(`${{w.inner.name}} ${{w.all.inner.name}} ${{w.hook.call()}}`);
"#
        )
    };
    let mut host = TestHost::start(&script("one"));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "one one one");
    host.edit(&script("two"));
    assert_eq!(client.ask("?"), "two two two");
}
