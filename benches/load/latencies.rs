//! How long rounds took, counted by microsecond.

use std::time::Duration;

/// Longer ones count as this one.
const LONGEST_US: usize = 1_000_000;

pub struct Latencies(Vec<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(vec![0; LONGEST_US + 1])
    }
}

impl Latencies {
    pub fn record(&mut self, latency: Duration) {
        self.0[(latency.as_micros() as usize).min(LONGEST_US)] += 1;
    }

    /// Microseconds in which `percent` of all rounds were over.
    pub fn percentile(&self, percent: u64) -> usize {
        let total: u64 = self.0.iter().sum();
        let mut seen = 0;
        let reached = |count: &u64| {
            seen += count;
            seen * 100 >= total * percent
        };
        self.0.iter().position(reached).unwrap_or(0)
    }
}
