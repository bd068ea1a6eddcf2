//! How a host is, as plain data: what `rhost status` and `rhost connections` show.

use super::StartUnderWay;
use serde::{Deserialize, Serialize};

/// A running host at one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Status {
    /// Version of rhost.
    pub version: String,
    /// The script, as a whole path.
    pub script: String,
    /// The process.
    pub pid: u32,
    /// When it started, seconds since 1970.
    pub started: u64,
    /// How long it has been running, seconds.
    pub uptime: f64,
    /// Mean load of the machine over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// The generation that serves; 0 at first.
    pub generation: u64,
    /// Reloads that were accepted.
    pub reloads: u64,
    /// Reloads that were rejected.
    pub rejected_reloads: u64,
    /// What came of the last reload, if there was one.
    pub last_reload: Option<LastReload>,
    /// Resident memory of the process, bytes.
    pub memory: u64,
    /// Bytes that wait for peers, in all isolates.
    pub queued_bytes: u64,
    /// Memory that their queues may take, bytes.
    pub max_queued_bytes: u64,
    /// Bytes that peers have sent of messages that are not whole yet, in all isolates.
    #[serde(default)]
    pub received_bytes: u64,
    /// Memory that those may take, bytes.
    #[serde(default)]
    pub max_received_bytes: u64,
    /// Lines of the log, and of what scripts print, that were lost: an outlet was too slow, or a disk full.
    pub lost_log_lines: u64,
    /// Where metrics are served, `127.0.0.1:9100`, if they are.
    #[serde(default)]
    pub metrics: Option<String>,
    /// The script's top-level workers, in the order of their declaration.
    pub workers: Vec<WorkerStatus>,
    /// The isolates, in the order of the workers that they serve.
    pub isolates: Vec<IsolateStatus>,
}

/// What came of a reload.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LastReload {
    /// When, seconds since 1970.
    pub at: u64,
    /// Was it accepted?
    pub accepted: bool,
    /// Did its `on_worker_start` throw afterwards, when the host did not wait for it any more? The new code serves then,
    /// without what its start did not come to.
    pub failed: bool,
    /// The line that says what was kept, or the fault.
    pub text: String,
}

/// A top-level worker.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WorkerStatus {
    /// Its name; empty if the script set none.
    pub name: String,
    /// The address as the script wrote it; empty without one.
    pub declared: String,
    /// Where it listens, if it does.
    pub address: Option<String>,
    /// `tcp` or `unix`.
    pub transport: String,
    /// The user that it runs as.
    pub user: String,
    /// In how many isolates it runs.
    pub count: usize,
}

/// One isolate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IsolateStatus {
    /// The worker that it serves: its name, else its address as declared, else its number (`worker 2`), with a number
    /// behind it where two would be called the same; empty for a script without workers.
    pub worker: String,
    /// Its number among those of that worker.
    pub id: usize,
    /// Where it listens: the worker's address, and those of workers that it made itself.
    pub listening: Vec<String>,
    /// Open connections.
    pub connections: u64,
    /// Messages that were handled since its start.
    pub messages: u64,
    /// Bytes received from peers.
    pub bytes_read: u64,
    /// Bytes handed to the kernel.
    pub bytes_written: u64,
    /// Bytes that wait for peers.
    pub queued_bytes: u64,
    /// Bytes that peers have sent of messages that are not whole yet.
    #[serde(default)]
    pub received_bytes: u64,
    /// Connections that were closed because they held memory and did nothing with it.
    #[serde(default)]
    pub cut: Cut,
    /// Sends that were dropped or failed.
    pub send_failures: u64,
    /// Living timers.
    pub timers: u64,
    /// Events that were lost to errors.
    pub faults: u64,
    /// The generation that serves.
    pub generation: u64,
    /// How often it was started anew because it had died.
    pub restarts: u64,
    /// The handler that keeps it from doing anything else, if there is one.
    pub busy: Option<Busy>,
    /// Its `on_worker_start`, as long as that has not returned.
    #[serde(default)]
    pub starting: Option<StartUnderWay>,
    /// Closures without a successor: where they stand, and the generation they stay on.
    pub leftovers: Vec<(String, i64)>,
    /// Handlers that wait: for time, for a file, for anything.
    #[serde(default)]
    pub waiting: u64,
    /// Those of them that have waited for longest, twenty at most.
    #[serde(default)]
    pub longest_waiting: Vec<WaitingHandler>,
}

/// A handler that waits.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WaitingHandler {
    /// Where it stands, `push.rhai:18`.
    pub place: String,
    /// What it was called for: `on_message`, `timer 3`.
    pub event: String,
    /// The worker it was called for, as in [`IsolateStatus::worker`].
    pub worker: String,
    /// The connection it was called for, if it was for one.
    pub connection: Option<u64>,
    /// Is that connection closing or closed? Whatever it sends is lost then.
    pub connection_is_gone: bool,
    /// The function that it waits in, `sleep`.
    pub waits_in: String,
    /// Since it had to wait for the first time, seconds.
    pub seconds: f64,
    /// The generation whose code it runs.
    pub generation: i64,
}

/// A handler that has been running for long.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Busy {
    /// Where it stands, `push.rhai:18`.
    pub place: String,
    /// For how long, seconds.
    pub seconds: f64,
}

/// Connections that were closed because they held memory and did nothing with it, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Their peers read nothing for `send_timeout`.
    pub by_send_timeout: u64,
    /// Their peers read nothing when all queues together had used `max_queued_bytes` up.
    pub by_max_queued_bytes: u64,
    /// Unfinished messages had used `max_received_bytes` up.
    pub by_max_received_bytes: u64,
}
