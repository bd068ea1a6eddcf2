//! How much memory may hold something for all peers of the process together. Isolates take from it in slices, so that each
//! asks itself and not what all of them share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Bytes that an isolate takes at a time. Fixed: as much as one connection queues before it tries to write.
pub(crate) const SLICE: u64 = 64 << 10;

/// The budget of a process.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: AtomicU64,
    /// What isolates have taken. Above the limit when the limit was lowered, or by what had to be held all the same.
    taken: AtomicU64,
    /// How many isolates take from it.
    sharers: AtomicUsize,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit: AtomicU64::new(limit),
            taken: AtomicU64::new(0),
            sharers: AtomicUsize::new(0),
        }
    }

    /// One isolate more takes from it.
    pub(super) fn enter(&self) {
        self.sharers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.sharers.fetch_sub(1, Ordering::Relaxed);
    }

    /// What each isolate has when they divide it evenly, bytes.
    pub(super) fn fair_part(&self) -> u64 {
        self.limit() / self.sharers.load(Ordering::Relaxed).max(1) as u64
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Holds from the next slice on.
    pub(crate) fn set_limit(&self, limit: u64) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// A slice, or what is left of the last one; 0 if there is nothing left.
    pub(super) fn take_slice(&self) -> u64 {
        let limit = self.limit();
        let slice = |taken: u64| limit.saturating_sub(taken).min(SLICE);
        let more = |taken| Some(taken + slice(taken)).filter(|new| *new > taken);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map_or(0, slice)
    }

    /// Takes so much, whether it is there or not.
    pub(super) fn take(&self, n: u64) {
        self.taken.fetch_add(n, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, n: u64) {
        self.taken.fetch_sub(n, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_end_where_the_budget_does() {
        let budget = Budget::new(SLICE + 10);
        assert_eq!(budget.take_slice(), SLICE);
        assert_eq!(budget.take_slice(), 10);
        assert_eq!(budget.take_slice(), 0);
        budget.take(5);
        budget.give_back(10);
        assert_eq!(budget.take_slice(), 5);
        budget.set_limit(1);
        assert_eq!(budget.take_slice(), 0, "lowered below what is taken");
    }
}
