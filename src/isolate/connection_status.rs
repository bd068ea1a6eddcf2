//! What an isolate tells of its open connections: sockets, not objects that scripts may still hold.

use crate::{
    net::conn::{Conn, ConnState},
    script::ctx::Ctx,
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, net::SocketAddr};

/// One open connection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ConnectionStatus {
    /// The worker that accepted it: its name, or its address as declared.
    pub worker: String,
    /// Number of the isolate among those of the top-level worker.
    pub isolate: usize,
    /// The connection's id in its isolate.
    pub id: u64,
    /// `tcp` or `unix`.
    pub transport: String,
    /// `websocket`, `text`, …
    pub protocol: String,
    /// 4 or 6; 0 on a Unix socket.
    pub ip_version: u8,
    /// Bytes that were received and are not a whole message yet.
    pub receive_queue: u64,
    /// Bytes that wait for the peer.
    pub send_queue: u64,
    /// Bytes received so far.
    pub bytes_read: u64,
    /// Bytes handed to the kernel so far.
    pub bytes_written: u64,
    /// `HANDSHAKE`, `ESTABLISHED`, `CLOSING`.
    pub status: String,
    /// Our address; empty on a Unix socket.
    pub local: String,
    /// The peer's address; empty on a Unix socket.
    pub remote: String,
}

/// Every open connection of an isolate, by id.
pub(super) fn all(ctx: &Ctx) -> Vec<ConnectionStatus> {
    let isolate = ctx.served.borrow().as_ref().map_or(0, |w| w.core().settings.id.get());
    let mut owners = HashMap::new();
    for worker in ctx.workers.borrow().iter() {
        let core = worker.core();
        let title = core.title();
        core.with_connections(|c| owners.extend(c.keys().map(|id| (*id, title.clone()))));
    }
    let mut all: Vec<_> = ctx
        .net
        .all()
        .iter()
        // Without an owner: the last ones of a Worker that a reload removed.
        .map(|conn| of(conn, owners.remove(&conn.id).unwrap_or_default(), isolate))
        .collect();
    all.sort_unstable_by_key(|connection| connection.id);
    all
}

fn of(conn: &Conn, worker: String, isolate: usize) -> ConnectionStatus {
    let shown = |address: Option<SocketAddr>| {
        let address = address.map(|a| SocketAddr::new(a.ip().to_canonical(), a.port()));
        address.map(|a| a.to_string()).unwrap_or_default()
    };
    ConnectionStatus {
        worker,
        isolate,
        id: conn.id,
        transport: conn.info.transport().name().to_owned(),
        protocol: conn.driver.protocol().name().to_owned(),
        ip_version: conn.info.ip_version(),
        receive_queue: conn.traffic.unread() as u64,
        send_queue: conn.queue.len() as u64,
        bytes_read: conn.traffic.bytes_read.get(),
        bytes_written: conn.traffic.bytes_written.get(),
        status: match conn.state() {
            ConnState::Established if conn.driver.awaits_upgrade() => "HANDSHAKE",
            ConnState::Established => "ESTABLISHED",
            ConnState::Closing => "CLOSING",
            ConnState::Closed => "CLOSED",
        }
        .to_owned(),
        local: shown(conn.info.local()),
        remote: shown(conn.info.peer()),
    }
}
