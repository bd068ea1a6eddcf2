//! `listen()` and `unlisten()`, and the same address in several isolates.

use crate::support::process::free_port;
use crate::support::{client::Client, host::TestHost};
use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";

fn expect_refused(address: SocketAddr) {
    let refused = TcpStream::connect(address).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// Does what its clients say, and answers with its address.
fn obedient(address: &str) -> String {
    format!(
        r#"
let worker = Worker("{address}");
worker.on_message = |connection, line| {{
    if line.contains("stop") {{ worker.unlisten(); }}
    if line.contains("start") {{ worker.listen(); }}
    connection.send(worker.address.split("//")[1]);
}};
Worker::run_all();
"#
    )
}

#[test]
fn a_worker_listens_again_after_it_stopped() {
    let mut host = TestHost::start(&obedient(TEXT));
    let (mut client, first) = (host.tcp(TEXT), host.socket(TEXT));
    for _ in 0..3 {
        assert_eq!(client.ask("stop"), "127.0.0.1:0");
        expect_refused(first);
        let again = client.ask("start").parse().expect("an address");
        Client::connect(again).ask("hello");
        assert_eq!(client.ask("start").parse(), Ok(again), "twice is harmless");
    }
}

#[test]
fn a_worker_may_stop_listening_and_listen_again_in_one_handler() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut host = TestHost::start(&obedient(&format!("text://{address}")));
    let declared = format!("text://{address}");
    let mut client = host.tcp(&declared);
    for order in ["stop start", "stop", "start", "stop start"] {
        let answer = client.ask(order);
        assert!(answer == address || order == "stop", "{order}: {answer}");
    }
    assert_eq!(host.tcp(&declared).ask("hello"), address);
    host.edit(&(obedient(&declared) + "\n"));
    assert_eq!(host.tcp(&declared).ask("hello"), address);
    assert_eq!(client.ask("hello"), address);
}

#[test]
fn a_port_that_was_taken_meanwhile_is_an_error_of_listen() {
    let mut host = TestHost::start(&obedient(TEXT).replace(
        "worker.listen();",
        "try { worker.listen(); } catch (error) { connection.send(`${error}`); }",
    ));
    let address = host.socket(TEXT);
    let fixed = format!("text://{address}");
    drop(host);
    let mut host = TestHost::start(&obedient(&fixed).replace(
        "worker.listen();",
        "try { worker.listen(); } catch (error) { connection.send(`${error}`); }",
    ));
    let mut client = host.tcp(&fixed);
    client.ask("stop");
    let other = TcpListener::bind(address).expect("the port was given back");
    let says =
        format!("cannot listen on {fixed}: the address is already in use by another program");
    assert_eq!(client.ask("start"), says);
    client.line();
    drop(other);
    assert_eq!(client.ask("start"), address.to_string());
    assert_eq!(host.tcp(&fixed).ask("hello"), address.to_string());
}

#[test]
fn what_on_worker_start_says_of_listening_holds_when_it_is_done() {
    for (orders, listens) in [
        ("worker.unlisten();", false),
        ("worker.unlisten(); worker.listen();", true),
        ("worker.listen();", true),
    ] {
        let mut host = TestHost::start(&format!(
            r#"
            let worker = Worker("{TEXT}");
            let control = Worker("text://127.0.0.2:0");
            worker.on_worker_start = |worker| {{
                {orders}
                print(worker.address);
            }};
            worker.on_message = |connection, line| connection.send(line);
            Worker::run_all();
            "#
        ));
        assert_eq!(host.printed(), [TEXT], "{orders}");
        match listens {
            true => assert_eq!(host.tcp(TEXT).ask("hello"), "hello"),
            false => assert_eq!(host.address(TEXT), ""),
        }
    }
}

/// The push example's own shape: an inner worker beside a worker of two isolates.
fn inner(port: u16, settings: &str) -> String {
    format!(
        r#"
let worker = Worker("{TEXT}");
worker.count = 2;
worker.on_worker_start = |worker| {{
    let inner = Worker("text://127.0.0.1:{port}");
    {settings}
    inner.on_message = |connection, line| connection.send(worker.id);
    inner.listen();
}};
worker.on_message = |connection, line| {{
    let second = Worker("text://127.0.0.1:{port}");
    second.reuse_port = true;
    try {{ second.listen(); }} catch (error) {{ connection.send(`${{error}}`); }}
}};
Worker::run_all();
"#
    )
}

