//! `worker.connections`, `broadcast`, and listeners that a running script makes, stops and holds back.

use crate::support::{client::Client, findings, host::TestHost};
use std::{io::ErrorKind, net::TcpStream};

const TEXT: &str = "text://127.0.0.1:0";
const INNER: &str = "text://127.0.0.2:0";

#[test]
fn the_connections_view_counts_finds_and_walks() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            let all = worker.connections;
            let walked = [];
            for one in all { walked.push(one.id); }
            let values = [];
            for one in all.values() { values.push(one.id); }
            connection.send([
                all.len(), all.len, all.is_empty(), walked, all.keys(), values,
                connection.id in all, all.contains(99), "x" in all,
                all[connection.id] == connection, all[99] == (), all[-1] == (),
            ]);
        };
        worker.on_close = |connection| {
            let all = worker.connections;
            print(`${connection.id in all} ${all.len()} ${all[connection.id] == connection}`);
        };
        Worker::run_all();
        "#,
    );
    let mut first = host.tcp(TEXT);
    assert_eq!(first.ask("?"), "[1,1,false,[1],[1],[1],true,false,false,true,true,true]");
    let mut second = host.tcp(TEXT);
    assert_eq!(second.ask("?"), "[2,2,false,[1,2],[1,2],[1,2],true,false,false,true,true,true]");
    first.finish();
    first.expect_end();
    host.wait_for_log("true 2 true");
    assert_eq!(second.ask("?"), "[1,1,false,[2],[2],[2],true,false,false,true,true,true]");
    assert_eq!(host.printed(), ["true 2 true"], "on_close still finds its connection");
}

#[test]
fn a_walk_over_connections_may_close_them() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "ready" { connection.send("ready"); return; }
            for one in worker.connections { if one != connection { one.destroy(); } }
            connection.send("done");
        };
        Worker::run_all();
        "#,
    );
    let mut others: Vec<Client> = (0..5).map(|_| host.tcp(TEXT)).collect();
    for client in &mut others {
        assert_eq!(client.ask("ready"), "ready");
    }
    let mut closer = host.tcp(TEXT);
    assert_eq!(closer.ask("go"), "done");
    others.iter_mut().for_each(Client::expect_end);
    assert_eq!(closer.ask("ready"), "ready");
}

#[test]
fn a_broadcast_reaches_everyone_and_says_how_many() {
    let _meant = findings::meant(&["cannot-be-sent"]);
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| switch line {
            "hello" => connection.send("hello"),
            "nothing" => { worker.broadcast(()); },
            _ => {
                let reached = worker.broadcast(#{ news: line });
                connection.send(`reached ${reached}`);
            }
        };
        Worker::run_all();
        "#,
    );
    let mut clients: Vec<Client> = (0..3).map(|_| host.tcp(TEXT)).collect();
    for client in &mut clients {
        assert_eq!(client.ask("hello"), "hello");
    }
    clients[0].send("x\n");
    for client in &mut clients {
        assert_eq!(client.line(), r#"{"news":"x"}"#);
    }
    assert_eq!(clients[0].line(), "reached 3");
    clients[1].send("nothing\n");
    assert!(host.fault().title.contains("() cannot be sent"));
    assert_eq!(clients[1].ask("hello"), "hello");
}

/// A worker whose connections command an inner one.
const OUTER: &str = r#"
let worker = Worker("text://127.0.0.1:0");
let heard = [];
worker.on_worker_start = |worker| {
    let inner = Worker("text://127.0.0.2:0");
    inner.name = "inner";
    inner.on_message = |connection, line| {
        heard.push(line);
        for one in worker.connections { one.send(`inner ${connection.id} said ${line}`); }
        connection.send(`heard ${heard.len()}`);
    };
    inner.on_worker_stop = |inner| print("inner stops");
    inner.listen();
    inner.listen();
    worker.inner = inner;
};
worker.on_message = |connection, line| {
    let inner = worker.inner;
    switch line {
        "pause" => inner.pause_accept(),
        "resume" => inner.resume_accept(),
        "unlisten" => inner.unlisten(),
        "count" => connection.send(`${inner.connections.len()} ${heard.len()}`),
        _ => ()
    }
    connection.send(line);
};
worker.on_worker_stop = |worker| print("outer stops");
Worker::run_all();
"#;

#[test]
fn an_inner_worker_shares_everything_with_its_isolate() {
    let mut host = TestHost::start(OUTER);
    let mut outer = host.tcp(TEXT);
    assert_eq!(outer.ask("hi"), "hi");
    let mut inner = host.tcp(INNER);
    assert_eq!(inner.ask("a"), "heard 1");
    // (one row of ids for all listeners)
    assert_eq!(outer.line(), "inner 2 said a");
    assert_eq!(outer.ask("count"), "1 1");
    assert_eq!(outer.line(), "count");
    assert_eq!(host.logged("cannot listen"), 0, "to listen twice is harmless");
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert_eq!(host.printed(), ["inner stops", "outer stops"]);
}

#[test]
fn an_inner_worker_that_stops_listening_keeps_its_connections() {
    let mut host = TestHost::start(OUTER);
    let mut outer = host.tcp(TEXT);
    let mut inner = host.tcp(INNER);
    assert_eq!(inner.ask("a"), "heard 1");
    assert_eq!(outer.line(), "inner 2 said a");
    assert_eq!(outer.ask("unlisten"), "unlisten");
    let refused = TcpStream::connect(host.socket(INNER)).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(inner.ask("b"), "heard 2");
}

#[test]
fn while_accepting_is_paused_clients_wait() {
    let mut host = TestHost::start(OUTER);
    let mut outer = host.tcp(TEXT);
    assert_eq!(outer.ask("pause"), "pause");
    let mut inner = host.tcp(INNER);
    inner.send("a\n");
    host.expect_silence(&inner);
    assert_eq!(outer.ask("resume"), "resume");
    assert_eq!(inner.line(), "heard 1");
}

/// A Worker that stops listening is gone from the network, whoever bound its socket (Workerman's K16).
#[test]
fn a_worker_that_stops_listening_refuses_clients() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "stop" { worker.unlisten(); }
            connection.send(line);
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("stop"), "stop");
    // The host lets go of its own handle a moment after the isolate did.
    host.wait_for_log("stopped listening");
    let refused = TcpStream::connect(host.socket(TEXT)).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(client.ask("still here"), "still here");
}

