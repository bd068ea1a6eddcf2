//! The host as a whole: its start, its isolates, what it tells of itself, its stop.

/// What a host says of its script after each start and reload.
mod checks;
/// What one bad event costs, and what stays alive.
mod fault_isolation;
/// Isolates that die, that end after an error, and the graceful stop.
pub mod isolates;
/// Metrics over HTTP.
mod metrics;
/// How a script starts, is refused, and ends the host.
mod start;
/// What `HostHandle::status` and `connections` show.
mod status;
/// A stop comes to its end although scripts are busy.
mod stopping;
/// Handlers that wait are seen, and leave no trace when they end.
mod waiting;
