//! One (re)load of the script: read, rehearse in every isolate, bind, and only then commit in all of them.

use super::{
    HostEvent, ReloadOptions, ReloadOutcome, Reloaded,
    supervisor::{
        FIRST_START_PATIENCE, Place, START_PATIENCE, Supervisor, await_answer, collect, stop_all,
    },
};
use crate::{
    engine::sources::Sources,
    error::{Error, ErrorKind, Fault},
    isolate::{Command, Isolate, Loaded, Task},
    log::Level,
    net::listener::Bound,
    script::{configuration::Configuration, plan::match_up},
};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// How long an isolate may be busy with other handlers before it reads a new script. Fixed: longer than several handlers
/// that run into their `handler_timeout`.
const REHEARSAL_PATIENCE: Duration = Duration::from_secs(30);

/// What an isolate serves: which of the declared workers, and as which of that worker's isolates. `None` where a script
/// has timers and no worker.
type Seat = Option<(usize, usize)>;

/// A generation on its way to serve.
pub(super) struct Deployment {
    pub(super) sources: Sources,
    began: Instant,
    loaded: Loaded,
    /// For each declared worker, the old one that it continues.
    continued: Vec<Option<usize>>,
    /// Sockets that had to be bound anew, for each declared worker.
    bound: Vec<Option<Bound>>,
    /// The isolates that are there already: where each will sit, `None` if it is not needed any more.
    seats: Vec<Option<Seat>>,
    /// Isolates that are not there yet.
    new_places: Vec<Place>,
}

impl Deployment {
    pub(super) fn new(sources: Sources) -> Self {
        Self {
            sources,
            began: Instant::now(),
            loaded: Loaded::default(),
            continued: Vec::new(),
            bound: Vec::new(),
            seats: Vec::new(),
            new_places: Vec::new(),
        }
    }

    /// What the script configures; known when it is prepared.
    pub(super) fn configuration(&self) -> &Configuration {
        &self.loaded.configuration
    }

    /// Everything that may fail. After an error the serving generation is untouched.
    pub(super) fn prepare(&mut self, host: &mut Supervisor) -> Result<(), Error> {
        let prepared = self.try_prepare(host);
        if prepared.is_err() {
            host.places.iter().for_each(|place| place.isolate.abort());
            let new = std::mem::take(&mut self.new_places);
            if host.stopping.load(Ordering::Relaxed) {
                // (they end with all the others, whatever their top levels are busy with)
                host.places.extend(new);
            } else {
                stop_all(new.into_iter().map(|p| p.isolate).collect(), host.config.stop_timeout);
            }
            self.bound.clear();
        }
        prepared
    }

    fn try_prepare(&mut self, host: &mut Supervisor) -> Result<(), Error> {
        // The first isolate is the rehearsal: what it declares decides how many there must be.
        if host.places.is_empty() {
            let isolate = host.spawn_isolate()?;
            self.new_places.push(Place { isolate, serves: None, is_deaf: false });
        }
        for (at, place) in host.places.iter().chain(&self.new_places).enumerate() {
            let loaded = self.rehearse(host, &place.isolate, at == 0)?;
            if at == 0 {
                self.loaded = loaded;
            }
        }
        self.continued = match_up(&host.workers, &self.loaded.workers);
        for (spec, continued) in self.loaded.workers.iter().zip(&self.continued) {
            // (one that the script had stopped listening listens again)
            let same = continued.is_some_and(|old| {
                host.workers[old].endpoint() == spec.endpoint() && host.bound[old].is_some()
            });
            let new = spec.address.as_ref().filter(|_| !same);
            let owner = format!("worker `{}`", spec.title());
            let bound = new.map(|address| host.listeners.bind(address, &owner)).transpose();
            self.bound.push(bound.map_err(|why| Error::new(ErrorKind::Listen, why))?);
        }
        self.seat_isolates(host)
    }

    /// Decides which isolate serves what, and makes those that are missing.
    fn seat_isolates(&mut self, host: &mut Supervisor) -> Result<(), Error> {
        let workers = &self.loaded.workers;
        let mut free: Vec<Seat> = Vec::new();
        for (at, spec) in workers.iter().enumerate() {
            free.extend((0..spec.count).map(|index| Some((at, index))));
        }
        if workers.is_empty() {
            free.push(None);
        }
        let now = |seat: Seat| match seat {
            None => None,
            Some((old, index)) => {
                self.continued.iter().position(|c| *c == Some(old)).map(|at| (at, index))
            }
        };
        for place in &host.places {
            let seat = now(place.serves);
            let at = free.iter().position(|s| *s == seat);
            self.seats.push(at.map(|at| free.remove(at)));
        }
        let mut free = free.into_iter();
        for place in &mut self.new_places {
            place.serves = free.next().flatten();
        }
        for serves in free {
            let isolate = host.spawn_isolate()?;
            let rehearsed = self.rehearse(host, &isolate, false);
            self.new_places.push(Place { isolate, serves, is_deaf: false });
            rehearsed?;
        }
        Ok(())
    }

