//! The `on_worker_start` of one isolate, or its `on_worker_reload`, as long as it has not returned: the isolate writes when it begins and ends, the
//! host reads, and whoever waits for it can be told what for.

mod start;

pub(crate) use start::Start;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A start that takes longer is told of, and a reload ends it and starts over. Fixed: what takes so long waits for something
/// that may never come, and people begin to wonder earlier.
pub(crate) const LATE: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Starting(Mutex<Option<Start>>);

impl Starting {
    /// From now on this one runs. One that runs already is an older generation's, and nobody's any more.
    pub(crate) fn begin(&self, start: Start) {
        *self.lock() = Some(start);
    }

    /// That of this generation has come to its end.
    pub(crate) fn end(&self, generation: u64) {
        let mut start = self.lock();
        if start.as_ref().is_some_and(|start| start.generation == generation) {
            *start = None;
        }
    }

    /// That of this generation takes long, by the isolate's own clock.
    pub(crate) fn is_late(&self, generation: u64) {
        if let Some(start) = self.lock().as_mut().filter(|start| start.generation == generation) {
            start.is_late = true;
        }
    }

    /// What runs, if it does.
    pub(crate) fn running(&self) -> Option<Start> {
        self.lock().clone()
    }

    /// What runs and takes long, the first time that somebody asks. `by_clock`: an isolate that is too busy to look at its
    /// own clock is looked at from outside.
    pub(crate) fn take_late(&self, by_clock: bool) -> Option<Start> {
        let mut start = self.lock();
        let start = start.as_mut()?;
        start.is_late |= by_clock && start.since.elapsed() >= LATE;
        let is_new = start.is_late && !std::mem::replace(&mut start.is_told, start.is_late);
        is_new.then(|| start.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Start>> {
        // It is replaced whole: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(generation: u64) -> Starting {
        let starting = Starting::default();
        starting.begin(Start::new("on_worker_start", "w".into(), "main.rhai:2".into(), generation));
        starting
    }

    #[test]
    fn a_late_start_is_told_once() {
        let starting = begun(1);
        assert!(starting.take_late(true).is_none(), "it has just begun");
        starting.is_late(1);
        assert!(starting.take_late(false).is_some_and(|start| start.taken() >= LATE));
        assert!(starting.take_late(true).is_none());
        assert!(starting.running().is_some());
    }

    #[test]
    fn an_older_start_that_ends_or_is_late_says_nothing_of_the_newer_one() {
        let starting = begun(2);
        starting.is_late(1);
        starting.end(1);
        assert!(starting.take_late(false).is_none() && starting.running().is_some());
        starting.end(2);
        assert!(starting.running().is_none());
    }
}
