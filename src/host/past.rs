//! What served before a reload, for the way back.

use super::{code::Code, place::Place, supervisor::Supervisor};
use crate::script::plan::{WorkerSpec, match_up};

/// See the module.
pub(super) struct Past {
    generation: u64,
    workers: Vec<WorkerSpec>,
    codes: Vec<Code>,
    /// Isolates that the reload does not need any more. They end when it has succeeded.
    pub(super) places: Vec<Place>,
}

impl Past {
    pub(super) fn of_now(host: &Supervisor) -> Self {
        let (workers, codes) = (host.workers.clone(), host.codes.clone());
        Self { generation: host.generation, workers, codes, places: Vec::new() }
    }

    /// For each of these workers what it ran, if that was older than the text which declared it.
    pub(super) fn of(&self, declared: &[WorkerSpec]) -> Vec<Option<Code>> {
        let was = |old: usize| Some(&self.codes[old]).filter(|c| c.generation < self.generation);
        let found = match_up(&self.workers, declared).into_iter();
        found.map(|old| old.and_then(was).cloned()).collect()
    }

    /// The isolate that served one of these workers, as the one of that number.
    pub(super) fn take_place(
        &mut self,
        declared: &[WorkerSpec],
        (at, index): (usize, usize),
    ) -> Option<Place> {
        let was = match_up(&self.workers, declared)[at]?;
        let found = self.places.iter().position(|place| place.serves == Some((was, index)))?;
        Some(Place { serves: Some((at, index)), ..self.places.swap_remove(found) })
    }
}
