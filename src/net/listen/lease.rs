//! The right to listen at an address. It goes back to the pool with its last copy.

use super::{
    bind,
    descriptors::Descriptors,
    held::Holder,
    pool::{Listeners, taken},
    socket_file::SocketFile,
};
use crate::net::address::Endpoint;
use socket2::Socket;
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// See the module.
pub(crate) struct Lease {
    pub(super) pool: Listeners,
    pub(super) endpoint: Endpoint,
    pub(super) number: u64,
    pub(super) is_over: Arc<AtomicBool>,
}

impl Lease {
    /// What is left for those who connect.
    pub(super) fn descriptors(&self) -> &Descriptors {
        &self.pool.descriptors
    }

    /// Has another taken the address over, with all who wait in its sockets?
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// A generation asks for it again. The error: one that asked for an overlapping address is in the way.
    pub(crate) fn renew(&self, generation: u64) -> Result<(), String> {
        let mut pool = self.pool.lock();
        let beside = pool.beside(&self.endpoint).find_map(|(at, held)| {
            held.staying(generation).filter(|_| !held.yields(generation)).map(|owner| (at, owner))
        });
        if let Some((at, owner)) = beside {
            return Err(taken(&self.endpoint, &format!("{owner} on {at}")));
        }
        pool.with_holder(&self.endpoint, self.number, |holder| holder.asked_by = generation);
        Ok(())
    }

    /// Notes another socket of this lease.
    pub(super) fn note(&self, socket: &Arc<Socket>) {
        let note = |holder: &mut Holder| {
            holder.sockets.retain(|known| known.strong_count() > 0);
            holder.sockets.push(Arc::downgrade(socket));
        };
        self.pool.lock().with_holder(&self.endpoint, self.number, note);
    }

    /// Where the file is that goes with it.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let pool = self.pool.lock();
        let file = pool.held.get(&self.endpoint)?.file.as_ref();
        file.map(|file| file.path().to_owned())
    }

    /// A new socket with a new file, if there was one and nothing is at its path any more.
    pub(super) fn put_back(&self) -> io::Result<Option<Socket>> {
        let mut pool = self.pool.lock();
        let Some(held) = pool.held.get_mut(&self.endpoint) else { return Ok(None) };
        if !held.file.as_ref().is_some_and(SocketFile::is_missing) {
            return Ok(None);
        }
        let socket = bind::bind(&self.endpoint, false)?;
        held.file = SocketFile::of(&socket, &self.endpoint)?;
        Ok(Some(socket))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut pool = self.pool.lock();
        let Some(held) = pool.held.get_mut(&self.endpoint) else { return };
        held.holders.retain(|holder| holder.number != self.number);
        if held.holders.is_empty()
            && let Some(file) = pool.held.remove(&self.endpoint).and_then(|held| held.file)
        {
            file.remove();
        }
    }
}
