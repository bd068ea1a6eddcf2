//! All tests of the host from outside, in one binary: a module for each subject. Sockets, files and time are real.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod browser;
mod client;
mod host;

/// Rhai's array functions.
mod array_functions;
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
/// The shortest path through everything.
mod smoke;
/// Going back when a new start throws.
mod start_fault;
/// What the Architecture section promises about the sources.
mod tidy;
/// Variables of the top level.
mod top_level;
/// RFC 6455, byte by byte: frames, handshakes, goodbyes, and the time each may take.
mod websocket;
