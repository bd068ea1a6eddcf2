//! All tests of the host from outside, in one binary: a module for each subject. Sockets, files and time are real.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod client;
mod host;

/// Rhai's array functions.
mod array_functions;
/// The script reference: complete, true, and told in the documents.
mod reference;
/// Saving under load.
mod reload_load;
/// The shortest path through everything.
mod smoke;
/// Going back when a new start throws.
mod start_fault;
/// What the Architecture section promises about the sources.
mod tidy;
