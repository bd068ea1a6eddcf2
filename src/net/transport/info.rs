//! What is known of a connection's two ends, kept for as long as it is known to anybody. Nearly all connections are of IPv4 or
//! behind a proxy on this machine, and so these take no memory of their own.

use std::net::{SocketAddr, SocketAddrV4};

/// What carries the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TransportKind {
    Tcp,
    Unix,
}

impl TransportKind {
    /// Its name in `worker.transport` and in the list of connections.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TransportKind::Tcp => "tcp",
            TransportKind::Unix => "unix",
        }
    }
}

/// See the module. Addresses are missing on a Unix socket, and where the peer was gone before they could be asked for.
#[derive(Clone)]
pub(crate) struct ConnInfo(Compact);

#[derive(Clone)]
enum Compact {
    TcpV4 { peer: SocketAddrV4, local: SocketAddrV4 },
    Tcp(Box<(Option<SocketAddr>, Option<SocketAddr>)>),
    Unix,
}

impl ConnInfo {
    pub(crate) fn tcp(peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self(match (peer, local) {
            (Some(SocketAddr::V4(peer)), Some(SocketAddr::V4(local))) => {
                Compact::TcpV4 { peer, local }
            }
            other => Compact::Tcp(Box::new(other)),
        })
    }

    pub(crate) fn unix() -> Self {
        Self(Compact::Unix)
    }

    pub(crate) fn transport(&self) -> TransportKind {
        match self.0 {
            Compact::TcpV4 { .. } | Compact::Tcp(_) => TransportKind::Tcp,
            Compact::Unix => TransportKind::Unix,
        }
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        match &self.0 {
            Compact::TcpV4 { peer, .. } => Some(SocketAddr::V4(*peer)),
            Compact::Tcp(both) => both.0,
            Compact::Unix => None,
        }
    }

    pub(crate) fn local(&self) -> Option<SocketAddr> {
        match &self.0 {
            Compact::TcpV4 { local, .. } => Some(SocketAddr::V4(*local)),
            Compact::Tcp(both) => both.1,
            Compact::Unix => None,
        }
    }

    /// 4 or 6; 0 on a Unix socket.
    pub(crate) fn ip_version(&self) -> u8 {
        let version = |peer: SocketAddr| if peer.ip().to_canonical().is_ipv4() { 4 } else { 6 };
        self.peer().map_or(0, version)
    }

    /// The peer, as the log calls it.
    pub(crate) fn peer_name(&self) -> String {
        match self.transport() {
            TransportKind::Unix => "a unix socket".to_owned(),
            TransportKind::Tcp => {
                self.peer().map_or("an unknown address".to_owned(), |peer| peer.to_string())
            }
        }
    }
}
