//! Several isolates at one address: how connections spread over them, and what a reload makes of their sockets.

use crate::support::{client::Client, host::TestHost};
use std::collections::BTreeMap;

const TEXT: &str = "text://127.0.0.1:0";

/// `count` isolates that answer with their number.
fn script(count: usize, reuse_port: bool) -> String {
    format!(
        r#"
let worker = Worker("{TEXT}");
worker.count = {count};
worker.reuse_port = {reuse_port};
worker.on_connect = |connection| connection.send(worker.id);
worker.on_message = |connection, line| {{
    if line == "stop" {{ worker.unlisten(); }}
    if line == "start" {{ worker.listen(); }}
    if line == "pause" {{ worker.pause_accept(); }}
    if line == "resume" {{ worker.resume_accept(); }}
    connection.send(line);
}};
Worker::run_all();
"#
    )
}

/// So many clients, and how many of them each isolate took.
fn connect(host: &mut TestHost, clients: usize) -> (Vec<Client>, BTreeMap<String, usize>) {
    let mut taken = BTreeMap::new();
    let connect = |_| {
        let mut client = host.tcp(TEXT);
        *taken.entry(client.line()).or_default() += 1;
        client
    };
    ((0..clients).map(connect).collect(), taken)
}

fn spread(host: &mut TestHost, clients: usize) -> BTreeMap<String, usize> {
    connect(host, clients).1
}

/// One client of each isolate.
fn one_of_each(host: &mut TestHost, isolates: usize) -> Vec<Client> {
    let mut found = BTreeMap::new();
    while found.len() < isolates {
        let mut client = host.tcp(TEXT);
        found.insert(client.line(), client);
    }
    found.into_values().collect()
}

/// No isolate has less than 60 % of what each should have.
fn assert_fair(taken: &BTreeMap<String, usize>, isolates: usize) {
    let all: usize = taken.values().sum();
    let fair = all / isolates;
    assert_eq!(taken.len(), isolates, "{taken:?}");
    assert!(taken.values().all(|n| *n >= fair * 6 / 10), "{taken:?}");
}

#[test]
fn connections_spread_over_the_isolates_of_a_worker() {
    for reuse_port in [true, false] {
        let mut host = TestHost::start(&script(4, reuse_port));
        assert_fair(&spread(&mut host, 1000), 4);
    }
}

#[test]
fn connections_that_come_at_once_spread_as_well() {
    for reuse_port in [true, false] {
        let mut host = TestHost::start(&script(4, reuse_port));
        let address = host.socket(TEXT);
        let clients: Vec<_> = (0..1000).map(|_| Client::connect(address)).collect();
        let mut taken = BTreeMap::<String, usize>::new();
        clients.into_iter().for_each(|mut c| *taken.entry(c.line()).or_default() += 1);
        assert_fair(&taken, 4);
    }
}

#[test]
fn an_isolate_that_does_not_accept_keeps_nobody_waiting() {
    let mut host = TestHost::start(&script(2, false));
    let mut clients = one_of_each(&mut host, 2);
    assert_eq!(clients[1].ask("pause"), "pause");
    // (what its loop had begun to accept when it was paused it still takes)
    assert!(spread(&mut host, 300)["0"] >= 299);
    assert_eq!(clients[1].ask("resume"), "resume");
    let taken = spread(&mut host, 300);
    assert!(taken["1"] < 250, "it does not have to take all that it missed: {taken:?}");
    assert_fair(&spread(&mut host, 300), 2);
}

#[test]
fn clients_that_wait_in_a_socket_survive_a_reload() {
    for reuse_port in [true, false] {
        let mut host = TestHost::start(&script(2, reuse_port));
        let mut first = one_of_each(&mut host, 2);
        first.iter_mut().for_each(|client| assert_eq!(client.ask("pause"), "pause"));
        let address = host.socket(TEXT);
        let mut waiting: Vec<_> = (0..20).map(|_| Client::connect(address)).collect();
        host.edit(&script(2, reuse_port).replace("let worker", "\nlet worker"));
        first.iter_mut().for_each(|client| assert_eq!(client.ask("resume"), "resume"));
        waiting.iter_mut().for_each(|client| drop(client.line()));
    }
}

#[test]
fn clients_that_wait_in_the_socket_of_an_isolate_that_goes_are_served_by_another() {
    let mut host = TestHost::start(&script(2, true));
    let mut first = one_of_each(&mut host, 2);
    first.iter_mut().for_each(|client| assert_eq!(client.ask("pause"), "pause"));
    let address = host.socket(TEXT);
    let mut waiting: Vec<_> = (0..20).map(|_| Client::connect(address)).collect();
    host.edit(&script(1, true));
    assert_eq!(first[0].ask("resume"), "resume");
    waiting.iter_mut().for_each(|client| assert_eq!(client.line(), "0"));
}

#[test]
fn reuse_port_and_count_change_with_a_reload() {
    let mut host = TestHost::start(&script(2, false));
    let mut clients = one_of_each(&mut host, 2);
    for (count, reuse_port) in [(2, true), (4, true), (4, false), (2, true), (3, false), (4, true)]
    {
        let report = host.edit(&script(count, reuse_port));
        assert!(report.connections >= 2, "{report:?}");
        clients.iter_mut().for_each(|client| assert_eq!(client.ask("still"), "still"));
        let taken = spread(&mut host, 200);
        assert_eq!(taken.len(), count, "{count} {reuse_port}: {taken:?}");
    }
    assert_fair(&spread(&mut host, 1000), 4);
}

#[test]
fn an_isolate_that_stops_listening_leaves_no_client_hanging() {
    for reuse_port in [true, false] {
        let mut host = TestHost::start(&script(2, reuse_port));
        let mut clients = one_of_each(&mut host, 2);
        assert_eq!(clients[1].ask("stop"), "stop");
        assert_eq!(spread(&mut host, 100)["0"], 100);
        assert_eq!(clients[1].ask("start"), "start");
        assert_fair(&spread(&mut host, 200), 2);
        assert_eq!(host.logged("stopped listening"), 0, "the worker did not stop as a whole");
    }
}
