//! rhost hosts event-driven network workers written in [Rhai](https://rhai.rs): a script makes `Worker` objects, sets
//! callbacks and listens; saving the file swaps the handlers while every connection and all declared state stay.
//!
//! - *Run a script from a Rust program, with functions of your own?* [`Host`] and [`HostBuilder`].
//! - *Know what happens to it?* [`HostBuilder::on_event`] and [`HostEvent`].
//! - *Get its log?* [`HostBuilder::on_log`] and [`Record`].
//! - *Limit what a handler may allocate?* [`CountingAllocator`] and [`HostBuilder::handler_memory`].
//! - *Write a script?* See the script reference in the README.
//!
//! Rhai itself is re-exported as [`rhai`], in the version that the host is made for.
#![deny(unsafe_code, missing_docs)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod allocator;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod engine;
mod error;
mod host;
mod isolate;
mod log;
mod net;
mod protocol;
mod runtime;
mod script;
mod watch;
mod web;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use allocator::CountingAllocator;
pub use engine::lint::Finding;
pub use error::{Error, ErrorKind, Fault, FaultKind};
pub use host::{
    Busy, Checked, ConnectionStatus, Connections, Cut, Host, HostBuilder, HostEvent, HostHandle,
    IsolateStatus, LastReload, MissingIsolate, ReloadOptions, ReloadOutcome, Reloaded,
    StartUnderWay, Status, WaitingHandler, WorkerInfo, WorkerStatus,
};
pub use log::{About, Access, Level, Record};
pub use rhai;
#[doc(hidden)]
pub use runtime::{entry::arguments, record::Announced};
pub use script::configuration::Configuration;
#[doc(hidden)]
pub use script::reference::{
    Entry, ManualPage, Match, Place, Section, all_names, entries, explain, manual,
    registered::{announced, registered_names},
    script_reference, search,
};
pub use script::session_configuration::{SessionConfiguration, SessionStore};
