//! An `on_worker_start` or `on_worker_reload` that runs or waits.

use super::LATE;
use std::time::{Duration, Instant};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// Which of the two.
    pub(crate) event: &'static str,
    /// The worker's title.
    pub(crate) worker: String,
    /// The isolate's number among those of the worker, if there are several.
    pub(crate) isolate: Option<usize>,
    /// Where it stands, `main.rhai:2`.
    pub(crate) place: String,
    pub(crate) since: Instant,
    pub(crate) generation: u64,
    /// Does the isolate accept connections meanwhile? Not before its first start is done.
    pub(crate) accepts: bool,
    /// Does it take longer than [`LATE`]?
    pub(super) is_late: bool,
    /// Has that been said?
    pub(super) is_told: bool,
}

impl Start {
    pub(crate) fn new(event: &'static str, worker: String, place: String, generation: u64) -> Self {
        Self {
            event,
            worker,
            isolate: None,
            place,
            since: Instant::now(),
            generation,
            accepts: false,
            is_late: false,
            is_told: false,
        }
    }

    /// How long it has been running. The isolate's clock, by which it is late, may be ahead of ours in tests.
    pub(crate) fn taken(&self) -> Duration {
        let taken = self.since.elapsed();
        if self.is_late { taken.max(LATE) } else { taken }
    }
}
