//! What is known of a running host, for whoever looks: status, connections, metrics. Nobody who looks waits for the
//! supervisor, which may be busy with a reload, nor for an isolate that is busy with a handler.

use super::{
    Busy, Connections, Cut, IsolateStatus, LastReload, MissingIsolate, StartUnderWay, Status,
    WaitingHandler, WorkerStatus, builder::LostLines, machine,
};
use crate::{
    engine::call::turns::Turns,
    isolate::{Inquiry, Isolate},
    net::{budgets::Budgets, stats::Stats},
};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc::RecvTimeoutError,
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How often it is looked which isolates are busy, and how long one handler has to run to be called that. Fixed: a person
/// does not notice less.
pub(super) const GRAIN: Duration = Duration::from_millis(100);

/// How long all isolates together may take to tell of their connections. Fixed: one that has not by then is busy, and
/// named as missing with what it is busy with.
const PATIENCE: Duration = Duration::from_secs(1);

/// Handlers of one isolate that are named because they wait. Fixed: who waits for longest is what people look for, and
/// where thousands wait they wait at a few places.
const LISTED_WAITS: usize = 20;

/// See the module.
pub(super) struct Board {
    pub(super) budgets: Budgets,
    /// Is it counted how long handlers take?
    pub(super) measures: AtomicBool,
    script: PathBuf,
    lost_log_lines: LostLines,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the host started; none before, and none after its end.
    started: Option<(SystemTime, Instant)>,
    generation: u64,
    reloads: u64,
    rejected_reloads: u64,
    last_reload: Option<LastReload>,
    workers: Vec<WorkerStatus>,
    rows: Vec<Row>,
    metrics: Option<String>,
    stop_timeout: Option<Duration>,
    /// What runs in each isolate that lives.
    watched: Vec<Weak<Turns>>,
}

/// An isolate and whom it serves.
pub(super) struct Row {
    /// The worker's title; empty without one.
    worker: String,
    /// Its number among the isolates of that worker.
    id: usize,
    stats: Arc<Stats>,
    turns: Arc<Turns>,
    inquiry: Inquiry,
}

impl Row {
    pub(super) fn new(worker: &str, id: usize, isolate: &Isolate) -> Self {
        Self {
            worker: worker.to_owned(),
            id,
            stats: isolate.stats.clone(),
            turns: isolate.turns.clone(),
            inquiry: isolate.inquiry(),
        }
    }

    fn busy(&self) -> Option<Busy> {
        let (place, seconds) = self.turns.busy()?;
        let place = self.stats.name_of(place)?;
        (seconds >= GRAIN).then_some(Busy { place, seconds: seconds.as_secs_f64() })
    }

    fn status(&self) -> IsolateStatus {
        let stats = &self.stats;
        IsolateStatus {
            worker: self.worker.clone(),
            id: self.id,
            listening: stats.listening(),
            connections: stats.connections.get(),
            messages: stats.messages.get(),
            bytes_read: stats.bytes_read.get(),
            bytes_written: stats.bytes_written.get(),
            queued_bytes: stats.queued.get(),
            received_bytes: stats.unread.get(),
            cut: Cut {
                by_send_timeout: stats.cut.by_send_timeout.get(),
                by_max_queued_bytes: stats.cut.by_queues.get(),
                by_max_received_bytes: stats.cut.by_received.get(),
            },
            send_failures: stats.dropped.get(),
            timers: stats.timers.get(),
            faults: stats.faults.lost_events(),
            generation: stats.generation.get().saturating_sub(1),
            restarts: stats.restarts.get(),
            busy: self.busy(),
            starting: stats.starting.running().map(StartUnderWay::from),
            leftovers: stats.leftovers(),
            waiting: stats.waiting.count(),
            longest_waiting: longest_waiting(stats),
        }
    }
}

