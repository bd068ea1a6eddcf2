//! All tests of the host from outside, in one binary: a module for each subject. Sockets, files and time are real.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod client;
mod host;

/// The shortest path through everything.
mod smoke;

/// Peers that do not read: queues, their limits, and pipes.
mod buffers;
/// One connection: properties, callbacks of its own, pausing, addresses.
mod connection;
/// Faults in embedded functions, and scripts that never end.
mod embedder;
/// Unix sockets and IPv6, for every protocol.
mod endpoints;
/// Errors of scripts cost one event.
mod faults;
/// What strangers may cost: time, memory, descriptors.
mod limits;
/// text, frame and raw bytes on the wire.
mod protocols;
/// Sending and closing.
mod sending;
/// How a script starts, is refused, and ends the host.
mod start;
/// A worker's properties and callbacks.
mod worker;
/// A worker's connections, and inner workers.
mod worker_connections;
