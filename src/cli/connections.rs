//! `rhost connections`: one row for each open connection, and who is too busy to tell of theirs.

use super::{
    arguments::Target,
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    table::{aligned, bytes, cells, or_dash},
    terminal::{plain, print},
    wire::{Answer, Request},
};
use rhost::{ConnectionStatus, MissingIsolate};

const COLUMNS: [&str; 13] = [
    "isolate",
    "worker",
    "cid",
    "trans",
    "protocol",
    "ip",
    "recv-q",
    "send-q",
    "bytes-r",
    "bytes-w",
    "status",
    "local address",
    "foreign address",
];

pub fn connections(target: &Target, json: bool) -> Result<u8, Failure> {
    let client = Client::find(target)?;
    let Answer::Connections(all) = client.ask(&Request::Connections, PATIENCE)? else {
        return Err(client.confused());
    };
    match json {
        true => print(&(serde_json::json!(all).to_string() + "\n")),
        false => print(&table(&all.connections)),
    }
    match all.missing.is_empty() {
        true => Ok(0),
        false => Err(Failure::new(Exit::Silent, lines(&all.missing))),
    }
}

/// A line for each isolate that did not answer.
fn lines(missing: &[MissingIsolate]) -> String {
    missing.iter().map(|missing| plain(&missing.to_string())).collect::<Vec<_>>().join("\nrhost: ")
}

fn table(all: &[ConnectionStatus]) -> String {
    let mut rows = vec![cells(&COLUMNS)];
    rows.extend(all.iter().map(|c| {
        let ip = if c.ip_version == 0 { "-".into() } else { format!("v{}", c.ip_version) };
        let (isolate, id) = (c.isolate.to_string(), c.id.to_string());
        let queues = [bytes(c.receive_queue), bytes(c.send_queue)];
        let totals = [bytes(c.bytes_read), bytes(c.bytes_written)];
        let addresses = [or_dash(&c.local), or_dash(&c.remote)];
        let names = [c.worker.clone(), id, c.transport.clone(), c.protocol.clone(), ip];
        let mut row = vec![isolate];
        row.extend(names.into_iter().chain(queues).chain(totals));
        row.push(c.status.clone());
        row.extend(addresses);
        row
    }));
    aligned(&rows)
}
