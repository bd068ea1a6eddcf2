//! The sockets of one top-level Worker, which the host and the isolates that serve it hold together: one for all isolates,
//! or with `reuse_port` one for each. A socket is closed when no isolate wants to accept on it any more.

use super::{
    bound::Bound,
    claim::{Claimant, Owner},
    pool::Listeners,
};
use crate::net::address::{Address, Endpoint};
use std::{
    collections::BTreeSet,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ListenSet(Arc<Shared>);

struct Shared {
    pool: Listeners,
    address: Address,
    owner: Owner,
    state: Mutex<State>,
}

struct State {
    /// `None`: closed, because no isolate that it is for listens.
    slots: Vec<Option<Bound>>,
    /// Isolates that serve the Worker.
    count: usize,
    /// The last generation that asked for them.
    generation: u64,
    /// Those of them that stopped listening.
    stopped: BTreeSet<usize>,
}

impl State {
    /// The sockets that an isolate accepts on: its own and, after the count went down, some of those that are too many;
    /// where there are too few, one that others accept on as well. So none is ever closed on the clients queued in it.
    fn sockets_of(&self, index: usize) -> impl Iterator<Item = usize> + use<> {
        let first = index % self.slots.len();
        let step = self.count.max(1);
        let end = if index < self.slots.len() { self.slots.len() } else { first + 1 };
        (first..end).step_by(step)
    }

    fn any(&self) -> Option<&Bound> {
        self.slots.iter().flatten().next()
    }

    /// Closes what only stopped isolates would accept on.
    fn close_unheard(&mut self) {
        let hearing = (0..self.count).filter(|index| !self.stopped.contains(index));
        let heard: BTreeSet<usize> = hearing.flat_map(|index| self.sockets_of(index)).collect();
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if !heard.contains(&at) {
                *slot = None;
            }
        }
    }
}

impl ListenSet {
    /// What a Worker is given, for one isolate yet.
    pub(crate) fn new(
        pool: &Listeners,
        address: &Address,
        by: &Claimant,
        bound: Vec<Bound>,
    ) -> Self {
        let slots = bound.into_iter().map(Some).collect();
        let generation = by.generation;
        let state = Mutex::new(State { slots, count: 1, generation, stopped: BTreeSet::new() });
        let (pool, address, owner) = (pool.clone(), address.clone(), by.owner.clone());
        Self(Arc::new(Shared { pool, address, owner, state }))
    }

    /// Another generation goes on with them.
    pub(crate) fn renew(&self, generation: u64) {
        let mut state = self.lock();
        state.generation = generation;
        // Nothing is in the way: what would have been was refused.
        state.slots.iter().flatten().for_each(|bound| drop(bound.lease.renew(generation)));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No step below panics half way.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on so many isolates serve; with `reuse_port` there is a socket for each. (One that is not needed any more
    /// stays, and another isolate accepts on it.) After an error there are fewer sockets, which isolates share.
    pub(crate) fn resize(&self, count: usize, reuse_port: bool) -> io::Result<()> {
        let mut state = self.lock();
        state.count = count;
        state.stopped.retain(|index| *index < count);
        if state.stopped.len() == count {
            // The isolates that listened are gone; the script declares that somebody does.
            state.stopped.clear();
        }
        let is_ip = matches!(self.0.address.endpoint, Endpoint::Ip(_));
        while reuse_port && is_ip && state.slots.len() < count {
            let Some(another) = state.any().map(Bound::another).transpose()? else { break };
            state.slots.push(Some(another));
        }
        Ok(())
    }

    /// Where they listen, if any does.
    pub(crate) fn address(&self) -> Option<Address> {
        self.lock().any().map(|bound| bound.address.clone())
    }

    /// The file of a Unix socket that was made for this.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.lock().any().and_then(|bound| bound.lease.path())
    }

    /// Binds again what has lost its file. The isolates accept on it as soon as they are seated anew.
    pub(crate) fn put_back(&self) -> io::Result<()> {
        for slot in &mut self.lock().slots {
            if let Some(bound) = slot
                && let Some(again) = bound.put_back()?
            {
                *bound = again;
            }
        }
        Ok(())
    }

    /// Nobody is to connect any more: what isolates do not accept on is closed at once, the rest when they stop.
    pub(crate) fn close(&self) {
        self.lock().slots.fill_with(|| None);
    }

    pub(crate) fn is_same(&self, other: &ListenSet) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The place of one isolate at them.
    pub(crate) fn seat(&self, index: usize) -> ListenHandle {
        ListenHandle { sockets: self.clone(), index }
    }
}

/// What an isolate holds of the sockets of the Worker that it serves.
#[derive(Clone)]
pub(crate) struct ListenHandle {
    sockets: ListenSet,
    index: usize,
}

impl ListenHandle {
    /// The sockets to accept on: none if this isolate stopped listening. What was closed is bound again, and where that is
    /// refused, another isolate's socket does.
    pub(crate) fn take(&self) -> Result<Vec<Bound>, String> {
        let shared = &self.sockets.0;
        let mut state = self.sockets.lock();
        if state.stopped.contains(&self.index) {
            return Ok(Vec::new());
        }
        let mut taken = Vec::new();
        for at in state.sockets_of(self.index) {
            if state.slots[at].is_none() {
                state.slots[at] = match state.any().map(Bound::another) {
                    Some(another) => another.ok(),
                    None => {
                        let by = Claimant::new(shared.owner.clone(), state.generation);
                        shared.pool.bind(&shared.address, &by)?.pop()
                    }
                };
            }
            taken.extend(state.slots[at].as_ref().or(state.any()).cloned());
        }
        Ok(taken)
    }

    /// This isolate stops listening. Gives the address that nobody listens on any more, if it was the last.
    pub(crate) fn leave(&self) -> Option<Address> {
        let mut state = self.sockets.lock();
        let address = state.any().map(|bound| bound.address.clone());
        state.stopped.insert(self.index);
        state.close_unheard();
        address.filter(|_| state.any().is_none())
    }

    /// Where its Worker listens, if it does.
    pub(crate) fn address(&self) -> Option<Address> {
        self.sockets.address()
    }

    /// Where this isolate accepts as soon as it is seated: nowhere if it has stopped listening.
    pub(crate) fn heard_at(&self) -> Option<Address> {
        let state = self.sockets.lock();
        let bound = state.any().filter(|_| !state.stopped.contains(&self.index));
        bound.map(|bound| bound.address.clone())
    }

    /// This isolate wants to listen again. Had it stopped?
    pub(crate) fn rejoin(&self) -> bool {
        self.sockets.lock().stopped.remove(&self.index)
    }
}
