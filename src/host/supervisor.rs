//! Keeps the isolates of one script: one for each place in each worker's count. Starts, reloads and stops them as one.

use super::{HostEvent, Order, WorkerInfo, builder::HostConfig, reload::Deployment};
use crate::{
    engine::sources::Sources,
    error::{Error, ErrorKind, Fault},
    isolate::{Command, Isolate, Report},
    log::Level,
    net::listener::{Bound, Listeners},
    script::{ctx::Wish, plan::WorkerSpec},
    watch::Watch,
};
use std::{
    sync::mpsc::{Receiver, Sender},
    time::Duration,
};

/// How long the host waits for an isolate's `on_worker_start` before it goes on without the answer. Fixed: a handler that
/// waits longer is waiting for something outside, and the host must stay reachable.
pub(super) const START_PATIENCE: Duration = Duration::from_secs(30);

/// An isolate and the place it fills.
pub(super) struct Place {
    pub(super) isolate: Isolate,
    /// Which of the declared workers it serves, and as which of that worker's isolates; none without workers.
    pub(super) serves: Option<(usize, usize)>,
}

/// The running host.
pub(super) struct Supervisor {
    pub(super) config: HostConfig,
    pub(super) listeners: Listeners,
    pub(super) places: Vec<Place>,
    /// What the serving generation declared.
    pub(super) workers: Vec<WorkerSpec>,
    /// The sockets of the declared workers, in the same order.
    pub(super) bound: Vec<Option<Bound>>,
    pub(super) generation: u64,
    pub(super) timers: usize,
    orders: Sender<Order>,
    next_id: usize,
    watch: Option<Watch>,
    /// Was the last reload rejected?
    pub(super) rejected: bool,
}

impl Supervisor {
    /// The first generation: a reload from nothing.
    pub(super) fn start(config: HostConfig, orders: Sender<Order>) -> Result<Self, Error> {
        let watch = match config.watch {
            false => None,
            true => {
                let sender = orders.clone();
                let changed = move || drop(sender.send(Order::Reload));
                let watch = Watch::start(config.settle, config.log.clone(), changed);
                Some(watch.map_err(|e| system("cannot start watching", e))?)
            }
        };
        let mut host = Self {
            config,
            listeners: Listeners::default(),
            places: Vec::new(),
            workers: Vec::new(),
            bound: Vec::new(),
            generation: 0,
            timers: 0,
            orders,
            next_id: 0,
            watch,
            rejected: false,
        };
        let mut deployment = Deployment::new(&host.config.script);
        let prepared = deployment.prepare(&mut host);
        host.watch_files(&deployment.sources);
        if let Err(error) = prepared.and_then(|()| deployment.commit(&mut host)) {
            host.stop_isolates();
            return Err(error);
        }
        Ok(host)
    }

    /// Serves orders until one of them is to stop.
    pub(super) fn run(mut self, orders: &Receiver<Order>) -> Result<u8, Error> {
        let workers = self.workers.iter().zip(&self.bound).map(|(spec, bound)| WorkerInfo {
            name: spec.name.clone(),
            declared: spec.declared.clone(),
            address: bound.as_ref().map(|b| b.address.to_string()),
            count: spec.count,
        });
        let workers: Vec<WorkerInfo> = workers.collect();
        let nothing_to_do = workers.is_empty() && self.timers == 0;
        self.tell(HostEvent::Started { workers, watching: self.config.watch });
        let mut code = 0;
        while !nothing_to_do {
            // (we hold a sender ourselves: this cannot fail)
            let Ok(order) = orders.recv() else { break };
            match order {
                Order::Stop(wanted) => {
                    code = wanted;
                    break;
                }
                Order::Reload => self.reload(),
                Order::Wish(Wish::Reload) => self.reload(),
                Order::Wish(Wish::Stop(wanted)) => {
                    code = wanted;
                    break;
                }
                Order::Wish(Wish::Listening { worker, declared, bound }) => {
                    self.tell(HostEvent::Listening { worker, declared, address: bound });
                }
                Order::Wish(Wish::Fault(fault)) => self.tell(HostEvent::Fault(fault)),
            }
        }
        self.watch = None;
        self.stop_isolates();
        for order in orders.try_iter() {
            if let Order::Wish(Wish::Fault(fault)) = order {
                self.tell(HostEvent::Fault(fault));
            }
        }
        self.tell(HostEvent::Stopped);
        Ok(code)
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
        let id = self.next_id;
        self.next_id += 1;
        let orders = self.orders.clone();
        let wishes = move |wish| drop(orders.send(Order::Wish(wish)));
        let (config, log) = (self.config.engine.clone(), self.config.log.clone());
        Isolate::spawn(id, config, log, self.listeners.clone(), wishes)
            .map_err(|e| system("cannot start an isolate's thread", e))
    }

    /// Watches every file that was read or looked for.
    pub(super) fn watch_files(&self, sources: &Sources) {
        if let Some(watch) = &self.watch {
            let mut files = sources.stamps();
            let main = files.iter().find(|(path, _)| path == sources.main());
            let stamp = main.and_then(|(_, stamp)| *stamp);
            files.push((self.config.script.clone(), stamp));
            watch.files(files);
        }
    }

    pub(super) fn stop_isolates(&mut self) {
        let places = std::mem::take(&mut self.places);
        stop_all(places.into_iter().map(|p| p.isolate).collect(), self.config.stop_timeout);
        self.bound.clear();
    }

    pub(super) fn log_reloaded(&mut self, summary: String) {
        if std::mem::take(&mut self.rejected) {
            self.config.log.host(Level::Info, "the fault is mended");
        }
        self.config.log.host(Level::Info, summary);
    }
}

/// Stops isolates together and waits for their threads.
pub(super) fn stop_all(isolates: Vec<Isolate>, limit: Duration) {
    let answers: Vec<_> =
        isolates.iter().map(|i| i.ask(|reply| Command::Stop { limit, reply })).collect();
    for answer in answers {
        let _ = answer.recv();
    }
    isolates.into_iter().for_each(Isolate::join);
}

fn system(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::System, format!("{what}: {error}")).with_source(error)
}

/// The answers of all isolates to a commit, added up.
pub(super) fn collect(
    answers: Vec<Receiver<Result<Report, Fault>>>,
) -> Result<(Report, usize), Fault> {
    let (mut sum, mut silent) = (Report::default(), 0);
    for answer in answers {
        match answer.recv_timeout(START_PATIENCE) {
            Ok(Ok(report)) => {
                sum.connections += report.connections;
                sum.listeners += report.listeners;
                sum.timers += report.timers;
                sum.leftovers.extend(report.leftovers);
                // (every isolate has its own copy of the values: a name is told once)
                let new = |names: &[String], all: &[String]| {
                    names.iter().filter(|n| !all.contains(n)).cloned().collect::<Vec<_>>()
                };
                sum.kept.extend(new(&report.kept, &sum.kept));
                sum.reset.extend(new(&report.reset, &sum.reset));
            }
            Ok(Err(fault)) => return Err(fault),
            Err(_) => silent += 1,
        }
    }
    Ok((sum, silent))
}
