//! How a script was started, which a restart repeats where nothing else is said.

use super::{
    arguments::{Arguments, Command, LogFormat, Start},
    client::{Client, PATIENCE},
    wire::{Answer, Request},
};
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manner {
    pub daemon: bool,
    pub watch: bool,
    pub settle: u64,
    pub rehearsal_timeout: u64,
    pub log_format: LogFormat,
    /// What the script was given. A host of an earlier version does not say.
    #[serde(default)]
    pub arguments: Vec<String>,
}

impl Manner {
    /// That of what runs. None: it does not say.
    pub fn of(client: &Client) -> Option<Self> {
        match client.ask(&Request::Manner, PATIENCE) {
            Ok(Answer::Manner(manner)) => Some(manner),
            _ => Self::of_a_daemon(client.running.pid()?),
        }
    }

    /// A daemon whose server is gone or hangs: what its processes were started with says the same.
    fn of_a_daemon(pid: u32) -> Option<Self> {
        match command_of(pid)? {
            Command::Monitor(plan) | Command::Server(plan) => Some(plan.manner(true)),
            _ => None,
        }
    }

    /// Fills in what the command line leaves open.
    pub fn repeat(self, start: &mut Start) {
        start.daemon |= self.daemon;
        start.watch |= self.watch;
        start.serving.settle.get_or_insert(self.settle);
        start.serving.rehearsal_timeout.get_or_insert(self.rehearsal_timeout);
        start.serving.log_format.get_or_insert(self.log_format);
        if start.serving.arguments.is_empty() {
            start.serving.arguments = self.arguments;
        }
    }
}

/// What a process of ours was started with.
pub fn command_of(pid: u32) -> Option<Command> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let arguments = line.strip_suffix(b"\0")?.split(|byte| *byte == 0).map(OsStr::from_bytes);
    Some(Arguments::try_parse_from(arguments).ok()?.command)
}
