//! `import`.

use super::{TEXT, answers_with};
use crate::support::host::TestHost;

const MAIN: &str = r#"
import "lib/a" as a;
let worker = Worker("text://127.0.0.1:0");
fn through_function(line) { a::shout(line) }
worker.on_message = |connection, line| {
    let own = || a::shout("own");
    connection.send(`${a::shout(line)} ${through_function(line)} ${own.call()} ${a::MARK}`);
};
"#;

#[test]
fn imported_functions_and_constants_work_in_whatever_is_called_later() {
    let files =
        [("lib/a.rhai", "export const MARK = \"!\";\nfn shout(x) { x.to_upper() + MARK }\n")];
    assert_eq!(answers_with(MAIN, &files, &["hi", "yo"]), ["HI! HI! OWN! !", "YO! YO! OWN! !"]);
}

#[test]
fn an_import_is_relative_to_the_file_that_makes_it() {
    let files = [
        (
            "lib/a.rhai",
            "import \"b\" as b;\nimport \"../c\" as c;\nexport const MARK = 1;\nfn shout(x) { b::f(x) + c::f(x) }\n",
        ),
        ("lib/b.rhai", "fn f(x) { \"b\" + x }\n"),
        ("b.rhai", "fn f(x) { \"wrong\" }\n"),
        ("c.rhai", "fn f(x) { \"c\" + x }\n"),
    ];
    assert_eq!(answers_with(MAIN, &files, &["1"]), ["b1c1 b1c1 bowncown 1"]);
}

#[test]
fn a_module_has_state_of_its_own_which_is_one_for_all_importers() {
    let main = r#"
import "counter" as counter;
import "other" as other;
let n = 100;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| {
    counter::up();
    other::up();
    connection.send(`${counter::get()} ${other::get()} ${n}`);
};
"#;
    let files = [
        (
            "counter.rhai",
            "let n = 0;\nlet seen = #{};\nfn up() { n += 1; seen[`s${n}`] = n; }\nfn get() { `${n}/${seen.len()}` }\n",
        ),
        (
            "other.rhai",
            "import \"counter\" as c;\nlet n = 50;\nfn up() { c::up(); n += 1; }\nfn get() { c::get() + `:${n}` }\n",
        ),
    ];
    assert_eq!(answers_with(main, &files, &["a", "b"]), ["2/2 2/2:51 100", "4/4 4/4:52 100"]);
}

#[test]
fn a_module_keeps_its_state_over_a_reload() {
    let main = r#"
import "counter" as counter;
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, line| { connection.send(counter::up()); };
"#;
    let counter = "let n = 0;\nfn up() { n += 1; `${n} old` }\n";
    let mut host = TestHost::start_with(main, &[("counter.rhai", counter)]);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "1 old");
    host.save("counter.rhai", &counter.replace("old", "new"));
    assert_eq!(host.reloaded().kept, ["n"]);
    assert_eq!(client.ask("a"), "2 new");
    host.save("counter.rhai", &counter.replace("n = 0", "n = 10"));
    assert_eq!(host.reloaded().reset, ["n"]);
    assert_eq!(client.ask("a"), "11 old");
}

#[test]
fn closures_made_inside_modules_work_as_callbacks_and_as_values() {
    let main = r#"
import "make" as make;
let worker = Worker("text://127.0.0.1:0");
make::install(worker);
let adder = make::adder(10);
worker.on_connect = |connection| {
    connection.adder = make::adder(100);
    Timer::delay(0, make::sender(connection));
};
fn add(x) { adder.call(x) }
worker.own = |connection, line| {
    connection.send(`${add(1)} ${connection.adder.call(1)} ${[1, 2].map(make::adder(5))}`);
};
"#;
    let make = r#"
let calls = 0;
fn install(worker) {
    worker.on_message = |connection, line| {
        calls += 1;
        if line == "own" { worker.own.call(connection, line); } else { connection.send(`module ${helper(line)} ${calls}`); }
    };
}
fn helper(x) { x + x }
fn adder(n) { |x| x + n }
fn sender(c) { || c.send("timer") }
"#;
    let mut host = TestHost::start_with(main, &[("make.rhai", make)]);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.line(), "timer");
    assert_eq!(client.ask("a"), "module aa 1");
    assert_eq!(client.ask("own"), "11 101 [6,7]");
    host.save(
        "make.rhai",
        &make.replace("module $", "edited $").replace("x + n }", "x + n + 1000 }"),
    );
    host.reloaded();
    assert_eq!(client.ask("b"), "edited bb 3");
    assert_eq!(client.ask("own"), "1011 1101 [1006,1007]");
}

#[test]
fn std_push_keeps_one_client_for_each_uid() {
    let main = r#"
import "std/push" as push;
let worker = Worker("text://127.0.0.1:0");
worker.clients = #{};
worker.on_message = |connection, line| {
    if line == "who" { connection.send(to_json(worker.clients.keys())); return; }
    if connection.push_uid == () { push::bind(worker.clients, line, connection); return; }
    connection.send(`${push::send(worker.clients, line, "hello")}`);
};
worker.on_close = |connection| { push::release(worker.clients, connection); print("released"); };
"#;
    let mut host = TestHost::start(main);
    let (mut first, mut second, mut third) = (host.tcp(TEXT), host.tcp(TEXT), host.tcp(TEXT));
    first.send("a\n");
    assert_eq!(first.ask("who"), r#"["a"]"#);
    second.send("a\n");
    assert_eq!(second.ask("nobody"), "false");
    third.send("c\n");
    assert_eq!(third.ask("a"), "true");
    assert_eq!(second.line(), "hello");
    // The older one goes: its place is the newer one's now.
    drop(first);
    host.wait_for_log("released");
    assert_eq!(third.ask("who"), r#"["a","c"]"#);
    assert_eq!(second.ask("c"), "true");
    assert_eq!(third.line(), "hello");
}

#[test]
fn what_cannot_be_imported_says_why() {
    type Files = &'static [(&'static str, &'static str)];
    let cases: [(&str, Files, &[&str]); 4] = [
        (
            "import \"a\" as a;",
            &[("a.rhai", "import \"b\" as b;"), ("b.rhai", "import \"a\" as a;")],
            &["import cycle", "b.rhai:1:8", "main.rhai:1:"],
        ),
        ("import \"main\" as me;", &[], &["import cycle", "main.rhai:1:8"]),
        ("import \"std/nothing\" as n;", &[], &["there is no module `std/nothing`", "std/push"]),
        (
            "import \"a\" as a;",
            &[("a.rhai", "let x = 1;\nthrow \"inside\";")],
            &["inside", "a.rhai:2:1", "main.rhai:1:", "imported here"],
        ),
    ];
    for (script, files, said) in cases {
        let error = TestHost::try_start(&format!("{script}\nWorker(\"{TEXT}\");"), files).err();
        let text = error.unwrap_or_else(|| panic!("{script} starts")).to_string();
        for part in said {
            assert!(text.contains(part), "{script}: no `{part}` in\n{text}");
        }
    }
}
