//! Functions of arrays that ask a function of the script to compare values: what fails in it fails in the call.

use crate::support::{findings, host::TestHost};
use rhost::FaultKind;

const TEXT: &str = "text://127.0.0.1:0";

/// What a body of `on_message` gives.
fn host(body: &str) -> TestHost {
    TestHost::start(&format!(
        r#"
let worker = Worker("{TEXT}");
worker.handler_timeout = 0.3;
worker.handler_memory = 4 * 1024 * 1024;
worker.list = [3, 1, 2];
fn by_name(a, b) {{ throw "no" }}
worker.on_message = |c, line| {{
    let list = [3, 1, 2];
    {body}
    c.send("went on");
}};
Worker::run_all();
"#
    ))
}

/// All ways to compare, with a function of `a` and `b` that does this.
fn calls(does: &str) -> Vec<String> {
    let methods = ["sort", "sort_by", "order", "order_by", "dedup"];
    let on = ["list", "worker.list"];
    let call = |method: &&str, on: &&str| format!("{on}.{method}(|a, b| {does});");
    methods.iter().flat_map(|method| on.map(|on| call(method, &on))).collect()
}

#[test]
fn an_error_of_the_function_that_compares_ends_the_call_at_its_line() {
    let by_name = ["list.sort(\"by_name\");", "worker.list.dedup(\"by_name\");"];
    for body in calls("throw \"no\"").into_iter().chain(by_name.map(String::from)) {
        let mut host = host(&body);
        host.tcp(TEXT).send("?\n");
        let fault = host.fault();
        let line = if body.contains("by_name") { "main.rhai:6:" } else { "main.rhai:9:" };
        assert_eq!(fault.title, "no", "{body}");
        assert!(fault.location.starts_with(line), "{body}: {}", fault.text);
    }
}

#[test]
fn it_can_be_caught_and_the_array_is_as_it_was() {
    let body = "try { list.sort(|a, b| if a == 1 || b == 1 { throw \"one\" } else { b - a }); } \
                catch (e) { c.send(`${e} ${list}`); return; }";
    assert_eq!(host(body).tcp(TEXT).ask("?"), "one [3,1,2]");
}

#[test]
fn a_limit_that_is_met_while_values_are_compared_ends_the_handler() {
    for body in calls("{ loop { } }") {
        let mut host = host(&body);
        host.tcp(TEXT).send("?\n");
        assert_eq!(host.fault().kind, FaultKind::Timeout, "{body}");
    }
    for body in calls("{ let s = \"x\"; loop { s += s; } }") {
        let mut host = host(&body);
        host.tcp(TEXT).send("?\n");
        assert_eq!(host.fault().kind, FaultKind::Memory, "{body}");
    }
}

#[test]
fn a_function_that_tells_no_order_gives_some_order() {
    let _meant = findings::meant(&["unreachable"]);
    let bodies = [
        "let many = []; for n in 0..60 { many.push(n); } many.sort(|a, b| 1); c.send(many.len()); return;",
        "let many = []; for n in 0..60 { many.push(n); } many.sort(|a, b| -1); c.send(many.len()); return;",
        "let many = []; for n in 0..60 { many.push(n); } many.sort(|a, b| a % 3 - b % 7); c.send(many.len()); return;",
        "let many = []; for n in 0..60 { many.push(n); } many.sort(|a, b| ()); c.send(many.len()); return;",
    ];
    for body in bodies {
        assert_eq!(host(body).tcp(TEXT).ask("?"), "60");
    }
}

#[test]
fn values_are_sorted_by_what_the_function_says_and_equal_ones_stay_in_order() {
    let _meant = findings::meant(&["unreachable"]);
    let cases = [
        ("[2.5, 0.5, 1.5].order(|a, b| a - b)", "[0.5,1.5,2.5]"),
        ("[3, 1, 2].order(|a, b| a < b)", "[1,2,3]"),
        (
            "[\"b1\", \"a1\", \"b2\", \"a2\"].order(|a, b| if a[0] < b[0] { -1 } else if a[0] > b[0] { 1 } else { 0 })",
            r#"["a1","a2","b1","b2"]"#,
        ),
        ("[2.5, 0.5, 1.5].order_desc()", "[2.5,1.5,0.5]"),
        ("['b', 'a'].order()", r#"["a","b"]"#),
        ("[true, false].order()", "[false,true]"),
        ("[(), ()].order()", "[null,null]"),
        (
            "{ let l = [1, \"1\", [1], parse_json(\"[1]\"), 2, 2]; l.dedup(); l }",
            r#"[1,"1",[1],2]"#,
        ),
    ];
    for (expression, wanted) in cases {
        let body = format!("c.send(to_json({expression})); return;");
        assert_eq!(host(&body).tcp(TEXT).ask("?"), wanted, "{expression}");
    }
}

#[test]
fn what_cannot_be_sorted_by_itself_is_told_as_it_is() {
    let cases = [
        ("[1, \"a\"].sort();", "values of different types (i64, string) cannot be sorted"),
        ("[1, 2.5].order_desc();", "values of different types (i64, f64) cannot be sorted"),
        ("[#{}, #{}].sort();", "values of type map cannot be sorted"),
        ("[worker.list, worker.list].sort();", "values of type array cannot be sorted"),
    ];
    for (body, title) in cases {
        let mut host = host(body);
        host.tcp(TEXT).send("?\n");
        let fault = host.fault();
        let wanted = format!("{title} without a function that compares them");
        assert_eq!(fault.title, wanted, "{}", fault.text);
        assert!(fault.location.starts_with("main.rhai:9:"), "{}", fault.text);
    }
}
