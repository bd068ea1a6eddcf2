//! How long something takes, as counts by buckets.

use super::counter::Counter;
use std::time::Duration;

/// Upper ends of the buckets, seconds. Fixed: a short handler takes a microsecond, and what takes longer than the last
/// has waited for something.
pub(crate) const BUCKETS: [f64; 12] =
    [5e-6, 20e-6, 100e-6, 500e-6, 2e-3, 10e-3, 50e-3, 0.2, 1.0, 5.0, 20.0, 60.0];

/// The counts, written by one thread.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    /// One for each bucket, and one for what is above the last.
    counts: [Counter; BUCKETS.len() + 1],
    nanoseconds: Counter,
}

impl Latency {
    pub(crate) fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BUCKETS.iter().position(|end| seconds <= *end).unwrap_or(BUCKETS.len());
        self.counts[at].add(1);
        self.nanoseconds.add(took.as_nanos() as u64);
    }

    /// Each bucket's end, infinite for the last, with its count.
    pub(crate) fn buckets(&self) -> Vec<(f64, u64)> {
        let ends = BUCKETS.into_iter().chain([f64::MAX]);
        ends.zip(self.counts.iter().map(Counter::get)).collect()
    }

    /// All of it together, seconds.
    pub(crate) fn sum(&self) -> f64 {
        self.nanoseconds.get() as f64 / 1e9
    }
}
