//! What came of a reload: for the log, for `rhost reload`, for embedders.

use super::{ReloadOptions, StartUnderWay};
use crate::isolate::Report;
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, time::Duration};

/// What an accepted reload kept, and what not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reloaded {
    /// The number of the generation that serves now; the first start was 0.
    pub generation: u64,
    /// How it was asked for.
    pub options: ReloadOptions,
    /// From reading the files to serving; seconds, where it is written down.
    #[serde(serialize_with = "seconds")]
    pub took: Duration,
    /// Connections that stayed open.
    pub connections: usize,
    /// Sockets that went on listening, inner ones included; one for each isolate.
    pub listeners: usize,
    /// Timers that went on.
    pub timers: usize,
    /// Sockets that are listened on anew.
    pub new_listeners: usize,
    /// Timers that were not there before.
    pub new_timers: usize,
    /// Timers that the script does not ask for any more.
    pub ended_timers: usize,
    /// Inner workers that the script does not ask for any more.
    pub ended_listeners: usize,
    /// Connections that were closed: why, and how many.
    pub closed: Vec<(String, usize)>,
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
    /// Is it only what a reload would do?
    pub dry_run: bool,
    /// Does all of it serve? Not where a reload has begun the host's first start anew, and that takes long again.
    pub serves: bool,
}

/// Names listed in a log line at most.
const LISTED: usize = 8;

impl Reloaded {
    /// What the isolates have told.
    pub(super) fn of(
        report: Report,
        generation: u64,
        options: ReloadOptions,
        took: Duration,
    ) -> Self {
        Self {
            generation,
            options,
            took,
            connections: report.connections,
            listeners: report.listeners,
            timers: report.timers,
            new_listeners: report.new_listeners,
            new_timers: report.new_timers,
            ended_listeners: report.ended_listeners,
            ended_timers: report.ended_timers,
            closed: report.closed,
            kept: report.changes.kept,
            reset: report.changes.reset,
            added: report.changes.added,
            removed: report.changes.removed,
            leftovers: report.leftovers,
            waiting: report.waiting,
            ..Self::default()
        }
    }

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
        let (generation, took) = (self.generation, self.took.as_millis());
        let mut text = match self.dry_run {
            true => {
                format!("a reload of {script}, as generation {generation}, would do this: {kept}")
            }
            false => format!("reloaded {script}, generation {generation}, {took} ms: {kept}"),
        };
        if !self.reset.is_empty() {
            let why = if self.options.reset_state { "asked for" } else { "edited" };
            text.push_str(&format!("; reset {} ({why})", list(&self.reset)));
        }
        let some = |n: usize, what: &str| (n > 0).then(|| count(n, what));
        let new = [some(self.new_listeners, "listener"), some(self.new_timers, "timer")];
        let gone = [some(self.ended_listeners, "listener"), some(self.ended_timers, "timer")];
        for (what, counts, names) in [("new", new, &self.added), ("gone", gone, &self.removed)] {
            let all: Vec<String> = counts.into_iter().flatten().chain(names.clone()).collect();
            if !all.is_empty() {
                text.push_str(&format!("; {what}: {}", list(&all)));
            }
        }
        for (why, connections) in &self.closed {
            text.push_str(&format!("; closed {} ({why})", count(*connections, "connection")));
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

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
