//! `TcpConnection`: what it tells of itself, pausing, and callbacks of its own.

use crate::support::{client::Client, findings, guards::Guards, host::TestHost};

const TEXT: &str = "text://127.0.0.1:0";

#[test]
fn a_connection_tells_about_itself() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, name| {
            if name == "set" { connection.uid = #{ n: 1 }; connection.gone = 1; connection.gone = (); }
            connection.send(to_json(if name == "worker" { connection.worker == worker } else { connection[name] }));
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    for (name, value) in [
        ("id", "1"),
        ("worker", "true"),
        ("protocol", r#""text""#),
        ("max_package_size", "10485760"),
        ("max_send_buffer_size", "1048576"),
        ("uid", "null"),
        ("set", "null"),
        ("uid", r#"{"n":1}"#),
        ("gone", "null"),
        ("on_close", "null"),
        ("send_buffer_size", "0"),
    ] {
        assert_eq!(client.ask(name), value, "{name}");
    }
    let mut second = host.tcp(TEXT);
    assert_eq!(second.ask("id"), "2");
    assert_eq!(second.ask("uid"), "null", "properties belong to one connection");
    assert_eq!(second.ask("bytes_read"), format!("{}", "id\nuid\nbytes_read\n".len()));
    assert_eq!(second.ask("bytes_written"), format!("{}", "2\nnull\n18\n".len()));
}

#[test]
fn what_cannot_be_assigned_costs_the_event_alone() {
    let _meant =
        findings::meant(&["read-only", "setting-value", "unknown-callback", "callback-parameters"]);
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            switch line {
                "id" => connection.id = 5,
                "worker" => connection.worker = (),
                "bytes" => connection.bytes_read = 0,
                "size" => connection.max_package_size = 0,
                "protocol" => connection.protocol = "morse",
                "websocket" => connection.protocol = "websocket",
                "name" => connection.on_mesage = |c, d| 0,
                "start" => connection.on_worker_start = |c| 0,
                "arity" => connection.on_close = |a, b, c| 0,
                _ => ()
            }
            connection.send("ok");
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    for (line, says) in [
        ("id", "id cannot be assigned"),
        ("worker", "worker cannot be assigned"),
        ("bytes", "bytes_read cannot be assigned"),
        ("size", "max_package_size is a whole number from 1 to 4294967295, not 0"),
        ("protocol", "unknown scheme `morse`"),
        ("websocket", "nor another protocol a websocket"),
        ("name", "TcpConnection has no callback `on_mesage`; did you mean `on_message`?"),
        ("start", "TcpConnection has no callback `on_worker_start`"),
        ("arity", "on_close: "),
    ] {
        client.send(format!("{line}\n"));
        let fault = host.fault();
        assert!(fault.title.contains(says), "{line}: {}", fault.text);
        assert!(!fault.title.contains("did you mean `on_worker_"), "{}", fault.text);
    }
    assert_eq!(client.ask("x"), "ok");
}

/// Rhai hands a property back to its setter after a method call on it.
#[test]
fn a_method_of_a_fixed_property_is_no_assignment() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("websocket://127.0.0.1:0");
        worker.on_message = |connection, line| {
            connection.worker.broadcast("all");
            let own = connection.worker;
            connection.send([
                connection.id.to_string(), connection.bytes_read.max(1) > 0, connection.worker.connections.len(),
                own.connections.len(), own.id.to_string(), own.address.contains("127"), own.transport.len(),
                own.generation.to_string(), connection.protocol.len(), connection.worker.name.len(),
            ]);
        };
        Worker::run_all();
        "#,
    );
    let mut socket = host.websocket("websocket://127.0.0.1:0");
    assert_eq!(socket.ask("?"), "all");
    assert_eq!(socket.message(), r#"["1",true,1,1,"0",true,3,"0",9,0]"#);
}

#[test]
fn a_callback_of_the_connection_wins_over_its_workers() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "own" {
                connection.on_message = |connection, line| {
                    if line == "back" { connection.on_message = (); }
                    connection.send("own " + line);
                };
                connection.on_close = |connection| print("own close");
            }
            connection.send("worker " + line);
        };
        worker.on_close = |connection| print("worker close");
        Worker::run_all();
        "#,
    );
    let (mut special, mut plain) = (host.tcp(TEXT), host.tcp(TEXT));
    assert_eq!(special.ask("own"), "worker own");
    assert_eq!(special.ask("a"), "own a");
    assert_eq!(plain.ask("a"), "worker a", "the others keep the worker's");
    assert_eq!(special.ask("back"), "own back");
    assert_eq!(special.ask("a"), "worker a");
    special.finish();
    special.expect_end();
    host.wait_for_log("own close");
    plain.finish();
    plain.expect_end();
    host.wait_for_log("worker close");
    assert_eq!(host.printed(), ["own close", "worker close"]);
}

