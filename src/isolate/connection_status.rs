//! What an isolate tells of its open connections: sockets, not objects that scripts may still hold.

use crate::{
    net::link::{Link, Status},
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
        .turn
        .links()
        .iter()
        // Without an owner: the last ones of a Worker that a reload removed.
        .map(|link| of(link, owners.remove(&link.id).unwrap_or_default(), isolate))
        .collect();
    all.sort_unstable_by_key(|connection| connection.id);
    all
}

fn of(link: &Link, worker: String, isolate: usize) -> ConnectionStatus {
    let shown = |address: Option<SocketAddr>| {
        let address = address.map(|a| SocketAddr::new(a.ip().to_canonical(), a.port()));
        address.map(|a| a.to_string()).unwrap_or_default()
    };
    ConnectionStatus {
        worker,
        isolate,
        id: link.id,
        transport: link.info.transport().name().to_owned(),
        protocol: link.with_wire(|wire| wire.protocol().name()).to_owned(),
        ip_version: link.info.ip_version(),
        receive_queue: link.unread() as u64,
        send_queue: link.queued() as u64,
        bytes_read: link.bytes_read.get(),
        bytes_written: link.bytes_written.get(),
        status: match link.status() {
            Status::Established if link.awaits_handshake() => "HANDSHAKE",
            Status::Established => "ESTABLISHED",
            Status::Closing => "CLOSING",
            Status::Closed => "CLOSED",
        }
        .to_owned(),
        local: shown(link.info.local()),
        remote: shown(link.info.peer()),
    }
}
