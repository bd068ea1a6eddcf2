//! A generation on its way to serve: read, rehearsed in every isolate, bound, and only then committed in all of them.

use super::{
    HostEvent, ReloadOptions, Reloaded,
    answers::Answers,
    code::Code,
    coming::Coming,
    ending::stop_all,
    identity::Identity,
    past::Past,
    place::{Place, Role},
    reading::{REHEARSAL_PATIENCE, read},
    supervisor::{Supervisor, await_answer},
    switched::Switched,
};
use crate::{
    engine::{compile::sources::Sources, program::Start},
    error::{Error, ErrorKind, Fault},
    isolate::{Command, Isolate, Loaded, Report, Task},
    log::Level,
    net::listen::ListenSet,
    script::{configuration::Configuration, http::Regime},
};
use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, atomic::Ordering, mpsc::Receiver},
    time::Instant,
};

/// A generation on its way to serve.
pub(super) struct Deployment {
    pub(super) sources: Sources,
    options: ReloadOptions,
    /// What it goes back to. Then it serves whatever becomes of its start, for there is nothing else.
    pub(super) back_to: Option<Past>,
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
            self.abandon(host);
        }
        prepared
    }

    /// What was prepared is not served.
    pub(super) fn abandon(&mut self, host: &mut Supervisor) {
        host.places.iter().for_each(|place| place.isolate.abort());
        let mut new = mem::take(&mut self.new_places);
        new.extend(self.back_to.take().into_iter().flat_map(|past| past.places));
        if host.stopping.load(Ordering::Relaxed) {
            // They end with all the others, whatever their top levels are busy with.
            host.places.extend(new);
        } else {
            stop_all(new, host.stop_timeout());
        }
        self.workers.clear();
    }

    /// What serving it would do, in what serves already.
    pub(super) fn preview(&self, host: &Supervisor) -> Result<Reloaded, Fault> {
        let mut answers = Answers::default();
        let mut fresh = self.workers.iter().filter(|coming| coming.is_fresh);
        let asked = host.places.iter().zip(&self.roles).filter_map(|(place, role)| {
            let stays = (*role)?.is_some_and(|(at, _)| self.workers[at].stays);
            Some(place.isolate.ask(|reply| Command::Preview { stays, reply }))
        });
        for answer in asked.collect::<Vec<_>>() {
            answers.note(await_answer(
                &answer,
                Instant::now() + REHEARSAL_PATIENCE,
                &host.stopping,
            ));
        }
        let (mut report, silent) = answers.sum()?;
        report.new_listeners = fresh.by_ref().count();
        let closed = self.closed_with_isolates(host);
        Ok(Reloaded {
            silent,
            closed,
            fixed: self.fixed(),
            dry_run: true,
            serves: true,
            ..Reloaded::of(report, host.generation, self.options, self.began.elapsed())
        })
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
        for path in sockets.filter_map(ListenSet::file) {
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
        let declared: Vec<_> = self.workers.iter().map(|coming| coming.spec.clone()).collect();
        for serves in free {
            let returning = self.back_to.as_mut().zip(serves);
            let place = match returning.and_then(|(past, at)| past.take_place(&declared, at)) {
                Some(place) => place,
                None => Place::new(host.spawn_isolate()?, serves),
            };
            self.new_places.push(place);
            let isolate = &self.new_places[self.new_places.len() - 1].isolate;
            let coming = serves.map(|(at, _)| &self.workers[at]);
            let rehearsed = match coming.and_then(|coming| Some((coming, coming.older.as_ref()?))) {
                // One worker never serves two codes.
                Some((coming, code)) => {
                    let start = if coming.stays { code.start() } else { self.start(host) };
                    read(host, isolate, &code.sources, start, false)
                }
                None => self.rehearse(host, isolate, false),
            };
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

    /// Switches every isolate to the new generation, and waits for nothing. Isolates that are not needed any more take no
    /// more connections, and serve those that they have on the old code until somebody ends them: a start that fails is taken
    /// back, and must not have closed anything.
    pub(super) fn switch(mut self, host: &mut Supervisor) -> Switched {
        host.generation += 1;
        let closed = self.closed_with_isolates(host);
        let gone = self.fill_places(host);
        self.workers.iter_mut().for_each(|coming| coming.settle(host));
        if let Some(regime) = self.sessions.take() {
            host.sessions.serve(regime);
        }
        gone.iter().for_each(|place| place.isolate.stand_by());
        let fixed = self.fixed();
        let answers = Answers::new(self.hand_out_tasks(host));
        let fresh = self.replace_declared(host);
        let generation = host.generation - 1;
        Switched {
            generation,
            options: self.options,
            began: self.began,
            answers,
            gone,
            closed,
            fresh,
            fixed,
        }
    }

    /// Workers that stay on what they run, with its generation.
    fn fixed(&self) -> Vec<(String, u64)> {
        let fixed = self.workers.iter().filter(|coming| coming.stays);
        let fixed = fixed.filter_map(|c| Some((c.spec.title.clone(), c.older.as_ref()?.shown())));
        fixed.collect()
    }

    /// The connections of isolates that are not needed any more: of workers that are gone, or whose count is lower now.
    fn closed_with_isolates(&self, host: &Supervisor) -> Vec<(String, usize)> {
        let mut closed: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, role) in host.places.iter().zip(&self.roles) {
            if let (None, Some((old, _))) = (role, place.serves) {
                *closed.entry(old).or_default() += place.isolate.stats.connections.get() as usize;
            }
        }
        let why = |old: usize| {
            let before = &host.workers[old];
            match self.workers.iter().find(|coming| coming.continues == Some(old)) {
                Some(now) => {
                    format!("count of `{}` {} → {}", before.title, before.count, now.spec.count)
                }
                None => format!("worker `{}` is gone", before.title),
            }
        };
        let closed = closed.into_iter().filter(|(_, connections)| *connections > 0);
        closed.map(|(old, connections)| (why(old), connections)).collect()
    }

    /// Puts old and new isolates where they serve from now on. Gives those that are not needed any more.
    fn fill_places(&mut self, host: &mut Supervisor) -> Vec<Place> {
        let mut gone = self.back_to.as_mut().map_or(Vec::new(), |past| mem::take(&mut past.places));
        for (mut place, role) in mem::take(&mut host.places).into_iter().zip(&self.roles) {
            match role {
                Some(serves) => {
                    place.serves = *serves;
                    host.places.push(place);
                }
                None => gone.push(place),
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
        let is_kept = |old: &ListenSet| {
            self.workers.iter().filter_map(|w| w.sockets.as_ref()).any(|kept| kept.is_same(old))
        };
        let old = mem::take(&mut host.bound).into_iter().enumerate();
        for (at, old) in old.filter_map(|(at, old)| Some((at, old?))).filter(|(_, s)| !is_kept(s)) {
            match self.workers.iter().any(|coming| coming.continues == Some(at)) {
                // Its isolates accept until they are elsewhere.
                true => old.close(),
                // An `on_worker_start` that runs now may want its place, or that of before if this one fails.
                false => host.leaving.push(old),
            }
        }
        let workers = mem::take(&mut self.workers).into_iter().enumerate();
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
        let new = mem::take(&mut self.configuration);
        let before = mem::replace(&mut host.configuration, new);
        host.configured(&before);
        host.publish();
        events
    }
}
