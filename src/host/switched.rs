//! A generation that serves, but whose `on_worker_start` may still run in some isolates.

use super::{
    HostEvent, ReloadOptions, Reloaded, answers::Answers, place::Place, supervisor::Supervisor,
};
use crate::error::Fault;
use std::time::{Duration, Instant};

/// See the module.
pub(super) struct Switched {
    pub(super) generation: u64,
    pub(super) options: ReloadOptions,
    pub(super) began: Instant,
    /// Of isolates whose starts are done.
    pub(super) answers: Answers,
    /// Isolates that are not needed any more, each with what it served before. They wait for their end.
    pub(super) gone: Vec<Place>,
    /// Connections of isolates that were stopped: why, and how many.
    pub(super) closed: Vec<(String, usize)>,
    /// Of workers that were bound for it.
    pub(super) fresh: Vec<HostEvent>,
    /// Workers that stay on what they run, with its generation.
    pub(super) fixed: Vec<(String, u64)>,
}

impl Switched {
    /// Waits for its starts, so long at most. The error is a fault of `on_worker_start`: the generation serves, but what it
    /// should have started is missing.
    pub(super) fn conclude(
        mut self,
        host: &Supervisor,
        patience: Duration,
    ) -> Result<Reloaded, Fault> {
        self.answers.await_all(patience, &host.stopping);
        let reloaded = self.reloaded(host)?;
        if reloaded.silent > 0 {
            host.warn_of_starts(&reloaded);
        }
        self.fresh.into_iter().for_each(|event| host.tell(event));
        Ok(reloaded)
    }

    /// What is known of it by now.
    pub(super) fn reloaded(&self, host: &Supervisor) -> Result<Reloaded, Fault> {
        let (report, silent) = self.answers.sum()?;
        let closed = [self.closed.clone(), report.closed.clone()].concat();
        Ok(Reloaded {
            closed,
            fixed: self.fixed.clone(),
            silent,
            starting: if silent > 0 { host.starts_under_way() } else { Vec::new() },
            serves: true,
            ..Reloaded::of(report, self.generation, self.options, self.began.elapsed())
        })
    }
}
