//! Rule 7.

use super::TEXT;
use crate::support::host::TestHost;

/// Top-level variables of every kind. A message adds to all of them and tells them.
const VARIABLES: &str = r#"
let worker = Worker("text://127.0.0.1:0");
let number = 1;
let text = "t";
let map = #{ a: 1, deep: #{ list: [] } };
let list = [1];
let nothing = ();
const STEP = 1;
fn add() {
    number += STEP;
    text += "+";
    map.deep.list.push(number);
    list.push(number);
}
worker.on_message = |connection, line| {
    if line == "add" { add(); nothing = number; }
    connection.send(`${number} ${text} ${map} ${list} ${nothing}`);
};
"#;

#[test]
fn rule_7_top_level_variables_live_on_unless_their_text_was_edited() {
    let mut host = TestHost::start(VARIABLES);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("add"), r#"2 t+ {"a":1,"deep":{"list":[2]}} [1,2] 2"#);
    let report =
        host.edit(&format!("// moved down\n{}", VARIABLES.replace("STEP = 1", "STEP = 10")));
    assert_eq!(report.kept, ["number", "text", "map", "list", "nothing"]);
    assert_eq!(report.reset, [""; 0]);
    assert_eq!(client.ask("?"), r#"2 t+ {"a":1,"deep":{"list":[2]}} [1,2] 2"#);
    assert_eq!(client.ask("add"), r#"12 t++ {"a":1,"deep":{"list":[2,12]}} [1,2,12] 12"#);
    let edited =
        VARIABLES.replace("number = 1", "number = 100").replace("list = [1]", "list = [7]");
    let report = host.edit(&edited);
    assert_eq!(report.kept, ["text", "map", "nothing"]);
    assert_eq!(report.reset, ["number", "list"]);
    assert_eq!(client.ask("?"), r#"100 t++ {"a":1,"deep":{"list":[2,12]}} [7] 12"#);
    // White space and comments are not the text.
    let spaced = edited.replace("number = 100", "number /* of them */ =\n    100");
    assert_eq!(client.ask("add"), r#"101 t+++ {"a":1,"deep":{"list":[2,12,101]}} [7,101] 101"#);
    let report = host.edit(&spaced);
    assert_eq!(report.reset, [""; 0]);
    assert!(client.ask("?").starts_with("101 "));
}

#[test]
fn one_variable_is_one_for_functions_closures_and_connections_after_a_reload() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let n = 0;
fn inc() { n += 1; }
worker.on_connect = |connection| {
    connection.on_message = |c, line| { n += 10; inc(); c.send(`${n} own`); };
};
worker.on_message = |c, line| { inc(); c.send(`${n}`); };
Timer::add(3600, || { n = 0; });
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "11 own");
    host.edit(&script.replace(" own", " edited"));
    assert_eq!(client.ask("a"), "22 edited");
    assert_eq!(host.tcp(TEXT).ask("a"), "33 edited");
    assert_eq!(client.ask("a"), "44 edited");
}

#[test]
fn rule_7_worker_properties_live_on_unless_their_text_was_edited() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.count_of = 5;
worker.users = #{};
worker.limits = [1, 2];
worker.on_message = |connection, line| {
    if line == "add" {
        worker.count_of += 1;
        worker.users[`u${worker.count_of}`] = connection;
        worker.limits.push(3);
        worker.free = "set by an event";
    }
    connection.send(`${worker.count_of} ${worker.users.keys()} ${worker.limits} ${worker.free}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("add"), r#"6 ["u6"] [1,2,3] set by an event"#);
    let report = host.edit(&format!("{script}// edited\n"));
    let mut kept = report.kept;
    kept.sort();
    assert_eq!(
        (kept, report.reset),
        (["count_of", "limits", "users"].map(String::from).to_vec(), vec![])
    );
    assert_eq!(client.ask("?"), r#"6 ["u6"] [1,2,3] set by an event"#);
    let report = host.edit(&script.replace("limits = [1, 2]", "limits = [9]"));
    assert_eq!(report.reset, ["limits"]);
    assert_eq!(client.ask("?"), r#"6 ["u6"] [9] set by an event"#);
    // One that the script does not set any more is gone; what events set stays.
    host.edit(&script.replace("worker.limits = [1, 2];\n", ""));
    assert_eq!(client.ask("?"), r#"6 ["u6"]  set by an event"#);
}

#[test]
fn rule_7_captured_variables_live_on_unless_their_text_was_edited() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
fn install(w) {
    let count = 0;
    let other = 100;
    w.on_message = |connection, line| {
        count += 1;
        other += 1;
        connection.send(`${count} ${other}`);
    };
}
install(worker);
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!((client.ask("a"), client.ask("a")), ("1 101".into(), "2 102".into()));
    host.edit(&script.replace("`${count} ${other}`", "`${count}, ${other}`"));
    assert_eq!(client.ask("a"), "3, 103");
    host.edit(&script.replace("count = 0", "count = 50"));
    assert_eq!(client.ask("a"), "51 104");
}

#[test]
fn what_on_worker_start_captured_in_a_timer_or_inner_worker_lives_on() {
    let script = r#"
let worker = Worker("websocket://127.0.0.1:0");
worker.on_worker_start = |worker| {
    let lines = 0;
    let inner = Worker("text://127.0.0.1:0");
    inner.on_message = |connection, line| { lines += 1; connection.send(`${lines} old`); };
    inner.listen();
    let ticks = 0;
    Timer::add(0.01, || { ticks += 1; inner.broadcast(`tick ${ticks} old`); });
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    let count = |line: &str| line.split(' ').nth(1).unwrap().parse::<u32>().unwrap();
    while count(&client.line()) < 5 {}
    host.edit(&script.replace("} old", "} new"));
    let mut line = client.line();
    while line.ends_with(" old") {
        line = client.line();
    }
    assert!(count(&line) > 5, "the timer's captured variable began anew: {line}");
    client.send("?\n");
    let answer = (0..).map(|_| client.line()).find(|l| !l.starts_with("tick")).unwrap();
    assert_eq!(answer, "1 new");
}

#[test]
fn connection_properties_live_as_long_as_the_connection() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_connect = |connection| { connection.log = []; };
worker.on_message = |connection, line| {
    connection.log.push(line);
    connection.last = line;
    connection.send(`${connection.log} ${connection.last}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), r#"["a"] a"#);
    host.edit(&script.replace("log = []", "log = [0]").replace("send(`", "send(`new "));
    assert_eq!(client.ask("b"), r#"new ["a","b"] b"#);
    assert_eq!(host.tcp(TEXT).ask("c"), r#"new [0,"c"] c"#);
}

#[test]
fn a_variable_that_a_sleeping_handler_changes_later_is_still_the_living_one() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let n = 1;
let m = #{};
worker.on_message = |connection, line| {
    if line == "slow" {
        connection.send("waits");
        while worker.released == () { sleep(0.005); }
        n += 10;
        m.slow = true;
    }
    if line == "go" { worker.released = true; }
    connection.send(`${n} ${m} old`);
};
"#;
    let mut host = TestHost::start(script);
    let (mut slow, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(slow.ask("slow"), "waits");
    host.edit(&script.replace("} old", "} new"));
    assert_eq!(other.ask("go"), "1 {} new");
    assert_eq!(slow.line(), r#"11 {"slow":true} old"#);
    assert_eq!(other.ask("?"), r#"11 {"slow":true} new"#);
}

#[test]
fn callbacks_that_were_made_together_share_their_variables_after_a_reload() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
fn install(w) {
    let count = 0;
    w.on_message = |connection, line| { count += 1; connection.send(`${count}`); };
    w.on_connect = |connection| { connection.send(`welcome ${count}`); };
}
install(worker);
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.line(), "welcome 0");
    assert_eq!(client.ask("a"), "1");
    assert_eq!(host.tcp(TEXT).line(), "welcome 1");
    host.edit(&script.replace("welcome", "hello"));
    assert_eq!(client.ask("b"), "2");
    assert_eq!(host.tcp(TEXT).line(), "hello 2");
    // One more, which has no predecessor that it could take the variable from.
    let close = "    w.on_close = |connection| { print(`closed at ${count}`); };\n}\ninstall";
    host.edit(&script.replace("}\ninstall", close));
    assert_eq!(client.ask("c"), "3");
    drop(client);
    host.wait_for_log("closed at 3");
}

#[test]
fn what_on_worker_start_made_together_shares_its_variables_after_a_reload() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_worker_start = |worker| {
    let n = 0;
    worker.on_message = |connection, line| { connection.send(`${n}`); };
    Timer::add(0.005, || { n += 1; });
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    let mut ask = || client.ask("?").parse::<u32>().unwrap();
    while ask() < 5 {}
    let before = ask();
    host.edit(&format!("{script}// edited\n"));
    let after = ask();
    assert!(after >= before, "{after} after {before}");
    let deadline = std::time::Instant::now() + crate::support::wait::PATIENCE;
    while ask() <= after {
        assert!(std::time::Instant::now() < deadline, "the handler does not see the timer's ticks");
    }
}

#[test]
fn a_variable_that_came_to_hold_a_connection_or_a_closure_lives_on() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let last = ();
let answer = ();
worker.on_message = |connection, line| {
    if line == "keep" {
        last = connection;
        answer = |text| "v1 " + text;
    }
    connection.send(`${last == connection} ${answer.call(line)}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("keep"), "true v1 keep");
    let report = host.edit(&script.replace("v1", "v2"));
    assert_eq!(report.kept, ["last", "answer"]);
    assert_eq!(client.ask("a"), "true v2 a");
    assert_eq!(host.tcp(TEXT).ask("b"), "false v2 b");
}

/// A variable, a map and a property; a closure of each connection shares the variables.
const SHARED: &str = r#"
let worker = Worker("text://127.0.0.1:0");
let n = 1;
let table = #{ a: 1 };
worker.list = [1];
fn add() { n += 1; table[`k${n}`] = n; worker.list.push(n); }
worker.on_connect = |connection| {
    let mine = 0;
    connection.on_message = |c, line| {
        mine += 1;
        n += 10;
        add();
        c.send(`${n} ${to_json(table)} ${to_json(worker.list)} ${mine}`);
    };
};
"#;

#[test]
fn a_variable_that_starts_anew_does_so_for_closures_that_hold_it_too() {
    let mut host = TestHost::start(SHARED);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), r#"12 {"a":1,"k12":12} [1,12] 1"#);
    let report = host.edit(&SHARED.replace("n = 1;", "n = 100;").replace("a: 1", "b: 2"));
    assert_eq!(report.reset, ["n", "table"]);
    assert_eq!(client.ask("a"), r#"111 {"b":2,"k111":111} [1,12,111] 2"#);
    assert_eq!(host.tcp(TEXT).ask("a"), r#"122 {"b":2,"k111":111,"k122":122} [1,12,111,122] 1"#);
    // Nothing of a rejected one is seen.
    let bad = SHARED.replace("n = 1;", "n = 500;").replace("a: 1", "c: 3") + "throw \"no\";";
    host.edit_badly(&bad);
    assert!(client.ask("a").starts_with(r#"133 {"b":2,"#));
}

#[test]
fn a_reload_that_resets_state_runs_every_initialiser_again_and_closes_nothing() {
    let mut host = TestHost::start(SHARED);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), r#"12 {"a":1,"k12":12} [1,12] 1"#);
    let options = rhost::ReloadOptions { reset_state: true, ..Default::default() };
    let report = host.handle().reload_with(options).expect("it runs").expect("accepted");
    assert_eq!(report.kept, [""; 0]);
    assert_eq!(report.reset, ["n", "table", "list"]);
    assert_eq!(report.connections, 1);
    let line = report.summary("main.rhai");
    assert!(line.contains("; reset n, table, list (asked for)"), "{line}");
    // (what belongs to a connection lives as long as it)
    assert_eq!(client.ask("a"), r#"12 {"a":1,"k12":12} [1,12] 2"#);
    host.handle().reload();
    host.reloaded();
    assert_eq!(host.reloaded().reset, [""; 0]);
    assert!(client.ask("a").starts_with("23 "));
}

#[test]
fn a_reload_that_is_waited_for_tells_why_it_was_rejected() {
    let mut host = TestHost::start(SHARED);
    host.edit_badly("let worker = ;");
    let rejected = host.handle().reload_with(Default::default()).expect("it runs");
    let fault = rejected.expect_err("it is no script");
    assert_eq!(fault.location, "main.rhai:1:14");
}

#[test]
fn a_map_that_two_variables_hold_is_left_alone_when_one_of_them_starts_anew() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let users = #{};
let admins = users;
worker.on_message = |c, line| { users[line] = 1; c.send(`${users} ${admins}`); };
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("ann"), r#"{"ann":1} {"ann":1}"#);
    let report = host.edit(&script.replace("admins = users", "admins = #{}"));
    assert_eq!((report.kept, report.reset), (vec!["users".to_owned()], vec!["admins".to_owned()]));
    assert_eq!(client.ask("eve"), r#"{"ann":1,"eve":1} {}"#);
}

#[test]
fn a_variable_that_becomes_of_another_kind_is_one_for_closures_that_hold_it_too() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let n = 1;
worker.on_connect = |connection| {
    connection.shown = || `${n}`;
    connection.on_message = |c, line| c.send(`${n} ${c.shown.call()}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "1 1");
    for (value, shown) in [("#{}", "{}"), ("[7]", "[7]"), ("10", "10"), ("\"x\"", "x")] {
        for moved in ["", "// moved\n"] {
            host.edit(&format!("{moved}{}", script.replace("n = 1", &format!("n = {value}"))));
            assert_eq!(client.ask("a"), format!("{shown} {shown}"));
        }
    }
}
