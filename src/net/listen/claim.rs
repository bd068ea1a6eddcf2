//! Who wants to listen at an address, and what he gets.

use super::{bound::Bound, held::Held, put_off::PutOff};
use crate::net::address::{Address, Endpoint};
use socket2::Socket;
use std::{fmt, sync::Arc};

/// Who listens, as others are told who want the same address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A top-level Worker, whose sockets the host holds.
    Worker(String),
    /// The isolate in which a handler made a Worker.
    Isolate(usize),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Worker(title) => write!(f, "worker `{title}`"),
            Owner::Isolate(id) => write!(f, "isolate {id}"),
        }
    }
}

/// Who asks for an address.
pub(crate) struct Claimant {
    pub(crate) owner: Owner,
    /// The generation that asks, by its top level or in its start, and gets what an earlier one had; 0: an event, which
    /// gets what is free.
    pub(crate) generation: u64,
    /// May isolates share it?
    pub(crate) reuse_port: bool,
    /// Which addresses of the earlier generation this one goes on with, and under which titles.
    pub(crate) kept: Vec<(Endpoint, String)>,
}

impl Claimant {
    pub(crate) fn new(owner: Owner, generation: u64) -> Self {
        Self { owner, generation, reuse_port: false, kept: Vec::new() }
    }

    /// Is what is listened on at `at` going to be free for him?
    pub(super) fn gets(&self, at: &Endpoint, held: &Held) -> bool {
        held.yields(self.generation) && !self.kept.iter().any(|(kept, _)| kept == at)
    }

    /// Who is not going to leave.
    pub(super) fn stays(&self, at: &Endpoint, held: &Held) -> String {
        let kept = self.kept.iter().find(|(kept, _)| kept == at);
        let owner = kept.map(|(_, title)| Owner::Worker(title.clone()));
        owner.or_else(|| held.staying(self.generation)).map_or(String::new(), |o| o.to_string())
    }

    /// Is it for isolates that share the address? (A Unix socket is a file, and a file names one socket.)
    pub(super) fn shares(&self, address: &Address) -> bool {
        let is_ip = matches!(address.endpoint, Endpoint::Ip(_));
        self.reuse_port && is_ip && matches!(self.owner, Owner::Isolate(_))
    }
}

/// What he can have.
pub(crate) enum Claim {
    /// A socket that was bound just now, and what had to be put off for it.
    New(Bound, PutOff),
    /// Sockets that somebody has who will not need them any more.
    Held(Vec<Arc<Socket>>),
}
