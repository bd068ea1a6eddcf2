//! A number that one thread counts and others read.

use std::sync::atomic::{AtomicU64, Ordering};

/// Only its isolate writes it, so that a change is a load and a store and nobody waits for anybody. Readers may see it a
/// moment late.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn add(&self, n: u64) {
        self.set(self.get() + n);
    }

    #[inline]
    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
