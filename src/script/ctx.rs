//! All that a script object may reach of its isolate: the programs, the workers and timers that live in it, the sockets'
//! turn, the log. One for each isolate, shared by every handle.

mod calls;
mod occasion;
mod suspended;

pub(crate) use calls::Called;
pub(crate) use occasion::Occasion;
pub(crate) use suspended::Suspended;

use super::{
    callback::Event,
    configuration::Configuration,
    http::Sessions,
    ration::Ration,
    std::Watches,
    timer::Timers,
    value::{Outcome, error, function},
    worker::{Worker, WorkerCore},
};
use crate::{
    engine::{
        call::{
            allowance,
            coroutine::{self, Pool},
            turns::Turns,
        },
        program::{
            Program,
            config::Config,
            generations::Generations,
            handler::{Calls, Handler},
        },
        reload::record,
    },
    error::Fault,
    log::{About, Access, Level, Log, Record},
    net::{
        budgets::Budgets,
        conn::ConnectionSet,
        listen::{ListenHandle, Listeners},
        stats::Stats,
    },
};
use rhai::{Dynamic, FnPtr, NativeCallContext};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

/// Lines that a script writes by `std/log` in one second; further ones are counted. Fixed: a service that writes more fills
/// its disk, and nobody reads them.
const MAX_LINES: u32 = 1_000;

/// What a script can ask of the whole host.
pub(crate) enum Wish {
    /// `Worker::stop_all(code)`, and where that stands, as in `push.rhai:12:5`.
    Stop { code: u8, location: String },
    /// `Worker::reload()`.
    Reload,
    /// An inner worker listens, or one of the top level listens again: declared as, bound to.
    Listening { worker: String, declared: String, bound: String },
    /// An event was lost to an error.
    Fault(Fault),
    /// `on_worker_start` of this generation threw when the host did not wait for it any more: the reload was accepted.
    StartFailed { generation: u64, fault: Fault },
    /// `on_worker_start` has been running for long.
    StartIsLate,
    /// What a commit has begun is done, and answered for.
    StartEnded,
    /// This isolate is to be started anew, because its worker wants that after an error; or because it died, for this reason.
    Restart { isolate: usize, died: Option<String> },
}

/// See the module.
pub(crate) struct Ctx {
    pub(crate) isolate: usize,
    /// How long a handler may run without waiting, unless the script says otherwise.
    pub(crate) handler_timeout: Duration,
    /// Bytes that a handler may make anew, unless the script says otherwise; 0 is without a limit.
    pub(crate) handler_memory: u64,
    pub(crate) log: Log,
    /// What it tells the host without being asked.
    pub(crate) stats: Arc<Stats>,
    /// What the host sees of the code that runs.
    pub(crate) turns: Arc<Turns>,
    pub(crate) net: Rc<ConnectionSet>,
    pub(crate) listeners: Listeners,
    pub(crate) timers: Timers,
    /// Top-level workers in the order of their declaration, then inner ones that listen.
    pub(crate) workers: RefCell<Vec<Worker>>,
    /// Workers that the running top level has made.
    pub(crate) declared: RefCell<Vec<Worker>>,
    /// What the top level that ran last configured.
    pub(crate) configuration: RefCell<Configuration>,
    /// Those of the whole process.
    pub(crate) sessions: RefCell<Arc<Sessions>>,
    /// Are clients of HTTP shown the errors of scripts?
    pub(crate) explains: Cell<bool>,
    /// Are prints of the top level shown? (In one isolate they are, the others only repeat them.)
    pub(crate) loud: Cell<bool>,
    /// Of errors, and of trouble with peers.
    reports: Ration,
    warnings: Ration,
    /// Of what scripts write by `std/log`.
    lines: Ration,
    /// Files that handlers watch.
    pub(crate) watches: Watches,
    /// Its part of the sockets of the worker that it serves.
    pub(crate) seat: RefCell<Option<ListenHandle>>,
    /// The top-level worker that this isolate serves.
    pub(crate) served: RefCell<Option<Worker>>,
    /// Callbacks that took over what their predecessors captured, before and after, until the reload is complete.
    pub(crate) carried: RefCell<Vec<(FnPtr, FnPtr)>>,
    /// What the last `on_worker_start` has done to values that live on.
    pub(crate) started: RefCell<Rc<record::Record>>,
    /// Callbacks as this reload has renamed them, and as they were, of what `on_worker_start` may ask for again.
    pub(crate) renamed: RefCell<Vec<(Rc<Handler>, Rc<Handler>)>>,
    pub(crate) generations: Rc<Generations>,
    pool: Rc<Pool<Calls>>,
    /// The newest generation whose start is complete.
    pub(crate) settled: Cell<u64>,
    /// Inner Workers, wherever scripts hold them.
    inner: RefCell<Vec<Weak<WorkerCore>>>,
    /// Has it asked for its end?
    exits: Cell<bool>,
    wishes: Box<dyn Fn(Wish)>,
}

