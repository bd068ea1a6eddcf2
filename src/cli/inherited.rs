//! Sockets that a service manager opened for us (`LISTEN_FDS`), so that it can start us when somebody connects.

use listenfd::ListenFd;
use std::{io, os::fd::OwnedFd};

/// Takes them all. The error says which cannot be listened on.
pub fn sockets() -> io::Result<Vec<OwnedFd>> {
    let mut given = ListenFd::from_env();
    let mut sockets = Vec::new();
    for at in 0..given.len() {
        let socket = match given.take_tcp_listener(at) {
            Ok(tcp) => tcp.map(OwnedFd::from),
            Err(_) => given.take_unix_listener(at)?.map(OwnedFd::from),
        };
        sockets.extend(socket);
    }
    Ok(sockets)
}
