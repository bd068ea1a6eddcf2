//! What ends an isolate, or a handler, and what stays alive meanwhile.

use crate::support::{
    client::Client, daemon::Daemon, host::TestHost, wait::until, websocket::WebSocket,
};
use rhost::{HostBuilder, ReloadOptions};
use std::net::TcpStream;

const TEXT: &str = "text://127.0.0.1:0";
const WEB: &str = "websocket://127.0.0.1:0";

/// Gives scripts `bomb()`: a value that panics when it is dropped, where the host does not expect it.
pub fn bombs(builder: HostBuilder) -> HostBuilder {
    #[derive(Clone)]
    struct Bomb(std::rc::Rc<Charge>);
    struct Charge;
    impl Drop for Charge {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("a bomb went off");
            }
        }
    }
    builder.register(|engine| {
        engine.register_fn("bomb", || Bomb(std::rc::Rc::new(Charge)));
        engine.register_fn("touch", |bomb: Bomb| assert!(std::rc::Rc::strong_count(&bomb.0) > 0));
    })
}

#[test]
fn an_error_closes_the_connection_if_the_worker_wants_that() {
    let script = |policy: &str| {
        format!(
            r#"
let worker = Worker("{WEB}");
{policy}
worker.on_message = |connection, line| {{
    if line == "bad" {{ throw "bad"; }}
    connection.send(line);
}};
"#
        )
    };
    let mut host = TestHost::start(&script("worker.on_script_error = \"close\";"));
    let (mut one, mut other) = (host.websocket(WEB), host.websocket(WEB));
    assert_eq!(one.ask("a"), "a");
    one.text("bad");
    // (a client that does not answer the goodbye)
    host.advance(6.0);
    one.expect_close(1011);
    assert_eq!(other.ask("b"), "b");
    // The default.
    host.edit(&script(""));
    other.text("bad");
    host.fault();
    assert_eq!(other.ask("c"), "c");
    let fault = host.edit_badly(&script("worker.on_script_error = \"retry\";"));
    assert!(fault.title.contains("\"keep\", \"close\" or \"exit\""), "{}", fault.title);
}

#[test]
fn an_error_costs_its_isolate_if_the_worker_wants_that_and_a_new_one_serves() {
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
worker.on_script_error = "exit";
worker.seen = 0;
worker.on_message = |connection, line| {{
    if line == "bad" {{ throw "bad"; }}
    worker.seen += 1;
    connection.send(`${{worker.seen}}`);
}};
worker.on_worker_stop = |worker| print("stopped");
worker.on_worker_start = |worker| print("started");
worker.on_worker_reload = |worker| print("reloaded");
let other = Worker("{WEB}");
other.on_message = |connection, line| connection.send(line);
"#
    );
    let mut host = TestHost::start(&script);
    let mut calm = host.websocket(WEB);
    for round in 0..3 {
        let (mut one, mut two) = (host.tcp(TEXT), host.tcp(TEXT));
        assert_eq!((one.ask("a"), two.ask("a")), ("1".into(), "2".into()));
        one.send("bad\n");
        one.expect_end();
        two.expect_end();
        until("the log says `started`", || host.logged("started") == round + 2);
    }
    assert_eq!((host.logged("stopped"), host.logged("reloaded")), (3, 0));
    // The third waited longer than the second.
    assert_eq!(host.logged("a new one starts now"), 1);
    assert_eq!(host.logged("a new one starts in 100 ms"), 1);
    assert_eq!(host.logged("a new one starts in 200 ms"), 1);
    assert_eq!(calm.ask("still here"), "still here");
    // It belongs to the script as any other.
    host.edit(&script.replace("`${worker.seen}`", "`seen ${worker.seen}`"));
    assert_eq!(host.tcp(TEXT).ask("a"), "seen 1");
}