impl Ctx {
    /// One for scripts that are looked at and never served.
    pub(crate) fn mute(config: &Config) -> Rc<Self> {
        let log = Log::new(|_| ());
        let listeners = Listeners::default();
        let turns = Arc::new(Turns::limited(config.handler_timeout, config.handler_memory));
        Self::new(0, log, listeners, Arc::default(), turns, &Budgets::default(), |_| ())
    }

    pub(crate) fn new(
        isolate: usize,
        log: Log,
        listeners: Listeners,
        stats: Arc<Stats>,
        turns: Arc<Turns>,
        budgets: &Budgets,
        wishes: impl Fn(Wish) + 'static,
    ) -> Rc<Self> {
        coroutine::set_turns(turns.clone());
        Rc::new(Self {
            isolate,
            handler_timeout: turns.limit(),
            handler_memory: turns.memory(),
            log,
            net: ConnectionSet::new(stats.clone(), budgets),
            listeners,
            timers: Timers::new(stats.clone()),
            stats,
            turns,
            workers: RefCell::default(),
            declared: RefCell::default(),
            configuration: RefCell::default(),
            sessions: RefCell::default(),
            explains: Cell::new(false),
            loud: Cell::new(true),
            reports: Ration::default(),
            warnings: Ration::default(),
            lines: Ration::of(MAX_LINES),
            watches: Watches::default(),
            seat: RefCell::default(),
            served: RefCell::default(),
            carried: RefCell::default(),
            started: RefCell::default(),
            renamed: RefCell::default(),
            generations: Rc::default(),
            pool: Rc::default(),
            settled: Cell::new(0),
            inner: RefCell::default(),
            exits: Cell::new(false),
            wishes: Box::new(wishes),
        })
    }

    pub(crate) fn wish(&self, wish: Wish) {
        (self.wishes)(wish);
    }

    /// Is a top level running?
    pub(crate) fn is_declaring(&self) -> bool {
        self.generations.declaring().is_some()
    }

    /// The program whose top level runs, else the one that serves.
    pub(crate) fn program(&self) -> Option<Rc<Program>> {
        self.generations.declaring().or_else(|| self.generations.serving())
    }

    /// Remembers an inner Worker, which scripts may hold without listening on it.
    pub(crate) fn note_inner(&self, core: &Rc<WorkerCore>) {
        let mut inner = self.inner.borrow_mut();
        if inner.len() == inner.capacity() {
            inner.retain(|core| core.strong_count() > 0);
        }
        inner.push(Rc::downgrade(core));
    }

    /// Every Worker that lives: those of the top level, and all inner ones.
    pub(crate) fn every_worker(&self) -> Vec<Rc<WorkerCore>> {
        let workers = self.workers.borrow();
        let outer = workers.iter().map(Worker::core).filter(|core| !core.is_inner);
        outer.chain(self.inner.borrow().iter().filter_map(Weak::upgrade)).collect()
    }

    /// From now on events go to this program.
    pub(crate) fn serve(&self, program: Rc<Program>) {
        self.stats.generation.set(program.edition.generation);
        self.generations.serve(program);
        self.pool.clear();
    }

    /// Drops what a top level declared.
    pub(crate) fn forget_declared(&self) {
        self.timers.forget_declared();
        self.declared.take().iter().for_each(|worker| worker.core().retire());
    }

    /// A callback as it was set, before reloads whose `on_worker_start` still runs renamed it.
    pub(crate) fn origin(&self, handler: &Rc<Handler>) -> Rc<Handler> {
        let renamed = self.renamed.borrow();
        let mut origin = handler;
        while let Some((_, before)) = renamed.iter().find(|(now, _)| Rc::ptr_eq(now, origin)) {
            origin = before;
        }
        origin.clone()
    }

    /// Makes what a script assigned to a callback callable, or says what is wrong with it. `()` clears.
    pub(crate) fn callback(
        &self,
        call: &NativeCallContext,
        event: Event,
        value: Dynamic,
    ) -> Outcome<Option<Rc<Handler>>> {
        if value.is_unit() {
            return Ok(None);
        }
        let f = function(call, event.name(), &value)?;
        self.handler(call, event.name(), event.offered(), f).map(Some)
    }

    /// The same for any callback; `what` names it in errors.
    pub(crate) fn handler(
        &self,
        call: &NativeCallContext,
        what: &str,
        offered: usize,
        f: FnPtr,
    ) -> Outcome<Rc<Handler>> {
        let found = self.find_handler(&f, call.call_source(), offered);
        found.map_err(|why| error(format!("{what}: {why}")))
    }

    /// The same for one that may stand in any file; `file` is looked into first.
    pub(crate) fn find_handler(
        &self,
        f: &FnPtr,
        file: Option<&str>,
        offered: usize,
    ) -> Result<Rc<Handler>, String> {
        let program = self.program().ok_or("no program is running")?;
        let found = program.handler(f, file, offered).or_else(|why| {
            // A handler that waited over a reload makes closures of its own, older, program.
            let older = self.generations.retired();
            older.into_iter().find_map(|p| p.handler(f, file, offered).ok()).ok_or(why)
        });
        found.map(Rc::new)
    }

