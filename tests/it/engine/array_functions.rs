//! Rhai's own functions and operators of arrays and maps, on a local variable (a plain value) and on a top-level one (a
//! reference): scripts must not have to know which is which.
//!
//! What differs, and why:
//! - A reference is the same array or map under another name, a plain value is copied: the reason for references.
//! - What is added to a reference comes last, what is added to a plain map after its literal is sorted by key.
//! - `set` with an index out of range is an error for references and is ignored by Rhai.
//! - `m.f(x)`, with a function in the entry `f`, is for plain maps only: Rhai looks for it in its own maps alone. Write
//!   `m.f.call(x)`, which both know.
//! - `a += x` with a variable of the top level is an assignment, which functions cannot do to references: use `push`,
//!   `append` and `mixin`. With a property (`worker.list += x`) it works.
//! - `[f] == [f]` with functions is an error for plain arrays, as functions cannot be compared, and false for references.

use crate::support::{findings, host::TestHost};

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

/// What is done with `a`, an array, beside `b`, another one. Its value and what is then in `a` must be the same.
const ARRAYS: &[&str] = &[
    "a.len",
    "a.len()",
    "a.is_empty",
    "a.is_empty()",
    "a[0]",
    "a[-1]",
    "a[9]",
    "a[0..2]",
    "a[0..=2]",
    "a?[1]",
    "{ a[1] = 7; a[1] += 1; a[-1] *= 2; }",
    "a.get(1)",
    "a.get(-1)",
    "a.get(99)",
    "a.set(1, 5)",
    "a.set(-1, 5)",
    "a.push(4)",
    "a.append([7, 8])",
    "a.append(b)",
    "a + [9]",
    "[9] + a",
    "a + b",
    "b + a",
    "a + 9",
    "{ a += 9; }",
    "{ a += [8, 9]; }",
    "{ a += b; }",
    "{ let c = [0]; c += a; c += b; c }",
    "{ a += [[8], 9]; }",
    "{ a += #{ k: 1 }; }",
    "a.insert(0, 9)",
    "a.insert(-1, 9)",
    "a.insert(-99, 9)",
    "a.insert(99, 9)",
    "a.pad(6, 0)",
    "a.pad(-1, 0)",
    "{ a.pad(6, []); a[4].push(1); }",
    "a.pop()",
    "a.shift()",
    "a.remove(1)",
    "a.remove(-1)",
    "a.remove(99)",
    "a.clear()",
    "a.truncate(2)",
    "a.truncate(-1)",
    "a.chop(2)",
    "a.chop(-1)",
    "a.reverse()",
    "a.splice(1, 2, [7, 8, 9])",
    "a.splice(1..3, [7])",
    "a.splice(1..=2, [7])",
    "a.splice(1, 1, b)",
    "a.splice(0..1, b)",
    "a.extract(1)",
    "a.extract(1, 2)",
    "a.extract(0..2)",
    "a.extract(0..=1)",
    "a.split(1)",
    "a.split(0)",
    "a.split(-1)",
    "a.split(99)",
    "{ a.for_each(|| this += 1); }",
    "{ a.for_each(|i| this *= i); }",
    "{ a.for_each(|| if this == 1 { throw \"no\"; } else { this = 0; }); }",
    "a.map(|x| x * 2)",
    "a.map(|x, i| x * i)",
    "a.map(|| this + 1)",
    "a.filter(|x| x > 1)",
    "a.filter(|x, i| i > 0)",
    "a.filter(|| this > 1)",
    "a.contains(1)",
    "a.contains(7)",
    "1 in a",
    "7 !in a",
    "a.index_of(1)",
    "a.index_of(1, 2)",
    "a.index_of(7)",
    "a.index_of(|x| x < 3)",
    "a.index_of(|x| x < 3, 2)",
    "a.find(|x| x < 3)",
    "a.find(|x| x < 3, 2)",
    "a.find_map(|x| if x < 3 { x * 10 })",
    "a.find_map(|x| if x < 3 { x * 10 }, 2)",
    "a.some(|x| x > 2)",
    "a.all(|x| x > 2)",
    "a.dedup()",
    "a.dedup(|x, y| x > y)",
    "a.reduce(|sum, x| if sum == () { x } else { sum + x })",
    "a.reduce(|sum, x| sum + x, 10)",
    "a.reduce_rev(|text, x| if text == () { `${x}` } else { `${text}${x}` })",
    "a.reduce_rev(|text, x| `${text}${x}`, \"\")",
    "a.zip([1, 2], |x, y| x * y)",
    "a.zip(b, |x, y| x * y)",
    "a.sort()",
    "a.sort(|x, y| y - x)",
    "a.sort_by(|x, y| y - x)",
    "a.sort_desc()",
    "a.order()",
    "a.order(|x, y| y - x)",
    "a.order_by(|x, y| y - x)",
    "a.order_desc()",
    "a.drain(|x| x > 1)",
    "a.drain(1, 2)",
    "a.drain(0..2)",
    "a.drain(0..=2)",
    "a.retain(|x| x > 1)",
    "a.retain(1, 2)",
    "a.retain(0..2)",
    "a.retain(0..=2)",
    "a.join()",
    "a.join(\", \")",
    "a.join('-')",
    "[a, b, \"x\", 'c', (), 1.5, true].join(\"|\")",
    "a.join(1)",
    "a.slice(1)",
    "a.slice(-2)",
    "a.slice(1, 3)",
    "a.slice(-3, -1)",
    "a.slice(3, 1)",
    "a.slice(99)",
    "a.slice(1..3)",
    "a.slice(1..=2)",
    "a.slice(2..)",
    "a.unique()",
    "[a, b, a, [3, 1, 2, 1], 1, 1.0, \"c\", 'c', (), ()].unique()",
    "a.unique(|x| x % 2)",
    "a.sum()",
    "a.sum(|x| x * 1.5)",
    "[a].sum()",
    "a.first()",
    "a.last()",
    "a.min()",
    "a.max()",
    "[a, b].min()",
    "(a + [\"x\"]).max()",
    "(a + [0.5]).min()",
    "[a, [b]].flatten()",
    "[a, [b]].flatten(0)",
    "[a, [b]].flatten(2)",
    "a.flatten()",
    "a.flatten(-1)",
    "a.chunk(3)",
    "a.chunk(0)",
    "a.group_by(|x| if x > 1 { \"big\" } else { \"small\" })",
    "a.group_by(|x| x)",
    "a.group_by(|x| [x])",
    "a.order_by_key(|x| -x)",
    "a.order_by_key(|x| if x > 1 { x } else { \"x\" })",
    "a.sort_by_key(|x| -x)",
    "a.sort_by_key(|x| throw x)",
    "{ a.shuffle(); a.sum() + a.len(); a.sort(); }",
    "a.swap(0, -1)",
    "a.swap(0, 9)",
    "a == [3, 1, 2, 1]",
    "[3, 1, 2, 1] == a",
    "a == [3.0, 1, 2, 1]",
    "a != [3, 1, 2, 1]",
    "[3, 1, 2, 1] != a",
    "a == [3, 1]",
    "a == b",
    "a != b",
    "a == a",
    "a == 5",
    "a != 5",
    "a == ()",
    "a == #{}",
    "[[1], a] == [[1], [3, 1, 2, 1]]",
    "a.to_string()",
    "a.to_debug()",
    "`${a}`",
    "\"a \" + a",
    "a.to_json()",
    "type_of(a)",
    "a.nothing()",
    "-a",
    "a * 2",
];

