//! Isolates that died, or whose worker wants a new one after an error, are started anew on the files that serve. One that
//! fails again and again is given time.

use super::{
    code::Code,
    ending::stop_all,
    place::Place,
    supervisor::{START_PATIENCE, Supervisor, await_answer},
};
use crate::{
    error::{Error, ErrorKind, FaultKind},
    isolate::{Command, Task},
    log::{About, Level, Record},
};
use std::time::{Duration, Instant};

/// How long the second start in a row waits; each further one waits twice as long. Fixed.
const BACK_OFF: Duration = Duration::from_millis(100);

/// And no longer than that. Fixed: whoever mends the cause does not want to wait.
const MAX_BACK_OFF: Duration = Duration::from_secs(10);

/// An isolate that has lived so long is well: its next end is the first again. Fixed.
const WELL: Duration = Duration::from_secs(30);

/// How often one place was given a new isolate, and when it is the next time.
#[derive(Default)]
pub(super) struct Restarts {
    /// Since the host's start.
    pub(super) count: u64,
    /// One after the other without a time of being well.
    in_a_row: u32,
    last: Option<Instant>,
    due: Option<Instant>,
}

impl Restarts {
    /// Gives the time until then.
    fn plan(&mut self) -> Duration {
        if self.last.is_some_and(|at| at.elapsed() > WELL) {
            self.in_a_row = 0;
        }
        let wait = match self.in_a_row {
            0 => Duration::ZERO,
            n => BACK_OFF.saturating_mul(1 << (n - 1).min(16)).min(MAX_BACK_OFF),
        };
        self.in_a_row += 1;
        self.due = Some(Instant::now() + wait);
        wait
    }
}

impl Supervisor {
    /// An isolate has died, for this reason, or wants to be replaced.
    pub(super) fn want_restart(&mut self, isolate: usize, died: Option<String>) {
        let limit = self.stop_timeout();
        let Some(place) = self.places.iter_mut().find(|p| p.isolate.id == isolate) else { return };
        if died.is_none() {
            // At once: what it holds is not to be trusted any more. (Nobody waits for the answer; its thread is joined
            // when the new one starts.)
            drop(place.isolate.ask(|reply| Command::Stop { limit, reply }));
        }
        let wait = place.restarts.plan();
        let number = place.serves.map(|(_, index)| index);
        let who = title(self, isolate);
        let when = match wait.as_millis() {
            _ if self.draining.is_some() => "with the next start of the host".into(),
            0 => "now".into(),
            ms => format!("in {ms} ms"),
        };
        let fault = died.is_some().then_some(FaultKind::Panic.name());
        let about = About { fault, isolate: number, ..About::default() };
        let (level, message) = match died {
            Some(panic) => (
                Level::Error,
                format!(
                    "an isolate died ({panic}); its connections are lost, a new one starts {when}"
                ),
            ),
            None => (
                Level::Warn,
                format!(
                    "an isolate ends after an error (on_script_error), a new one starts {when}"
                ),
            ),
        };
        let location = String::new();
        self.config.log.write(Record { level, worker: who, location, message, about });
    }

    /// When the next isolate is to be started.
    pub(super) fn next_restart(&self) -> Option<Instant> {
        self.places.iter().filter_map(|p| p.restarts.due).min()
    }

    /// Starts those whose time has come.
    pub(super) fn restart_due(&mut self) {
        self.restart_where(|due| due <= Instant::now());
    }

    /// A reload has given every place what it needs.
    pub(super) fn forget_restarts(&mut self) {
        self.places.iter_mut().for_each(|place| place.restarts.due = None);
    }

    /// Starts all that are missing: a reload needs every isolate.
    pub(super) fn restart_missing(&mut self) {
        self.restart_where(|_| true);
    }

    fn restart_where(&mut self, is_time: impl Fn(Instant) -> bool) {
        for at in 0..self.places.len() {
            let place = &mut self.places[at];
            if !place.restarts.due.is_some_and(&is_time) {
                continue;
            }
            place.restarts.due = None;
            place.restarts.last = Some(Instant::now());
            if let Err(error) = self.restart(at) {
                let place = &mut self.places[at];
                place.restarts.plan();
                let who = title(self, self.places[at].isolate.id);
                self.config.log.worker(Level::Error, &who, format!("{error}"));
            }
        }
    }

    /// Puts a new isolate in the place of another.
    fn restart(&mut self, at: usize) -> Result<(), Error> {
        let new = self.spawn_isolate()?;
        let place = &mut self.places[at];
        let old = std::mem::replace(&mut place.isolate, new);
        place.restarts.count += 1;
        place.isolate.stats.restarts.set(place.restarts.count);
        self.publish();
        // First the old one: what it listened on by itself is wanted again.
        stop_all(vec![old], self.stop_timeout());
        let Place { isolate, serves, .. } = &self.places[at];
        let code = match serves {
            Some((at, _)) => self.codes[*at].clone(),
            None => Code { sources: self.good.clone(), generation: self.generation, at: 0 },
        };
        let (start, sources) = (code.start(), code.sources);
        let prepared = isolate.ask(|reply| Command::Prepare { sources, start, loud: false, reply });
        let lost = || Error::new(ErrorKind::System, "the new isolate does not answer");
        let deadline = Instant::now() + START_PATIENCE;
        await_answer(&prepared, deadline, &self.stopping).ok_or_else(lost)??;
        let task = Task {
            serves: serves.map(|(_, index)| (code.at, index)),
            count: serves.map_or(1, |(at, _)| self.workers[at].count),
            seat: serves.and_then(|(at, index)| Some(self.bound[at].as_ref()?.seat(index))),
            stays: false,
            is_restart: true,
            is_last: false,
        };
        let started = isolate.ask(|reply| Command::Commit { task, reply });
        let deadline = Instant::now() + START_PATIENCE;
        // No answer yet: its on_worker_start waits for something; a fault of it is reported by the isolate.
        if let Some(Err(fault)) = await_answer(&started, deadline, &self.stopping) {
            return Err(fault.into());
        }
        Ok(())
    }
}

/// The worker that an isolate serves, for the log.
fn title(host: &Supervisor, isolate: usize) -> String {
    let place = host.places.iter().find(|p| p.isolate.id == isolate);
    let worker = place.and_then(|p| host.workers.get(p.serves?.0));
    worker.map_or(String::new(), |w| w.title.clone())
}