#[test]
fn an_isolate_that_dies_is_started_anew_on_the_same_port() {
    let script = format!(
        r#"
let value = bomb();
fn hold() {{ touch(value); }}
let worker = Worker("{TEXT}");
worker.count = 2;
worker.on_message = |connection, line| connection.send(`old ${{worker.id}}`);
worker.on_worker_start = |worker| print(`started ${{worker.id}}`);
"#
    );
    let mut host = TestHost::try_start_as(&script, &[], bombs).expect("it starts");
    assert!(host.tcp(TEXT).ask("a").starts_with("old "));
    // The old value is dropped while the isolates switch, which nothing guards them against.
    let edited = script.replace("value = bomb()", "value = 1").replace("touch(value);", "");
    host.edit(&edited.replace("old ${", "new ${"));
    host.wait_for_log("an isolate died (a bomb went off)");
    until("the log says `started`", || {
        host.logged("started 0") == 2 && host.logged("started 1") == 2
    });
    for _ in 0..20 {
        assert!(host.tcp(TEXT).ask("a").starts_with("new "));
    }
    let report = host.edit(&edited.replace("old ${", "newer ${"));
    assert_eq!(report.generation, 2);
    assert!(host.tcp(TEXT).ask("a").starts_with("newer "));
}

#[test]
fn a_panic_of_the_host_for_one_connection_costs_that_connection() {
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
worker.on_message = |connection, line| {{
    if line == "bomb" {{ return bomb(); }}
    connection.send(`${{worker.connections.len()}}`);
}};
"#
    );
    let mut host = TestHost::try_start_as(&script, &[], bombs).expect("it starts");
    let (mut one, mut two) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!((one.ask("a"), two.ask("a")), ("2".into(), "2".into()));
    one.send("bomb\n");
    assert_eq!(one.rest(), b"");
    host.wait_for_log("ended by a panic of the host");
    assert_eq!(two.ask("a"), "1");
    drop(two);
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_handler_that_never_ends_is_ended_at_its_line_and_the_others_get_their_answers() {
    let script = format!(
        "let worker = Worker(\"{TEXT}\");\nworker.handler_timeout = 0.2;\nworker.on_message = \
         |connection, line| {{\n    if line == \"loop\" {{\n        loop {{}}\n    }}\n    \
         connection.send(line);\n}};\n"
    );
    let mut host = TestHost::start(&script);
    let mut stuck = host.tcp(TEXT);
    let mut others: Vec<Client> = (0..500).map(|_| host.tcp(TEXT)).collect();
    stuck.send("loop\n");
    others.iter_mut().for_each(|client| client.send("here\n"));
    for client in &mut others {
        assert_eq!(client.line(), "here");
    }
    let fault = host.fault();
    assert_eq!(fault.location, "main.rhai:5:14");
    assert!(fault.title.contains("it ran 0.2 s without waiting (handler_timeout)"), "{fault}");
    assert_eq!(stuck.ask("a"), "a");
    // A saved limit holds for the next handler.
    host.edit(&script.replace("0.2", "0.1"));
    stuck.send("loop\n");
    assert!(host.fault().title.contains("it ran 0.1 s"));
}

#[test]
fn a_graceful_stop_serves_who_is_there_and_lets_nobody_in() {
    let script = format!(
        r#"
let worker = Worker("{TEXT}");
worker.on_message = |connection, line| connection.send(line);
worker.on_worker_stop = |worker| print("stopped");
worker.on_worker_start = |worker| {{
    let inner = Worker("{WEB}");
    inner.listen();
}};
"#
    );
    let mut host = TestHost::start(&script);
    let (outer, inner) = (host.socket(TEXT), host.socket(WEB));
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("a"), "a");
    host.handle().stop_gracefully(7);
    host.wait_for_log("stopping when all connections are closed");
    for address in [outer, inner] {
        until("the port is closed", || TcpStream::connect(address).is_err());
    }
    assert_eq!(client.ask("b"), "b");
    assert_eq!(host.logged("stopped"), 0);
    drop(client);
    assert_eq!(host.ended(), 7);
    assert_eq!(host.logged("stopped"), 1);
}

