//! How a service ends: what its script still gets to do, what its peers still get, and who cannot hold it up.

use super::free_address;
use crate::support::{
    client::Client,
    daemon::Daemon,
    process::Process,
    wait::{SOON, until},
    websocket::{WebSocket, handshake},
};
use std::{net::TcpStream, thread, time::Duration};

/// Signals within this time are one order.
const ONE_ORDER: Duration = Duration::from_millis(500);

/// What `much` is answered with: more than the kernel takes for a peer that does not read.
const MUCH: usize = 8_000_000;

fn script(configuration: &str) -> String {
    format!(
        r#"
Worker::configure(#{{ {configuration} }});
let pages = Worker("websocket://127.0.0.1:0");
pages.name = "pages";
let lines = Worker("text://127.0.0.1:0");
lines.name = "lines";
for worker in [pages, lines] {{
    worker.max_send_buffer_size = 100_000_000;
    worker.on_message = |connection, text| {{
        if text == "much" {{
            let much = "";
            much.pad({MUCH}, 'x');
            connection.send(much);
            print("queued");
        }} else {{
            connection.send(text);
        }}
    }};
    worker.on_close = |connection| print("closed");
    worker.on_worker_stop = |worker| print(`stopped with ${{worker.connections.len()}}`);
}}
"#
    )
}

fn count(process: &Process, text: &str) -> usize {
    process.lines().iter().filter(|line| line.ends_with(text)).count()
}

#[test]
fn a_stop_lets_the_script_clean_up_and_says_goodbye_to_every_peer() {
    for signal in ["TERM", "INT", "HUP"] {
        let mut process = Process::run(&script(""));
        let mut pages: Vec<_> =
            (0..2).map(|_| WebSocket::connect(process.socket("pages"))).collect();
        pages.iter_mut().for_each(|page| assert_eq!(page.ask("a"), "a"));
        let mut line = process.tcp("lines");
        assert_eq!(line.ask("b"), "b");
        process.signal(signal);
        pages.iter_mut().for_each(|page| page.expect_close(1001));
        line.expect_end();
        assert_eq!(process.ended().0.code(), Some(0), "{signal}");
        // (the log is complete before the process ends, the reader of it may be a moment behind)
        until("`closed` is printed", || count(&process, "closed") == 3);
        assert_eq!(count(&process, "stopped with 2"), 1);
        assert_eq!(count(&process, "stopped with 1"), 1);
    }
}

#[test]
fn what_waits_for_slow_readers_arrives_although_the_host_stops() {
    let mut process = Process::run(&script(""));
    let mut line = Client::connect_narrow(process.socket("lines"));
    line.send("much\n");
    let mut page = WebSocket::shake(Client::connect_narrow(process.socket("pages")), "/");
    page.text("much");
    until("`queued` is printed", || count(&process, "queued") == 2);
    process.signal("TERM");
    until("`stopped with 1` is printed", || count(&process, "stopped with 1") == 2);
    line.widen();
    assert_eq!(line.rest().len(), MUCH + 1);
    page.client.widen();
    assert_eq!(page.message().len(), MUCH);
    page.expect_close(1001);
    assert_eq!(process.ended().0.code(), Some(0));
}

#[test]
fn peers_that_never_read_or_never_speak_do_not_hold_a_stop_up() {
    for signal in ["TERM", "QUIT"] {
        let mut process = Process::run(&script("stop_timeout: 0.5"));
        let mut line = Client::connect_narrow(process.socket("lines"));
        line.send("much\n");
        let mut page = WebSocket::shake(Client::connect_narrow(process.socket("pages")), "/");
        page.text("much");
        let mut silent = Client::connect(process.socket("pages"));
        silent.send(&handshake("/")[..20]);
        until("`queued` is printed", || count(&process, "queued") == 2);
        process.signal(signal);
        let (status, took) = process.ended();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(took < SOON, "{signal}: {took:?}");
        until("`closed` is printed", || count(&process, "closed") == 3);
    }
}

#[test]
fn a_second_signal_does_not_wait_for_peers_that_never_read() {
    let mut process = Process::run(&script("stop_timeout: 60"));
    let mut line = Client::connect_narrow(process.socket("lines"));
    line.send("much\n");
    process.wait_for_line("queued");
    process.signal("TERM");
    process.wait_for_line("stopped with 1");
    // (as a group of processes is told, and one of them tells another)
    process.signal("TERM");
    process.signal("HUP");
    thread::sleep(ONE_ORDER);
    assert!(process.is_running());
    process.signal("TERM");
    let (status, took) = process.ended();
    assert_eq!(status.code(), Some(1));
    assert!(took < SOON, "{took:?}");
}

#[test]
fn quit_serves_who_is_there_and_a_second_signal_says_goodbye_to_them() {
    let mut process = Process::run(&script(""));
    let address = process.socket("pages");
    let mut page = WebSocket::connect(address);
    assert_eq!(page.ask("a"), "a");
    process.signal("QUIT");
    until("the port is closed", || TcpStream::connect(address).is_err());
    assert_eq!(page.ask("b"), "b");
    process.signal("INT");
    page.expect_close(1001);
    let (status, took) = process.ended();
    assert_eq!(status.code(), Some(0));
    assert!(took < SOON, "{took:?}");
}

#[test]
fn quit_says_goodbye_when_the_time_is_up() {
    let mut process = Process::run(&script("stop_timeout: 0.5"));
    let mut page = WebSocket::connect(process.socket("pages"));
    assert_eq!(page.ask("a"), "a");
    process.signal("QUIT");
    page.expect_close(1001);
    assert_eq!(process.ended().0.code(), Some(0));
    until("`closed` is printed", || count(&process, "closed") == 1);
}

#[test]
fn the_signal_of_a_broken_pipe_means_nothing() {
    let process = Process::run(&script(""));
    let mut line = process.tcp("lines");
    for _ in 0..3 {
        process.signal("PIPE");
        assert_eq!(line.ask("a"), "a");
    }
}

#[test]
fn a_host_that_waits_for_its_last_connections_reads_no_script_and_starts_no_isolate() {
    let address = free_address();
    let script = format!(
        r#"
let worker = Worker("text://{address}");
worker.count = 2;
worker.on_script_error = "exit";
worker.on_message = |connection, line| {{
    if line == "bad" {{ throw "on purpose"; }}
    connection.send(worker.id);
}};
"#
    );
    let daemon = Daemon::new(&script);
    assert_eq!(daemon.rhost("start", &["-d"]).code, Some(0));
    let mut clients: [Option<Client>; 2] = [None, None];
    while clients.iter().any(Option::is_none) {
        let mut client = Client::connect(address);
        let id: usize = client.ask("?").parse().expect("a number");
        clients[id] = Some(client);
    }
    let [mut bad, mut good] = clients.map(|client| client.expect("one of each"));
    let refuses = || TcpStream::connect(address).is_err();
    thread::scope(|scope| {
        let stopping = scope.spawn(|| daemon.rhost("stop", &["-g"]));
        until("connections are refused", refuses);
        let said = daemon.rhost("reload", &[]);
        assert_eq!(said.code, Some(6), "{}", said.out);
        assert!(
            said.err.contains("the host is stopping: it reads no script any more"),
            "{}",
            said.err
        );
        assert!(refuses());
        bad.send("bad\n");
        bad.expect_end();
        until("the log tells of it", || {
            daemon.log().contains("a new one starts with the next start of the host")
        });
        assert!(refuses());
        assert_eq!(good.ask("?"), "1");
        assert!(!stopping.is_finished() && refuses());
        drop(good);
        assert_eq!(stopping.join().unwrap().code, Some(0));
    });
}
