//! What commands and a running host say to each other on the control socket: one JSON line each.

use rhost::{Connections, StartUnderWay, Status};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Bytes of a request. Fixed: none of them comes near.
pub const MAX_REQUEST: u64 = 4 * 1024;

/// Bytes of an answer. Fixed: room for a million connections.
pub const MAX_ANSWER: u64 = 512 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Status,
    Connections,
    Reload { hard: bool, reset_state: bool, dry_run: bool },
    Stop { graceful: bool },
    Manner,
    Logs,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Status(Box<Status>),
    Connections(Connections),
    /// What it did, for people and for programs.
    Reloaded(String, serde_json::Value),
    /// The same where the first start was begun anew and takes long again, and what it waits for.
    Starting(String, serde_json::Value, Vec<StartUnderWay>),
    /// The fault.
    Rejected(String),
    /// How long that takes at most.
    Stopping {
        within: Duration,
    },
    /// The request cannot be understood, or comes too late.
    Refused(String),
    /// How it was started.
    Manner(super::manner::Manner),
    /// Where its lines go.
    Logs(Logs),
}

/// Where the lines of a host go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Logs {
    /// None: to standard error alone.
    pub log_file: Option<PathBuf>,
}