/// K11: nothing that a script passes to `send` ends more than the event.
#[test]
fn a_paused_connection_keeps_its_messages_in_order() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "pause" { connection.pause_recv(); }
            if line == "resume" { for one in worker.connections { one.resume_recv(); } }
            connection.send(line);
        };
        worker.on_close = |connection| print(`closed ${connection.id}`);
        Worker::run_all();
        "#,
    );
    let (mut paused, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    paused.send("pause\none\ntwo\nth");
    assert_eq!(paused.line(), "pause");
    paused.send("ree\nfour\n");
    host.expect_silence(&paused);
    assert_eq!(other.ask("resume"), "resume");
    for line in ["one", "two", "three", "four"] {
        assert_eq!(paused.line(), line);
    }
    // The end of a paused peer is noticed when it is read again.
    assert_eq!(paused.ask("pause"), "pause");
    paused.finish();
    host.expect_silence(&paused);
    assert_eq!(host.printed(), [""; 0]);
    assert_eq!(other.ask("resume"), "resume");
    paused.expect_end();
    host.wait_for_log("closed 1");
}

#[test]
fn a_closed_connection_frees_its_closures_and_properties() {
    let guards = Guards::new();
    let mut host = TestHost::try_start_as(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_connect = |connection| {
            let held = guard();
            // Rings on purpose: the connection is held by its own closure, properties and map.
            connection.on_message = |other, line| { touch(held); connection.send(line); };
            connection.on_close = |other| touch(held);
            connection.held = held;
            connection.me = connection;
            connection.map = #{ me: connection, list: [connection] };
        };
        Worker::run_all();
        "#,
        &[],
        |builder| guards.register(builder),
    )
    .expect("starts");
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("x"), "x");
    guards.expect_held("while the connection lives");
    client.reset();
    guards.expect_freed("when the connection is gone");
    let mut next = host.tcp(TEXT);
    assert_eq!(next.ask("y"), "y");
    drop(next);
    guards.expect_freed("when the next one is gone");
    assert_eq!(host.errors(), 0);
}

#[test]
fn addresses_are_shown_as_they_are() {
    const TELLS: &str = r#"
        worker.on_message = |c, line| c.send([
            c.get_remote_ip(), c.get_remote_port(), c.get_remote_address(),
            c.get_local_ip(), c.get_local_port(), c.get_local_address(),
        ]);
        Worker::run_all();
    "#;
    let start =
        |address: &str| TestHost::start(&format!("let worker = Worker(\"{address}\");{TELLS}"));
    let told = |client: &mut Client, v4: bool| {
        let (peer, local) = client.addresses();
        let (p, l) = (peer.port(), local.port());
        let ip = if v4 { "127.0.0.1" } else { "::1" };
        let host = if v4 { "127.0.0.1" } else { "[::1]" };
        assert_eq!(
            client.ask("?"),
            format!(r#"["{ip}",{p},"{host}:{p}","{ip}",{l},"{host}:{l}"]"#)
        );
    };
    let mut host = start(TEXT);
    told(&mut host.tcp(TEXT), true);
    let mut host = start("text://[::1]:0");
    told(&mut host.tcp("text://[::1]:0"), false);
    // An IPv4 client of an IPv6 socket is shown as what it is.
    let mut host = start("text://[::]:0");
    let port = host.socket("text://[::]:0").port();
    told(&mut Client::connect(([127, 0, 0, 1], port).into()), true);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let _host = start(&format!("text://{}", path.display()));
    assert_eq!(Client::connect_unix(&path).ask("?"), r#"["",0,"","",0,""]"#);
}

#[test]
fn a_connection_leaves_whatever_its_on_close_does() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| switch line {
            "throws" => { connection.on_close = |c| throw "from close"; connection.close(); }
            "closes" => { connection.on_close = |c| { c.close(); c.destroy(); print("closed"); }; connection.close(); }
            "waits" => { connection.on_close = |c| { sleep(0.02); print("waited"); }; connection.close(); }
            _ => connection.send(worker.connections.len()),
        };
        Worker::run_all();
        "#,
    );
    let mut witness = host.tcp(TEXT);
    for (order, says) in [("throws", "from close"), ("closes", "closed"), ("waits", "waited")] {
        let mut client = host.tcp(TEXT);
        client.send(format!("{order}\n"));
        client.expect_end();
        host.wait_for_log(says);
        // (the connection leaves in the same step of the loop in which its on_close returns)
        assert_eq!(witness.ask("?"), "1", "{order}");
    }
}

