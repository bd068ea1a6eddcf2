//! The real binary: commands, daemons, logs, signals.

/// The access log, as JSON and in a file of its own.
mod access_log;
/// `rhost check` and `rhost doc`.
mod check;
/// `rhost check --json`.
mod check_json;
/// How long commands wait for a host that stops.
mod command_timeouts;
/// What commands and signals do when something is in their way.
mod commands;
/// Daemons: what every command does to them, and how they survive.
pub mod daemon;
/// What commands and signals do to the clients of a daemon.
mod daemon_clients;
/// What a daemon writes: logs, what scripts print, and the rights of its files.
mod daemon_files;
/// `rhost doc`.
mod doc;
/// The user and group that the process becomes.
mod identity;
/// Whose the files are of a daemon of root that becomes somebody else.
mod identity_files;
/// What others left open, ignored or piped when they started us.
mod inheritance;
/// Structured logs.
mod json_log;
/// Where lines go: files that are put aside, many lines at once, relative names.
mod log_files;
/// `rhost list` and `rhost logs`.
mod looking;
/// Scripts that want all memory.
mod memory;
/// Services as their operator meets them: the push example and others, by the real binary.
mod operation;
/// Root and the daemons of others.
mod other_users;
/// The real binary, when nobody reads what it says.
mod output;
/// Pid files, links and control sockets that somebody removes while the host runs.
mod removed_files;
/// `rhost restart` stops nothing in vain.
mod restarting;
/// The real binary: arguments, signals, exit codes, what it prints.
mod run;
/// Pid files, links and control sockets: how a script is found, and what is left of it.
mod runtime_files;
/// Arguments of scripts, and scripts as programs.
mod script_arguments;
/// Signals at bad moments.
mod signals;
/// Daemons that end before they serve.
mod start_endings;
/// What commands say of handlers that wait.
mod waiting;
