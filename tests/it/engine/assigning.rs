//! Another value in a variable of the top level: everybody who knows the variable sees it.

use crate::support::host::TestHost;

const TEXT: &str = "text://127.0.0.1:0";

/// The answers of a script's handler.
fn answers(script: &str, lines: &[&str]) -> Vec<String> {
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    lines.iter().map(|line| client.ask(line)).collect()
}

#[test]
fn a_function_can_put_another_map_into_a_variable_of_the_top_level() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let users = #{ ann: 1 };
let known = || users.len();
fn start_anew() { users = #{}; users.bob = 1; users.eve = 2; }
worker.on_message = |connection, line| {
    if line == "anew" { start_anew(); }
    connection.send(`${users} ${known.call()}`);
};
"#;
    let expected = [r#"{"ann":1} 1"#, r#"{"bob":1,"eve":2} 2"#, r#"{"bob":1,"eve":2} 2"#];
    assert_eq!(answers(script, &["?", "anew", "?"]), expected);
}

#[test]
fn what_a_variable_of_the_top_level_gets_later_is_a_reference_too() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let users = ();
fn first() { users = #{ n: 1 }; }
fn second() { let same = users; same.n += 1; }
worker.on_message = |connection, line| {
    first();
    second();
    let same = users;
    same.n += 1;
    users = #{ n: users.n, inner: #{ n: 5 } };
    let inner = users.inner;
    inner.n += 1;
    connection.send(`${users.n} ${users.inner.n}`);
};
"#;
    assert_eq!(answers(script, &["?", "?"]), ["3 6"; 2]);
}

#[test]
fn the_top_level_can_put_another_map_into_a_variable_that_a_closure_captured() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let users = #{};
let count = || users.len();
users = #{ ann: 1 };
let counted = count.call();
users = #{ ann: 1, bob: 2 };
worker.on_message = |connection, line| connection.send(`${counted} ${count.call()}`);
"#;
    assert_eq!(answers(script, &["?"]), ["1 2"]);
}

#[test]
fn a_connection_in_a_variable_can_be_replaced_whatever_closures_there_are() {
    let script = r#"
import "std/router" as router;
let worker = Worker("text://127.0.0.1:0");
let current = ();
let options = #{ a: #{ n: 1 }, b: #{ n: 2 } };
fn elsewhere() { let options = 1; let directory = 2; let connection = 3; || options + directory + connection }
fn pick() { let options = options.a; options = worker.b; options.n }
worker.b = #{ n: 2 };
worker.on_message = |connection, line| {
    let before = if current == () { 0 } else { current.id };
    current = connection;
    connection = ();
    current.send(`${before} ${current.id} ${pick()}`);
};
"#;
    let mut host = TestHost::start(script);
    let (mut first, mut second) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(first.ask("x"), "0 1 2");
    assert_eq!(second.ask("x"), "1 2 2");
    assert_eq!(first.ask("x"), "2 1 2");
}

#[test]
fn closures_made_in_a_loop_over_maps_each_have_their_own() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
worker.list = [#{ n: 1 }, #{ n: 2 }];
worker.on_message = |connection, line| {
    let all = [];
    let entry = 0;
    for entry in worker.list { all.push(|| entry.n); }
    for (entry, i) in worker.list { all.push(|| entry.n + 10); }
    entry = 5;
    connection.send(`${all.map(|f| f.call())}`);
};
"#;
    assert_eq!(answers(script, &["?"]), ["[1,2,11,12]"]);
}

#[test]
fn a_variable_that_got_another_map_keeps_it_over_a_reload() {
    let script = |version: u32| {
        format!(
            r#"
let worker = Worker("text://127.0.0.1:0");
let users = #{{ n: 1 }};
let read = || users.n;
fn start_anew() {{ users = #{{ n: 7 }}; }}
worker.on_message = |connection, line| {{
    if line == "anew" {{ start_anew(); }}
    if line == "more" {{ users.n += 1; }}
    connection.send(`{version} ${{users.n}} ${{read.call()}}`);
}};
"#
        )
    };
    let mut host = TestHost::start(&script(1));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "1 1 1");
    assert_eq!(client.ask("anew"), "1 7 7");
    host.edit(&script(2));
    assert_eq!(client.ask("?"), "2 7 7");
    assert_eq!(client.ask("more"), "2 8 8");
    assert_eq!(client.ask("anew"), "2 7 7");
    host.edit(&script(3));
    assert_eq!(client.ask("more"), "3 8 8");
    host.edit(&script(3).replace("n: 1 }", "n: 100 }"));
    assert_eq!(client.ask("more"), "3 101 101", "a text that was edited starts anew");
}

#[test]
fn a_reload_that_is_refused_changes_no_variable() {
    let script = r#"
let worker = Worker("text://127.0.0.1:0");
let users = #{ n: 1 };
worker.on_message = |connection, line| {
    users.n += 1;
    connection.send(`${users.n}`);
};
"#;
    let mut host = TestHost::start(script);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), "2");
    host.edit_badly(&format!("{script}\nusers = #{{ n: 50 }};\nthrow \"no\";"));
    assert_eq!(client.ask("?"), "3");
    host.edit_badly(&format!("{}\nthrow \"no\";", script.replace("n: 1", "n: 70")));
    assert_eq!(client.ask("?"), "4");
}
