//! One (re)load of the script: read, rehearse in every isolate, bind, and only then commit in all of them.

use super::{
    HostEvent, ReloadOptions, ReloadOutcome, Reloaded,
    answers::Answers,
    code::Code,
    coming::Coming,
    ending::{begin_stop, finish_stop, stop_all},
    identity::Identity,
    past::Past,
    reading::read,
    supervisor::{Place, Role, START_PATIENCE, Supervisor},
    switched::Switched,
};
use crate::{
    engine::{program::Start, sources::Sources},
    error::{Error, ErrorKind, Fault},
    isolate::{Command, Isolate, Loaded, Report, Task},
    log::{About, Level, Record},
    net::sockets::Sockets,
    script::{configuration::Configuration, http::Regime},
};
use std::{
    sync::{Arc, atomic::Ordering, mpsc::Receiver},
    time::Instant,
};

/// A generation on its way to serve.
pub(super) struct Deployment {
    pub(super) sources: Sources,
    options: ReloadOptions,
    /// What it goes back to. Then it serves whatever becomes of its start, for there is nothing else.
    back_to: Option<Past>,
    began: Instant,
    timers: usize,
    configuration: Configuration,
    /// What is going to hold for sessions.
    sessions: Option<Arc<Regime>>,
    workers: Vec<Coming>,
    /// What each isolate that is there already will serve; `None` if it is not needed any more.
    roles: Vec<Option<Role>>,
    /// Isolates that are not there yet.
    new_places: Vec<Place>,
}

impl Deployment {
    pub(super) fn new(sources: Sources, options: ReloadOptions) -> Self {
        Self {
            sources,
            options,
            back_to: None,
            began: Instant::now(),
            timers: 0,
            configuration: Configuration::default(),
            sessions: None,
            workers: Vec::new(),
            roles: Vec::new(),
            new_places: Vec::new(),
        }
    }

    /// Everything that may fail. After an error the serving generation is untouched.
    pub(super) fn prepare(&mut self, host: &mut Supervisor) -> Result<(), Error> {
        let prepared = self.try_prepare(host);
        if prepared.is_err() {
            host.places.iter().for_each(|place| place.isolate.abort());
            let new = std::mem::take(&mut self.new_places);
            if host.stopping.load(Ordering::Relaxed) {
                // They end with all the others, whatever their top levels are busy with.
                host.places.extend(new);
            } else {
                stop_all(new.into_iter().map(|p| p.isolate).collect(), host.stop_timeout());
            }
            self.workers.clear();
        }
        prepared
    }

    fn try_prepare(&mut self, host: &mut Supervisor) -> Result<(), Error> {
        // The first isolate is the rehearsal: what it declares decides how many there must be.
        if host.places.is_empty() {
            let isolate = host.spawn_isolate()?;
            self.new_places.push(Place::new(isolate, None));
        }
        let mut declared = Vec::new();
        for (at, place) in host.places.iter().chain(&self.new_places).enumerate() {
            let loaded = self.rehearse(host, &place.isolate, at == 0)?;
            if at == 0 {
                (self.timers, self.configuration) = (loaded.timers, loaded.configuration);
                declared = loaded.workers;
            }
        }
        let is_first = host.generation == 0;
        let identity = if is_first { Identity::of(&declared)? } else { None };
        if !is_first && Identity::names(&declared) != Identity::names(&host.workers) {
            let text = "user and group are read at start: what was changed takes effect with the next start";
            host.config.log.host(Level::Warn, text);
        }
        self.workers = Coming::all(host, declared, self.back_to.as_ref())?;
        self.cast(host)?;
        self.restore(host)?;
        if is_first {
            host.serve_metrics(&self.configuration)?;
        }
        identity.map_or(Ok(()), |identity| self.become_other(&identity))?;
        // As whom the files of sessions will belong to.
        let regime = host.sessions.prepare(self.configuration.session.as_ref());
        self.sessions = Some(regime.map_err(|why| Error::new(ErrorKind::Config, why))?);
        Ok(())
    }

    /// Gives the sockets, and then the whole process, to another user.
    fn become_other(&self, identity: &Identity) -> Result<(), Error> {
        let sockets = self.workers.iter().filter_map(|coming| coming.sockets.as_ref());
        for path in sockets.filter_map(Sockets::file) {
            identity.own(&path)?;
        }
        identity.assume()
    }

