//! Values that are deep, endless or huge: they cost an error at most, never the process.

use super::{TEXT, answers, value_of};
use crate::support::{host::TestHost, wait::alone};

/// A handler that answers what a piece of script makes of `worker` and a top-level `top`, or its error.
fn run(body: &str) -> String {
    let script = format!(
        r#"
let top = #{{}};
let list = [];
let worker = Worker("{TEXT}");
worker.handler_timeout = 60;
worker.m = #{{}};
worker.a = [];
worker.on_message = |connection, line| {{
    let answer = "fine";
    try {{ {body} }} catch (e) {{ answer = if type_of(e) == "map" {{ e.message }} else {{ e }}; }}
    connection.send(answer);
}};
"#
    );
    answers(&script, &["?"]).remove(0)
}

#[test]
fn a_list_of_200_000_maps_in_a_property_is_dropped() {
    let _alone = alone();
    let body =
        "for i in 0..200000 { let n = #{}; n.next = worker.m; worker.m = n; } worker.m = ();";
    assert_eq!(run(body), "fine");
}

#[test]
fn a_list_of_200_000_arrays_in_a_property_is_dropped() {
    let _alone = alone();
    assert_eq!(
        run("for i in 0..200000 { let n = [i, worker.a]; worker.a = n; } worker.a = ();"),
        "fine"
    );
}

#[test]
fn a_list_of_200_000_maps_in_a_variable_is_dropped() {
    let _alone = alone();
    let body = "for i in 0..200000 { let n = #{}; n.next = top.head; top.head = n; } top.clear();";
    assert_eq!(run(body), "fine");
    let body = "for i in 0..200000 { let n = #{}; n.next = top.head; top.head = n; } top.remove(\"head\");";
    assert_eq!(run(body), "fine");
}

#[test]
fn a_list_of_200_000_arrays_in_a_variable_is_dropped() {
    let _alone = alone();
    let body = "for i in 0..200000 { let n = [list.pop()]; list.push(n); } list.clear();";
    assert_eq!(run(body), "fine");
}