#[test]
fn the_push_example_in_two_isolates_needs_reuse_port() {
    let port = free_port();
    let script = include_str!("../../../examples/push/push.rhai")
        .replace("worker.count = 1;", "worker.count = 2;")
        .replace("0.0.0.0:1234", "127.0.0.1:0")
        .replace("0.0.0.0:5678", &format!("127.0.0.1:{port}"));
    let error = TestHost::try_start(&script, &[]).err().expect("refused").to_string();
    let start =
        format!("cannot listen on text://127.0.0.1:{port}: address already in use by isolate ");
    assert!(error.contains(&start), "{error}");
    assert!(error.contains("; set reuse_port"), "{error}");
    assert!(error.contains("inner.listen();"), "{error}");
    let line = "    inner.listen();";
    let mut host =
        TestHost::start(&script.replace(line, &format!("    inner.reuse_port = true;\n{line}")));
    for _ in 0..10 {
        let answer = host.tcp(&format!("text://127.0.0.1:{port}")).ask("{\"uid\": \"nobody\"}");
        assert_eq!(answer, "fail");
    }
}

#[test]
fn with_reuse_port_isolates_share_an_inner_address() {
    let port = free_port();
    let script = inner(port, "inner.reuse_port = true;");
    let mut host = TestHost::start(&script);
    let declared = format!("text://127.0.0.1:{port}");
    let answers = |host: &mut TestHost| {
        let mut clients: Vec<_> = (0..100).map(|_| host.tcp(&declared)).collect();
        let answers: Vec<String> = clients.iter_mut().map(|client| client.ask("?")).collect();
        for id in ["0", "1"] {
            let taken = answers.iter().filter(|answer| *answer == id).count();
            assert!(taken >= 20, "isolate {id} took {taken} of 100");
        }
        clients
    };
    let mut clients = answers(&mut host);
    let report = host.edit(&format!("\n{script}"));
    assert_eq!((report.connections, report.listeners), (100, 4));
    clients.iter_mut().for_each(|client| drop(client.ask("?")));
    answers(&mut host);
    // In one isolate an address is listened on once.
    let error = host.tcp(TEXT).ask("again");
    assert!(error.contains("already in use by isolate "), "{error}");
}

#[test]
fn an_inner_worker_does_not_take_the_address_of_one_of_the_top_level() {
    let port = free_port();
    let script = format!(
        r#"
        let worker = Worker("text://127.0.0.1:{port}");
        worker.reuse_port = true;
        worker.on_worker_start = |worker| {{
            let inner = Worker("text://127.0.0.1:{port}");
            inner.reuse_port = true;
            inner.listen();
        }};
        Worker::run_all();
        "#
    );
    let error = TestHost::try_start(&script, &[]).err().expect("refused").to_string();
    assert!(error.contains("the address is already in use by worker `text://"), "{error}");
}

#[test]
fn while_a_host_stops_clients_are_refused_and_do_not_hang() {
    let script = format!(
        r#"
        let worker = Worker("{TEXT}");
        worker.count = 2;
        worker.max_send_buffer_size = 100000000;
        worker.on_message = |connection, line| {{
            let much = "much";
            for i in 0..21 {{ much += much; }}
            connection.send(much);
            print("sent");
        }};
        Worker::run_all();
        "#
    );
    let limit = Duration::from_secs(3);
    let mut host = TestHost::try_start_as(&script, &[], |b| b.stop_timeout(limit)).expect("starts");
    let address = host.socket(TEXT);
    let mut lazy = Client::connect_narrow(address);
    lazy.send("much\n");
    host.wait_for_log("sent");
    host.handle().stop(0);
    let began = Instant::now();
    while TcpStream::connect(address).is_ok() {}
    assert!(began.elapsed() < limit / 2, "refused after {:?}", began.elapsed());
}
