//! What served before a reload, for the way back.

use super::{code::Code, supervisor::Supervisor};
use crate::script::plan::{WorkerSpec, match_up};

/// See the module.
pub(super) struct Past {
    generation: u64,
    workers: Vec<WorkerSpec>,
    codes: Vec<Code>,
}

impl Past {
    pub(super) fn of_now(host: &Supervisor) -> Self {
        let (workers, codes) = (host.workers.clone(), host.codes.clone());
        Self { generation: host.generation, workers, codes }
    }

    /// For each of these workers what it ran, if that was older than the text which declared it.
    pub(super) fn of(&self, declared: &[WorkerSpec]) -> Vec<Option<Code>> {
        let was = |old: usize| Some(&self.codes[old]).filter(|c| c.generation < self.generation);
        let found = match_up(&self.workers, declared).into_iter();
        found.map(|old| old.and_then(was).cloned()).collect()
    }
}
