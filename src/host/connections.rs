//! The open connections of a host, and whose are not among them.

use super::{Busy, ConnectionStatus};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Every open connection of the isolates that answered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Connections {
    /// By isolate and id.
    pub connections: Vec<ConnectionStatus>,
    /// Isolates that did not answer in time: theirs are not listed.
    pub missing: Vec<MissingIsolate>,
}

/// An isolate that did not tell of its connections.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MissingIsolate {
    /// The worker that it serves: its name, or its address as declared.
    pub worker: String,
    /// Its number among those of that worker.
    pub isolate: usize,
    /// What keeps it from answering, if that is known.
    pub busy: Option<Busy>,
}

impl fmt::Display for MissingIsolate {
    /// `isolate 1 (push) is busy in push.rhai:12 for 3.2 s: its connections are not listed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "isolate {} ({}) ", self.isolate, self.worker)?;
        match &self.busy {
            Some(busy) => write!(f, "is busy in {} for {:.1} s", busy.place, busy.seconds)?,
            None => write!(f, "did not answer in time")?,
        }
        f.write_str(": its connections are not listed")
    }
}