impl Board {
    pub(super) fn new(script: &std::path::Path, lost_log_lines: LostLines) -> Self {
        Self {
            budgets: Budgets::default(),
            measures: AtomicBool::new(false),
            lost_log_lines,
            script: std::path::absolute(script).unwrap_or_else(|_| script.to_owned()),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here is ever half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn started(&self) {
        self.lock().started = Some((SystemTime::now(), Instant::now()));
    }

    /// Metrics are served there.
    pub(super) fn serves_metrics(&self, address: String) {
        self.lock().metrics = Some(address);
    }

    /// What the script configures, which the next stop goes by.
    pub(super) fn set_stop_timeout(&self, timeout: Option<Duration>) {
        self.lock().stop_timeout = timeout;
    }

    pub(super) fn stop_timeout(&self) -> Option<Duration> {
        self.lock().stop_timeout
    }

    pub(super) fn ended(&self) {
        *self.lock() = State::default();
    }

    /// This is what runs now.
    pub(super) fn publish(&self, generation: u64, workers: Vec<WorkerStatus>, rows: Vec<Row>) {
        let mut state = self.lock();
        for row in &rows {
            row.turns.look();
            row.stats.is_measured.store(self.measures.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        (state.generation, state.workers, state.rows) = (generation, workers, rows);
    }

    /// A reload was accepted or rejected; `text` says what was kept, or why. It stays until the next.
    pub(super) fn note_reload(&self, accepted: bool, text: &str) {
        let mut state = self.lock();
        match accepted {
            true => state.reloads += 1,
            false => state.rejected_reloads += 1,
        }
        state.last_reload = Some(LastReload {
            at: seconds(SystemTime::now()),
            accepted,
            failed: false,
            text: text.to_owned(),
        });
    }

    /// The reload that was accepted last started badly, for this reason. It stays until the next.
    pub(super) fn note_failed_start(&self, text: &str) {
        let at = seconds(SystemTime::now());
        self.lock().last_reload =
            Some(LastReload { at, accepted: true, failed: true, text: text.to_owned() });
    }

    /// From now on it is looked what runs in this isolate, whether it serves already or not.
    pub(super) fn watch(&self, isolate: &Isolate) {
        self.lock().watched.push(Arc::downgrade(&isolate.turns));
    }

    /// Looks which handlers run, and ends those whose time is up. To be called once in a [`GRAIN`].
    pub(super) fn look(&self) {
        self.lock().watched.retain(|turns| turns.upgrade().inspect(|t| t.look()).is_some());
    }

    /// How everything is. `None`: the host does not run.
    pub(super) fn status(&self) -> Option<Status> {
        let state = self.lock();
        let (started, since) = state.started?;
        let isolates: Vec<IsolateStatus> = state.rows.iter().map(Row::status).collect();
        Some(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            script: self.script.to_string_lossy().into_owned(),
            pid: std::process::id(),
            started: seconds(started),
            uptime: since.elapsed().as_secs_f64(),
            load: machine::load(),
            generation: state.generation,
            reloads: state.reloads,
            rejected_reloads: state.rejected_reloads,
            last_reload: state.last_reload.clone(),
            memory: machine::resident_memory(),
            queued_bytes: isolates.iter().map(|i| i.queued_bytes).sum(),
            max_queued_bytes: self.budgets.queued.limit(),
            received_bytes: isolates.iter().map(|i| i.received_bytes).sum(),
            max_received_bytes: self.budgets.received.limit(),
            lost_log_lines: (self.lost_log_lines)(),
            metrics: state.metrics.clone(),
            workers: state.workers.clone(),
            isolates,
        })
    }

    /// Every open connection, and which isolates are too busy to tell of theirs. `None`: the host does not run.
    pub(super) fn connections(&self) -> Option<Connections> {
        let state = self.lock();
        state.started?;
        let ask = |row: &Row| (row.stats.clone(), row.inquiry.connections());
        let answers: Vec<_> = state.rows.iter().map(ask).collect();
        drop(state);
        let deadline = Instant::now() + PATIENCE;
        let mut all = Connections::default();
        for (stats, answer) in answers {
            match answer.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(connections) => all.connections.extend(connections),
                Err(RecvTimeoutError::Timeout) => all.missing.extend(self.missing(&stats)),
                // It has ended, and its connections with it.
                Err(RecvTimeoutError::Disconnected) => (),
            }
        }
        Some(all)
    }

    /// The isolate with these counters, unless another has taken its place.
    fn missing(&self, stats: &Arc<Stats>) -> Option<MissingIsolate> {
        let state = self.lock();
        let row = state.rows.iter().find(|row| Arc::ptr_eq(&row.stats, stats))?;
        Some(MissingIsolate { worker: row.worker.clone(), isolate: row.id, busy: row.busy() })
    }

    /// The counters of every isolate, with its worker's title and its number.
    pub(super) fn isolates(&self) -> Vec<(String, usize, Arc<Stats>)> {
        let state = self.lock();
        state.rows.iter().map(|row| (row.worker.clone(), row.id, row.stats.clone())).collect()
    }
}

/// The handlers that have waited for longest.
fn longest_waiting(stats: &Stats) -> Vec<WaitingHandler> {
    let longest = stats.waiting.longest(LISTED_WAITS).into_iter();
    let shown = longest.map(|waiter| WaitingHandler {
        place: stats.name_of(waiter.place).unwrap_or_default(),
        event: waiter.event.into_owned(),
        worker: waiter.worker,
        connection: waiter.connection,
        connection_is_gone: waiter.is_gone,
        waits_in: waiter.waits_in.to_owned(),
        seconds: waiter.since.elapsed().as_secs_f64(),
        generation: waiter.generation,
    });
    shown.collect()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
