//! A bound and listening socket, on its way to an isolate.

use super::{balancer::AcceptBalancer, bind, lease::Lease};
use crate::net::address::Address;
use socket2::Socket;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Numbers for sockets, so that one is known again through all of its copies.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// See the module. Cheap to clone; the socket is closed with its last copy.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) id: u64,
    pub(super) socket: Arc<Socket>,
    /// Connections that were taken from it.
    pub(super) balancer: Arc<AcceptBalancer>,
    /// Where it really listens: the port, if 0 was asked for.
    pub(crate) address: Address,
    /// Gives the address back when the last copy goes.
    pub(crate) lease: Arc<Lease>,
}

impl Bound {
    pub(super) fn new(socket: Arc<Socket>, address: Address, lease: Arc<Lease>) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, socket, balancer: Arc::default(), address, lease }
    }

    /// One more socket under the same lease.
    fn further(&self, socket: Socket) -> Bound {
        let socket = Arc::new(socket);
        self.lease.note(&socket);
        Self::new(socket, self.address.clone(), self.lease.clone())
    }

    /// A new socket in the place of this one, if that was bound to a file which is not there any more: a cleaner of
    /// temporary folders has taken it away, and nobody can connect. None: the file is there, be it another program's.
    pub(super) fn put_back(&self) -> io::Result<Option<Bound>> {
        let again = self.lease.put_back()?;
        Ok(again.map(|socket| self.further(socket)))
    }

    /// Another socket at the same address: the kernel spreads connections over both.
    pub(crate) fn another(&self) -> io::Result<Bound> {
        bind::let_others_in(&self.socket)?;
        let socket = bind::bind(&self.address.endpoint, true)?;
        Ok(self.further(socket))
    }
}
