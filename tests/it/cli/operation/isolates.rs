//! Several isolates of one worker, as an operator sees them: their sockets, their numbers, their share of the clients.

use super::{free_address, status};
use crate::support::{client::Client, daemon::Daemon, wait::until};
use std::{collections::BTreeMap, fs, net::SocketAddr};

/// Isolates that answer with their number; an error ends them.
fn script(address: SocketAddr, settings: &str) -> String {
    format!(
        r#"
let worker = Worker("text://{address}");
worker.name = "many";
worker.on_script_error = "exit";
{settings}
worker.on_message = |connection, line| {{
    if line == "bad" {{ throw "on purpose"; }}
    connection.send(worker.id);
}};
"#
    )
}

fn started(address: SocketAddr, settings: &str) -> Daemon {
    let daemon = Daemon::new(&script(address, settings));
    let said = daemon.rhost("start", &["-d"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    daemon
}

/// A client of each isolate, by its number.
fn one_of_each(address: SocketAddr, count: usize) -> BTreeMap<String, Client> {
    let mut found = BTreeMap::new();
    while found.len() < count {
        let mut client = Client::connect(address);
        found.insert(client.ask("?"), client);
    }
    found
}

/// How many sockets listen at that address of IPv4, as the kernel says.
fn listening_sockets(address: SocketAddr) -> usize {
    const LISTENS: &str = "0A";
    let port = format!(":{:04X}", address.port());
    let sockets = fs::read_to_string("/proc/net/tcp").expect("/proc");
    let listens = |line: &&str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        cells[1].ends_with(&port) && cells[3] == LISTENS
    };
    sockets.lines().filter(listens).count()
}

fn numbers(daemon: &Daemon, field: &str) -> Vec<u64> {
    let status = status(daemon);
    let isolates = status["isolates"].as_array().expect("a list").iter();
    isolates.map(|isolate| isolate[field].as_u64().expect("a number")).collect()
}

#[test]
fn an_isolate_that_is_replaced_keeps_its_number_and_the_others_their_clients() {
    let address = free_address();
    let daemon = started(address, "worker.count = 3;");
    let mut clients = one_of_each(address, 3);
    assert_eq!(clients.keys().collect::<Vec<_>>(), ["0", "1", "2"]);
    let mut bad = clients.remove("1").expect("a client");
    bad.send("bad\n");
    bad.expect_end();
    clients.iter_mut().for_each(|(id, client)| assert_eq!(client.ask("?"), *id));
    until("a new one", || numbers(&daemon, "restarts") == [0, 1, 0]);
    assert_eq!(numbers(&daemon, "id"), [0, 1, 2]);
    let mut again = one_of_each(address, 3);
    assert_eq!(again.keys().collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(again.get_mut("1").expect("a client").ask("?"), "1");
    assert!(daemon.log().contains("on purpose"), "{}", daemon.log());
}

#[test]
fn one_socket_is_bound_for_all_isolates_and_with_reuse_port_one_for_each() {
    for (settings, sockets) in
        [("worker.count = 4;", 1), ("worker.count = 4; worker.reuse_port = true;", 4)]
    {
        let address = free_address();
        let daemon = started(address, settings);
        assert_eq!(listening_sockets(address), sockets, "{settings}");
        one_of_each(address, 4);
        assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
        assert_eq!(listening_sockets(address), 0);
    }
}

#[test]
fn the_status_shows_how_a_thousand_connections_spread() {
    for settings in ["worker.count = 4;", "worker.count = 4; worker.reuse_port = true;"] {
        let address = free_address();
        let daemon = started(address, settings);
        let mut clients: Vec<_> = (0..1000).map(|_| Client::connect(address)).collect();
        let mut answered = [0; 4];
        for client in &mut clients {
            answered[client.ask("?").parse::<usize>().expect("a number")] += 1;
        }
        let shown = numbers(&daemon, "connections");
        assert_eq!(shown, answered, "{settings}");
        assert!(shown.iter().all(|share| (150..=350).contains(share)), "{settings} {shown:?}");
        let table = daemon.rhost("status", &[]).out;
        let sum: Vec<_> = table.lines().last().expect("a row").split_whitespace().collect();
        assert_eq!(sum[..2], ["Summary", "1000"], "{table}");
    }
}
