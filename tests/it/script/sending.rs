//! Sending and closing: what may be sent, what `send` says, and what is left of a closed connection.

use crate::support::host::TestHost;

const TEXT: &str = "text://127.0.0.1:0";

#[test]
fn every_kind_of_value_can_be_sent_or_costs_one_event() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            let value = switch line {
                "string" => "text",
                "blob" => blob(3, 65),
                "int" => -42,
                "float" => 1.5,
                "bool" => true,
                "char" => 'é',
                "map" => #{ a: 1, b: [true, ()] },
                "array" => [1, "two", 'c', 2.5],
                "empty" => "",
                "function" => |x| x,
                "inside" => [|x| x],
                "connection" => connection,
                "worker" => worker,
                _ => ()
            };
            if line == "close" { connection.close(|x| x); }
            connection.send(value);
        };
        Worker::run_all();
        "#,
    );
    let (mut client, mut other) = (host.tcp(TEXT), host.tcp(TEXT));
    for (kind, sent) in [
        ("string", "text"),
        ("blob", "AAA"),
        ("int", "-42"),
        ("float", "1.5"),
        ("bool", "true"),
        ("char", "é"),
        ("map", r#"{"a":1,"b":[true,null]}"#),
        ("array", r#"[1,"two","c",2.5]"#),
        ("empty", ""),
    ] {
        assert_eq!(client.ask(kind), sent, "{kind}");
    }
    for (kind, says) in [
        (
            "unit",
            "() cannot be sent: send a string, a blob, a number, a boolean, a map or an array",
        ),
        ("function", "a function cannot be sent"),
        ("inside", "this cannot be sent"),
        ("connection", "this cannot be sent"),
        ("worker", "this cannot be sent"),
        ("close", "a function cannot be sent"),
    ] {
        client.send(format!("{kind}\n"));
        let fault = host.fault();
        assert!(fault.title.contains(says), "{kind}: {}", fault.text);
        assert!(fault.location.starts_with("main.rhai:"), "{kind}: {}", fault.text);
    }
    assert_eq!(client.ask("int"), "-42");
    assert_eq!(other.ask("int"), "-42");
}

#[test]
fn raw_bytes_go_out_as_they_are() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("frame://127.0.0.1:0");
        worker.on_message = |connection, bytes| {
            connection.send("in", false);
            connection.send("raw", true);
            connection.send(blob(2, 33), true);
            connection.close("end", true);
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp("frame://127.0.0.1:0");
    client.send(b"\0\0\0\x04");
    assert_eq!(client.rest(), b"\0\0\0\x06inraw!!end");
}

#[test]
fn send_says_what_became_of_the_message() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            let small = connection.send("small");
            print(`small: ${small == ()}, ${connection.send_buffer_size} wait`);
            let large = "";
            large.pad(100000, 'x');
            print(`large: ${connection.send(large)}, ${connection.send_buffer_size} wait`);
            connection.close("bye");
            print(`closing: ${connection.send("no")} ${connection.get_status()} ${connection.get_status(false)}`);
        };
        worker.on_close = |connection| {
            print(`closed: ${connection.send("no")} ${connection.get_status()} ${connection.get_status(false)}`);
        };
        worker.on_error = |connection, code, text| print(`error ${code} ${text}`);
        worker.on_connect = |connection| {
            print(`open: ${connection.get_status()} ${connection.get_status(true)} ${connection.get_status(false)}`);
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    client.send("x\n");
    assert_eq!(client.line(), "small");
    assert_eq!(client.line().len(), 100_000);
    assert_eq!(client.line(), "bye");
    client.expect_end();
    host.wait_for_log("closed: ");
    assert_eq!(
        host.printed(),
        [
            "open: 2 2 ESTABLISHED",
            "small: true, 6 wait",
            "large: true, 0 wait",
            "closing: false 8 CLOSING",
            "closed: false 16 CLOSED",
        ]
    );
}

#[test]
fn a_closed_connection_stays_harmless() {
    let mut host = TestHost::start(
        r#"
        let old = ();
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "keep" { old = connection; old.uid = 7; connection.send("kept"); return; }
            old.note = 1;
            old.on_message = |c, d| 0;
            old.close();
            old.destroy();
            old.pause_recv();
            old.resume_recv();
            connection.send([
                old.id, old.worker == (), old.uid == (), old.note == (), old.send("x"), old.get_status(),
                old.get_remote_ip(), old == old, old == connection,
            ]);
        };
        worker.on_close = |connection| print(`${connection.worker == worker} ${connection.uid}`);
        Worker::run_all();
        "#,
    );
    let mut kept = host.tcp(TEXT);
    assert_eq!(kept.ask("keep"), "kept");
    kept.reset();
    host.wait_for_log("true 7");
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("?"), r#"[1,true,true,true,false,16,"127.0.0.1",true,false]"#);
    assert_eq!(host.printed(), ["true 7"], "on_close comes once");
}

#[test]
fn close_flushes_and_destroy_does_not_wait() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            connection.send("first");
            switch line {
                "close" => { connection.close(); connection.close("twice"); }
                "unit" => connection.close(()),
                "data" => connection.close("last"),
                _ => connection.destroy(),
            }
        };
        worker.on_close = |connection| print(`closed ${connection.id}`);
        Worker::run_all();
        "#,
    );
    for (id, (order, rest)) in
        [("close", "first\n"), ("unit", "first\n"), ("data", "first\nlast\n"), ("destroy", "")]
            .iter()
            .enumerate()
    {
        let mut client = host.tcp(TEXT);
        // What follows in the same segment is not decoded any more.
        client.send(format!("{order}\nagain\n"));
        assert_eq!(client.rest(), rest.as_bytes(), "{order}");
        host.wait_for_log(&format!("closed {}", id + 1));
    }
    assert_eq!(host.printed().len(), 4, "one on_close for each: {:?}", host.printed());
}

#[test]
fn a_socket_that_is_destroyed_is_closed_before_a_waiting_on_close_returns() {
    for scheme in ["text", "websocket"] {
        let address = format!("{scheme}://127.0.0.1:0");
        let mut host = TestHost::start(&format!(
            r#"
            let free = false;
            let worker = Worker("{address}");
            worker.on_message = |connection, line| switch line {{
                "destroy" => connection.destroy(),
                "free" => {{ free = true; connection.send(line); }}
                _ => connection.send(line),
            }};
            worker.on_close = |connection| {{
                print("closing");
                while !free {{ sleep(0.01); }}
                print("closed");
            }};
            "#
        ));
        let mut ask: Box<dyn FnMut(&str) -> String> = if scheme == "text" {
            let (mut client, mut other) = (host.tcp(&address), host.tcp(&address));
            client.send("destroy\n");
            client.expect_end();
            Box::new(move |line| other.ask(line))
        } else {
            let (mut socket, mut other) = (host.websocket(&address), host.websocket(&address));
            socket.text("destroy");
            socket.client.expect_end();
            Box::new(move |line| other.ask(line))
        };
        host.wait_for_log("closing");
        assert_eq!(ask("a"), "a");
        assert_eq!(host.logged("closed"), 0, "its handler waits still");
        assert_eq!(ask("free"), "free");
        host.wait_for_log("closed");
    }
}