    /// Makes the served worker's `handler_timeout` and `handler_memory` those of this isolate.
    pub(crate) fn apply_handler_limits(&self) {
        if let Some(worker) = &*self.served.borrow() {
            let settings = &worker.core().settings;
            self.turns.set_limit(Duration::from_secs_f64(settings.handler_timeout.get()));
            allowance::set_limit(settings.handler_memory.get());
        }
    }

    /// Tells the host where this isolate listens now.
    pub(crate) fn note_listening(&self) {
        let workers = self.workers.borrow();
        let bound = workers.iter().filter_map(|w| w.core().bound());
        self.stats.set_listening(bound.map(|address| address.to_string()).collect());
    }

    /// The served worker's name, for the log; empty before there is one.
    pub(crate) fn name(&self) -> String {
        self.served.borrow().as_ref().map_or(String::new(), |worker| worker.core().title())
    }

    /// This isolate's number among those of the served worker.
    fn number(&self) -> Option<usize> {
        self.served.borrow().as_ref().map(|worker| worker.core().settings.id.get())
    }

    /// Did a handler run for long since this was last asked?
    pub(crate) fn took_long(&self) -> bool {
        self.pool.took_long()
    }

    /// Logs a fault. A script that fails with every message must not fill the disk: beyond some reports a second
    /// they are counted, and the count is told with the next that is shown.
    pub(crate) fn report(&self, fault: Fault) {
        if let Some(more) = self.reports.take(self.net.shared.clock.get() / 1000, "errors") {
            self.log.write(Record {
                level: Level::Error,
                worker: self.name(),
                location: fault.location.clone(),
                message: format!("{}{more}", fault.text),
                about: About {
                    finding: None,
                    fault: Some(fault.kind.name()),
                    isolate: self.number(),
                    generation: fault.generation,
                    connection: fault.connection,
                    access: None,
                    reload: None,
                    fields: None,
                },
            });
        }
        self.wish(Wish::Fault(fault));
    }

    /// A line that a script printed.
    pub(crate) fn print(&self, level: Level, location: String, message: String) {
        if self.is_declaring() && !self.loud.get() {
            return;
        }
        let about = About { isolate: self.number(), ..About::default() };
        self.log.write(Record { level, worker: self.name(), location, message, about });
    }

    /// A line of `std/log` with fields; beyond some a second they are counted, as faults are.
    pub(crate) fn log_line(&self, level: Level, location: String, message: String, fields: String) {
        if self.is_declaring() && !self.loud.get() {
            return;
        }
        let Some(more) = self.lines.take(self.net.shared.clock.get() / 1000, "lines") else {
            return;
        };
        let fields = Some(fields.into_boxed_str());
        let about = About { isolate: self.number(), fields, ..About::default() };
        let message = format!("{message}{more}");
        self.log.write(Record { level, worker: self.name(), location, message, about });
    }

    /// A line of this isolate about its worker.
    pub(crate) fn say(&self, level: Level, message: String) {
        let about = About { isolate: self.number(), ..About::default() };
        let (worker, location) = (self.name(), String::new());
        self.log.write(Record { level, worker, location, message, about });
    }

    /// A line about trouble with one peer of a worker, by the id of its connection if it has got one; beyond some a second
    /// they are counted, as faults are.
    pub(crate) fn warn(&self, worker: &str, id: Option<u64>, line: &str) {
        if let Some(more) = self.warnings.take(self.net.shared.clock.get() / 1000, "warnings") {
            self.log_connection(Level::Warn, worker, id, format!("{line}{more}"));
        }
    }

    /// A line of the access log.
    pub(crate) fn log_access(&self, worker: String, id: u64, access: Access) {
        self.log.write(Record {
            level: Level::Info,
            worker,
            location: String::new(),
            message: access.to_string(),
            about: About {
                isolate: self.number(),
                connection: Some(id),
                access: Some(Box::new(access)),
                ..About::default()
            },
        });
    }

    /// A line about one connection of a worker.
    pub(crate) fn log_connection(
        &self,
        level: Level,
        worker: &str,
        connection: Option<u64>,
        message: String,
    ) {
        let about = About { isolate: self.number(), connection, ..About::default() };
        let (worker, location) = (worker.to_owned(), String::new());
        self.log.write(Record { level, worker, location, message, about });
    }

    /// Lets everything go, so that rings between handles and closures end with the isolate.
    pub(crate) fn clear(&self) {
        self.timers.clear();
        self.watches.clear();
        self.served.take();
        self.seat.take();
        for worker in self.workers.take().into_iter().chain(self.declared.take()) {
            worker.core().retire();
        }
        self.net.clear();
        self.pool.clear();
        self.generations.clear();
    }
}
