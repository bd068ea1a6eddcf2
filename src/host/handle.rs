//! How other threads steer a running host and ask how it is.

use super::{Connections, Reloaded, Status, board::Board, ending::longest_stop};
use crate::{engine::lint::Finding, error::Fault, script::ctx::Wish};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

/// What the supervisor is told.
pub(super) enum Order {
    /// Tell what a reload would do.
    DryRun(mpsc::Sender<ReloadOutcome>),
    Reload(ReloadOptions, Option<mpsc::Sender<ReloadOutcome>>),
    Stop(u8),
    StopGracefully(u8),
    Wish(Wish),
    /// What the checker says of a generation.
    Checked {
        generation: u64,
        findings: Vec<Finding>,
    },
}

/// What came of a reload that was waited for: what was kept, or why it was rejected.
pub type ReloadOutcome = Result<Reloaded, Fault>;

/// How to reload. The default keeps everything that lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReloadOptions {
    /// Run every initialiser again: variables and worker properties start anew, connections stay.
    pub reset_state: bool,
    /// Close all connections when the new script serves.
    pub hard: bool,
}

impl ReloadOptions {
    /// Two reloads that are made as one.
    pub(super) fn and(self, other: Self) -> Self {
        Self { reset_state: self.reset_state || other.reset_state, hard: self.hard || other.hard }
    }
}

/// A way to steer a running host from other threads. Cheap to clone.
#[derive(Clone)]
pub struct HostHandle {
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) stopping: Arc<AtomicBool>,
    pub(super) board: Arc<Board>,
    /// That of the builder.
    pub(super) stop_timeout: Duration,
}

impl HostHandle {
    /// Reads the script again, as saving it does. What comes of it is told by an event. Does not wait.
    pub fn reload(&self) {
        let _ = self.orders.send(Order::Reload(ReloadOptions::default(), None));
    }

    /// The same with options; waits for what comes of it. `None`: the host has ended.
    pub fn reload_with(&self, options: ReloadOptions) -> Option<ReloadOutcome> {
        self.ask(|reply| Order::Reload(options, Some(reply)))
    }

    /// Tells what a reload would keep, reset, add and close, and changes nothing: the script is read, and its top level runs
    /// in every isolate, as before a reload. What `on_worker_start` would do is not known. The error says why the script would be rejected. `None`: the
    /// host has ended.
    pub fn dry_run(&self) -> Option<ReloadOutcome> {
        self.ask(Order::DryRun)
    }

    /// Stops in order; [`Host::run`](super::Host::run) returns `code` then. Does not wait.
    pub fn stop(&self, code: u8) {
        self.stopping.store(true, Ordering::Relaxed);
        let _ = self.orders.send(Order::Stop(code));
    }

    /// Takes no more connections, serves those that are open until they close, for the time of a graceful stop at most,
    /// and then stops as [`stop`](Self::stop) does. Reloads are rejected meanwhile. Does not wait.
    pub fn stop_gracefully(&self, code: u8) {
        let _ = self.orders.send(Order::StopGracefully(code));
    }

    /// How long a stop takes at most, by what the script configures now.
    pub fn longest_stop(&self, graceful: bool) -> Duration {
        longest_stop(self.board.stop_timeout(), self.stop_timeout, graceful)
    }

    /// Has somebody told it to stop at once, this handle or the script? It may serve for a moment still.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// How the host is. Never waits for a script, however busy it is. `None`: the host does not run, yet or any more.
    pub fn status(&self) -> Option<Status> {
        self.board.status()
    }

    /// Every open connection. Isolates are given a second together; one that is too busy to answer is named as missing.
    /// `None` as for `status`.
    pub fn connections(&self) -> Option<Connections> {
        self.board.connections()
    }

    fn ask<T>(&self, order: impl FnOnce(mpsc::Sender<T>) -> Order) -> Option<T> {
        let (reply, answer) = mpsc::channel();
        self.orders.send(order(reply)).ok()?;
        answer.recv().ok()
    }
}
