//! Rhai's own array functions with closures, on arrays of either kind.

use crate::host::TestHost;

const SCRIPT: &str = r#"
import "tools" as tools;

let worker = Worker();
worker.list = [3, 1, 2];

fn check(a, name) {
    if to_json(a.filter(|n| n > 1)) != "[3,2]" { throw `${name}: filter`; }
    if a.find(|n| n < 3) != 1 { throw `${name}: find`; }
    if a.reduce(|text, n| `${text}${n}`, "") != "312" { throw `${name}: reduce`; }
    if a.reduce_rev(|text, n| `${text}${n}`, "") != "213" { throw `${name}: reduce_rev`; }
    if to_json(a.map(|n, at| n * 10 + at)) != "[30,11,22]" { throw `${name}: map`; }
    if to_json(a) != "[3,1,2]" { throw `${name}: the values are ${to_json(a)} now`; }
    if to_json(tools::above(a, 1)) != "[3,2]" { throw `${name}: another file`; }
    if to_json(a) != "[3,1,2]" { throw `${name}: the values are ${to_json(a)} after another file`; }
}

worker.on_worker_start = |worker| {
    check([3, 1, 2], "a plain array");
    check(worker.list, "a reference");
};
Worker::run_all();
"#;

#[test]
fn closures_do_not_take_the_values_away() {
    let tools = "fn above(a, least) { a.filter(|n| n > least) }";
    let host = TestHost::start_with(SCRIPT, &[("tools.rhai", tools)]);
    assert_eq!(host.stop(), 0);
}
