//! How many lines never got to where they should: dropped because too many waited, or not written. Counted by whoever
//! loses one, read by whoever looks.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};
use tracing_appender::non_blocking::ErrorCounter;

/// The count of one outlet. Cheap to clone.
#[derive(Clone, Default)]
pub struct Lost(Arc<Counts>);

#[derive(Default)]
struct Counts {
    unwritten: AtomicU64,
    /// Of the channel to the outlet, as soon as there is one.
    dropped: OnceLock<ErrorCounter>,
}

impl Lost {
    pub fn count(&self) -> u64 {
        let dropped = self.0.dropped.get().map_or(0, ErrorCounter::dropped_lines);
        self.0.unwritten.load(Ordering::Relaxed) + dropped as u64
    }

    /// A line could not be written.
    pub fn add(&self) {
        self.0.unwritten.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what this channel drops, too.
    pub fn watch(&self, channel: ErrorCounter) {
        // (each outlet has one channel)
        let _ = self.0.dropped.set(channel);
    }
}
