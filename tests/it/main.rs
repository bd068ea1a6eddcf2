//! All tests of the host from outside, in one binary: a module for each subject. Sockets, files and time are real.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod client;
mod host;
mod process;

/// The real binary: arguments, signals, exit codes, what it prints.
mod cli;
/// Rule by rule, what a saved script keeps and what it changes.
mod reload;
/// What a script can do: variables, maps, imports, errors, the log.
mod script;
/// The shortest path through everything.
mod smoke;
/// `Timer` and `sleep`.
mod timers;
