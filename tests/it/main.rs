//! All tests of the host from outside, in one binary: a module for each subject. Sockets, files and time are real.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod answer;
mod browser;
mod client;
mod exchange;
mod guards;
mod host;
mod process;

/// Rhai's array functions.
mod array_functions;
/// The chat example: two real pages talk while its script is edited.
mod browser_chat;
/// The push example and a real page: an edited handler is live, and the page never reconnects.
mod browser_push;
/// The push example on the wire: who logs in, who is pushed to, who leaves.
mod push;
/// The script reference: complete, true, and told in the documents.
mod reference;
/// Saving under load.
mod reload_load;
/// Every example's conversation, played.
mod session;
/// Handlers run as rhai would run them.
mod shortcuts;
/// The shortest path through everything.
mod smoke;

/// A daemon of root that becomes somebody else.
mod becoming;
/// The budget for bytes that wait for all peers together.
mod budget;
/// Peers that do not read: queues, their limits, and pipes.
mod buffers;
/// `rhost check` and `rhost doc`.
mod check;
/// Connections that come and go leave nothing behind.
mod churn;
/// The real binary: arguments, signals, exit codes, what it prints.
mod cli;
/// What commands and signals do when something is in their way.
mod commands;
/// Faults that services of this kind are known for, and that this one does not have.
mod complaints;
/// One connection: properties, callbacks of its own, pausing, addresses.
mod connection;
/// What one bad event costs, and what stays alive.
mod containment;
/// What one peer, one script or one pipe may not do to the others.
mod corners;
/// Daemons: what every command does to them, and how they survive.
mod daemon;
/// What a daemon writes: logs, what scripts print, and the rights of its files.
mod daemon_files;
/// Descriptors that run out.
mod descriptors;
/// Faults in embedded functions, and scripts that never end.
mod embedder;
/// Unix sockets and IPv6, for every protocol.
mod endpoints;
/// Errors of scripts cost one event.
mod faults;
/// Errors in functions that are handed from file to file.
mod faults_across_files;
/// What `HostHandle::status` and `connections` show.
mod host_status;
/// HTTP/2: streams as connections.
mod http2;
/// What clients of an `http` worker get for what its script does.
mod http_answers;
/// Files of a `WebServer`: roots, ranges, compression, and no way out.
mod http_files;
/// Sessions: cookies, stores, who may see what; and whom a proxy speaks for.
mod http_sessions;
/// Forms with files, and large bodies.
mod http_uploads;
/// Websockets beside HTTP, at one port.
mod http_websocket;
/// RFC 9110 and 9112, byte by byte: framing, lines, order, time, floods, stops.
mod http_wire;
/// The user and group that the process becomes.
mod identity;
/// Sockets that the host was started with.
mod inherited;
/// Isolates that die, that end after an error, and the graceful stop.
mod isolates;
/// Structured logs.
mod json_log;
/// An `on_worker_start` that takes longer than the host waits for it.
mod late_starts;
/// What a reload removes leaves nothing behind.
mod leftovers;
/// What strangers may cost: time and memory.
mod limits;
/// `listen()` and `unlisten()`, and the same address in several isolates.
mod listening;
/// Metrics over HTTP.
mod metrics;
/// The names of Workers.
mod names;
/// Services as their operator meets them: the push example and others, by the real binary.
mod operation;
/// The real binary, when nobody reads what it says.
mod outlets;
/// How long commands wait for a host that stops.
mod patience;
/// Pid files, links and control sockets: how a script is found, and what is left of it.
mod places;
/// text, frame and raw bytes on the wire.
mod protocols;
/// Rule by rule, what a saved script keeps and what it changes.
mod reload;
/// `rhost restart` stops nothing in vain.
mod restarting;
/// `std/router`: routes, groups, middleware.
mod router;
/// What a script can do: variables, maps, imports, errors, the log.
mod script;
/// Sending and closing.
mod sending;
/// Daemons that end before they serve.
mod short_lives;
/// Signals at bad moments.
mod signals;
/// A time limit for handlers whose single operations are slow.
mod slow_operations;
/// Several isolates at one address.
mod spread;
/// How a script starts, is refused, and ends the host.
mod start;
/// Going back when a new start throws.
mod start_fault;
/// A stop comes to its end although scripts are busy.
mod stopping;
/// What the Architecture section promises about the sources.
mod tidy;
/// `Timer` and `sleep`.
mod timers;
/// Variables of the top level.
mod top_level;
/// RFC 6455, byte by byte: frames, handshakes, goodbyes, and the time each may take.
mod websocket;
/// A worker's properties and callbacks.
mod worker;
/// A worker's connections, and inner workers.
mod worker_connections;
