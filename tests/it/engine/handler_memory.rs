//! A handler that makes more than it may: an error of that handler at its line, and of nobody else.

use crate::support::host::{TestHost, eventually};
use rhost::{Fault, FaultKind};

const TEXT: &str = "text://127.0.0.1:0";

/// A host whose handlers may make 4 MiB. The line `?` runs `body`, every other line comes back.
fn start(body: &str) -> TestHost {
    TestHost::start(&format!(
        r#"
let worker = Worker("{TEXT}");
worker.handler_memory = 4 * 1024 * 1024;
worker.table = #{{}};
worker.list = [];
fn fill(a) {{
    loop {{ a.push("one more"); }}
}}
worker.on_message = |c, line| {{
    if line != "?" {{ c.send(line); return; }}
    {body}
}};
Worker::run_all();
"#
    ))
}

/// The fault of such a handler, after which its own connection and another one go on.
fn fault_of(body: &str) -> Fault {
    let mut host = start(body);
    let (mut one, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(other.ask("before"), "before");
    one.send("?\n");
    let fault = host.fault();
    assert_eq!(one.ask("after"), "after", "{body}");
    assert_eq!(other.ask("after"), "after", "{body}");
    fault
}

#[test]
fn whatever_grows_without_end_is_an_error_at_its_line() {
    let bodies = [
        r#"let s = "x"; loop { s += s; }"#,
        r#"let s = "x"; loop { s = s + s + "y"; }"#,
        r#"let s = "x"; loop { s = `${s}${s}`; }"#,
        r#"let a = []; loop { a.push(1.5); }"#,
        r#"let a = [1]; loop { a += a; }"#,
        r#"let a = [1]; loop { a.append(a); }"#,
        r#"let a = []; loop { a.push([a.len(), "some text"]); }"#,
        r#"let m = #{}; let n = 0; loop { m[`key ${n}`] = n; n += 1; }"#,
        r#"let b = blob(1, 7); loop { b.append(b); }"#,
        r#"let a = []; let n = 0; loop { a.push(|| n); n += 1; }"#,
        r#"loop { worker.list.push("a text that is kept"); }"#,
        r#"let n = 0; loop { worker.table[n] = "a text that is kept"; n += 1; }"#,
        r#"fill([]);"#,
        r#"[1, 2].for_each(|| fill([]));"#,
        r#"let f = |a| fill(a); f.call([]);"#,
    ];
    for body in bodies {
        let fault = fault_of(body);
        assert_eq!(fault.kind, FaultKind::Memory, "{body}: {}", fault.text);
        assert!(
            fault.title.ends_with("it has made more than 4 MiB anew (handler_memory)"),
            "{}",
            fault.text
        );
        let line = if body.contains("fill") { "main.rhai:7:" } else { "main.rhai:11:" };
        assert!(fault.location.starts_with(line), "{body}: {}", fault.text);
    }
}

#[test]
fn its_report_has_the_source_line_and_the_chain_of_calls() {
    let fault = fault_of("fill([]);");
    let lines: Vec<&str> = fault.text.lines().map(str::trim_end).collect();
    assert_eq!(lines[0], "error: it has made more than 4 MiB anew (handler_memory)");
    assert!(fault.text.contains(r#"loop { a.push("one more"); }"#), "{}", fault.text);
    assert!(fault.text.contains("in a call to `fill`"), "{}", fault.text);
    assert!(fault.text.contains("in on_message of worker"), "{}", fault.text);
}

#[test]
fn no_try_holds_it_up() {
    let fault = fault_of("loop { try { fill([]); } catch { } }");
    assert_eq!(fault.kind, FaultKind::Memory, "{}", fault.text);
    let fault = fault_of(r#"loop { try { fill([]); } catch (e) { print("and again"); } }"#);
    assert_eq!(fault.kind, FaultKind::Memory, "{}", fault.text);
}

#[test]
fn one_call_that_would_make_too_much_makes_nothing() {
    let bodies = [
        (r#""".pad(10000000000, "x");"#, "the string would be bigger than 256 MiB"),
        (
            r#"let s = ""; s.pad(5000000, "x");"#,
            "the string would be more than is left of 4 MiB (handler_memory)",
        ),
        ("blob(5000000);", "the blob would be more than is left of 4 MiB (handler_memory)"),
        (
            "let a = []; a.pad(1000000, 0);",
            "the array would be more than is left of 4 MiB (handler_memory)",
        ),
        (
            r#"let s = ""; s.pad(1000000, "x,"); s.split(",");"#,
            "the list would be more than is left",
        ),
        (r#"let s = ""; s.pad(1000000, "x "); s.split();"#, "the list would be more than is left"),
        (
            r#"let s = ""; s.pad(1000000, "x,"); s.split_rev(',');"#,
            "the list would be more than is left",
        ),
        (r#"let s = ""; s.pad(1000000, "x"); s.split("");"#, "the list would be more than is left"),
        (
            r#"let s = ""; s.pad(1000000, "x"); s.to_chars();"#,
            "the list would be more than is left",
        ),
        ("blob(1000000).to_array();", "the list would be more than is left"),
        (
            r#"let s = ""; s.pad(1000000, "x"); s.replace("x", "xxxxxx");"#,
            "the string would be more than is left",
        ),
    ];
    for (body, title) in bodies {
        let fault = fault_of(body);
        assert!(fault.title.starts_with(title), "{body}: {}", fault.text);
    }
}

#[test]
fn what_it_made_before_a_wait_counts_and_what_others_make_does_not() {
    // Two handlers wait at the same time, each with 2.5 of its 4 MiB; together they have more than one may.
    let two =
        "let s = blob(2500000); sleep(0.05); let t = blob(1000000); sleep(0.05); c.send(\"done\");";
    let mut host = start(two);
    let (mut one, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    one.send("?\n");
    other.send("?\n");
    assert_eq!(one.line(), "done");
    assert_eq!(other.line(), "done");
    assert_eq!(host.errors(), 0);
    let waits = "let s = blob(2500000); sleep(0.02); let a = []; loop { a.push(1.5); }";
    assert_eq!(fault_of(waits).kind, FaultKind::Memory);
}

#[test]
fn what_is_freed_does_not_count() {
    let mut host = start(r#"for i in 0..20 { let s = blob(2000000); } c.send("done");"#);
    let mut client = host.tcp(TEXT);
    for _ in 0..3 {
        assert_eq!(client.ask("?"), "done");
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn what_one_handler_keeps_does_not_count_for_the_next() {
    let mut host = start("let n = worker.list.len(); worker.list.push(blob(2000000)); c.send(n);");
    let mut client = host.tcp(TEXT);
    for n in 0..8 {
        assert_eq!(client.ask("?"), n.to_string());
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn it_holds_for_timers_and_for_on_worker_start() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.handler_memory = 1048576;
worker.on_worker_start = |worker| {
    Timer::delay(0.001, || { let a = []; loop { a.push(1.5); } });
};
worker.on_message = |c, line| c.send(line);
Worker::run_all();
"#;
    let mut host = TestHost::start(script);
    let fault = host.fault();
    assert_eq!((fault.kind, fault.location.as_str()), (FaultKind::Memory, "main.rhai:5:50"));
    assert_eq!(host.tcp(TEXT).ask("hi"), "hi");
    let start = script.replace("Timer::delay(0.001, ||", "if true").replace("});", "}");
    let refused = TestHost::try_start(&start, &[]).map(drop).expect_err("it makes too much");
    assert!(refused.to_string().contains("more than 1 MiB anew (handler_memory)"), "{refused}");
}

#[test]
fn it_holds_for_the_top_level_which_may_ask_for_more() {
    let large = "let a = [];\nfor i in 0..100000 { a.push([i]); }\n";
    let worker = format!("let worker = Worker(\"{TEXT}\");\n");
    let limited = |script: String| {
        TestHost::try_start_as(&script, &[], |builder| builder.handler_memory(1 << 20)).map(drop)
    };
    let refused = limited(format!("{large}{worker}Worker::run_all();")).expect_err("too much");
    assert!(refused.to_string().contains("more than 1 MiB anew (handler_memory)"), "{refused}");
    assert!(refused.to_string().contains("main.rhai:2:"), "{refused}");
    for bytes in ["50_000_000", "0"] {
        let asks = format!("{worker}worker.handler_memory = {bytes};\n{large}Worker::run_all();");
        limited(asks).expect("it may");
    }
}

#[test]
fn a_reload_changes_it() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.handler_memory = 1048576;
worker.on_message = |c, line| { let b = blob(2000000); c.send("made"); };
Worker::run_all();
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    client.send("?\n");
    assert_eq!(host.fault().kind, FaultKind::Memory);
    host.edit(&script.replace("1048576", "4194304"));
    assert_eq!(client.ask("?"), "made");
    host.edit(&script.replace("1048576", "1048577"));
    client.send("?\n");
    assert!(host.fault().title.contains("1048577 bytes"));
    host.edit(&script.replace("1048576", "0"));
    assert_eq!(client.ask("?"), "made");
    host.edit(&script.replace("worker.handler_memory = 1048576;", ""));
    assert_eq!(client.ask("?"), "made", "256 MiB are enough for that");
}

#[test]
fn a_handler_may_change_it_for_those_that_come() {
    let mut host = start(r#"worker.handler_memory = 20000000; c.send(worker.handler_memory);"#);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "20000000");
    assert_eq!(client.ask("hi"), "hi");
}

#[test]
fn a_limit_that_cannot_be_is_refused() {
    for value in ["-1", "1", "65535", "1.5", "\"256M\"", "()", "true"] {
        let script =
            format!("let worker = Worker(\"{TEXT}\");\nworker.handler_memory = {value};\n");
        let refused = TestHost::try_start(&script, &[]).map(drop).expect_err(value);
        let text = "handler_memory is a number of bytes from 65536 to 140737488355328, or 0 for no limit, not";
        assert!(refused.to_string().contains(text), "{refused}");
    }
    let inner = start("let w = Worker(\"text://127.0.0.1:0\"); w.handler_memory = 0;");
    let mut inner = inner;
    inner.tcp(TEXT).send("?\n");
    assert!(inner.fault().title.starts_with("handler_memory holds for a whole isolate"));
}

#[test]
fn it_is_counted_as_a_kind_of_its_own() {
    let mut host = start(r#"let s = "x"; loop { s += s; }"#);
    host.tcp(TEXT).send("?\n");
    assert_eq!(host.fault().kind.name(), "memory");
    let lost =
        || host.handle().status().expect("it runs").isolates.iter().map(|i| i.faults).sum::<u64>();
    eventually(|| lost() == 1);
    let records = host.log();
    let record = records.iter().find(|r| r.about.fault.is_some()).expect("a record of it");
    assert_eq!(record.about.fault, Some("memory"));
}

/// A host with a handler that waits after each turn of its loop, which does `body`; `other` runs in between. The line `?`
/// tells how many turns there were.
fn looping(body: &str, other: &str) -> TestHost {
    TestHost::start(&format!(
        r#"
let worker = Worker("{TEXT}");
worker.handler_memory = 1048576;
worker.turns = 0;
worker.queue = [];
worker.cache = ();
let text = "";
text.pad(50000, "x");
worker.on_worker_start = |worker| {{
    Timer::delay(0, || loop {{
        {body}
        worker.turns += 1;
        sleep(0.001);
    }});
    Timer::repeat(0.001, || {{ {other} }});
}};
worker.on_message = |c, line| c.send(worker.turns);
Worker::run_all();
"#
    ))
}

#[test]
fn a_handler_that_lives_on_is_not_ended_for_what_others_have_used_up() {
    let bodies = [
        (
            "worker.queue.push(blob(100000, 1));",
            "while worker.queue.len > 0 { worker.queue.shift(); }",
        ),
        ("worker.cache = blob(300000, 1);", "worker.cache = ();"),
        ("print(text);", ""),
        ("for i in 0..100 { Timer::delay(0.001, || worker.cache = ()); }", ""),
    ];
    for (body, other) in bodies {
        let mut host = looping(body, other);
        let mut client = host.tcp(TEXT);
        // Ten times as much as one may hold.
        eventually(|| client.ask("?").parse::<u64>().expect("a number") > 200);
        assert_eq!(host.errors(), 0, "{body}");
    }
}

#[test]
fn a_handler_that_holds_what_it_makes_is_ended_also_if_it_waits_in_between() {
    for body in ["worker.queue.push(blob(100000, 1));", "worker.queue.push(text + worker.turns);"] {
        let fault = looping(body, "let busy = []; busy.pad(1000, 1);").fault();
        assert_eq!(fault.kind, FaultKind::Memory, "{body}: {}", fault.text);
    }
}

#[test]
fn who_frees_what_others_made_may_not_make_more_for_it() {
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
worker.handler_memory = 4 * 1024 * 1024;
worker.given = [];
worker.kept = [];
worker.on_message = |c, line| {{
    if line == "give" {{ worker.given.push(blob(3000000)); c.send("given"); return; }}
    worker.given.clear();
    sleep(0.001);
    loop {{ worker.kept.push(blob(500000)); worker.turns = worker.kept.len(); }}
}};
Worker::run_all();
"#
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(TEXT);
    for _ in 0..4 {
        assert_eq!(client.ask("give"), "given");
    }
    client.send("take\n");
    assert_eq!(host.fault().kind, FaultKind::Memory);
    assert_eq!(client.ask("give"), "given");
}

#[test]
fn what_fits_is_made_whatever_room_it_would_grow_into() {
    // Each makes 2.5 of 4 MiB. With twice the room of what there was before it, it would be more.
    let bodies = [
        r#"let s = ""; s.pad(2500000, "x"); s.len()"#,
        r#"let s = "abc"; s.pad(2500000, "xyz"); s.len()"#,
        r#"let s = "ab"; s.pad(1250002, "ß"); s.len() + 1249998"#,
        r#"let s = "x".repeated(); s.replace("x", "xx"); s.len() + 500000"#,
        "let b = blob(1300000); b.pad(2500000, 1); b.len()",
    ];
    for body in bodies {
        let body = body.replace(r#""x".repeated()"#, r#""x"; s.pad(1000000, "x")"#);
        let mut host = start(&format!("let n = {{ {body} }}; c.send(n);"));
        assert_eq!(host.tcp(TEXT).ask("?"), "2500000", "{body}");
    }
}

#[test]
fn what_is_handed_to_work_beside_the_isolate_is_not_counted_for_ever() {
    // Each turn hands over 64 KiB, which the other thread frees, and gets some bytes back: 256 times as much as is allowed.
    let script = format!(
        r#"
import "std/crypto" as crypto;
import "std/encoding" as encoding;
let worker = Worker("{TEXT}");
worker.handler_memory = 4 * 1024 * 1024;
worker.on_message = |c, line| {{
    let data = blob(65536);
    for i in 0..512 {{ crypto::sha256(data); }}
    let text = encoding::base64_encode(data);
    for i in 0..256 {{ encoding::base64_decode(text); }}
    c.send("done");
}};
Worker::run_all();
"#
    );
    let mut host = TestHost::start(&script);
    assert_eq!(host.tcp(TEXT).ask("?"), "done");
    assert_eq!(host.errors(), 0);
}
