//! One isolate's part of a budget, and the count of what it uses of it.
//!
//! # Isolates take memory for queues in slices
//!
//! Isolates take memory for queues in slices of 64 KiB from what the process may have, so that a
//! send asks its own isolate and not an atomic that all share. Queues are counted by what they cost and not by what
//! is in them.

use super::budget::{Budget, SLICE};
use std::{cell::Cell, sync::Arc};

/// Slack that is kept for the next send, bytes. Fixed: what a busy isolate queues in a turn of its loop, so that it does not
/// take and give at every turn. An idle one keeps none.
const SLACK: u64 = 16 * SLICE;

/// See the module.
pub(crate) struct Share {
    budget: Arc<Budget>,
    /// What was taken from the budget.
    taken: Cell<u64>,
    /// What is used of it.
    used: Cell<u64>,
    /// Was something taken that was not there any more? Then there must be no slack.
    is_overdrawn: Cell<bool>,
}

impl Share {
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        budget.enter();
        Self { budget, taken: Cell::new(0), used: Cell::new(0), is_overdrawn: Cell::new(false) }
    }

    /// May something be queued? (As with a connection's own limit, one message may exceed it.)
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.used.get() < self.taken.get() || self.take_slice()
    }

    /// Does it use as much as each isolate may when all take the same?
    pub(crate) fn has_fair_part(&self) -> bool {
        self.used.get() >= self.budget.fair_part()
    }

    /// The limit of all isolates together, bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.budget.limit()
    }

    fn take_slice(&self) -> bool {
        let slice = self.budget.take_slice();
        self.taken.set(self.taken.get() + slice);
        slice > 0
    }

    /// A queue that cost `before` bytes costs `now`.
    pub(crate) fn changed(&self, before: usize, now: usize) {
        let used = (self.used.get() + now as u64).saturating_sub(before as u64);
        self.used.set(used);
        while used > self.taken.get() && self.take_slice() {}
        let taken = self.taken.get();
        if used > taken {
            self.budget.take(used - taken);
            self.taken.set(used);
            self.is_overdrawn.set(true);
        } else if now < before && self.is_overdrawn.take() {
            self.give_back(used);
        } else if taken - used > SLACK {
            self.give_back(used.next_multiple_of(SLICE));
        }
    }

    /// Nothing is kept for sends that may never come. To be called now and then.
    pub(crate) fn settle(&self) {
        self.give_back(self.used.get());
    }

    /// The isolate ends, and its queues with it.
    pub(crate) fn release(&self) {
        self.used.set(0);
        self.give_back(0);
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
        self.release();
        self.budget.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: usize = SLICE as usize;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Arc::new(Budget::new(3 * SLICE));
        let (a, b) = (Share::new(budget.clone()), Share::new(budget.clone()));
        assert!(a.has_room());
        a.changed(0, 3 * S + 1);
        assert!(!a.has_room() && !b.has_room(), "the last message went beyond the limit");
        a.changed(3 * S + 1, 10);
        assert!(a.has_room() && b.has_room());
        a.changed(10, 0);
        a.settle();
        b.changed(0, 10);
        b.settle();
        drop((a, b));
        budget.set_limit(1);
        assert_eq!(budget.take_slice(), 1, "all of it is there");
    }

    #[test]
    fn what_is_beyond_the_budget_never_becomes_slack() {
        let budget = Arc::new(Budget::new(10 * SLICE));
        let share = Share::new(budget);
        let mut messages = 0;
        while share.has_room() {
            // A large message, of which the kernel takes a part at once.
            share.changed(0, 2 * S);
            share.changed(2 * S, S / 2);
            messages += 1;
        }
        assert!((19..=20).contains(&messages), "{messages}");
    }

    #[test]
    fn an_isolate_that_holds_little_is_not_the_one_that_makes_room() {
        let budget = Arc::new(Budget::new(10 * SLICE));
        let (large, small) = (Share::new(budget.clone()), Share::new(budget));
        large.changed(0, 9 * S);
        small.changed(0, S);
        assert!(!large.has_room() && large.has_fair_part());
        assert!(!small.has_room() && !small.has_fair_part());
        drop(large);
        assert!(!small.has_fair_part(), "it may have all of it now");
    }
}