#[test]
fn a_new_connection_may_be_greeted_paused_or_refused() {
    let mut host = TestHost::start(
        r#"
        let waiting = [];
        let refuse = false;
        let worker = Worker("text://127.0.0.1:0");
        worker.on_connect = |connection| {
            if refuse { connection.close("full"); return; }
            connection.send("welcome");
            if connection.id == 2 { connection.pause_recv(); waiting.push(connection); }
        };
        worker.on_message = |connection, line| {
            if line == "resume" { waiting[0].resume_recv(); }
            if line == "refuse" { refuse = true; }
            connection.send(line);
        };
        Worker::run_all();
        "#,
    );
    let mut first = host.tcp(TEXT);
    assert_eq!(first.line(), "welcome");
    let mut second = host.tcp(TEXT);
    second.send("early\n");
    assert_eq!(second.line(), "welcome");
    host.expect_silence(&second);
    assert_eq!(first.ask("resume"), "resume");
    assert_eq!(second.line(), "early");
    assert_eq!(first.ask("refuse"), "refuse");
    let mut third = host.tcp(TEXT);
    third.send("ignored\n");
    assert_eq!(third.line(), "full");
    third.expect_end();
}

#[test]
fn messages_nobody_wants_are_read_all_the_same() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_close = |connection| print(`read ${connection.bytes_read}`);
        "#,
    );
    let mut client = host.tcp(TEXT);
    client.send("one\ntwo\n");
    client.finish();
    client.expect_end();
    host.wait_for_log("read 8");
}

#[test]
fn a_connection_destroyed_while_its_handler_waits_closes_when_that_returns() {
    let mut host = TestHost::start(
        r#"
        let free = false;
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| switch line {
            "wait" => {
                print("waiting");
                while !free { sleep(0.01); }
                print(`sent: ${connection.send("late")}`);
            }
            "destroy" => { for one in worker.connections { if one != connection { one.destroy(); } } connection.send("ok"); }
            _ => { free = true; connection.send("ok"); }
        };
        worker.on_close = |connection| print("closed");
        Worker::run_all();
        "#,
    );
    let (mut waits, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    waits.send("wait\nnever\n");
    host.wait_for_log("waiting");
    assert_eq!(other.ask("destroy"), "ok");
    assert_eq!(host.printed(), ["waiting"], "callbacks of one connection come one at a time");
    assert_eq!(other.ask("free"), "ok");
    host.wait_for_log("closed");
    waits.expect_end();
    assert_eq!(host.printed(), ["waiting", "sent: false", "closed"]);
}

#[test]
fn who_was_closed_in_order_hears_of_it_while_the_handler_goes_on() {
    let mut host = TestHost::start(
        r#"
        let free = false;
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "free" { free = true; return connection.send("ok"); }
            connection.close("last words");
            while !free { sleep(0.01); }
            print(`sent: ${connection.send("late")}`);
        };
        worker.on_close = |connection| print("closed");
        Worker::run_all();
        "#,
    );
    let (mut client, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    client.send("close\nnever\n");
    assert_eq!(client.line(), "last words");
    client.expect_end();
    assert_eq!(host.printed(), [""; 0], "its handler still waits");
    assert_eq!(other.ask("free"), "ok");
    host.wait_for_log("closed");
    assert_eq!(host.printed(), ["sent: false", "closed"]);
}
