//! The commands of the binary: one file for each command or subject. Arguments, processes, signals, files, exit codes and
//! what is printed live here; what is served is the library's, which is used as any embedder uses it.

pub mod arguments;
pub mod check;
pub mod client;
pub mod connections;
mod control;
pub mod doc;
pub mod exit;
mod files;
mod herald;
mod inherited;
mod launch;
mod lock;
mod logging;
mod lost;
mod manner;
mod memory;
pub mod monitor;
mod notify;
mod outlet;
mod place;
pub mod plan;
pub mod reload;
mod running;
pub mod serve;
mod signals;
pub mod start;
mod started;
pub mod status;
pub mod stop;
mod table;
mod tenancy;
pub mod terminal;
mod timed;
mod turn;
mod wire;
