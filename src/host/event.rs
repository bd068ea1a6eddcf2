//! What a host tells its embedder.

use super::{ReloadOptions, StartUnderWay};
use crate::{engine::lint::Finding, error::Fault};
use std::{collections::BTreeMap, time::Duration};

/// Something that happened to the host or its script.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum HostEvent {
    /// Every worker accepts connections.
    Started {
        /// The script's top-level workers, in the order of their declaration.
        workers: Vec<WorkerInfo>,
        /// Is the script reloaded when it is saved?
        watching: bool,
    },
    /// A worker that was not there at the start listens: a running script made it, or a reload added it or moved it.
    Listening {
        /// Its name, or its address as declared.
        worker: String,
        /// The address as the script wrote it.
        declared: String,
        /// The address it listens on: the port, if the script asked for port 0.
        address: String,
    },
    /// An `on_worker_start`, or an `on_worker_reload`, has not returned for five seconds. At the first start its isolate accepts nothing before it does; a
    /// reload ends it and starts over.
    StartIsLate(StartUnderWay),
    /// The script was read again and serves.
    Reloaded(Reloaded),
    /// The script was read again and is not fit to serve: nothing has changed. If it was its `on_worker_start` that threw,
    /// the files of before serve again, as a generation of their own.
    ReloadRejected(Fault),
    /// The script that serves was looked at for mistakes, a moment after its start or reload.
    Checked(Checked),
    /// An event was lost to an error in the script.
    Fault(Fault),
    /// The host has ended; this is the last event.
    Stopped,
}

/// A top-level worker.
#[derive(Clone, Debug)]
pub struct WorkerInfo {
    /// The name that the script gave it; empty without one.
    pub name: String,
    /// The address as the script wrote it; empty for a worker without one.
    pub declared: String,
    /// Where it listens, if it does.
    pub address: Option<String>,
    /// In how many isolates it runs.
    pub count: usize,
}

/// What an accepted reload kept, and what not.
#[derive(Clone, Debug, Default)]
pub struct Reloaded {
    /// The number of the generation that serves now; the first start was 0.
    pub generation: u64,
    /// How it was asked for.
    pub options: ReloadOptions,
    /// From reading the files to serving.
    pub took: Duration,
    /// Connections that stayed open.
    pub connections: usize,
    /// Sockets that went on listening, inner ones included.
    pub listeners: usize,
    /// Timers that belong to the script's start.
    pub timers: usize,
    /// Names of variables and worker properties that live on.
    pub kept: Vec<String>,
    /// Names of those that were initialised anew, because what initialises them was edited; entries of maps among them,
    /// as `routes["a"]`.
    pub reset: Vec<String>,
    /// Entries of maps that live on which only the new text puts in, and for arrays how many values.
    pub added: Vec<String>,
    /// Entries that only the old text had put in.
    pub removed: Vec<String>,
    /// Closures without a successor: where they stand, and the generation they stay on.
    pub leftovers: Vec<(String, i64)>,
    /// Workers with `reloadable = false`, and the generation that they stay on.
    pub fixed: Vec<(String, u64)>,
    /// Handlers that wait and end on the code they began with: where they stand, and the generation of that code.
    pub waiting: Vec<(String, i64)>,
    /// Isolates that have not answered yet, because their `on_worker_start` or `on_worker_reload` takes long: what is kept in them is not
    /// counted above.
    pub silent: usize,
    /// The starts that those isolates wait for.
    pub starting: Vec<StartUnderWay>,
    /// Does all of it serve? Not where a reload has begun the host's first start anew, and that takes long again.
    pub serves: bool,
}

/// What somebody who develops a script is told after it began to serve.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The number of the generation that was looked at; the first start was 0.
    pub generation: u64,
    /// What was not there before. The log has the first of them.
    pub new: Vec<Finding>,
    /// How many findings there are, those told before included.
    pub total: usize,
}

/// Names listed in a log line at most.
const LISTED: usize = 8;

impl Reloaded {
    /// `reloaded push.rhai, generation 42, 8 ms: kept 312 connections, 2 listeners, 1 timer, 4 values; reset counter
    /// (edited); 3 closures still on generation 41 (push.rhai:18); 2 handlers still wait on generation 41 (push.rhai:9)`.
    pub fn summary(&self, script: &str) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let connections = count(self.connections, "connection");
        let connections = match self.options.hard {
            true => format!("closed {connections}, kept"),
            false => format!("kept {connections},"),
        };
        let kept = format!(
            "{connections} {}, {}, {}",
            count(self.listeners, "listener"),
            count(self.timers, "timer"),
            count(self.kept.len(), "value"),
        );
        let unknown = format!("not known yet for {}", count(self.silent, "isolate"));
        let is_nothing = self.connections + self.listeners + self.timers + self.kept.len() == 0;
        let kept = match self.silent {
            0 => kept,
            _ if is_nothing => format!("what is kept is {unknown}"),
            _ => format!("{kept}, {unknown}"),
        };
        let mut text = format!(
            "reloaded {script}, generation {}, {} ms: {kept}",
            self.generation,
            self.took.as_millis(),
        );
        if !self.reset.is_empty() {
            let why = if self.options.reset_state { "asked for" } else { "edited" };
            text.push_str(&format!("; reset {} ({why})", list(&self.reset)));
        }
        for (what, names) in [("new", &self.added), ("gone", &self.removed)] {
            if !names.is_empty() {
                text.push_str(&format!("; {what}: {}", list(names)));
            }
        }
        for (worker, generation) in self.fixed.iter().take(LISTED) {
            text.push_str(&format!(
                "; worker `{worker}` stays on generation {generation} (reloadable = false)"
            ));
        }
        for start in self.starting.iter().take(LISTED) {
            text.push_str(&format!("; {} still runs ({})", start.who(), start.place));
        }
        for (generation, mut places) in by_generation(&self.leftovers) {
            let closures = count(places.len(), "closure");
            text.push_str(&still_on(&closures, "", generation, &mut places));
        }
        for (generation, mut places) in by_generation(&self.waiting) {
            let (handlers, wait) = match places.len() {
                1 => ("1 handler".to_owned(), " waits"),
                n => (format!("{n} handlers"), " wait"),
            };
            text.push_str(&still_on(&handlers, wait, generation, &mut places));
        }
        text
    }
}

/// Places by the generation that they are on, the oldest first.
fn by_generation(all: &[(String, i64)]) -> BTreeMap<i64, Vec<String>> {
    let mut sorted = BTreeMap::<i64, Vec<String>>::new();
    for (place, generation) in all {
        sorted.entry(*generation).or_default().push(place.clone());
    }
    sorted
}

/// `; 3 closures still on generation 41 (push.rhai:18)`.
fn still_on(who: &str, what: &str, generation: i64, places: &mut Vec<String>) -> String {
    places.sort();
    places.dedup();
    format!("; {who} still{what} on generation {generation} ({})", list(places))
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
