//! What a host tells its embedder.

use super::{Reloaded, StartUnderWay};
use crate::{engine::lint::Finding, error::Fault};

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
