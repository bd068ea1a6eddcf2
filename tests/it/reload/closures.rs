//! Rule 5.

use super::TEXT;
use crate::support::{findings, host::TestHost};

/// Closures in every place a script can put one; each captures `name`.
const HOLDERS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.table = #{};
worker.on_message = |connection, name| {
    if name == "?" {
        connection.send(worker.table.held.call("map"));
        return;
    }
    connection.on_message = |c, line| {
        c.send(`own ${name} ${line}`);
    };
    worker.table.held = |line| `in ${name} ${line}`;
    Timer::add(0.01, || {
        if worker.tick != () { connection.send(`timer ${name}`); Timer::del_all(); }
    });
    Timer::delay(0.001, || connection.send("ready"));
};
"#;

#[test]
fn rule_5_closures_that_are_held_elsewhere_run_the_edited_code_with_what_they_captured() {
    let mut host = TestHost::start(HOLDERS);
    let (mut client, mut asking) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(client.ask("bob"), "ready");
    assert_eq!(client.ask("1"), "own bob 1");
    assert_eq!(asking.ask("?"), "in bob map");
    // Everything moves down, and each closure is edited.
    let edited = HOLDERS
        .replace("let worker", "// a comment\n\nlet worker")
        .replace("own ${", "OWN ${")
        .replace("in ${", "IN ${")
        .replace("timer ${", "TIMER ${");
    for round in 0..3 {
        let report = host.edit(&format!("{edited}// {round}\n"));
        assert!(report.leftovers.is_empty(), "{:?}", report.leftovers);
    }
    assert_eq!(client.ask("2"), "OWN bob 2");
    assert_eq!(asking.ask("?"), "IN bob map");
    host.edit(&edited.replace("worker.tick != ()", "true"));
    assert_eq!(client.line(), "TIMER bob");
}

#[test]
fn a_closure_in_a_captured_variable_of_a_function_runs_the_edited_code() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| {
    let count = 0;
    let next = || { count += 1; `old ${count}` };
    connection.on_message = |c, line| { c.send(next.call()); };
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "old 1");
    host.edit(&script.replace("old", "new"));
    assert_eq!(client.ask("b"), "new 2");
    host.edit(&script.replace("old", "newer"));
    assert_eq!(client.ask("c"), "newer 3");
}

/// Each connection gets a closure of its own, which uses a named function.
const OWN: &str = r#"
let worker = Worker("text://127.0.0.1:0");
fn greeting() { "hello" }
worker.on_connect = |connection| {
    connection.on_message = |c, line| { c.send(`${greeting()} ${line} own`); };
};
"#;

#[test]
fn rule_5_a_closure_without_a_partner_keeps_its_generation_and_is_listed() {
    let mut host = TestHost::start(OWN);
    let mut old = host.tcp(TEXT);
    assert_eq!(old.ask("a"), "hello a own");
    let without = r#"
let worker = Worker("text://127.0.0.1:0");
fn greeting() { "goodbye" }
worker.on_message = |c, line| { c.send(`${greeting()} ${line} shared`); };
"#;
    for generation in 1..=3 {
        let report = host.edit(&format!("{without}// {generation}\n"));
        assert_eq!(report.leftovers, [("main.rhai:5".to_owned(), 0)]);
        let text = "; 1 closure still on generation 0 (main.rhai:5)";
        assert!(report.summary("main.rhai").ends_with(text), "{}", report.summary("main.rhai"));
        // Its whole generation, not its body with the new functions.
        assert_eq!(old.ask("b"), "hello b own");
        assert_eq!(host.tcp(TEXT).ask("c"), "goodbye c shared");
    }
    drop(old);
    // (the closing may take a turn of the loop)
    let listed = (0..100).any(|n| host.edit(&format!("{without}//{n}")).leftovers.is_empty());
    assert!(listed, "the closure of a closed connection is still listed");
}