#[test]
fn the_isolates_of_a_worker_share_nothing() {
    let mut host = TestHost::start(
        r#"
        let seen = 0;
        let worker = Worker("text://127.0.0.1:0");
        worker.count = 2;
        worker.list = [];
        // (each isolate takes one connection, so that there is one in each)
        worker.on_connect = |connection| worker.pause_accept();
        worker.on_message = |connection, line| {
            seen += 1;
            worker.list.push(line);
            connection.send([worker.id, connection.id, seen, worker.list]);
        };
        Worker::run_all();
        "#,
    );
    let one = host.tcp(TEXT).ask("x");
    let mut answers = [one, host.tcp(TEXT).ask("y")];
    let first_is_zero = answers[0].starts_with("[0");
    if !first_is_zero {
        answers.reverse();
    }
    let (x, y) = if first_is_zero { ("x", "y") } else { ("y", "x") };
    assert_eq!(answers, [format!(r#"[0,1,1,["{x}"]]"#), format!(r#"[1,1,1,["{y}"]]"#)]);
}

#[test]
fn top_level_workers_share_nothing() {
    let _meant = findings::meant(&["shared-by-workers"]);
    let mut host = TestHost::start(
        r#"
        let seen = 0;
        fn count(connection) { seen += 1; connection.send(`${connection.id} ${seen}`); }
        let one = Worker("text://127.0.0.1:0");
        let two = Worker("text://127.0.0.2:0");
        one.on_message = count;
        two.on_message = count;
        Worker::run_all();
        "#,
    );
    let (mut one, mut two) = (host.tcp(TEXT), host.tcp(INNER));
    assert_eq!(one.ask("x"), "1 1");
    assert_eq!(one.ask("x"), "1 2");
    assert_eq!(two.ask("x"), "1 1");
}

#[test]
fn a_worker_that_stopped_listening_listens_again_after_a_reload() {
    const SCRIPT: &str = r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_worker_reload = |worker| print(`again ${worker.address}`);
        worker.on_message = |connection, line| {
            if line == "stop" { worker.unlisten(); }
            connection.send(line);
        };
        Worker::run_all();
    "#;
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("stop"), "stop");
    host.wait_for_log("stopped listening");
    host.edit(&SCRIPT.replace("connection.send(line)", "connection.send(line + \"!\")"));
    let again = host.wait_for_log("again text://").message;
    let address = again.rsplit('/').next().expect("an address").parse().expect("an address");
    assert_eq!(Client::connect(address).ask("new"), "new!");
    assert_eq!(client.ask("old"), "old!", "what was open stayed open");
}

#[test]
fn an_inner_worker_refuses_a_callback_that_nobody_would_call() {
    for callback in ["on_worker_start", "on_worker_reload"] {
        let script = format!(
            "let worker = Worker(\"{TEXT}\");\nworker.on_worker_start = |worker| {{\n    let inner = \
             Worker(\"{TEXT}\");\n    inner.{callback} = |inner| print(\"never\");\n}};"
        );
        let error = TestHost::try_start(&script, &[]).err().expect("refused").to_string();
        assert!(error.contains("main.rhai:4:"), "{error}");
        let says = format!("{callback} is called for workers of the top level only");
        assert!(error.contains(&says), "{error}");
    }
    // Its end is told to it as to any other.
    let stops = "let worker = Worker();\nworker.on_worker_start = |worker| {\n    let inner = \
                 Worker(\"text://127.0.0.1:0\");\n    inner.on_worker_stop = |inner| print(\"stopped\");\n    \
                 inner.listen();\n};";
    let mut host = TestHost::start(stops);
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert_eq!(host.printed(), ["stopped"]);
}
