//! `Worker`: its properties, what may be assigned to them, and the ways to give it callbacks.

use crate::support::{findings, host::TestHost};

const TEXT: &str = "text://127.0.0.1:0";

/// Answers a line with the worker's property of that name, as JSON.
const TELLS: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.on_message = |connection, name| connection.send(to_json(worker[name]));
Worker::run_all();
"#;

#[test]
fn properties_have_their_defaults() {
    let mut host = TestHost::start(TELLS);
    let mut client = host.tcp(TEXT);
    for (name, value) in [
        ("id", "0"),
        ("count", "1"),
        ("name", r#""""#),
        ("protocol", r#""text""#),
        ("transport", r#""tcp""#),
        ("encoding", r#""""#),
        ("max_package_size", "10485760"),
        ("max_send_buffer_size", "1048576"),
        ("reloadable", "true"),
        ("handshake_timeout", "10.0"),
        ("heartbeat", "25.0"),
        ("idle_timeout", "0.0"),
        ("close_timeout", "5.0"),
        ("generation", "0"),
        ("on_close", "null"),
        ("never_set", "null"),
    ] {
        assert_eq!(client.ask(name), value, "{name}");
    }
    let address = host.address(TEXT);
    assert_eq!(client.ask("address"), format!("{address:?}"), "the real port");
}

#[test]
fn properties_read_as_they_were_set() {
    let settings = r#"
        worker.name = "teller";
        worker.protocol = "TEXT";
        worker.encoding = "utf8";
        worker.max_package_size = 4096;
        worker.max_send_buffer_size = 1;
        worker.reloadable = false;
        worker.handshake_timeout = 1;
        worker.heartbeat = 0;
        worker.idle_timeout = 2.5;
        worker.close_timeout = 0.25;
        worker.free = #{ list: [1, "two"] };
        worker["computed name"] = 7;
        worker.gone = 1;
        worker.gone = ();
    "#;
    let script = TELLS.replace("worker.on_message", &format!("{settings}worker.on_message"));
    let mut host = TestHost::start(&script.replace("text://", "tcp://"));
    let mut client = host.tcp("tcp://127.0.0.1:0");
    for (name, value) in [
        ("name", r#""teller""#),
        ("protocol", r#""text""#),
        ("encoding", r#""utf8""#),
        ("max_package_size", "4096"),
        ("max_send_buffer_size", "1"),
        ("reloadable", "false"),
        ("handshake_timeout", "1.0"),
        ("heartbeat", "0.0"),
        ("idle_timeout", "2.5"),
        ("close_timeout", "0.25"),
        ("free", r#"{"list":[1,"two"]}"#),
        ("computed name", "7"),
        ("gone", "null"),
    ] {
        assert_eq!(client.ask(name), value, "{name}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_what_would_be_right() {
    for (statement, says) in [
        ("count = 0", "count is a whole number from 1 to 1024, not 0"),
        ("count = 1025", "count is a whole number from 1 to 1024, not 1025"),
        ("count = 1.5", "count is a whole number from 1 to 1024, not 1.5"),
        ("count = \"two\"", "count is a whole number from 1 to 1024, not \"two\""),
        ("name = 7", "name is a string, not 7"),
        ("reloadable = 1", "reloadable is true or false, not 1"),
        ("max_package_size = 0", "max_package_size is a whole number from 1 to 4294967295, not 0"),
        (
            "max_send_buffer_size = 4294967296",
            "max_send_buffer_size is a whole number from 1 to 4294967295, not 4294967296",
        ),
        ("heartbeat = -1", "heartbeat is a number of seconds, 0 or more, not -1"),
        ("idle_timeout = \"5\"", "idle_timeout is a number of seconds, 0 or more, not \"5\""),
        ("close_timeout = ()", "close_timeout is a number of seconds, 0 or more, not "),
        (
            "encoding = \"latin1\"",
            "encoding is \"utf8\" (all messages are strings), \"binary\" (all are blobs)",
        ),
        ("protocol = \"foo\"", "unknown scheme `foo`: known are "),
        ("protocol = 1", "protocol is a string, not 1"),
        ("id = 3", "id cannot be assigned"),
        ("transport = \"udp\"", "transport cannot be assigned"),
        ("connections = #{}", "connections cannot be assigned"),
        ("address = \"\"", "address cannot be assigned"),
        ("generation = 1", "generation cannot be assigned"),
    ] {
        refused(statement, says);
    }
}

#[test]
fn a_wrong_callback_is_refused_when_it_is_assigned() {
    for (statement, says) in [
        ("on_mesage = |c, d| 0", "Worker has no callback `on_mesage`; did you mean `on_message`?"),
        ("on_message = |a, b, c| 0", "on_message: "),
        ("on_close = |a, b| 0", "on_close: "),
        (
            "on_message = 5",
            "on_message takes a closure or the name of a function, not a value of type",
        ),
        ("on_message = \"nobody\"", "nobody"),
        ("on_message = Fn(\"nobody\")", "nobody"),
        ("on_message = \"no name\"", "on_message: `no name` is not the name of a function"),
        ("on_message = three", "three"),
    ] {
        refused(statement, says);
    }
}

/// Starts a script with this assignment in its third line, which must be refused there with these words.
#[track_caller]
fn refused(statement: &str, says: &str) {
    let script = format!(
        "fn three(a, b, c) {{ }}\nlet worker = Worker(\"{TEXT}\");\nworker.{statement};\nWorker::run_all();"
    );
    let Err(error) = TestHost::try_start(&script, &[]) else {
        panic!("`{statement}` was accepted");
    };
    let error = error.to_string();
    assert!(error.contains(says), "`{statement}`: no `{says}` in\n{error}");
    assert!(error.contains("main.rhai:3:"), "`{statement}` has no place in\n{error}");
    assert_eq!(error.matches("error").count(), 1, "one message, not\n{error}");
}

#[test]
fn a_callback_is_a_closure_a_function_or_the_name_of_one() {
    let mut host = TestHost::start(
        r#"
        fn answer(connection, line) { connection.send("fn " + line); }
        let shout = |connection, line| connection.send(line.to_upper());
        let a = Worker("text://127.0.0.1:0");
        let b = Worker("text://127.0.0.2:0");
        let c = Worker("text://127.0.0.3:0");
        let d = Worker("text://127.0.0.4:0");
        let e = Worker("text://127.0.0.5:0");
        a.on_message = answer;
        b.on_message = Fn("answer");
        c.on_message = "answer";
        d.on_message = |connection, line| answer(connection, "closure " + line);
        e.on_message = shout;
        Worker::run_all();
        "#,
    );
    for (at, answer) in [(1, "fn x"), (2, "fn x"), (3, "fn x"), (4, "fn closure x"), (5, "X")] {
        let mut client = host.tcp(&format!("text://127.0.0.{at}:0"));
        assert_eq!(client.ask("x"), answer, "worker {at}");
    }
}

#[test]
fn a_callback_may_take_fewer_parameters_than_it_is_offered() {
    let mut host = TestHost::start(
        r#"
        fn opened() { print("opened"); }
        let worker = Worker("text://127.0.0.1:0");
        worker.on_worker_start = || print("started");
        worker.on_connect = opened;
        worker.on_message = |connection| connection.send("got it");
        worker.on_error = |connection, code| print(`error ${code}`);
        worker.on_close = || print("closed");
        worker.max_package_size = 16;
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("x"), "got it");
    client.send("a line that is longer than sixteen bytes\n");
    client.expect_end();
    host.wait_for_log("closed");
    assert_eq!(host.printed(), ["started", "opened", "error 3", "closed"]);
}

#[test]
fn an_assigned_unit_removes_a_callback_and_what_was_set_can_be_read() {
    let mut host = TestHost::start(
        r#"
        fn answer(connection, line) { connection.send("worker " + line); }
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = answer;
        worker.on_close = |connection| print("closed");
        worker.on_connect = |connection| {
            print(type_of(worker.on_message) + " " + type_of(worker.on_connect));
            worker.on_close = ();
        };
        worker.on_worker_stop = |worker| print("stopped");
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("x"), "worker x");
    client.finish();
    client.expect_end();
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert_eq!(host.printed(), ["Fn Fn", "stopped"]);
}

#[test]
fn callbacks_come_in_order_from_start_to_stop() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.name = "life";
        worker.on_worker_start = |worker| print(`start ${worker.name} ${worker.connections.len()}`);
        worker.on_connect = |connection| print(`connect ${connection.id} ${connection.worker.name}`);
        worker.on_message = |connection, line| { print(`message ${line}`); connection.send("ok"); };
        worker.on_close = |connection| print(`close ${connection.id}`);
        worker.on_worker_stop = |worker| print(`stop ${worker.name} ${worker.connections.len()}`);
        Worker::run_all();
        "#,
    );
    let mut first = host.tcp(TEXT);
    assert_eq!(first.ask("a"), "ok");
    let mut second = host.tcp(TEXT);
    assert_eq!(second.ask("b"), "ok");
    first.finish();
    first.expect_end();
    host.wait_for_log("close 1");
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    second.expect_end();
    let life = [
        "start life 0",
        "connect 1 life",
        "message a",
        "connect 2 life",
        "message b",
        "close 1",
        "stop life 1",
        "close 2",
    ];
    assert_eq!(host.printed(), life);
}

#[test]
fn a_worker_that_is_renamed_while_it_starts_is_stopped_with_its_callback() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_worker_start = |worker| worker.name = "renamed";
        worker.on_worker_stop = |worker| print(`stop ${worker.name}`);
        Worker::run_all();
        "#,
    );
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    assert_eq!(host.printed(), ["stop renamed"]);
}

#[test]
fn workers_of_one_address_are_each_stopped_once() {
    let mut host = TestHost::start(
        r#"
        for number in 1..3 {
            let worker = Worker("text://127.0.0.1:0");
            worker.number = number;
            worker.on_worker_stop = |worker| print(`stop ${worker.number}`);
        }
        Worker::run_all();
        "#,
    );
    host.handle().stop(0);
    assert_eq!(host.ended(), 0);
    let mut printed = host.printed();
    printed.sort();
    assert_eq!(printed, ["stop 1", "stop 2"]);
}

#[test]
fn a_limit_that_is_changed_later_holds_for_open_connections_and_count_is_refused() {
    let _meant = findings::meant(&["wrong-place"]);
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| {
            if line == "count" { worker.count = 2; }
            worker.max_package_size = 10;
            connection.send(connection.max_package_size);
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("x"), "10");
    client.send("count\n");
    assert!(host.fault().title.contains("count is read at the top level"));
}

#[test]
fn a_handler_that_assigns_another_connection_to_its_parameter_does_not_change_whose_the_next_message_is()
 {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_connect = |connection| { if worker.first == () { worker.first = connection; } };
        worker.on_message = |connection, line| {
            connection.send(`${connection.id} ${line}`);
            if line == "swap" { connection = worker.first; }
        };
        worker.on_close = |connection| print(`closed ${connection.id}`);
        "#,
    );
    let mut first = host.tcp(TEXT);
    assert_eq!(first.ask("hello"), "1 hello");
    let mut second = host.tcp(TEXT);
    assert_eq!(second.ask("swap"), "2 swap");
    assert_eq!(second.ask("after"), "2 after");
    drop(second);
    host.wait_for_log("closed 2");
}

#[test]
fn an_assigned_callback_reaches_connections_that_were_there_before_and_inner_ones_too() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        let inner = ();
        worker.on_worker_start = |worker| {
            inner = Worker("frame://127.0.0.1:0");
            inner.on_message = |connection, data| connection.send("old");
            inner.listen();
        };
        worker.on_message = |connection, line| {
            worker.on_message = |connection, line| connection.send("new");
            inner.on_message = |connection, data| connection.send("new");
            connection.send("old");
        };
        Worker::run_all();
        "#,
    );
    let (mut one, mut two) = (host.tcp(TEXT), host.tcp(TEXT));
    let mut inner = host.tcp("frame://127.0.0.1:0");
    let mut ask_inner = || {
        inner.send([0, 0, 0, 5, b'?']);
        inner.bytes(7)[4..].to_vec()
    };
    assert_eq!(ask_inner(), b"old");
    assert_eq!(two.ask("switch"), "old");
    assert_eq!((one.ask("?"), two.ask("?")), ("new".into(), "new".into()));
    assert_eq!(ask_inner(), b"new");
}
