//! Functions of the script, called as methods, that change their `this`: what they are called on is changed, wherever it is.

use crate::support::{findings, host::TestHost};

const TEXT: &str = "text://127.0.0.1:0";

/// Statements, and what `got` is then, where `m` is each kind of holder in turn.
const CASES: [(&str, &str, &str); 12] = [
    ("m.n.inc();", "m.n", "2"),
    ("m[\"n\"].inc();", "m.n", "2"),
    ("let sum = m.n.add(2, 3);", "[sum, m.n]", "[6,6]"),
    ("m.n.twice();", "m.n", "3"),
    ("m.text.shout();", "m.text", "\"AB!\""),
    ("m.bytes.fill();", "m.bytes.to_array()", "[9,1,3]"),
    ("m.list[0].inc(); m.list[-1].inc();", "m.list", "[2,3]"),
    ("m.inner.n.inc(); m.inner.touch();", "m.inner", "{\"n\":6,\"touched\":true}"),
    ("m.n.call(|| this += 1);", "m.n", "2"),
    ("let by = 5; m.n.call(|x| this += by + x, 1);", "m.n", "7"),
    ("m.f = |g| g.call(); let got = m.f.call(|| { let x = 4; x });", "got", "4"),
    ("m.n.become_text();", "m.n", "\"text\""),
];

const FUNCTIONS: &str = r#"
fn inc() { this += 1; }
fn add(a, b) { this += a + b; this }
fn twice() { this.inc(); this.inc(); }
fn shout() { this.make_upper(); this += "!"; }
fn fill() { this[0] = 9; this.push(3); }
fn touch() { this.touched = true; }
fn become_text() { this = "text"; }
"#;

const HOLDER: &str =
    "#{ n: 1, text: \"ab\", bytes: blob(2, 1), list: [1, 2], inner: #{ n: 5 }, f: () }";

#[test]
fn an_entry_or_a_property_is_changed_by_the_method_that_is_called_on_it() {
    let holders = [
        ("plain", format!("let m = {HOLDER};")),
        ("a property", format!("worker.m = {HOLDER}; let m = worker.m;")),
        ("json", "let m = parse_json(`{\"n\":1,\"text\":\"ab\",\"list\":[1,2],\"inner\":{\"n\":5}}`); m.bytes = blob(2, 1);".to_owned()),
        ("an element", format!("worker.l = [{HOLDER}]; let m = worker.l[0];")),
    ];
    let mut script = format!("let worker = Worker(\"{TEXT}\");\n{FUNCTIONS}");
    let mut arms = String::new();
    for (at, (statements, got, _)) in CASES.iter().enumerate() {
        for (number, (_, before)) in holders.iter().enumerate() {
            script += &format!("fn f{at}_{number}() {{ {before} {statements} {got} }}\n");
            arms += &format!("\"f{at}_{number}\" => f{at}_{number}(),\n");
            arms += &format!("\"h{at}_{number}\" => {{ {before} {statements} {got} }}\n");
        }
        // Of the top level, and of a connection.
        script += &format!("let top{at} = {HOLDER};\n");
        let of_top = format!("{statements} {got}").replace("m.", &format!("top{at}."));
        let of_top = of_top.replace("m[", &format!("top{at}["));
        arms += &format!("\"top{at}\" => {{ {of_top} }}\n");
        let set =
            "c.n = 1; c.text = \"ab\"; c.bytes = blob(2, 1); c.list = [1, 2]; c.inner = #{ n: 5 };";
        let of_connection = format!("{statements} {got}").replace("m.", "c.").replace("m[", "c[");
        arms += &format!("\"connection{at}\" => {{ {set} {of_connection} }}\n");
    }
    script += &format!(
        "worker.on_message = |c, line| c.send(to_json(switch line {{\n{arms}_ => () }}));\nWorker::run_all();"
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(TEXT);
    for (at, (statements, _, wanted)) in CASES.iter().enumerate() {
        for (number, (name, _)) in holders.iter().enumerate() {
            assert_eq!(client.ask(&format!("f{at}_{number}")), *wanted, "{name}: {statements}");
            assert_eq!(client.ask(&format!("h{at}_{number}")), *wanted, "{name}: {statements}");
        }
        assert_eq!(client.ask(&format!("top{at}")), *wanted, "top level: {statements}");
        assert_eq!(client.ask(&format!("connection{at}")), *wanted, "connection: {statements}");
    }
}

#[test]
fn a_method_that_waits_puts_no_reference_back_over_what_others_have_set() {
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
worker.list = [];
fn slow(c) {{ this.push(1); c.send("waits"); sleep(0.05); this.len() }}
worker.on_message = |c, line| {{
    if line == "slow" {{ worker.list.slow(c); c.send(worker.list); }} else {{ worker.list = [7, 8]; c.send("set"); }}
}};
Worker::run_all();
"#
    );
    let mut host = TestHost::start(&script);
    let (mut one, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(one.ask("slow"), "waits");
    assert_eq!(other.ask("set"), "set");
    assert_eq!(one.line(), "[7,8]");
}

#[test]
fn such_a_method_may_call_itself_as_deep_as_others() {
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
fn depth() {{ if false {{ this = 1; }} if this.child == () {{ 1 }} else {{ 1 + this.child.depth() }} }}
let node = #{{}};
for i in 1..60 {{ node = #{{ child: node }}; }}
worker.node = node;
worker.on_message = |c, line| c.send(worker.node.depth());
Worker::run_all();
"#
    );
    assert_eq!(TestHost::start(&script).tcp(TEXT).ask("?"), "60");
}

#[test]
fn an_error_in_it_points_into_the_function_and_at_the_call() {
    let _meant = findings::meant(&["unknown-variable"]);
    let script = format!(
        "let worker = Worker(\"{TEXT}\");\nfn inc() {{ this += none; }}\nworker.n = 1;\n\
         worker.on_message = |c, line| {{\n    worker.n.inc();\n}};\nWorker::run_all();"
    );
    let mut host = TestHost::start(&script);
    host.tcp(TEXT).send("?\n");
    let fault = host.fault();
    assert_eq!(fault.location, "main.rhai:2:20", "{}", fault.text);
    assert!(fault.text.contains("in a call to `inc`"), "{}", fault.text);
    assert!(fault.text.contains("main.rhai:5:14"), "{}", fault.text);
}

#[test]
fn methods_of_another_file_and_of_one_type_change_what_they_are_called_on() {
    let tools = "fn inc() { this += 1; } fn bump(m) { m.n.inc(); m.list[1].inc(); m }";
    let script = format!(
        r#"
import "tools" as tools;
let worker = Worker("{TEXT}");
fn int.more() {{ this += 10; }}
fn string.more() {{ this += "!"; }}
worker.m = #{{ n: 1, text: "a", list: [1, 2] }};
worker.on_message = |c, line| {{
    worker.m.n.more();
    worker.m.text.more();
    c.send(tools::bump(worker.m));
    try {{ worker.m.list.more(); }} catch (e) {{ c.send(e.message); }}
}};
Worker::run_all();
"#
    );
    let mut host = TestHost::start_with(&script, &[("tools.rhai", tools)]);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), r#"{"n":12,"text":"a!","list":[1,3]}"#);
    assert_eq!(client.line(), "Function not found: more (array)");
}
