//! What waits to be written to one peer: how much it may be, and what the loop's counters know of it.

use super::{outbox::Outbox, shared::LoopShared};
use std::cell::Cell;

/// Bytes beyond the limit, or beyond the budget, that answers to pings may queue, so that a full queue does not make us look
/// dead. Fixed: 500 of the largest. Beyond it pings go unanswered, for a peer that sends them and reads nothing costs memory.
const PONGS: usize = 64 * 1024;

/// Bytes of a message that a connection whose queue is empty may send although the budget for queued bytes is used up, so
/// that peers that read are answered while others do not. Fixed: the kernel takes so much as a whole or not at all.
const BEYOND_BUDGET: usize = 16 * 1024;

/// Queued bytes below which the next part of a file is read. Fixed: two of its parts.
const LOW: usize = 128 * 1024;

/// See the module.
pub(crate) struct SendQueue {
    /// Taken out while somebody works with it, so that nothing is ever borrowed.
    outbox: Cell<Outbox>,
    /// What the counters know: bytes that wait, and what they cost.
    counted: Cell<(usize, usize)>,
    /// Bytes from which on nothing more is queued; `max_send_buffer_size`.
    pub(crate) limit: Cell<u32>,
}

impl Default for SendQueue {
    fn default() -> Self {
        Self { outbox: Cell::default(), counted: Cell::default(), limit: Cell::new(u32::MAX) }
    }
}

impl SendQueue {
    #[inline]
    pub(super) fn with<T>(&self, f: impl FnOnce(&mut Outbox) -> T) -> T {
        let mut outbox = self.outbox.take();
        let result = f(&mut outbox);
        self.outbox.set(outbox);
        result
    }

    /// Bytes that wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.with(|outbox| outbox.len())
    }

    /// What it costs, bytes of memory.
    pub(super) fn costs(&self) -> usize {
        self.counted.get().1
    }

    /// Is there nothing that could be written now?
    pub(super) fn is_flushed(&self) -> bool {
        self.with(|outbox| outbox.is_flushed())
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.get() as usize
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.limit()
    }

    /// Tells the loop how much waits now, and what that costs.
    pub(super) fn account(&self, shared: &LoopShared) {
        let (waits, costs) = self.with(|outbox| outbox.measure());
        let (waited, cost) = self.counted.replace((waits, costs));
        let queued = &shared.stats.queued;
        queued.set((queued.get() + waits as u64).saturating_sub(waited as u64));
        if cost != costs {
            shared.queued.changed(cost, costs);
        }
    }

    /// Something was appended, and it costs so much now. (How much waits is told when the turn ends: hardly any of it waits
    /// longer.)
    #[inline]
    pub(super) fn account_costs(&self, costs: usize, shared: &LoopShared) {
        let (waited, cost) = self.counted.get();
        if cost != costs {
            self.counted.set((waited, costs));
            shared.queued.changed(cost, costs);
        }
    }

    /// Is there room in this queue, and in the budget for all of them? What comes from a feeder is not dropped for the
    /// budget: that is paused.
    #[inline]
    pub(super) fn fits(
        &self,
        n: usize,
        shared: &LoopShared,
        is_fed: impl FnOnce() -> bool,
    ) -> bool {
        let queued = self.len();
        let small = || n <= BEYOND_BUDGET || is_fed();
        queued < self.limit() && (shared.queued.has_room() || queued == 0 && small())
    }

    /// May an answer to a ping be queued?
    pub(super) fn has_room_for_pongs(&self, shared: &LoopShared) -> bool {
        let limit = if shared.queued.has_room() { self.limit() } else { 0 };
        self.len() < limit.saturating_add(PONGS)
    }

    /// The most bytes that a part of an answer may have now; `None`: the queue takes none.
    pub(crate) fn room(&self, shared: &LoopShared) -> Option<usize> {
        let queued = self.len();
        if shared.queued.has_room() && queued < LOW.min(self.limit()) {
            return Some(LOW);
        }
        (queued == 0).then_some(BEYOND_BUDGET)
    }

    /// Is nothing to be decoded whose answer would be dropped?
    #[inline]
    pub(super) fn is_backed_up(&self, shared: &LoopShared) -> bool {
        let queued = self.len();
        queued >= self.limit() || queued > 0 && !shared.queued.has_room()
    }

    /// Nobody reads any more what waits.
    pub(super) fn discard(&self, shared: &LoopShared) {
        self.with(Outbox::discard);
        self.account(shared);
    }
}
