//! Variables, maps, arrays and handles.

use super::{TEXT, answers, value_of};
use crate::support::host::TestHost;

#[test]
fn a_worker_may_be_captured_by_its_own_callbacks() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "mine";
worker.seen = 0;
worker.on_message = |connection, line| {
    worker.seen += 1;
    worker.last = || `${worker.name} ${worker.seen}`;
    connection.send(`${worker.last.call()} ${connection.worker == worker} ${worker}`);
};
"#;
    assert_eq!(
        answers(script, &["a", "b"]),
        ["mine 1 true Worker(mine)", "mine 2 true Worker(mine)"]
    );
}

#[test]
fn functions_read_and_assign_top_level_variables() {
    let script = r#"
let n = 1;
let text = "a";
const STEP = 2;
fn bump() { n += STEP; text = text + "b"; later += 1; }
fn get() { `${n} ${text} ${later}` }
let later = 10;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    bump();
    let n = "local";
    connection.send(`${get()} ${n} ${text}`);
};
bump();
"#;
    assert_eq!(answers(script, &["a", "b"]), ["5 abb 12 local abb", "7 abbb 13 local abbb"]);
}

#[test]
fn words_of_the_language_are_names_behind_a_dot_and_in_maps() {
    let before = r#"
worker.m = #{ default: 1, until: [1, #{ if: 2, case: 3 }], fn: #{} };
worker.m.until[1].if += 40;
worker.m?.new = `${#{ let: 1, true: 2 }.true}`;
let words = [1, if worker.m.default == 1 { 2 } else { 3 }, #{ a: |x| x, for: [4, 5] }.for[1]];
worker.m.while = words;
"#;
    assert_eq!(
        value_of(before, "worker.m"),
        r#"{"default":1,"until":[1,{"if":42,"case":3}],"fn":{},"new":"2","while":[1,2,5]}"#
    );
}

#[test]
fn maps_are_references() {
    let before = r#"
worker.m = #{ a: #{ b: [1, #{ c: 2 }] } };
let m = worker.m;
m.a.b[1].c += 40;
m["new key"] = [];
m["new key"].push(1);
let inner = m.a;
inner.x = 1;
fn touch(map) { map.touched = true; }
touch(worker.m);
"#;
    assert_eq!(
        value_of(before, "worker.m"),
        r#"{"a":{"b":[1,{"c":42}],"x":1},"new key":[1],"touched":true}"#
    );
    assert_eq!(value_of(before, "worker.m == m && m.a == inner && m != m.a"), "true");
}

#[test]
fn what_maps_can_do() {
    let before = "let m = #{ a: 1, b: 2, c: 3 }; worker.m = m;";
    let cases = [
        (r#"["a" in m, "z" in m, m.contains("b"), 5 in m]"#, "[true,false,true,false]"),
        (r#"[m.len(), m.keys(), m.values(), m.is_empty()]"#, r#"[3,["a","b","c"],[1,2,3],false]"#),
        (r#"[m.remove("b"), m.remove("b"), m]"#, r#"[2,null,{"a":1,"c":3}]"#),
        (r#"[m.z, m["z"], m.get("a"), m.get("z")]"#, "[null,null,1,null]"),
        (r#"{ m.clear(); [m.len(), m] }"#, "[0,{}]"),
        (r#"{ let n = #{}; for (k, v) in m { n[k] = v; } n }"#, "null"),
        (r#"{ let all = []; for v in m.values() { all.push(v * 2); } all }"#, "[2,4,6]"),
        (r#"{ m.set("d", 4); m.d }"#, "4"),
        (r#"{ m.a = (); "a" in m }"#, "true"),
    ];
    for (expression, wanted) in cases {
        if wanted != "null" {
            assert_eq!(value_of(before, expression), wanted, "{expression}");
        }
    }
}

#[test]
fn maps_and_arrays_may_change_while_they_are_walked() {
    let before = r#"
let m = #{};
for i in 0..100 { m[`k${i}`] = i; }
let seen = 0;
for v in m.values() { seen += 1; m.remove(`k${v}`); }
let list = [1, 2, 3];
for x in list { if list.len() < 6 { list.push(x * 10); } }
worker.live = #{ a: 1, b: 2, c: 3 };
let order = [];
for v in worker.live { order.push(v); worker.live.remove("b"); }
"#;
    assert_eq!(value_of(before, "[seen, m.len(), list]"), "[100,0,[1,2,3,10,20,30]]");
    assert_eq!(value_of(before, "order.len()"), "2");
}

#[test]
fn what_arrays_can_do() {
    let before = "let a = [3, 1, 2]; worker.a = a;";
    let cases = [
        ("a.map(|x| x * 2)", "[6,2,4]"),
        ("a.filter(|x| x > 1)", "[3,2]"),
        ("a.reduce(|sum, x| sum + x, 0)", "6"),
        (
            "[a.some(|x| x == 2), a.all(|x| x > 1), a.index_of(2), a.find(|x| x > 5)]",
            "[true,false,2,null]",
        ),
        ("{ a.sort(); a }", "[1,2,3]"),
        ("{ a.sort(|x, y| y - x); worker.a }", "[3,2,1]"),
        (
            "{ a.push(4); a.push(5); a.insert(0, 0); [a, a.pop(), a.shift(), a.remove(0), a] }",
            "[[1,2,4],5,0,3,[1,2,4]]",
        ),
        ("[a[0], a[-1], a.len(), a.get(9), 2 in a, a.contains(7)]", "[3,2,3,null,true,false]"),
        ("{ a[0] = 9; a[0] += 1; a[-1] = #{ k: [] }; a[2].k.push(1); a }", "[10,1,{\"k\":[1]}]"),
        ("{ a.reverse(); a.truncate(2); a }", "[2,1]"),
        ("{ a.retain(|x| x != 1); a }", "[3,2]"),
        ("{ a.dedup(); a.clear(); [a, a.is_empty()] }", "[[],true]"),
        ("a.extract(1..)", "[1,2]"),
        ("a == worker.a", "true"),
        // (a plain local one: its elements stay where they are, too)
        (
            "{ let b = [3, 1, 2]; [b.filter(|x| x > 1), b.find(|x| x > 2), b, b.drain(|x| x > 2), b] }",
            "[[3,2],3,[3,1,2],[3],[1,2]]",
        ),
    ];
    let mut wrong = Vec::new();
    for (expression, wanted) in cases {
        let got = std::panic::catch_unwind(|| value_of(before, expression));
        if got.as_deref().ok() != Some(wanted) {
            wrong.push(format!("{expression}: {got:?}, not {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn connections_are_values_that_can_be_kept_and_compared() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.all = #{};
let list = [];
worker.on_message = |connection, line| {
    if line == "join" {
        worker.all[`c${connection.id}`] = connection;
        list.push(connection);
    }
    let same = list.filter(|c| c == connection).len();
    let others = list.filter(|c| c != connection).len();
    let known = `c${connection.id}` in worker.all;
    if line == "tell" { for c in worker.all.values() { if c != connection { c.send("told"); } } }
    connection.send(`${same} ${others} ${known} ${connection == ()} ${connection != ()} ${connection == 5}`);
};
"#;
    let mut host = TestHost::start(script);
    let (mut first, mut second) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(first.ask("?"), "0 0 false false true false");
    assert_eq!(first.ask("join"), "1 0 true false true false");
    assert_eq!(second.ask("join"), "1 1 true false true false");
    assert_eq!(second.ask("tell"), "1 1 true false true false");
    assert_eq!(first.line(), "told");
}

#[test]
fn json_goes_both_ways() {
    let json = r#"{"a":[1,2.5,"x",null,true],"b":{"c":{}},"é":"\"\n"}"#;
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| { connection.send(to_json(parse_json(line))); };
"#;
    assert_eq!(answers(script, &[json, "not json", "[]", "12"]), [json, "null", "[]", "12"]);
}

#[test]
fn absent_properties_are_unit() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    let data = parse_json(line);
    connection.send(`${data.uid == ()} ${connection.never == ()} ${worker.never == ()} ${data.uid.deeper == ()}`);
};
"#;
    let lines = ["nonsense", "5", "2.5", "true", "[1]", "\"text\"", "{}", "{\"uid\":1}"];
    let wanted = "true true true true";
    let mut all = vec![wanted; 7];
    all.push("false true true true");
    assert_eq!(answers(script, &lines), all);
}

#[test]
fn print_and_debug_name_the_worker_and_the_place() {
    let script = r#"
print("top");
let worker = Worker("text://127.0.0.1:0");
worker.name = "w";
import "lib" as lib;
worker.on_message = |connection, line| {
    print(line);
    debug(#{ a: [1, "x"] });
    print(5); print(()); print(connection.worker); print([1]); print('c'); print(2.5); print(true);
    lib::say("from lib");
    connection.send("done");
};
"#;
    let files = [("lib.rhai", "fn say(what) {\n    print(what);\n}\n")];
    let mut host = TestHost::start_with(script, &files);
    assert_eq!(host.tcp(TEXT).ask("hello"), "done");
    let lines: Vec<_> = host.log().iter().map(|r| format!("{:?} {r}", r.level)).collect();
    let wanted = [
        "Info main.rhai:2: top",
        "Info [w] main.rhai:7: hello",
        "Debug [w] main.rhai:8: {\"a\":[1,\"x\"]}",
        "Info [w] main.rhai:9: 5",
        "Info [w] main.rhai:9: ",
        "Info [w] main.rhai:9: Worker(w)",
        "Info [w] main.rhai:9: [1]",
        "Info [w] main.rhai:9: c",
        "Info [w] main.rhai:9: 2.5",
        "Info [w] main.rhai:9: true",
        "Info [w] lib.rhai:2: from lib",
    ];
    assert_eq!(lines, wanted);
}