    /// Decides which isolate serves what, and makes those that are missing.
    fn cast(&mut self, host: &mut Supervisor) -> Result<(), Error> {
        let mut free: Vec<Role> = Vec::new();
        for (at, coming) in self.workers.iter().enumerate() {
            free.extend((0..coming.spec.count).map(|index| Some((at, index))));
        }
        if self.workers.is_empty() {
            free.push(None);
        }
        for place in &host.places {
            let role = place.serves.and_then(|(old, index)| {
                let at = self.workers.iter().position(|w| w.continues == Some(old))?;
                Some((at, index))
            });
            let at = free.iter().position(|free| *free == role);
            self.roles.push(at.map(|at| free.remove(at)));
        }
        let mut free = free.into_iter();
        for place in &mut self.new_places {
            place.serves = free.next().flatten();
        }
        for serves in free {
            let isolate = host.spawn_isolate()?;
            let coming = serves.map(|(at, _)| &self.workers[at]);
            let rehearsed = match coming.and_then(|coming| Some((coming, coming.older.as_ref()?))) {
                // One worker never serves two codes.
                Some((coming, code)) => {
                    let start = if coming.stays { code.start() } else { self.start(host) };
                    read(host, &isolate, &code.sources, start, false)
                }
                None => self.rehearse(host, &isolate, false),
            };
            self.new_places.push(Place::new(isolate, serves));
            rehearsed?;
        }
        Ok(())
    }

    /// Where a worker goes back to what it ran when it was not reloadable, its isolates read that again.
    fn restore(&self, host: &Supervisor) -> Result<(), Error> {
        for (place, role) in host.places.iter().zip(&self.roles) {
            let coming = role.flatten().map(|(at, _)| &self.workers[at]);
            if let Some(Coming { older: Some(code), stays: false, .. }) = coming {
                read(host, &place.isolate, &code.sources, self.start(host), false)?;
            }
        }
        Ok(())
    }

    fn start(&self, host: &Supervisor) -> Start {
        Start { generation: host.generation + 1, is_fresh: self.options.reset_state }
    }

    fn rehearse(&self, host: &Supervisor, isolate: &Isolate, loud: bool) -> Result<Loaded, Error> {
        read(host, isolate, &self.sources, self.start(host), loud)
    }

    /// Switches every isolate to the new generation, and waits a moment for their starts. The error is a fault of
    /// `on_worker_start`: the generation serves, but what it should have started is missing.
    fn commit(self, host: &mut Supervisor) -> Result<Reloaded, Error> {
        Ok(self.switch(host).conclude(host, START_PATIENCE)?)
    }

    /// Switches every isolate to the new generation, and waits for nothing.
    pub(super) fn switch(mut self, host: &mut Supervisor) -> Switched {
        host.generation += 1;
        let gone = self.fill_places(host);
        self.workers.iter_mut().for_each(|coming| coming.settle(host));
        if let Some(regime) = self.sessions.take() {
            host.sessions.serve(regime);
        }
        // What is gone begins to end first: the addresses that it has may be asked for by an `on_worker_start` that runs now.
        let ending = begin_stop(&gone, host.stop_timeout());
        let fixed = self.workers.iter().filter(|coming| coming.stays);
        let fixed = fixed.filter_map(|c| Some((c.spec.title.clone(), c.older.as_ref()?.shown())));
        let fixed = fixed.collect();
        let answers = Answers::new(self.hand_out_tasks(host));
        let fresh = self.replace_declared(host);
        finish_stop(gone, ending);
        let generation = host.generation - 1;
        Switched { generation, options: self.options, began: self.began, answers, fresh, fixed }
    }

    /// Puts old and new isolates where they serve from now on. Gives those that are not needed any more.
    fn fill_places(&mut self, host: &mut Supervisor) -> Vec<Isolate> {
        let mut gone = Vec::new();
        for (mut place, role) in std::mem::take(&mut host.places).into_iter().zip(&self.roles) {
            match role {
                Some(serves) => {
                    place.serves = *serves;
                    host.places.push(place);
                }
                None => gone.push(place.isolate),
            }
        }
        host.places.append(&mut self.new_places);
        gone
    }

    fn hand_out_tasks(&self, host: &Supervisor) -> Vec<Receiver<Result<Report, Fault>>> {
        let answers = host.places.iter().map(|place| {
            let seat = place.serves.and_then(|(at, index)| {
                self.workers[at].sockets.as_ref().map(|sockets| sockets.seat(index))
            });
            let coming = place.serves.map(|(at, _)| &self.workers[at]);
            let serves = place.serves.map(|(at, index)| {
                (self.workers[at].older.as_ref().map_or(at, |code| code.at), index)
            });
            let task = Task {
                serves,
                count: coming.map_or(1, |coming| coming.spec.count),
                stays: coming.is_some_and(|coming| coming.stays),
                seat,
                is_restart: false,
                is_last: self.back_to.is_some(),
            };
            place.isolate.ask(|reply| Command::Commit { task, reply })
        });
        answers.collect()
    }

