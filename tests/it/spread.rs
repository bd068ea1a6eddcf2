//! Several isolates at one address: how connections spread over them, and what a reload makes of their sockets.

use crate::{client::Client, host::TestHost};
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
    if line == "both" {{ worker.unlisten(); worker.listen(); }}
    connection.send(`${{worker.id}} ${{worker.address}}`);
}};
Worker::run_all();
"#
    )
}

/// How many of so many connections each isolate took.
fn spread(host: &mut TestHost, connections: usize) -> BTreeMap<String, usize> {
    let mut taken = BTreeMap::new();
    let mut clients = Vec::new();
    for _ in 0..connections {
        let mut client = host.tcp(TEXT);
        *taken.entry(client.line()).or_default() += 1;
        clients.push(client);
    }
    taken
}

#[test]
fn connections_spread_over_the_isolates_of_a_worker() {
    for reuse_port in [true, false] {
        let mut host = TestHost::start(&script(4, reuse_port));
        let taken = spread(&mut host, 1000);
        eprintln!("{reuse_port} {taken:?}");
    }
}

#[test]
fn connections_spread_when_they_come_at_once() {
    for reuse_port in [true, false] {
        let mut host = TestHost::start(&script(4, reuse_port));
        let address = host.socket(TEXT);
        let clients: Vec<_> = (0..1000).map(|_| Client::connect(address)).collect();
        let mut taken = BTreeMap::<String, usize>::new();
        clients.into_iter().for_each(|mut c| *taken.entry(c.line()).or_default() += 1);
        eprintln!("{reuse_port} {taken:?}");
    }
}
