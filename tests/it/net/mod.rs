//! Sockets: addresses, queues, limits, descriptors.

/// The budget for bytes that wait for all peers together.
mod budget;
/// Peers that do not read: queues, their limits, and pipes.
mod buffers;
/// Connections that come and go leave nothing behind.
mod churn;
/// Descriptors that run out.
mod descriptors;
/// Unix sockets and IPv6, for every protocol.
mod endpoints;
/// Sockets that the host was started with.
mod inherited;
/// What strangers may cost: time and memory.
mod limits;
/// `listen()` and `unlisten()`, and the same address in several isolates.
mod listening;
/// Peers that hold memory and do nothing with it.
mod patience;
/// Several isolates at one address.
mod spread;
/// Files of Unix sockets: whose they are, and what else may lie there.
mod unix_files;
