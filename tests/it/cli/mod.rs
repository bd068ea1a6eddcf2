//! The real binary: commands, daemons, logs, signals.

/// A daemon of root that becomes somebody else.
mod becoming;
/// `rhost check` and `rhost doc`.
mod check;
/// What commands and signals do when something is in their way.
mod commands;
/// Faults that services of this kind are known for, and that this one does not have.
mod complaints;
/// Daemons: what every command does to them, and how they survive.
pub mod daemon;
/// What a daemon writes: logs, what scripts print, and the rights of its files.
mod daemon_files;
/// `rhost doc`.
mod doc;
/// The user and group that the process becomes.
mod identity;
/// Structured logs.
mod json_log;
/// Services as their operator meets them: the push example and others, by the real binary.
mod operation;
/// The real binary, when nobody reads what it says.
mod outlets;
/// How long commands wait for a host that stops.
mod patience;
/// Pid files, links and control sockets: how a script is found, and what is left of it.
mod places;
/// `rhost restart` stops nothing in vain.
mod restarting;
/// The real binary: arguments, signals, exit codes, what it prints.
mod run;
/// Daemons that end before they serve.
mod short_lives;
/// Signals at bad moments.
mod signals;
