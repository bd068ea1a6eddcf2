//! Listening where a socket of ours is still in the way that will be closed if all goes well: beside it, where the kernel
//! allows that, else in its place. Until it is settled, all can be as it was.

use super::bind::{self, BACKLOG};
use crate::net::address::Endpoint;
use rustix::{fs::fstat, process::geteuid};
use socket2::Socket;
use std::{io, mem, net::Shutdown, sync::Arc};

/// What was done to sockets, which dropping this undoes.
#[derive(Default)]
pub(crate) struct PutOff {
    /// These let others listen beside them for the time being.
    open: Vec<Arc<Socket>>,
    /// These do not listen for the time being.
    mute: Vec<Arc<Socket>>,
}

impl PutOff {
    /// Binds and listens where all of `leaving` are in the way.
    pub(super) fn bind_beside(
        endpoint: &Endpoint,
        leaving: Vec<Arc<Socket>>,
    ) -> io::Result<(Socket, Self)> {
        let mut put_off = Self::default();
        for socket in &leaving {
            if !socket.reuse_port()? {
                bind::let_others_in(socket)?;
                put_off.open.push(socket.clone());
            }
        }
        let is_beside = !leaving.is_empty();
        match bind::bind(endpoint, is_beside) {
            // Sockets of one user only may listen beside each other, and this process may have become another.
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && any_of_another(&leaving)? => {
                for socket in leaving {
                    socket.shutdown(Shutdown::Both)?;
                    put_off.mute.push(socket);
                }
                Ok((bind::bind(endpoint, false)?, put_off))
            }
            bound => {
                let socket = bound?;
                if is_beside {
                    // From now on nobody but those that we let in.
                    socket.set_reuse_port(false)?;
                }
                Ok((socket, put_off))
            }
        }
    }

    /// What was in the way is not needed any more.
    pub(crate) fn settle(mut self) {
        self.open.clear();
        self.mute.clear();
    }
}

/// Was one of them made when this process was another user?
fn any_of_another(sockets: &[Arc<Socket>]) -> io::Result<bool> {
    let we = geteuid().as_raw();
    for socket in sockets {
        if fstat(socket)?.st_uid != we {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Drop for PutOff {
    fn drop(&mut self) {
        // What the kernel allowed before it allows again: it is the same socket, and nobody else could have its address.
        mem::take(&mut self.mute).iter().for_each(|socket| drop(socket.listen(BACKLOG)));
        mem::take(&mut self.open).iter().for_each(|socket| drop(socket.set_reuse_port(false)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Uid, fchown};
    use std::net::{SocketAddr, TcpListener, TcpStream};

    /// A socket at a free port of one interface, and the same port at all of them. (It is none of those that the system
    /// gives to clients, which are somebody's at any time.)
    fn pair(test: u16) -> (Arc<Socket>, SocketAddr, Endpoint) {
        let base = 15_000 + 200 * test + (std::process::id() % 100) as u16;
        let free = (base..base + 100).find(|port| TcpListener::bind(("::", *port)).is_ok());
        let at = SocketAddr::new([127, 0, 0, 1].into(), free.expect("a free port"));
        let socket = bind::bind(&Endpoint::Ip(at), false).expect("it is free");
        let everywhere = SocketAddr::new([0, 0, 0, 0].into(), at.port());
        (Arc::new(socket), at, Endpoint::Ip(everywhere))
    }

    #[test]
    fn who_is_to_leave_accepts_while_another_listens_beside_and_afterwards() {
        let (old, at, everywhere) = pair(0);
        let (new, put_off) =
            PutOff::bind_beside(&everywhere, vec![old.clone()]).expect("beside it");
        TcpStream::connect(at).expect("somebody listens");
        old.accept().expect("the old one has it");
        drop((new, put_off));
        TcpStream::connect(at).expect("it listens");
        old.accept().expect("it has it");
        assert!(!old.reuse_port().expect("an option"), "others could slip in");
    }

    #[test]
    fn a_socket_of_another_user_is_muted_and_listens_again_if_all_is_undone() {
        if !geteuid().is_root() {
            return;
        }
        let (old, at, everywhere) = pair(1);
        fchown(&old, Some(Uid::from_raw(65534)), None).expect("root may");
        let (new, put_off) =
            PutOff::bind_beside(&everywhere, vec![old.clone()]).expect("in its place");
        TcpStream::connect(at).expect("somebody listens");
        new.accept().expect("the new one has it");
        drop((new, put_off));
        TcpStream::connect(at).expect("it listens again");
        old.accept().expect("it has it");
    }
}