/// The same for `m`, a map, beside `n`, another one.
const MAPS: &[&str] = &[
    "m.len",
    "m.len()",
    "m.is_empty",
    "m.is_empty()",
    "m.a",
    "m.none",
    "m[\"a\"]",
    "m[\"none\"]",
    "m?.a",
    "{ m.a = 7; m.a += 1; m.y = 4; m[\"z\"] = 5; }",
    "{ m.list[0] = 2; m.inner.x += 1; }",
    "m.contains(\"a\")",
    "\"a\" in m",
    "\"none\" !in m",
    "m.get(\"a\")",
    "m.get(\"none\")",
    "m.set(\"z\", 1)",
    "m.remove(\"a\")",
    "m.remove(\"none\")",
    "m.get(7)",
    "{ m.set(7, 1); m.remove(7) }",
    "m.clear()",
    "m.mixin(#{ b: 20, x: [1] })",
    "m.mixin(n)",
    "{ m += #{ b: 20, x: [1] }; }",
    "{ m += n; }",
    "m + #{ b: 20, x: [1] }",
    "m + n",
    "#{ b: 20, x: [1] } + m",
    "{ let o = #{ x: 1 }; o += m; o.mixin(n); o.fill_with(m); o }",
    "m.fill_with(#{ b: 20, x: [1] })",
    "m.fill_with(n)",
    "m.keys()",
    "m.values()",
    "m.map(|k| k + this)",
    "m.map(|k, v| `${k}${v}`)",
    "m.filter(|k| k < \"c\")",
    "m.filter(|k, v| v == 1)",
    "m.filter(|k| this == 1)",
    "m.drain(|k, v| v == 1)",
    "m.drain(|k| this == 1)",
    "m.retain(|k, v| v == 1)",
    "m.retain(|k| k == \"b\")",
    "m.get(\"a\", 9)",
    "m.get(\"none\", 9)",
    "m.get(7, [])",
    "m.entries()",
    "{ let e = m.entries(); e[0][1] = 9; e }",
    "m.merge(#{ b: 20, x: [1] })",
    "m.merge(n)",
    "#{ b: 20, x: [1] }.merge(m)",
    "m.merge(5)",
    "m.pick([\"list\", \"a\", \"none\"])",
    "m.pick([7])",
    "m.pick(\"a\")",
    "m.pick([[]])",
    "m.omit([\"list\", \"none\"])",
    "m == #{ a: 1, b: 2, inner: #{ x: 1 }, list: [1, 2] }",
    "#{ a: 1, b: 2, inner: #{ x: 1 }, list: [1, 2] } == m",
    "m == #{ a: 1, b: 2, inner: #{ x: 2 }, list: [1, 2] }",
    "m != #{ a: 1, b: 2, inner: #{ x: 1 }, list: [1, 2] }",
    "m == #{}",
    "m == n",
    "m != n",
    "m == m",
    "m == ()",
    "m == []",
    "m != 5",
    "m.inner == #{ x: 1 } && m.list == [1, 2]",
    "m.to_json()",
    "to_json(m)",
    "m.to_string()",
    "m.to_debug()",
    "`${m}`",
    "type_of(m)",
    "m.nothing()",
    "m - 1",
];