    fn rehearse(&self, host: &Supervisor, isolate: &Isolate, loud: bool) -> Result<Loaded, Error> {
        let answer = isolate.ask(|reply| Command::Prepare {
            sources: self.sources.clone(),
            generation: host.generation + 1,
            loud,
            reply,
        });
        let deadline = Instant::now() + REHEARSAL_PATIENCE;
        let loaded = await_answer(&answer, deadline, &host.stopping);
        Ok(loaded.ok_or_else(|| {
            let text = "an isolate did not read the script: it is busy, or the host stops";
            Error::new(ErrorKind::System, text)
        })??)
    }

    /// Switches every isolate to the new generation. The error is a fault of `on_worker_start`: the generation serves, but
    /// what it should have started is missing.
    pub(super) fn commit(self, host: &mut Supervisor) -> Result<Reloaded, Error> {
        host.generation += 1;
        let is_first = host.generation == 1;
        let patience = if is_first { FIRST_START_PATIENCE } else { START_PATIENCE };
        let (mut places, mut gone) = (Vec::new(), Vec::new());
        for (mut place, seat) in std::mem::take(&mut host.places).into_iter().zip(self.seats) {
            match seat {
                Some(serves) => {
                    place.serves = serves;
                    places.push((place, false));
                }
                None => gone.push(place.isolate),
            }
        }
        places.extend(self.new_places.into_iter().map(|place| (place, true)));
        let mut old_bound = std::mem::take(&mut host.bound);
        let mut rebound = Vec::new();
        for (new, continued) in self.bound.into_iter().zip(&self.continued) {
            rebound.push(new.is_some());
            let kept = continued.and_then(|old| old_bound.get_mut(old)).and_then(Option::take);
            host.bound.push(new.or(kept));
        }
        let mut answers = Vec::new();
        for (place, is_new) in &mut places {
            place.is_deaf &= place.serves.is_some_and(|(at, _)| !rebound[at]);
            // An isolate that goes on with the same address has its socket already.
            let bound =
                place.serves.filter(|(at, _)| *is_new || rebound[*at]).and_then(|(at, _)| {
                    let shared = host.bound[at].as_ref().map(Bound::share).transpose();
                    shared.unwrap_or_else(|e| {
                        host.config.log.host(Level::Error, format!("cannot share a socket: {e}"));
                        None
                    })
                });
            let task = Task { serves: place.serves, bound };
            answers.push(place.isolate.ask(|reply| Command::Commit { task, reply }));
        }
        host.places = places.into_iter().map(|(place, _)| place).collect();
        host.workers = self.loaded.workers;
        host.timers = self.loaded.timers;
        let before = std::mem::replace(&mut host.configuration, self.loaded.configuration);
        host.configured(&before);
        host.publish();
        drop(old_bound);
        stop_all(gone, host.config.stop_timeout);
        let (report, silent) = collect(&answers, patience, &host.stopping)?;
        if silent > 0 {
            let text = format!("on_worker_start is still running in {silent} isolate(s)");
            host.config.log.host(Level::Warn, text);
        }
        // (the first start tells of all its workers at once)
        let fresh = host.workers.iter().zip(&host.bound).zip(rebound);
        for ((spec, bound), is_fresh) in fresh {
            if let Some(bound) = bound.as_ref().filter(|_| is_fresh && !is_first) {
                host.tell(HostEvent::Listening {
                    worker: spec.title().to_owned(),
                    declared: spec.declared.clone(),
                    address: bound.address.to_string(),
                });
            }
        }
        Ok(Reloaded {
            generation: host.generation - 1,
            took: self.began.elapsed(),
            connections: report.connections,
            listeners: report.listeners,
            timers: report.timers,
            kept: report.kept,
            reset: report.reset,
            leftovers: report.leftovers,
        })
    }
}

impl Supervisor {
    /// Reads the script again. Whatever is wrong with it, what served goes on serving.
    pub(super) fn reload(&mut self, _options: ReloadOptions) -> ReloadOutcome {
        let sources = Sources::new(&self.config.script);
        let mut deployment = Deployment::new(sources.clone());
        let prepared = deployment.prepare(self);
        self.watch_files(&sources);
        if let Err(error) = prepared {
            let serving = self.generation.saturating_sub(1);
            let outcome = format!("generation {serving} goes on serving");
            return Err(self.reject(error, &outcome));
        }
        match deployment.commit(self) {
            Ok(report) => {
                self.good = sources;
                self.log_reloaded(report.summary(&self.script_name()));
                self.tell(HostEvent::Reloaded(report.clone()));
                Ok(report)
            }
            Err(error) => {
                let outcome = self.go_back();
                Err(self.reject(error, &outcome))
            }
        }
    }

    /// Serves the files again that served before, as a generation of its own: what lives is kept by the same rules.
    fn go_back(&mut self) -> String {
        let mut deployment = Deployment::new(self.good.clone());
        let again = deployment.prepare(self).and_then(|()| deployment.commit(self));
        let serving = self.generation.saturating_sub(1);
        match again {
            Ok(_) => format!("the script of before serves again, as generation {serving}"),
            Err(error) => {
                format!("and the script of before does not start any more either: {error}")
            }
        }
    }

    fn reject(&mut self, error: Error, outcome: &str) -> Fault {
        self.rejected = true;
        let mut fault = error.into_fault();
        fault.text.push_str(&format!("\nreload rejected: {outcome}"));
        self.board.note_reload(false, &fault.text);
        self.config.log.host(Level::Error, fault.text.clone());
        self.tell(HostEvent::ReloadRejected(fault.clone()));
        fault
    }
}