#[test]
fn a_closure_that_takes_other_parameters_now_is_left_over() {
    let mut host = TestHost::start(OWN);
    let mut old = host.tcp(TEXT);
    assert_eq!(old.ask("a"), "hello a own");
    let edited =
        OWN.replace("|c, line| { c.send(`${greeting()} ${line} own`)", "|c| { c.send(\"short\")");
    let report = host.edit(&edited);
    assert_eq!(report.leftovers, [("main.rhai:5".to_owned(), 0)]);
    assert_eq!(old.ask("b"), "hello b own");
    assert_eq!(host.tcp(TEXT).ask("c"), "short");
}

#[test]
fn a_named_function_as_a_callback_is_the_new_one() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
fn answer(connection, line) { connection.send(`old ${line}`); }
worker.on_connect = |connection| { connection.on_message = answer; };
worker.on_message = "answer";
"#;
    let script = script.replace("= answer;", "= Fn(\"answer\");");
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "old a");
    host.edit(&script.replace("old", "new"));
    assert_eq!(client.ask("b"), "new b");
}

#[test]
fn rule_5_callbacks_belong_to_the_worker_and_those_not_set_any_more_are_cleared() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| { connection.send(line); };
worker.on_close = |connection| { print("closed"); };
"#;
    let mut host = TestHost::start(script);
    let (mut first, mut second) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!((first.ask("a"), second.ask("a")), ("a".into(), "a".into()));
    drop(first);
    host.wait_for_log("closed");
    host.edit(&script.lines().filter(|l| !l.contains("on_close")).collect::<Vec<_>>().join("\n"));
    second.finish();
    second.expect_end();
    assert_eq!(host.logged("closed"), 1);
}