/// Runs an expression on local variables and on top-level ones, and compares its value, or what went wrong, and what the
/// variable is then.
fn compare(variable: &str, values: &str, expressions: &[&str]) {
    let (first, second) = values.split_once('|').expect("two values");
    let other = if variable == "a" { "b" } else { "n" };
    let mut script = String::from("let wrong = [];\nlet worker = Worker();\n");
    let mut calls = String::new();
    for (at, expression) in expressions.iter().enumerate() {
        let renamed = |prefix: &str| {
            // (names of variables stand alone)
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let mut out = String::new();
            let mut rest = *expression;
            while let Some(start) = rest.find(is_word) {
                let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |n| start + n);
                let word = &rest[start..end];
                let before = format!("{out}{}", &rest[..start]);
                let follows = rest[end..].trim_start();
                let stands_alone = !before.ends_with(['.', '"']) || before.ends_with("..");
                let is_key = follows.starts_with(": ");
                out = before;
                if (word == variable || word == other) && stands_alone && !is_key {
                    out += prefix;
                }
                out += word;
                rest = &rest[end..];
            }
            out + rest
        };
        script += &format!(
            "let top{at}_{variable} = {first};\nlet top{at}_{other} = {second};\n\
             fn local{at}() {{\n    let {variable} = {first}; let {other} = {second};\n    \
             let result = (); try {{ result = {}; }} catch (e) {{ result = told(e); }}\n    \
             [to_json(result), to_json({variable})]\n}}\n\
             fn reference{at}() {{\n    \
             let result = (); try {{ result = {}; }} catch (e) {{ result = told(e); }}\n    \
             [to_json(result), to_json(top{at}_{variable})]\n}}\n\
             worker.p{at}_{variable} = {first};\nworker.p{at}_{other} = {second};\n\
             fn property{at}() {{\n    \
             let result = (); try {{ result = {}; }} catch (e) {{ result = told(e); }}\n    \
             [to_json(result), to_json(worker.p{at}_{variable})]\n}}\n",
            renamed(""),
            renamed(&format!("top{at}_")),
            renamed(&format!("worker.p{at}_")),
        );
        if !expression.starts_with(&format!("{{ {variable} +=")) {
            calls += &format!("    compare({at}, local{at}(), reference{at}());\n");
        }
        calls += &format!("    compare({at}, local{at}(), property{at}());\n");
    }
    script += "fn told(e) { \"error\" }\n";
    script += "fn compare(at, plain, reference) {\n    if plain != reference { print(`${at}: ${plain} ${reference}`); }\n}\n";
    script += &format!("worker.on_worker_start = |worker| {{\n{calls}    print(\"done\");\n}};\n");
    let host = TestHost::start(&script);
    let deadline = std::time::Instant::now() + crate::support::wait::PATIENCE;
    while !host.log().iter().any(|record| record.message == "done") {
        assert!(std::time::Instant::now() < deadline, "it does not end: {:?}", host.log());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let differing: Vec<_> = host
        .log()
        .iter()
        .filter_map(|record| {
            let (at, results) = record.message.split_once(": ")?;
            Some(format!("{}: {results}", expressions[at.parse::<usize>().ok()?]))
        })
        .collect();
    assert!(differing.is_empty(), "(plain, reference)\n{}", differing.join("\n"));
    assert_eq!(host.stop(), 0);
}

#[test]
fn arrays_of_the_top_level_do_what_local_ones_do() {
    let _meant = findings::meant(&["unknown-function"]);
    compare("a", "[3, 1, 2, 1]|[5, 6]", ARRAYS);
}

#[test]
fn maps_of_the_top_level_do_what_local_ones_do() {
    let _meant = findings::meant(&["unknown-function"]);
    compare("m", "#{ a: 1, b: 2, inner: #{ x: 1 }, list: [1, 2] }|#{ b: 5, y: 6 }", MAPS);
}
