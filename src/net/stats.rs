//! What one isolate tells of itself without being asked: the isolate writes, the host reads, and nobody waits.
//!
//! # Who looks never waits
//!
//! Each isolate counts in numbers of its own that only it writes, by plain stores, and
//! `host/board.rs` reads them: a status is there at once, however busy scripts are. A handler that starts stores
//! where it stands; a thread that looks ten times a second sees when that stands still, so that no handler reads a
//! clock. Handlers that wait, and only those, are in a list under a lock (`net/waiting`), which is held for as long
//! as it takes to enter one or to copy twenty; whichever way a handler ends, it leaves the list when its stack
//! goes.

use super::{
    code, conn::ConnEvent, counter::Counter, latency::Latency, starting::Starting, waiting::Waiting,
};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Bits of a place that hold the line; the rest is the number of the file, from 1.
const LINE_BITS: u32 = 32;

/// One isolate's counters. Those of connections and bytes are written by this room, the others by the rooms above.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Open connections.
    pub(crate) connections: Counter,
    /// Connections that were ever accepted.
    pub(crate) accepted: Counter,
    /// Messages that were handled.
    pub(crate) messages: Counter,
    pub(crate) bytes_read: Counter,
    pub(crate) bytes_written: Counter,
    /// Bytes that wait for peers.
    pub(crate) queued: Counter,
    /// Messages that were not sent: the queue was full, the budget used up, or the connection not open any more.
    pub(crate) dropped: Counter,
    /// Living timers.
    pub(crate) timers: Counter,
    pub(crate) faults: Faults,
    pub(crate) cut: Cut,
    /// Bytes that peers have sent of messages that are not whole yet.
    pub(crate) unread: Counter,
    /// Its `on_worker_start`, as long as that has not returned.
    pub(crate) starting: Starting,
    /// Handlers that wait.
    pub(crate) waiting: Arc<Waiting>,
    /// The generation that serves, from 1; 0 before there is one.
    pub(crate) generation: Counter,
    /// How often the isolate of this place was started anew. Set by whoever does it.
    pub(crate) restarts: Counter,
    /// How long handlers take; only counted when somebody wants to know, for it costs two looks at the clock.
    pub(crate) latency: Latency,
    pub(crate) is_measured: AtomicBool,
    /// Names of files, in the order of their numbers.
    files: Mutex<Vec<String>>,
    listening: Mutex<Vec<String>>,
    leftovers: Mutex<Vec<(String, i64)>>,
}

/// Connections that were closed because they held memory and did nothing with it.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    /// Their peers read nothing for `send_timeout`.
    pub(crate) by_send_timeout: Counter,
    /// The same when all queues together used up `max_queued_bytes`.
    pub(crate) by_queues: Counter,
    /// Unfinished messages used up `max_received_bytes`.
    pub(crate) by_received: Counter,
}

impl Cut {
    /// All reasons, by the names of the limits.
    pub(crate) fn by_reason(&self) -> [(&'static str, u64); 3] {
        [
            ("send_timeout", self.by_send_timeout.get()),
            ("max_queued_bytes", self.by_queues.get()),
            ("max_received_bytes", self.by_received.get()),
        ]
    }
}

/// Trouble, by kind.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// A handler threw.
    pub(crate) script: Counter,
    /// A handler was ended because it ran too long.
    pub(crate) timeout: Counter,
    /// A handler was ended because it made too much.
    pub(crate) memory: Counter,
    /// A function of the host panicked.
    pub(crate) panic: Counter,
    /// A peer broke its protocol or a time limit.
    pub(crate) protocol: Counter,
    /// A send failed, and the connection was told so.
    pub(crate) send: Counter,
    /// A request was not answered in time.
    pub(crate) unanswered: Counter,
}

impl Faults {
    /// Counts trouble with a peer.
    pub(super) fn note(&self, event: &ConnEvent) {
        match event {
            ConnEvent::Error { code: code::SEND, .. } => self.send.add(1),
            ConnEvent::Error { .. } => self.protocol.add(1),
            ConnEvent::Unanswered => self.unanswered.add(1),
            ConnEvent::BufferFull | ConnEvent::BufferDrain => (),
        }
    }

    /// Events that were lost to errors.
    pub(crate) fn lost_events(&self) -> u64 {
        self.script.get() + self.timeout.get() + self.memory.get() + self.panic.get()
    }

    /// All kinds by name.
    pub(crate) fn by_kind(&self) -> [(&'static str, u64); 7] {
        [
            ("script", self.script.get()),
            ("timeout", self.timeout.get()),
            ("memory", self.memory.get()),
            ("panic", self.panic.get()),
            ("protocol", self.protocol.get()),
            ("send", self.send.get()),
            ("unanswered", self.unanswered.get()),
        ]
    }
}

impl Stats {
    /// The number of a place in a file. To be kept by whoever asks: this takes a lock.
    pub(crate) fn place(&self, file: &str, line: usize) -> u64 {
        let mut files = lock(&self.files);
        let at = files.iter().position(|f| f == file).unwrap_or_else(|| {
            files.push(file.to_owned());
            files.len() - 1
        });
        (at as u64 + 1) << LINE_BITS | line as u64 & u64::from(u32::MAX)
    }

    /// `push.rhai:18`, for the number of a place.
    pub(crate) fn name_of(&self, place: u64) -> Option<String> {
        let file = usize::try_from(place >> LINE_BITS).ok()?.checked_sub(1)?;
        let name = lock(&self.files).get(file)?.clone();
        match place & u64::from(u32::MAX) {
            0 => Some(name),
            line => Some(format!("{name}:{line}")),
        }
    }

    #[inline]
    pub(crate) fn measures(&self) -> bool {
        self.is_measured.load(Ordering::Relaxed)
    }

    /// Where it listens.
    pub(crate) fn listening(&self) -> Vec<String> {
        lock(&self.listening).clone()
    }

    pub(crate) fn set_listening(&self, addresses: Vec<String>) {
        *lock(&self.listening) = addresses;
    }

    /// Closures that stay on an old generation: where they stand, and its number.
    pub(crate) fn leftovers(&self) -> Vec<(String, i64)> {
        lock(&self.leftovers).clone()
    }

    pub(crate) fn set_leftovers(&self, leftovers: Vec<(String, i64)>) {
        *lock(&self.leftovers) = leftovers;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is replaced whole: a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_numbers_and_numbers_have_names() {
        let stats = Stats::default();
        let (a, b) = (stats.place("a.rhai", 3), stats.place("b.rhai", 70_000));
        assert_eq!(stats.place("a.rhai", 3), a);
        assert_eq!(stats.name_of(a).as_deref(), Some("a.rhai:3"));
        assert_eq!(stats.name_of(b).as_deref(), Some("b.rhai:70000"));
        assert_eq!(stats.name_of(0), None);
    }
}
