//! How much memory may hold what waits for all peers of the process together. Isolates take from it in slices, so that a send asks
//! its own isolate and not what all of them share.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of queues of all peers together. Changed by `Worker::configure(#{ max_queued_bytes })`. It is room for 256
/// peers that read nothing while their queues are full (`max_send_buffer_size`), and a quarter of a small server's memory.
pub(crate) const MAX_QUEUED_BYTES: u64 = 256 << 20;

/// Bytes that an isolate takes at a time. Fixed: as much as one connection queues before it tries to write.
pub(crate) const SLICE: u64 = 64 << 10;

/// The budget of a process.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: AtomicU64,
    /// What isolates have taken. Above the limit when the limit was lowered, or by what had to be sent all the same.
    taken: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { limit: AtomicU64::new(MAX_QUEUED_BYTES), taken: AtomicU64::new(0) }
    }
}

impl Budget {
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
        let budget = Budget::default();
        budget.set_limit(SLICE + 10);
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
