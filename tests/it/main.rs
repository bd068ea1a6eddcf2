//! All tests of the host from outside, in one binary: a module for each subject. Sockets, files and time are real.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod client;
mod host;

/// Going back when a new start throws.
mod start_fault;
/// The shortest path through everything.
mod smoke;
