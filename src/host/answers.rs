//! What isolates answer to a commit: each when its `on_worker_start` is done.

use super::supervisor::await_answer;
use crate::{error::Fault, isolate::Report};
use std::{
    sync::{
        atomic::AtomicBool,
        mpsc::{Receiver, TryRecvError},
    },
    time::{Duration, Instant},
};

/// The answer of one isolate.
type Answer = Result<Report, Fault>;

/// See the module.
#[derive(Default)]
pub(super) struct Answers {
    awaited: Vec<Receiver<Answer>>,
    /// Those that have come, added up.
    sum: Report,
    /// The first fault, if there is one.
    fault: Option<Fault>,
    /// Isolates that will not answer any more.
    silent: usize,
}

impl Answers {
    pub(super) fn new(awaited: Vec<Receiver<Answer>>) -> Self {
        Self { awaited, ..Self::default() }
    }

    /// Takes those that have come by now.
    pub(super) fn take(&mut self) {
        for answer in std::mem::take(&mut self.awaited) {
            match answer.try_recv() {
                Ok(given) => self.add(given),
                Err(TryRecvError::Empty) => self.awaited.push(answer),
                Err(TryRecvError::Disconnected) => self.silent += 1,
            }
        }
    }

    /// Waits for all of them, so long at most, and for none any more after that.
    pub(super) fn await_all(&mut self, patience: Duration, stopping: &AtomicBool) {
        let deadline = Instant::now() + patience;
        for answer in std::mem::take(&mut self.awaited) {
            match await_answer(&answer, deadline, stopping) {
                Some(given) => self.add(given),
                None => self.silent += 1,
            }
        }
    }

    pub(super) fn are_complete(&self) -> bool {
        self.awaited.is_empty()
    }

    pub(super) fn has_fault(&self) -> bool {
        self.fault.is_some()
    }

    /// All that is known, and how many isolates have not answered. A fault, if there is one, is the error.
    pub(super) fn sum(&self) -> Result<(Report, usize), Fault> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok((self.sum.clone(), self.silent + self.awaited.len())),
        }
    }

    /// Adds what was waited for; `None` is no answer.
    pub(super) fn note(&mut self, answer: Option<Answer>) {
        match answer {
            Some(answer) => self.add(answer),
            None => self.silent += 1,
        }
    }

    fn add(&mut self, answer: Answer) {
        let report = match answer {
            Ok(report) => report,
            Err(fault) => {
                self.fault.get_or_insert(fault);
                return;
            }
        };
        let sum = &mut self.sum;
        sum.connections += report.connections;
        sum.listeners += report.listeners;
        sum.timers += report.timers;
        sum.new_listeners += report.new_listeners;
        sum.new_timers += report.new_timers;
        sum.ended_listeners += report.ended_listeners;
        sum.ended_timers += report.ended_timers;
        sum.closed.extend(report.closed);
        sum.leftovers.extend(report.leftovers);
        sum.waiting.extend(report.waiting);
        // Every isolate has its own copy of the values: a name is told once.
        sum.changes.add(report.changes);
    }
}