    /// From now on the host answers for what this generation declared. Gives an event for each worker that was bound anew.
    fn replace_declared(&mut self, host: &mut Supervisor) -> Vec<HostEvent> {
        let events = self.workers.iter().filter(|coming| coming.is_fresh).filter_map(|coming| {
            Some(HostEvent::Listening {
                worker: coming.spec.title.clone(),
                declared: coming.spec.declared.clone(),
                address: coming.address()?.to_string(),
            })
        });
        let events = events.collect();
        let is_kept = |old: &Sockets| {
            self.workers.iter().filter_map(|w| w.sockets.as_ref()).any(|kept| kept.is_same(old))
        };
        let old = std::mem::take(&mut host.bound).into_iter().enumerate();
        for (at, old) in old.filter_map(|(at, old)| Some((at, old?))).filter(|(_, s)| !is_kept(s)) {
            match self.workers.iter().any(|coming| coming.continues == Some(at)) {
                // Its isolates accept until they are elsewhere.
                true => old.close(),
                // An `on_worker_start` that runs now may want its place, or that of before if this one fails.
                false => host.leaving.push(old),
            }
        }
        let workers = std::mem::take(&mut self.workers).into_iter().enumerate();
        let workers = workers.map(|(at, coming)| {
            let (sources, generation) = (self.sources.clone(), host.generation);
            let code = match coming.older {
                Some(code) if coming.stays => code,
                Some(code) => Code { generation, ..code },
                None => Code { sources, generation, at },
            };
            (coming.spec, (code, coming.sockets))
        });
        (host.workers, (host.codes, host.bound)) = workers.unzip();
        host.timers = self.timers;
        let new = std::mem::take(&mut self.configuration);
        let before = std::mem::replace(&mut host.configuration, new);
        host.configured(&before);
        host.publish();
        events
    }
}

impl Supervisor {
    /// Reads the script again. Whatever is wrong with it, what served goes on serving.
    pub(super) fn reload(&mut self, options: ReloadOptions) -> ReloadOutcome {
        self.restart_missing();
        let sources = self.config.sources();
        let mut deployment = Deployment::new(sources.clone(), options);
        let prepared = deployment.prepare(self);
        self.watch_files(&sources);
        if let Err(error) = prepared {
            let serving = self.generation.saturating_sub(1);
            let outcome = format!("generation {serving} goes on serving");
            return Err(self.reject(error, &outcome));
        }
        let past = Past::of_now(self);
        let committed = deployment.commit(self).map_err(|error| (error, self.go_back(past)));
        self.leave();
        match committed {
            Ok(report) => {
                self.checker.look(self.generation, &sources);
                self.good = sources;
                self.forget_restarts();
                self.accepted(&report);
                Ok(report)
            }
            Err((error, outcome)) => Err(self.reject(error, &outcome)),
        }
    }

    /// Nobody wants the places any more of workers that are gone.
    pub(super) fn leave(&mut self) {
        self.leaving.drain(..).for_each(|sockets| sockets.close());
    }

    /// Some starts take longer than a reload waits for them.
    pub(super) fn warn_of_starts(&self, reloaded: &Reloaded) {
        let places: Vec<&str> = reloaded.starting.iter().map(|s| s.place.as_str()).collect();
        let places =
            if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
        let event = reloaded.starting.first().map_or("on_worker_start", |s| s.event.as_str());
        let text = format!("{event} is still running in {} isolate(s){places}", reloaded.silent);
        self.config.log.host(Level::Warn, text);
    }

    /// While the host waits for its last connections.
    pub(super) fn refuse_reload(&mut self) -> Fault {
        let text = "the host is stopping: it reads no script any more";
        self.reject(
            Error::new(ErrorKind::Config, text),
            "what serves goes on until its connections have ended",
        )
    }

    /// Serves the files again that served before, as a generation of its own: what lives is kept by the same rules.
    fn go_back(&mut self, past: Past) -> String {
        let mut deployment = Deployment::new(self.good.clone(), ReloadOptions::default());
        deployment.back_to = Some(past);
        let again = deployment.prepare(self).and_then(|()| deployment.commit(self));
        let serving = self.generation.saturating_sub(1);
        match again {
            Ok(_) => {
                self.checker.look(self.generation, &self.good);
                format!("the script of before serves again, as generation {serving}")
            }
            Err(error) => {
                format!("and the script of before does not start any more either: {error}")
            }
        }
    }

    /// The start of a reload that was accepted failed after all. It is too late to go back: since then the new code has
    /// answered, and what it did may be what the next message relies on.
    pub(super) fn start_failed(&mut self, generation: u64, fault: &Fault) {
        if generation != self.generation {
            return; // (what serves now has had a start of its own)
        }
        let outcome = format!(
            "on_worker_start failed after the reload was accepted: generation {} serves all the same, without what it \
             should have started",
            generation.saturating_sub(1)
        );
        self.rejected = true;
        self.board.note_failed_start(&format!("{}\n{outcome}", fault.text));
        self.config.log.host(Level::Error, outcome);
    }

    pub(super) fn reject(&mut self, error: Error, outcome: &str) -> Fault {
        self.rejected = true;
        let mut fault = error.into_fault();
        fault.text.push_str(&format!("\nreload rejected: {outcome}"));
        self.board.note_reload(false, &fault.text);
        self.config.log.write(Record {
            level: Level::Error,
            worker: String::new(),
            location: fault.location.clone(),
            message: fault.text.clone(),
            about: About {
                fault: Some(fault.kind.name()),
                generation: fault.generation,
                ..About::default()
            },
        });
        self.tell(HostEvent::ReloadRejected(fault.clone()));
        fault
    }
}
