//! The sockets that a Worker takes connections from in its isolate.

use super::WorkerCore;
use crate::net::{
    address::Address,
    listen::{Bound, Listener},
};
use std::rc::Rc;
use tokio::task::AbortHandle;

/// How a listening Worker takes connections from one socket.
pub(super) struct Accepting {
    task: AbortHandle,
    /// The only handle that lasts: without it the socket is closed.
    listener: Rc<Listener>,
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl WorkerCore {
    /// From now on connections are taken from these sockets and no others. Gives those that nothing is taken from yet, and
    /// what was listened on with other sockets.
    pub(super) fn accept_only(&self, sockets: Vec<Bound>) -> (Vec<Bound>, Vec<Rc<Listener>>) {
        let mut accepting = self.accepting.borrow_mut();
        let left = accepting
            .extract_if(.., |a| sockets.iter().all(|bound| bound.id != a.listener.bound.id))
            .map(|a| a.listener.clone())
            .collect();
        let known: Vec<u64> = accepting.iter().map(|a| a.listener.bound.id).collect();
        (sockets.into_iter().filter(|bound| !known.contains(&bound.id)).collect(), left)
    }

    /// Connections from this socket, too, are taken, by this task.
    pub(super) fn accept_by(&self, task: AbortHandle, listener: Rc<Listener>) {
        self.accepting.borrow_mut().push(Accepting { task, listener });
    }

    /// Where it listens, if it does.
    pub(crate) fn bound(&self) -> Option<Address> {
        let accepting = self.accepting.borrow();
        accepting.first().map(|a| Address {
            protocol: self.settings.protocol.get(),
            ..a.listener.bound.address.clone()
        })
    }

    /// Where it listens or, before and while `on_worker_start` runs, where the host has bound it already.
    pub(super) fn listens_at(self: &Rc<Self>) -> Option<Address> {
        let seated = self.seat().and_then(|seat| seat.heard_at());
        let seated = seated.map(|a| Address { protocol: self.settings.protocol.get(), ..a });
        seated.or_else(|| self.bound())
    }

    /// It listens still, and this generation asks for that as well. False: another has taken its address over.
    pub(super) fn renew(&self, generation: u64) -> Result<bool, String> {
        let accepting = self.accepting.borrow();
        for a in accepting.iter() {
            a.listener.bound.lease.renew(generation)?;
        }
        Ok(!accepting.is_empty() && !accepting.iter().any(|a| a.listener.bound.lease.is_over()))
    }

    /// Stops accepting. Sockets that nobody else has are closed when this returns.
    pub(crate) fn unlisten(&self) {
        drop(self.accepting.take());
        self.ctx.note_listening();
    }

    pub(super) fn pause_accept(&self, paused: bool) {
        self.paused.set(paused);
        self.resumed.notify_waiters();
    }
}
