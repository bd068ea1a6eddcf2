//! Both addresses of a connection, kept for as long as it is known to anybody. Nearly all are of IPv4 or behind a proxy on
//! this machine, and so these take no memory of their own.

use std::net::{SocketAddr, SocketAddrV4};

/// See the module.
pub(crate) enum Addresses {
    V4 {
        peer: SocketAddrV4,
        local: SocketAddrV4,
    },
    Other(Box<(Option<SocketAddr>, Option<SocketAddr>)>),
    /// A Unix socket has none.
    None,
}

impl Addresses {
    pub(crate) fn new(peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        match (peer, local) {
            (Some(SocketAddr::V4(peer)), Some(SocketAddr::V4(local))) => Self::V4 { peer, local },
            (None, None) => Self::None,
            other => Self::Other(Box::new(other)),
        }
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::V4 { peer, .. } => Some(SocketAddr::V4(*peer)),
            Self::Other(both) => both.0,
            Self::None => None,
        }
    }

    pub(crate) fn local(&self) -> Option<SocketAddr> {
        match self {
            Self::V4 { local, .. } => Some(SocketAddr::V4(*local)),
            Self::Other(both) => both.1,
            Self::None => None,
        }
    }
}