#[test]
fn a_graceful_stop_takes_no_longer_than_its_time() {
    let script = format!(
        "Worker::configure(#{{ stop_timeout: 0.3 }});\nlet worker = Worker(\"{WEB}\");\nworker.on_message = \
         |connection, text| connection.send(text);"
    );
    let mut host = TestHost::start(&script);
    let mut client = host.websocket(WEB);
    assert_eq!(client.ask("a"), "a");
    host.handle().stop_gracefully(0);
    client.expect_close(1001);
    assert_eq!(host.ended(), 0);
}

#[test]
fn a_second_stop_ends_a_graceful_one_now() {
    let script = format!("let worker = Worker(\"{WEB}\");");
    let mut host = TestHost::start(&script);
    let mut client: WebSocket = host.websocket(WEB);
    host.handle().stop_gracefully(0);
    host.wait_for_log("in 30 s at most");
    host.handle().stop(3);
    client.expect_close(1001);
    assert_eq!(host.ended(), 3);
}

#[test]
fn a_hard_reload_closes_connections_once_the_new_script_serves() {
    let script = |answer: &str| {
        format!(
            "let worker = Worker(\"{WEB}\");\nworker.on_message = |c, text| c.send(\"{answer}\");"
        )
    };
    let mut host = TestHost::start(&script("old"));
    let mut client = host.websocket(WEB);
    assert_eq!(client.ask("a"), "old");
    let options = ReloadOptions { hard: true, ..ReloadOptions::default() };
    std::fs::write(host.path("main.rhai"), "let worker = ;").expect("the script");
    assert!(host.handle().reload_with(options).expect("it runs").is_err());
    assert_eq!(client.ask("a"), "old");
    std::fs::write(host.path("main.rhai"), script("new")).expect("the script");
    assert!(host.handle().reload_with(options).expect("it runs").is_ok());
    // (a client that does not answer the goodbye)
    host.advance(6.0);
    client.expect_close(1012);
    assert_eq!(host.websocket(WEB).ask("a"), "new");
}

#[test]
fn a_busy_isolate_is_named_where_its_connections_are_missing() {
    let daemon = Daemon::new(
        r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "echo";
worker.count = 2;
worker.handler_timeout = 60;
worker.on_message = |connection, line| {
    connection.send(`${worker.id}`);
    if line == "loop" { sleep(0.01); loop {} }
};
"#,
    );
    let address = daemon.start();
    // One client of each isolate; whoever else comes in leaves again.
    let of_isolate = |id: &str| loop {
        let mut client = Client::connect(address);
        if client.ask("who") == id {
            return client;
        }
    };
    let (mut one, mut two) = (of_isolate("1"), of_isolate("0"));
    let list = || daemon.rhost("connections", &[]);
    until("the others have left", || list().out.lines().count() == 3 && list().code == Some(0));
    assert_eq!(one.ask("loop"), "1");
    let says = "rhost: isolate 1 (echo) is busy in main.rhai:6 for ";
    until("the isolate is busy", || list().err.starts_with(says));
    let said = list();
    assert_eq!((said.code, said.out.lines().count()), (Some(7), 2), "{}{}", said.out, said.err);
    assert!(said.err.ends_with(" s: its connections are not listed\n"), "{}", said.err);
    let said = daemon.rhost("connections", &["--json"]);
    let seen: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(said.code, Some(7));
    assert_eq!(seen["connections"][0]["isolate"], 0);
    let missing = &seen["missing"][0];
    assert_eq!(missing["isolate"], 1);
    assert_eq!(
        (&missing["worker"], &missing["busy"]["place"]),
        (&"echo".into(), &"main.rhai:6".into())
    );
    assert_eq!(two.ask("who"), "0", "the other one serves on");
}