#[test]
fn a_closure_in_a_map_runs_the_edited_code_however_often_the_script_is_edited() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.table = #{};
worker.on_connect = |connection| {
    worker.table.held = |line| `old ${line}`;
    Timer::add(0.001, |held| { worker.ticked = held.call("tick"); }, [|line| `timer old ${line}`]);
};
worker.on_message = |connection, line| {
    connection.send(`${worker.table.held.call(line)}, ${worker.ticked}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    let mut ask = |version: &str| {
        let (wanted, ticked) = (format!("{version} a"), format!("timer {version} tick"));
        crate::support::wait::until("the edited code answers", || {
            client.ask("a") == format!("{wanted}, {ticked}")
        });
    };
    ask("old");
    for round in 0..40 {
        let edited = script.replace("old ${", &format!("new{round} ${{"));
        let report = host.edit(&format!("{}{edited}", "\n".repeat(round)));
        assert!(report.leftovers.is_empty(), "{:?}", report.leftovers);
        ask(&format!("new{round}"));
    }
}

/// A closure in a map, which uses a named function, a variable and an import.
const BURIED: &str = r#"
import "lib" as lib;
let worker = Worker("text://127.0.0.1:0");
let times = 0;
worker.table = #{};
fn greeting() { times += 1; `${lib::word()} ${times}` }
worker.on_connect = |connection| {
    worker.table.held = #{ deep: [|line| `${greeting()} ${line}`] };
};
worker.on_message = |connection, line| {
    if line == "drop" { worker.table.clear(); }
    connection.send(if "held" in worker.table { worker.table.held.deep[0].call(line) } else { "gone" });
};
"#;

#[test]
fn a_closure_buried_in_a_map_keeps_its_program_alive_until_it_is_gone() {
    let _unseen = findings::not_looked_at();
    // Every engine, one for each program, holds a copy of this.
    let alive = std::sync::Arc::new(());
    let token = alive.clone();
    let options = |builder: rhost::HostBuilder| {
        // (what looks at the script has an engine for a moment)
        builder.checks(false).register(move |engine| {
            let token = token.clone();
            engine.register_fn("alive", move || std::sync::Arc::strong_count(&token) as i64);
        })
    };
    let mut host =
        TestHost::try_start_as(BURIED, &[("lib.rhai", "fn word() { \"hello\" }")], options)
            .expect("it starts");
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "hello 1 a");
    // (one here, one in the registration, one for each program)
    let programs = || std::sync::Arc::strong_count(&alive) - 2;
    assert_eq!(programs(), 1);
    let without = BURIED
        .replace("    worker.table.held = #{ deep: [|line| `${greeting()} ${line}`] };\n", "");
    host.save("lib.rhai", "fn word() { \"goodbye\" }");
    host.reloaded();
    assert_eq!(client.ask("b"), "goodbye 2 b");
    for round in 0..5 {
        let report = host.edit(&format!("{without}// {round}\n"));
        assert_eq!(report.leftovers, [("main.rhai:8".to_owned(), 1)]);
        // Its own functions and imports, and the variable that lives on.
        assert_eq!(client.ask("c"), format!("goodbye {} c", round + 3));
        crate::support::wait::until("the old programs are gone", || programs() == 2);
    }
    assert_eq!(client.ask("drop"), "gone");
    host.advance(3.1);
    // Nobody has to save anything for that.
    crate::support::wait::until("the old programs are gone", || programs() == 1);
    let report = host.edit(&without);
    assert!(report.leftovers.is_empty(), "{:?}", report.leftovers);
}

/// Two closures of each connection, made by these two statements.
fn two_held(holder: &str, first: &str, second: &str) -> String {
    format!(
        r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |c| {{
    c.h = {holder};
    {first}
    {second}
}};
worker.on_message = |c, line| {{
    let held = if line == "a" {{ c.h.values()[0] }} else {{ c.h.values()[1] }};
    c.send(held.call());
}};
"#
    )
}

#[test]
fn a_closure_never_runs_the_code_of_another() {
    // Each has a place of its own.
    let (a, b) = (r#"c.h["a"] = || "A1";"#, r#"c.h["b"] = || "B1";"#);
    let mut host = TestHost::start(&two_held("#{}", a, b));
    let mut client = host.tcp(TEXT);
    assert_eq!((client.ask("a"), client.ask("b")), ("A1".into(), "B1".into()));
    let report = host.edit(&two_held("#{}", "", &b.replace("B1", "B2")));
    assert_eq!(report.leftovers.len(), 1);
    assert_eq!((client.ask("a"), client.ask("b")), ("A1".into(), "B2".into()));
    // Their places read the same, so that nobody can know which of them is meant: nothing is guessed.
    let (a, b) = (r#"set(c, || "A1");"#, r#"set(c, || "B1");"#);
    let set = "fn set(c, f) { c.h[`k${c.h.len()}`] = f; }\n";
    let mut host = TestHost::start(&format!("{set}{}", two_held("#{}", a, b)));
    let mut client = host.tcp(TEXT);
    assert_eq!((client.ask("a"), client.ask("b")), ("A1".into(), "B1".into()));
    let report = host.edit(&format!("{set}{}", two_held("#{}", "", &b.replace("B1", "B2"))));
    assert_eq!(report.leftovers.len(), 2);
    assert_eq!((client.ask("a"), client.ask("b")), ("A1".into(), "B1".into()));
}

#[test]
fn a_closure_on_a_worker_that_does_not_listen_goes_on_like_any_other() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let keep = #{};
worker.on_connect = |c| {
    if keep.bag == () {
        let bag = Worker();
        bag.held = |x| `one ${x}`;
        keep.bag = bag;
    }
};
worker.on_message = |c, line| c.send(keep.bag.held.call(line));
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "one a");
    for round in 0..20 {
        host.edit(&format!("{}{script}", "\n".repeat(round + 1)));
    }
    assert_eq!(client.ask("b"), "one b");
    let without = script.replace("        bag.held = |x| `one ${x}`;\n", "");
    let report = host.edit(&without);
    assert_eq!(report.leftovers.len(), 1);
    assert_eq!(client.ask("c"), "one c");
}

#[test]
fn rule_7_constants_are_the_new_ones_in_closures_that_were_made_where_nothing_but_constants_is_captured()
 {
    let script = |k: &str, adds: &str| {
        format!(
            r#"
const K = {k};
let w = Worker("text://127.0.0.1:0");
w.on_connect = |c| {{
    let count = 0;
    c.counted = || {{ count += 1; count + {adds} }};
    c.table = #{{ deep: [|| || K] }};
}};
w.on_message = |c, m| c.send(`${{c.counted.call()}} ${{c.table.deep[0].call().call()}}`);
"#
        )
    };
    let mut host = TestHost::start(&script("10", "7"));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "8 10");
    for (k, adds, expected) in [
        ("20", "7", "9 20"),
        ("20", "K", "23 20"),
        ("30", "K", "34 30"),
        ("40", "K + 1", "46 40"),
        ("50", "7", "13 50"),
        ("60", "K", "67 60"),
    ] {
        let report = host.edit(&script(k, adds));
        assert_eq!(client.ask("?"), expected, "{k} {adds}");
        assert_eq!(report.leftovers, []);
    }
}

#[test]
fn rule_7_closures_that_read_the_same_are_told_apart_when_lines_move() {
    let script = r#"
let n = 0;
let a = Timer::add(3601, || { n += 1; });
let b = Timer::add(3602, || { n += 1; });
let w = Worker("text://127.0.0.1:0");
w.on_worker_start = |w| {
    w.c = Timer::add(3603, || { n += 1; });
    w.d = Timer::add(3604, || { n += 1; });
    w.e = Timer::add(3604, || { n += 1; });
    let x = 0;
    let one = Worker("tcp://127.0.0.1:0");
    one.on_message = |c, m| { x += 1; c.send(`${x}`); };
    let two = Worker("frame://127.0.0.1:0");
    two.on_message = |c, m| { x += 1; c.send(`${x}`); };
    one.listen();
    two.listen();
};
w.on_message = |c, m| c.send(`${[a, b, w.c, w.d, w.e]} ${n}`);
"#;
    let mut host = TestHost::start(script);
    let (mut client, mut one) = (host.tcp(TEXT), host.tcp("tcp://127.0.0.1:0"));
    one.send("x");
    assert_eq!(one.bytes(1), b"1");
    let before = client.ask("?");
    let mut text = script.to_owned();
    for round in 2..6 {
        text.insert(0, '\n');
        let report = host.edit(&text);
        assert_eq!((report.reset, report.timers), (vec![], 5), "round {round}");
        assert_eq!(client.ask("?"), before);
        one.send("x");
        assert_eq!(one.bytes(1), round.to_string().as_bytes());
    }
}

#[test]
fn a_closure_in_a_map_stays_itself_when_another_takes_its_place_and_says_the_same() {
    let script = |lines: &str| {
        format!(
            r#"
let w = Worker("text://127.0.0.1:0");
w.hooks = #{{}};
{lines}
w.on_message = |c, m| {{
    let hook = w.hooks[m];
    c.send(if hook == () {{ "none" }} else {{ `${{hook.call()}}` }});
}};
"#
        )
    };
    let (first, second) = (r#"w.hooks["a"] = || "x";"#, r#"w.hooks["b"] = || "x";"#);
    let mut host = TestHost::start(&script(first));
    let mut client = host.tcp(TEXT);
    // The new one stands where the one that lives stood, so that Rhai gives it that one's name.
    host.edit(&script(&format!("{second}\n{first}")));
    let edited = first.replace("\"x\"", "\"y\"");
    host.edit(&script(&format!("{second}\n{edited}")));
    assert_eq!((client.ask("a"), client.ask("b")), ("y".into(), "x".into()));
    // And back, with one that has gone.
    host.edit(&script(&edited.replace("\"y\"", "\"x\"")));
    assert_eq!((client.ask("a"), client.ask("b")), ("x".into(), "none".into()));
    host.edit(&script(&edited));
    assert_eq!(client.ask("a"), "y");
}
