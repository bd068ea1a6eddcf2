//! `Worker::configure(#{ … })`: what a script says about the process that hosts it.

use super::{
    session_configuration::SessionConfiguration,
    value::{Outcome, boolean, error, seconds, text, whole},
};
use crate::engine::report::nearest;
use rhai::Map;
use std::{path::PathBuf, time::Duration};

/// The range of sizes, bytes.
const SIZES: std::ops::RangeInclusive<i64> = 1..=(1 << 50);

/// What a script configured; what it did not is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// Does `rhost start` detach from the terminal? Read at start.
    pub daemonize: Option<bool>,
    /// Where a daemon's output goes, and what its script prints. Read at start.
    pub stdout_file: Option<PathBuf>,
    /// The file that holds the process id; the control socket is beside it. Read at start.
    pub pid_file: Option<PathBuf>,
    /// The log. Read at start.
    pub log_file: Option<PathBuf>,
    /// Bytes after which a new log file is begun. Read at start.
    pub log_file_max_size: Option<u64>,
    /// How long a stop waits for queues and goodbyes, and a graceful one for connections. Changes on reload.
    pub stop_timeout: Option<Duration>,
    /// Bytes of memory for what waits for all peers together. Changes on reload.
    pub max_queued_bytes: Option<u64>,
    /// Where metrics are served, `127.0.0.1:9100`. Read at start.
    pub metrics: Option<String>,
    /// Where sessions are kept and how. Changes on reload.
    pub session: Option<SessionConfiguration>,
}

impl Configuration {
    /// All keys.
    const NAMES: [&'static str; 9] = [
        "daemonize",
        "stdout_file",
        "pid_file",
        "log_file",
        "log_file_max_size",
        "stop_timeout",
        "max_queued_bytes",
        "metrics",
        "session",
    ];

    /// Adds what a call of `Worker::configure` says; relative paths are those of the working directory.
    pub(crate) fn read(&mut self, given: &Map) -> Outcome<()> {
        for (name, value) in given {
            let name = name.as_str();
            let path = || text(value, name).map(PathBuf::from);
            let size = || whole(value, name, SIZES).map(|n| n as u64);
            match name {
                "daemonize" => self.daemonize = Some(boolean(value, name)?),
                "stdout_file" => self.stdout_file = Some(path()?),
                "pid_file" => self.pid_file = Some(path()?),
                "log_file" => self.log_file = Some(path()?),
                "log_file_max_size" => self.log_file_max_size = Some(size()?),
                "stop_timeout" => self.stop_timeout = Some(seconds(value, name)?),
                "max_queued_bytes" => self.max_queued_bytes = Some(size()?),
                "session" => self.session = Some(SessionConfiguration::read(value)?),
                "metrics" => self.metrics = Some(text(value, name)?),
                _ => {
                    let advice = nearest(name, Self::NAMES);
                    let advice = advice.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                    return Err(error(format!(
                        "there is nothing to configure as `{name}`{advice}"
                    )));
                }
            }
        }
        Ok(())
    }
}
