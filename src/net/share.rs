//! One isolate's part of the budget for queued bytes, and the count of what it uses of it.

use super::{
    budget::{Budget, SLICE},
    stats::Stats,
};
use std::{cell::Cell, sync::Arc};

/// Slack that is kept for the next send, bytes. Fixed: two slices, so that a queue that grows and shrinks around the end
/// of one does not take and give at every turn.
const SLACK: u64 = 2 * SLICE;

/// See the module.
pub(crate) struct Share {
    budget: Arc<Budget>,
    stats: Arc<Stats>,
    /// What was taken from the budget.
    taken: Cell<u64>,
    /// What waits for the isolate's peers.
    used: Cell<u64>,
}

impl Share {
    pub(crate) fn new(budget: Arc<Budget>, stats: Arc<Stats>) -> Self {
        Self { budget, stats, taken: Cell::new(0), used: Cell::new(0) }
    }

    /// May something be queued? (As with a connection's own limit, one message may exceed it.)
    pub(crate) fn has_room(&self) -> bool {
        if self.used.get() >= self.taken.get() {
            self.taken.set(self.taken.get() + self.budget.take_slice());
        }
        self.used.get() < self.taken.get()
    }

    /// A queue that had `before` bytes has `now`.
    pub(crate) fn changed(&self, before: usize, now: usize) {
        let used = (self.used.get() + now as u64).saturating_sub(before as u64);
        self.used.set(used);
        self.stats.queued.set(used);
        let taken = self.taken.get();
        if used > taken {
            let more = (used - taken).next_multiple_of(SLICE);
            self.budget.take(more);
            self.taken.set(taken + more);
        } else if taken - used > SLACK {
            self.give_back(used.next_multiple_of(SLICE));
        }
    }

    /// Nothing is kept for sends that may never come. To be called now and then.
    pub(crate) fn settle(&self) {
        self.give_back(self.used.get());
    }

    fn give_back(&self, all_but: u64) {
        let rest = self.taken.get().saturating_sub(all_but);
        if rest > 0 {
            self.budget.give_back(rest);
            self.taken.set(self.taken.get() - rest);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Arc::new(Budget::default());
        budget.set_limit(3 * SLICE);
        let stats = Arc::new(Stats::default());
        let (a, b) =
            (Share::new(budget.clone(), stats.clone()), Share::new(budget.clone(), Arc::default()));
        assert!(a.has_room());
        a.changed(0, 3 * SLICE as usize + 1);
        assert_eq!(stats.queued.get(), 3 * SLICE + 1);
        assert!(!a.has_room() && !b.has_room(), "the last message went beyond the limit");
        a.changed(3 * SLICE as usize + 1, 10);
        assert!(a.has_room() && b.has_room());
        a.changed(10, 0);
        a.settle();
        b.changed(0, 10);
        b.settle();
        drop((a, b));
        budget.set_limit(1);
        assert_eq!(budget.take_slice(), 1, "all of it is there");
    }
}
