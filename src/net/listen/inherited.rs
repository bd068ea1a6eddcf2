//! Sockets that listen already when the host starts, as service managers hand them down.

use super::bind;
use crate::net::address::Endpoint;
use socket2::{Socket, Type};
use std::{io, os::fd::OwnedFd};

/// A socket that the host was started with. It stays open as long as the host runs, for whoever made it has it as well.
pub(super) struct Inherited {
    pub(super) endpoint: Endpoint,
    pub(super) socket: Socket,
    pub(super) is_wanted: bool,
}

impl Inherited {
    /// Takes over a socket that was bound and listens already.
    pub(super) fn adopt(descriptor: OwnedFd) -> io::Result<Self> {
        let socket = Socket::from(descriptor);
        let refused = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
        if !socket.is_listener()? || socket.r#type()? != Type::STREAM {
            return Err(refused("it is not a listening stream socket"));
        }
        let address = socket.local_addr()?;
        let endpoint = match (address.as_socket(), address.as_pathname()) {
            (Some(ip), _) => {
                bind::prepare_tcp(&socket)?;
                Endpoint::Ip(ip)
            }
            (None, Some(path)) => Endpoint::Unix(path.to_owned()),
            (None, None) => return Err(refused("it has neither an IP address nor a path")),
        };
        socket.set_nonblocking(true)?;
        socket.set_cloexec(true)?;
        Ok(Self { endpoint, socket, is_wanted: false })
    }

    /// Is it where `wanted` asks to listen? (Service managers bind `[::]` for every interface, which takes IPv4 too.)
    pub(super) fn serves(&self, wanted: &Endpoint) -> bool {
        match (&self.endpoint, wanted) {
            (Endpoint::Ip(own), Endpoint::Ip(ip)) if own.is_ipv6() && ip.is_ipv4() => {
                own.port() == ip.port()
                    && own.ip().is_unspecified()
                    && ip.ip().is_unspecified()
                    && self.socket.only_v6().is_ok_and(|only| !only)
            }
            (own, wanted) => own == wanted,
        }
    }
}
