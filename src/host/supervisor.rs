//! Keeps the isolates of one script: one for each place in each worker's count. Starts, reloads and stops them as one.

use super::{
    HostEvent, ReloadOptions, ReloadOutcome, Reloaded,
    board::Board,
    builder::HostConfig,
    busy_watch::BusyWatch,
    checker::Checker,
    code::Code,
    deployment::Deployment,
    ending::Draining,
    first_start::FirstStart,
    handle::Order,
    metrics_server::MetricsServer,
    place::Place,
    reload_pace::{Pace, ReloadPace},
    spawner::Spawner,
    wanted_reload::WantedReload,
};
use crate::{
    engine::compile::sources::Sources,
    error::{Error, ErrorKind},
    isolate::Isolate,
    log::{About, Level, Record},
    net::listen::{ListenSet, Listeners},
    script::{configuration::Configuration, ctx::Wish, http::Sessions, plan::WorkerSpec},
    watch::Watch,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

/// How long the host waits for an isolate's `on_worker_start` before it goes on without the answer. Fixed: a handler that
/// waits longer is waiting for something outside, and the host must stay reachable.
pub(super) const START_PATIENCE: Duration = Duration::from_secs(2);

/// How often it looks meanwhile whether it is to stop. Fixed.
const STOP_POLL: Duration = Duration::from_millis(20);

/// The running host.
pub(super) struct Supervisor {
    pub(super) config: HostConfig,
    pub(super) listeners: Listeners,
    pub(super) places: Vec<Place>,
    /// What the serving generation declared.
    pub(super) workers: Vec<WorkerSpec>,
    /// What each of them runs, in the same order.
    pub(super) codes: Vec<Code>,
    /// The sockets of the declared workers, in the same order.
    pub(super) bound: Vec<Option<ListenSet>>,
    /// Sockets of workers that the reload under way removes.
    pub(super) leaving: Vec<ListenSet>,
    pub(super) generation: u64,
    pub(super) timers: usize,
    pub(super) configuration: Configuration,
    /// Of all isolates.
    pub(super) sessions: Arc<Sessions>,
    /// What others may know of all this.
    pub(super) board: Arc<Board>,
    _busy_watch: BusyWatch,
    pub(super) checker: Checker,
    pub(super) metrics: Option<MetricsServer>,
    spawner: Spawner,
    /// Set as soon as somebody wants the host to stop, also while it is busy.
    pub(super) stopping: Arc<AtomicBool>,
    watch: Option<Watch>,
    /// Reloads that were asked for and are made as one when there is nothing else to do.
    wanted_reload: Option<WantedReload>,
    /// Of the reloads that scripts ask for.
    pace: ReloadPace,
    pub(super) draining: Option<Draining>,
    /// As long as it is not complete.
    pub(super) first_start: Option<FirstStart>,
    /// Was the last reload rejected?
    pub(super) rejected: bool,
    /// The files that serve, to go back to when a newer start fails.
    pub(super) good: Sources,
}

impl Supervisor {
    /// The first generation: a reload from nothing. Its `on_worker_start` may still run when this returns.
    pub(super) fn start(
        mut config: HostConfig,
        orders: Sender<Order>,
        stopping: Arc<AtomicBool>,
        board: Arc<Board>,
    ) -> Result<Self, Error> {
        let busy_watch =
            BusyWatch::start(board.clone()).map_err(|e| system("cannot start a thread", e))?;
        let watch = match config.watch {
            false => None,
            true => {
                let sender = orders.clone();
                let changed =
                    move || drop(sender.send(Order::Reload(ReloadOptions::default(), None)));
                let watch = Watch::start(config.settle, config.log.clone(), changed);
                Some(watch.map_err(|e| system("cannot start watching", e))?)
            }
        };
        let checker = match config.checks {
            true => Checker::start(&config.engine, orders.clone()),
            false => Ok(Checker::idle()),
        };
        let checker = checker.map_err(|e| system("cannot start a thread", e))?;
        let listeners = Listeners::default();
        let inherited = listeners.inherit(std::mem::take(&mut config.inherited));
        inherited.map_err(|e| {
            let text = format!("cannot use an inherited socket: {e}");
            Error::new(ErrorKind::Config, text).with_source(e)
        })?;
        let mut host = Self {
            listeners,
            places: Vec::new(),
            workers: Vec::new(),
            codes: Vec::new(),
            bound: Vec::new(),
            leaving: Vec::new(),
            generation: 0,
            timers: 0,
            configuration: Configuration::default(),
            sessions: Arc::default(),
            board,
            _busy_watch: busy_watch,
            checker,
            metrics: None,
            spawner: Spawner::new(orders, stopping.clone()),
            stopping,
            watch,
            wanted_reload: None,
            pace: ReloadPace::default(),
            draining: None,
            first_start: None,
            rejected: false,
            good: config.sources(),
            config,
        };
        host.board.started();
        let mut deployment = Deployment::new(host.good.clone(), ReloadOptions::default());
        let prepared = deployment.prepare(&mut host);
        host.watch_files(&deployment.sources);
        if let Err(error) = prepared {
            host.stop_isolates();
            return Err(error);
        }
        let switched = deployment.switch(&mut host);
        host.first_start = Some(FirstStart::new(switched));
        Ok(host)
    }

    /// Waits until everything runs, serves orders, and stops.
    pub(super) fn run(mut self, orders: &Receiver<Order>) -> Result<u8, Error> {
        let code = match self.await_first_start(orders) {
            Ok(Some(code)) => code,
            Ok(None) if self.workers.is_empty() && self.timers == 0 => {
                self.await_check(orders);
                0
            }
            Ok(None) => self.serve(orders),
            Err(error) => {
                self.stop_isolates();
                return Err(error);
            }
        };
        self.watch = None;
        self.stop_isolates();
        let deferred = self.first_start.take().map_or(Vec::new(), FirstStart::into_deferred);
        for order in deferred.into_iter().chain(orders.try_iter()) {
            if let Order::Wish(Wish::Fault(fault)) = order {
                self.tell(HostEvent::Fault(fault));
            }
        }
        self.tell(HostEvent::Stopped);
        Ok(code)
    }

    /// The next order; what else falls due meanwhile is done. However often a reload was asked for, it is made once, when
    /// there is nothing else to do.
    pub(super) fn next_order(&mut self, orders: &Receiver<Order>) -> Option<Order> {
        loop {
            if let Ok(order) = orders.try_recv() {
                return Some(order);
            }
            if let Some(wanted) = self.take_wanted_reload() {
                match (&self.draining, &self.first_start) {
                    (None, Some(_)) => self.start_over(wanted),
                    (None, None) => {
                        let outcome = self.reload(wanted.options);
                        wanted.answer(&outcome);
                    }
                    // What it asks for would let connections in again.
                    (Some(_), _) => wanted.answer(&Err(self.refuse_reload())),
                }
                continue;
            }
            if let Some(code) = self.draining.as_mut().and_then(Draining::is_done) {
                return Some(Order::Stop(code));
            }
            let wake = match self.draining {
                None => {
                    self.restart_due();
                    if self.pace.take_due(Instant::now()) {
                        self.want_reload(ReloadOptions::default(), None);
                        continue;
                    }
                    let first = self.look_at_first_start();
                    self.next_restart().into_iter().chain(self.pace.due()).chain(first).min()
                }
                // An isolate that ends now is not missed.
                Some(_) => Some(Instant::now() + STOP_POLL),
            };
            let Some(wake) = wake else {
                // We hold a sender ourselves: there is always one more.
                return orders.recv().ok();
            };
            let order = orders.recv_timeout(wake.saturating_duration_since(Instant::now()));
            if let Ok(order) = order {
                return Some(order);
            }
        }
    }

    /// Carries out orders until one of them is to stop; gives the exit code that it asked for.
    fn serve(&mut self, orders: &Receiver<Order>) -> u8 {
        while let Some(order) = self.next_order(orders) {
            if let Some(code) = self.obey(order) {
                return code;
            }
        }
        0
    }

    /// Carries out one order; gives the exit code if it is to stop.
    pub(super) fn obey(&mut self, order: Order) -> Option<u8> {
        match order {
            Order::Stop(code) => return Some(code),
            Order::Wish(Wish::Stop { code, location }) => {
                self.script_stops(code, &location);
                return Some(code);
            }
            Order::StopGracefully(code) if self.draining.is_none() => {
                self.draining = Some(self.drain(code));
            }
            // Somebody does not want to wait any more.
            Order::StopGracefully(code) => return Some(code),
            Order::Reload(options, reply) => self.want_reload(options, reply),
            Order::DryRun(reply) => {
                // Who asked may have gone.
                let _ = reply.send(self.dry_run());
            }
            Order::Wish(Wish::Reload) => self.script_wants_reload(),
            Order::Wish(Wish::Listening { worker, declared, bound }) => {
                self.tell(HostEvent::Listening { worker, declared, address: bound });
            }
            Order::Wish(Wish::StartFailed { generation, fault }) => {
                self.start_failed(generation, &fault);
            }
            Order::Wish(Wish::StartIsLate) => self.tell_of_late_starts(false),
            // Whoever waits for it looks now.
            Order::Wish(Wish::StartEnded) => (),
            Order::Checked { generation, findings } => self.checked(generation, findings),
            Order::Wish(Wish::Restart { isolate, died }) => self.want_restart(isolate, died),
            Order::Wish(Wish::Fault(fault)) => {
                self.spawner.told_of_fault();
                self.tell(HostEvent::Fault(fault));
            }
        }
        None
    }

    /// The reload that is to be made now: a first start is left alone until it takes long.
    fn take_wanted_reload(&mut self) -> Option<WantedReload> {
        let is_left_alone = self.first_start.as_ref().is_some_and(|first| !first.is_late());
        if is_left_alone && self.draining.is_none() { None } else { self.wanted_reload.take() }
    }

    fn script_wants_reload(&mut self) {
        match self.pace.ask(Instant::now()) {
            Pace::Now => self.want_reload(ReloadOptions::default(), None),
            Pace::Later => {
                let text = "Worker::reload() was called again within a second of the last time: the reload comes at its end";
                self.config.log.host(Level::Warn, text);
            }
            Pace::Merged => (),
        }
    }

    fn want_reload(&mut self, options: ReloadOptions, reply: Option<Sender<ReloadOutcome>>) {
        let wanted = self.wanted_reload.get_or_insert_default();
        wanted.options = wanted.options.and(options);
        wanted.replies.extend(reply);
    }

    /// Something that was reloaded serves.
    pub(super) fn accepted(&mut self, reloaded: &Reloaded) {
        self.log_reloaded(reloaded);
        if reloaded.options.hard {
            self.places.iter().for_each(|place| place.isolate.close_all());
        }
        self.tell(HostEvent::Reloaded(reloaded.clone()));
    }

    pub(super) fn tell(&self, event: HostEvent) {
        (self.config.on_event)(event);
    }

    /// The script's name in messages.
    pub(super) fn script_name(&self) -> String {
        let name = self.config.script.file_name().unwrap_or(self.config.script.as_os_str());
        name.to_string_lossy().into_owned()
    }

    pub(super) fn spawn_isolate(&mut self) -> Result<Isolate, Error> {
        let (budgets, sessions) = (&self.board.budgets, &self.sessions);
        let isolate = self.spawner.spawn(&self.config, &self.listeners, budgets, sessions);
        let isolate = isolate.map_err(|e| system("cannot start an isolate's thread", e))?;
        self.board.watch(&isolate);
        Ok(isolate)
    }

    /// Watches every file that was read or looked for.
    pub(super) fn watch_files(&self, sources: &Sources) {
        if let Some(watch) = &self.watch {
            let mut files = sources.files();
            // The name it was started by may be a link to it.
            let main = files.iter().find(|(path, _)| path == sources.main());
            let stamp = main.and_then(|(_, stamp)| *stamp);
            files.push((self.config.script.clone(), stamp));
            watch.files(files);
        }
    }

    fn log_reloaded(&mut self, reloaded: &Reloaded) {
        let summary = reloaded.summary(&self.script_name());
        if std::mem::take(&mut self.rejected) {
            self.config.log.host(Level::Info, "the fault is mended");
        }
        self.board.note_reload(true, &summary);
        self.config.log.write(Record {
            level: Level::Info,
            worker: String::new(),
            location: String::new(),
            message: summary,
            about: About {
                generation: Some(reloaded.generation),
                reload: serde_json::to_string(reloaded).ok().map(Into::into),
                ..About::default()
            },
        });
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.board.ended();
    }
}

fn system(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::System, format!("{what}: {error}")).with_source(error)
}

/// The answer of an isolate, unless it takes too long or the host is to stop.
pub(super) fn await_answer<T>(
    answer: &Receiver<T>,
    deadline: Instant,
    stopping: &AtomicBool,
) -> Option<T> {
    loop {
        match answer.recv_timeout(STOP_POLL) {
            Ok(answer) => return Some(answer),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                if Instant::now() > deadline || stopping.load(Ordering::Relaxed) {
                    return None;
                }
            }
        }
    }
}