#[test]
fn a_list_of_200_000_maps_is_dropped_with_the_host() {
    let _alone = alone();
    let script = r#"
let top = #{};
let worker = Worker();
worker.handler_timeout = 60;
worker.m = #{};
worker.on_worker_start = |worker| {
    for i in 0..200000 { let n = #{}; n.next = worker.m; worker.m = n; }
    for i in 0..200000 { let n = #{}; n.next = top.head; top.head = [n]; }
    print("made");
};
Worker::run_all();
"#;
    let host = TestHost::start(script);
    host.wait_for_log("made");
    assert_eq!(host.stop(), 0);
}

#[test]
fn deeply_nested_plain_values_become_references() {
    // (rhai copies a plain value each time that it is put into another one, on the stack)
    let body = "let v = 1; for i in 0..500 { v = [#{ k: v }]; } worker.deep = v; top.deep = v; \
        let d = worker.deep; for i in 0..500 { d = d[0].k; } if d != 1 { throw `${d}`; }";
    assert_eq!(run(body), "fine");
}

#[test]
fn the_text_of_a_map_that_is_held_twice_forty_times_has_an_end() {
    let _alone = alone();
    let endless = "for i in 0..40 { let n = #{}; n.a = worker.m; n.b = worker.m; worker.m = n; }";
    let too_many = "it has more than 1000000 values";
    assert_eq!(
        run(&format!("{endless} connection.send(worker.m);")),
        format!("this cannot be sent: {too_many}")
    );
    assert_eq!(run(&format!("{endless} to_json(worker.m);")), format!("to_json: {too_many}"));
    assert_eq!(run(&format!("{endless} print(worker.m); print(`${{worker.m}}`);")), "fine");
    let twins = format!("{endless} let other = worker.m; worker.m = #{{}}; {endless}");
    assert_eq!(
        run(&format!("{twins} if worker.m == other {{ throw \"equal\"; }}")),
        "these cannot be compared: they have more than 1000000 values"
    );
}

#[test]
fn long_texts_are_refused_or_cut() {
    let _alone = alone();
    let big = "let s = \"\"; s.pad(34000000, 'x'); worker.m = [s, s];";
    assert_eq!(
        run(&format!("{big} print(worker.m); to_json(worker.m);")),
        "to_json: it is longer than 64 MiB"
    );
}

#[test]
fn a_value_that_contains_itself_is_printed_and_not_sent() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.m = #{ n: 1 };
worker.m.me = worker.m;
worker.a = [1];
worker.a.push([worker.a]);
worker.on_message = |connection, line| {
    print(worker.m);
    print(worker.a);
    try { connection.send(worker.m); } catch (e) { connection.send(e); }
};
"#;
    let mut host = TestHost::start(script);
    let answer = host.tcp(TEXT).ask("?");
    assert_eq!(answer, "this cannot be sent: a value that contains itself has no JSON form");
    let printed: Vec<_> = host.log().iter().map(|record| record.message.clone()).collect();
    assert_eq!(printed, [r#"{"n":1,"me":…}"#, "[1,[…]]"]);
}

#[test]
fn one_number_does_not_use_up_the_memory() {
    let limit = "would be bigger than 256 MiB, the limit of one value";
    let cases = [
        ("blob(1000000000000)", "the blob"),
        ("blob(9223372036854775807, 1)", "the blob"),
        ("{ let b = blob(); b.pad(1000000000000, 0); }", "the blob"),
        ("{ let s = \"\"; s.pad(1000000000000, 'x'); }", "the string"),
        ("{ let s = \"\"; s.pad(9223372036854775807, \"xyz\"); }", "the string"),
        ("{ let a = []; a.pad(1000000000000, 0); }", "the array"),
        ("{ let a = []; a.pad(10000000, [[], []]); }", "the array"),
        ("worker.a.pad(9223372036854775807, 0)", "the array"),
        ("worker.a.pad(2000000, #{})", "the array"),
    ];
    for (expression, what) in cases {
        assert_eq!(run(&format!("{expression};")), format!("{what} {limit}"), "{expression}");
    }
}

#[test]
fn blobs_and_pads_are_what_rhai_makes_of_them() {
    let cases = [
        ("blob(3).to_array()", "[0,0,0]"),
        ("blob(2, 0x1ff).to_array()", "[255,255]"),
        ("blob(-1).len", "0"),
        ("{ let b = blob(1); b.pad(3, 7); b.to_array() }", "[0,7,7]"),
        ("{ let s = \"é\"; s.pad(3, 'ü'); s }", r#""éüü""#),
        ("{ let s = \"é\"; s.pad(6, \"abc\"); s }", r#""éabcab""#),
        ("{ let s = \"é\"; s.pad(6, \"\"); s }", r#""é""#),
        ("{ let s = \"long\"; s.pad(2, \"x\"); s.pad(-1, 'x'); s }", r#""long""#),
        ("{ let a = [1]; a.pad(3, 0); a }", "[1,0,0]"),
    ];
    for (expression, wanted) in cases {
        assert_eq!(value_of("", expression), wanted, "{expression}");
    }
}

#[test]
fn maps_with_handles_and_functions_are_printed() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "w";
worker.on_message = |connection, line| {
    worker.m = #{ w: worker, c: connection, f: [|| 1], b: blob(2), none: () };
    print(worker.m);
    print(#{ w: worker });
    connection.send("done");
};
"#;
    let mut host = TestHost::start(script);
    assert_eq!(host.tcp(TEXT).ask("?"), "done");
    let printed: Vec<_> = host.log().iter().map(|record| record.message.clone()).collect();
    let [first, second] = &printed[..] else { panic!("{printed:?}") };
    assert!(
        first.starts_with(r#"{"w":Worker(w),"#) && first.contains(r#""c":TcpConnection(1 127"#),
        "{first}"
    );
    assert!(first.contains(r#""f":[Fn("#) && first.contains(r#""b":[0000]"#), "{first}");
    assert!(!first.contains("::"), "{first}");
    assert_eq!(second, r#"{"w":Worker(w)}"#);
}

#[test]
fn a_printed_text_cannot_look_like_another_line_of_the_log() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    print("one\nERROR two\r\nthree\n");
    print("a\rb\x1b[31m\tc\u2028d\u202e");
    print("line\r\n");
    connection.send("done");
};
"#;
    let mut host = TestHost::start(script);
    assert_eq!(host.tcp(TEXT).ask("?"), "done");
    let printed: Vec<_> = host.log().iter().map(|record| record.message.clone()).collect();
    let wanted =
        ["one\n    ERROR two\n    three", "a\\rb\\u{1b}[31m\tc\\u{2028}d\\u{202e}", "line"];
    assert_eq!(printed, wanted);
}

#[test]
fn deep_values_are_looked_at_in_deep_calls() {
    // (as deep as values may be, with nearly all of the calls that a handler may nest)
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
fn deep() { let v = 1; for i in 0..120 { v = if i % 2 == 0 { [v] } else { #{ k: v } }; } v }
worker.one = deep();
worker.two = deep();
fn look(levels) {
    if levels > 0 { return look(levels - 1); }
    print(worker.one);
    `${worker.one == worker.two} ${worker.one != deep()} ${to_json(worker.one).len} ${worker.one in [worker.two]}`
}
worker.on_message = |connection, line| { connection.send(look(50)); };
"#;
    assert_eq!(answers(script, &["?"]), ["true false 481 true"]);
}

#[test]
fn what_others_do_to_an_array_while_for_each_waits_stays_done() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.a = [1, 2];
worker.on_message = |connection, line| {
    if line == "walk" { worker.a.for_each(|| { sleep(0.05); this *= 10; }); } else { worker.a.push(3); }
    connection.send(to_json(worker.a));
};
"#;
    let mut host = TestHost::start(script);
    let (mut first, mut second) = (host.tcp(TEXT), host.tcp(TEXT));
    first.send("walk\n");
    assert_eq!(second.ask("push"), "[1,2,3]");
    assert_eq!(first.line(), "[10,20,30]");
}

#[test]
fn a_replace_that_is_not_too_big_does_what_it_says() {
    let all = r#"
        let s = "hello";
        s.replace("l", "LL"); s.replace('h', "j"); s.replace("o", '0'); s.replace('e', 'a');
        s.replace("", "-"); s.replace("L-L", "M"); s.replace("nothing", "x");
        answer = s;
    "#;
    assert_eq!(run(all), "-j-a-M-M-0-");
    assert_eq!(run(r#"let s = ""; s.replace("", "x"); answer = `[${s}]`;"#), "[]");
}
