//! An address that this process listens on, and who does. Plain data in the pool of `listener.rs`.

use super::{claim::Owner, socket_file::SocketFile};
use socket2::Socket;
use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, Ordering},
};

/// Who listens at an address, with sockets of his own.
pub(super) struct Holder {
    /// Of his lease.
    pub(super) number: u64,
    pub(super) owner: Owner,
    /// The last generation that asked for it as a whole, by its top level or in its start; 0: an event did, and no reload
    /// ends it.
    pub(super) asked_by: u64,
    /// Set when another has taken the address over.
    pub(super) is_over: Arc<AtomicBool>,
    pub(super) sockets: Vec<Weak<Socket>>,
}

impl Holder {
    /// Does nobody know yet whether the asking generation wants it again?
    fn may_leave(&self, generation: u64) -> bool {
        (1..generation).contains(&self.asked_by)
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Held {
    /// One, or isolates that agreed to share it.
    pub(super) holders: Vec<Holder>,
    pub(super) reuse_port: bool,
    /// The file of a Unix socket that was bound for it, which goes with it.
    pub(super) file: Option<SocketFile>,
    /// Was its socket handed down at the start? That one stays open, whoever wants it.
    pub(super) is_inherited: bool,
}

impl Held {
    /// May this one listen here as well?
    pub(super) fn admits(&self, owner: &Owner) -> bool {
        self.reuse_port && self.holders.iter().all(|holder| holder.owner != *owner)
    }

    /// May whoever asks in this generation have it? Later nobody but him does.
    pub(super) fn yields(&self, generation: u64) -> bool {
        self.holders.iter().all(|holder| holder.may_leave(generation))
    }

    /// Who keeps it from this generation.
    pub(super) fn staying(&self, generation: u64) -> Option<Owner> {
        let stays = self.holders.iter().find(|holder| !holder.may_leave(generation));
        stays.or(self.holders.first()).map(|holder| holder.owner.clone())
    }

    /// Every socket that listens here.
    pub(super) fn sockets(&self) -> Vec<Arc<Socket>> {
        let sockets = self.holders.iter().flat_map(|holder| &holder.sockets);
        sockets.filter_map(Weak::upgrade).collect()
    }

    /// Those who listen have to stop; what is queued is not theirs any more.
    pub(super) fn dismiss(&mut self) {
        for holder in self.holders.drain(..) {
            holder.is_over.store(true, Ordering::Release);
        }
    }
}
