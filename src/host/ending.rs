//! How isolates end: after their connections, in order, or with a push.

use super::supervisor::{START_PATIENCE, Supervisor};
use crate::{
    isolate::{Command, Isolate},
    log::Level,
    net::listen::ListenSet,
};
use std::{
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};

/// How much longer than `stop_timeout` a stopping isolate may be busy before its scripts are ended. Fixed.
const KILL_GRACE: Duration = Duration::from_millis(100);

/// How long a graceful stop serves the connections that are open. Changed by `Worker::configure(#{ stop_timeout })`. Long
/// enough for a request; a websocket would stay for ever.
const GRACE: Duration = Duration::from_secs(30);

/// A graceful stop that is under way.
pub(super) struct Draining {
    code: u8,
    deadline: Instant,
    /// From isolates that still have connections.
    answers: Vec<Receiver<()>>,
}

impl Draining {
    /// The exit code, if nobody is there any more or the time is up.
    pub(super) fn is_done(&mut self) -> Option<u8> {
        self.answers.retain(|answer| answer.try_recv() == Err(TryRecvError::Empty));
        (self.answers.is_empty() || Instant::now() > self.deadline).then_some(self.code)
    }
}

impl Supervisor {
    /// A host that ends says who wanted that. The place stands in the message, for it is the host that speaks here.
    pub(super) fn script_stops(&self, code: u8, location: &str) {
        let text = format!("stopping: Worker::stop_all({code}) was called at {location}");
        self.config.log.host(Level::Info, text);
    }

    /// Takes no more connections and lets those that are open come to their end.
    pub(super) fn drain(&mut self, code: u8) -> Draining {
        let grace = self.configuration.stop_timeout.unwrap_or(GRACE);
        let deadline = Instant::now() + grace;
        let text = format!(
            "stopping when all connections are closed, in {} s at most",
            grace.as_secs_f64()
        );
        self.config.log.host(Level::Info, text);
        self.bound.iter().flatten().for_each(ListenSet::close);
        let places = self.places.iter();
        let answers = places.map(|p| p.isolate.ask(|reply| Command::Drain { reply })).collect();
        Draining { code, deadline, answers }
    }

    /// How long an orderly stop waits for queues and goodbyes.
    pub(super) fn stop_timeout(&self) -> Duration {
        self.configuration.stop_timeout.unwrap_or(self.config.stop_timeout)
    }

    /// Stops every isolate. One that is busy with script code is helped to an end, one that is lost in a function of the
    /// embedder is left behind.
    pub(super) fn stop_isolates(&mut self) {
        self.bound.iter().flatten().for_each(ListenSet::close);
        let limit = self.stop_timeout();
        let isolates: Vec<_> =
            std::mem::take(&mut self.places).into_iter().map(|p| p.isolate).collect();
        let mut answers = begin_stop(&isolates, limit);
        wait_for_stop(&mut answers, patience(limit));
        if !answers.is_empty() {
            self.config.engine.kill.store(true, Ordering::Relaxed);
            isolates.iter().for_each(|isolate| isolate.turns.end_every());
            wait_for_stop(&mut answers, last_patience(limit));
        }
        match answers.len() {
            0 => isolates.into_iter().for_each(Isolate::join),
            lost => {
                let text = format!("{lost} isolate(s) did not come to an end and were left behind");
                self.config.log.host(Level::Error, text);
            }
        }
        self.bound.clear();
    }
}

/// How long isolates may take to stop in order.
fn patience(limit: Duration) -> Duration {
    limit + limit / 2 + KILL_GRACE
}

/// How much longer those may take whose scripts were ended.
fn last_patience(limit: Duration) -> Duration {
    2 * limit + KILL_GRACE
}

/// How long a stop takes at most. `configured` is the script's `stop_timeout`, `default` what counts without one.
pub(super) fn longest_stop(
    configured: Option<Duration>,
    default: Duration,
    graceful: bool,
) -> Duration {
    let limit = configured.unwrap_or(default);
    let grace = if graceful { configured.unwrap_or(GRACE) } else { Duration::ZERO };
    grace + patience(limit) + last_patience(limit)
}

/// Stops isolates that are not needed any more while the others serve on, and waits for their threads.
pub(super) fn stop_all<T: Into<Isolate>>(all: Vec<T>, limit: Duration) {
    let isolates: Vec<Isolate> = all.into_iter().map(T::into).collect();
    let mut answers = begin_stop(&isolates, limit);
    wait_for_stop(&mut answers, START_PATIENCE);
    if answers.is_empty() {
        isolates.into_iter().for_each(Isolate::join);
    }
}

/// Tells isolates to stop, which begins with no more accepting.
fn begin_stop(isolates: &[Isolate], limit: Duration) -> Vec<Receiver<()>> {
    isolates.iter().map(|i| i.ask(|reply| Command::Stop { limit, reply })).collect()
}

/// Waits so long at most, and keeps those that have not answered.
fn wait_for_stop(answers: &mut Vec<Receiver<()>>, patience: Duration) {
    let deadline = Instant::now() + patience;
    answers.retain(|answer| {
        let left = deadline.saturating_duration_since(Instant::now());
        answer.recv_timeout(left) == Err(RecvTimeoutError::Timeout)
    });
}
