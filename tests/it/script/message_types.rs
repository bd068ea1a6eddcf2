//! No message shows the name of a type of Rust: errors are provoked with every value that scripts have, in every operator
//! and many functions, and what they say is read.

use crate::support::{findings, host::TestHost};
use rhost::Level;

/// Provokes errors with pairs of values, and sends what `catch` says of each; those that nobody catches are thrown again.
const SCRIPT: &str = r#"
fn all(worker, connection) {
    [
        (), true, 5, 2.5, 'c', "text", [1], #{ a: 1 }, blob(2), 0..3, 0..=3, |x| x, timestamp(),
        worker, connection, worker.list, worker.map, worker.connections, Response(404), Chunk("a"),
        ServerSentEvents(#{ data: "a" })
    ]
}

fn attempts(a, b) {
    [
        || a + b, || a - b, || a * b, || a / b, || a % b, || a ** b, || a < b, || a >= b, || a & b, || a << b,
        || a && b, || !a, || -a, || a[b], || { let c = a; c[b] = 1; }, || { let c = a; c.nope = b; }, || a.nope,
        || b in a, || { if a { } }, || { while a { break; } }, || { for x in a { break; } }, || a.nope(b), || nope(a, b),
        || [a, b].sort(), || [b, a].sort(|x, y| x), || [a].reduce(b), || a.call(b), || a.len(b), || [1][a], || "text"[a],
        || #{ a: 1 }[a], || a.sub_string(b), || a.push(b), || a.insert(b, b), || a.split(b), || a.to_int(),
        || parse_int(a), || Timer::add(a, b), || Timer::del(a), || Worker(a), || Response(a, b),
        || to_json(a), || a.sort(), || a.index_of(b), || a.contains(b), || a.extract(b), || a.to_blob(),
        || { a += b; }, || { let c = a; c -= b; }, || a.min(b), || max(a, b), || a.pad(b, b), 
        || a.with_status(b), || a.with_headers(b), || `${a}`, || switch a { 1..5 => b.nope(), _ => a.nope() },
    ]
}

let worker = Worker("text://127.0.0.1:0");
worker.list = [1, [2]];
worker.map = #{ a: #{ b: 1 } };
worker.on_message = |connection, line| {
    let values = all(worker, connection);
    let said = [];
    let a = values[parse_int(line)];
    for b in values {
        for attempt in attempts(a, b) {
            try { attempt.call(); } catch (e) { said.push(if type_of(e) == "map" { e.message } else { e }); }
        }
    }
    worker.said = said;
    print(said.len());
    connection.send("done");
};
"#;

#[test]
fn no_error_of_any_value_in_any_operator_names_a_type_of_rust() {
    let _meant = findings::meant(&["unknown-function", "argument-count"]);
    let script = SCRIPT.replace(
        "connection.send(\"done\");",
        "connection.send(said.filter(|s| type_of(s) == \"string\" && is_rust(s)));",
    ) + r#"
fn is_rust(said) {
    ["rhost::", "rhai::", "core::", "alloc::", "std::", "ImmutableString", "Dynamic", "&str", "&mut", "RefMap", "RefArray", "FnPtr", "anon$", "get$", "set$", "index$"]
        .some(|name| said.contains(name))
}
"#;
    let mut host = TestHost::start(&script);
    let mut client = host.tcp("text://127.0.0.1:0");
    for at in 0..21 {
        let answer = client.ask(&at.to_string());
        assert_eq!(answer, "[]", "value {at}");
    }
    let provoked: usize = host.printed().iter().filter_map(|n| n.parse::<usize>().ok()).sum();
    assert!(provoked > 5_000, "only {provoked} errors");
    assert_eq!(host.errors(), 0);
}

#[test]
fn no_report_of_an_uncaught_error_names_a_type_of_rust() {
    let _meant = findings::meant(&["unknown-function", "argument-type"]);
    let attempts = [
        "[worker.list, worker.map].sort()",
        "[worker.map].sort()",
        "if worker.list { }",
        "[1][worker]",
        "worker.map[worker]",
        "worker + 1",
        "worker.connections - 1",
        "Response(404).nope()",
        "connection.nope(worker, 0..3)",
        "throw worker.connections",
        "Timer::add(worker, 5)",
        "worker.on_message = 5",
        "let x = \"a\"; x[worker] = 1",
        "connection.send(worker)",
        "to_json(worker)",
        "sleep(worker)",
        "parse_int(worker)",
        "blob(worker)",
    ];
    let arms: String = attempts
        .iter()
        .enumerate()
        .map(|(at, body)| format!("\"{at}\" => {{ {body}; }},\n"))
        .collect();
    let script = format!(
        "let worker = Worker(\"text://127.0.0.1:0\");\nworker.list = [1, [2], \"a\"];\nworker.map = #{{ a: 1 }};\n\
         worker.on_message = |connection, line| {{ switch line {{ {arms} _ => connection.send(line) }} }};"
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp("text://127.0.0.1:0");
    let mut provoked = 0;
    for (at, body) in attempts.iter().enumerate() {
        client.send(format!("{at}\n"));
        assert_eq!(client.ask("still here"), "still here", "{body}");
        let reports = host.log();
        let reports: Vec<_> = reports.iter().filter(|r| r.level == Level::Error).collect();
        if reports.len() == provoked {
            continue; // (it was none)
        }
        let report = &reports[provoked].message;
        provoked += 1;
        for name in [
            "rhost::",
            "rhai::",
            "core::",
            "alloc::",
            "RefMap",
            "RefArray",
            "ImmutableString",
            "Dynamic",
        ] {
            assert!(!report.contains(name), "{body}\n{report}");
        }
        assert!(report.contains("--> main.rhai:"), "{body}\n{report}");
    }
    assert!(provoked > attempts.len() / 2, "only {provoked}");
}
