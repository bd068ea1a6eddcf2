//! How many lines never got to where they should: dropped because too many waited, or not written. Counted by whoever
//! loses one, read by whoever looks.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The count of one outlet. Cheap to clone.
#[derive(Clone, Default)]
pub struct Lost(Arc<AtomicU64>);

impl Lost {
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// So many more.
    pub fn add(&self, lines: u64) {
        self.0.fetch_add(lines, Ordering::Relaxed);
    }
}
