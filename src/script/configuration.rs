//! `Worker::configure(#{ … })`: what a script says about the process that hosts it.

use super::{
    session_configuration::SessionConfiguration,
    value::{Outcome, boolean, error, seconds, text, whole},
};
use crate::{
    engine::{diagnostics::report::nearest, values::json},
    error::{Error, ErrorKind},
    net::{
        address::{Address, Endpoint},
        listen::{Claimant, Listeners, Owner},
    },
};
use rhai::{Dynamic, Map};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

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
    /// Where lines of answered requests go, if not to the log. Read at start.
    pub access_log_file: Option<PathBuf>,
    /// How long a stop waits for queues and goodbyes, and a graceful one for connections. Changes on reload.
    pub stop_timeout: Option<Duration>,
    /// Bytes of memory for what waits for all peers together. Changes on reload.
    pub max_queued_bytes: Option<u64>,
    /// Where metrics are served, `127.0.0.1:9100`. Read at start.
    pub metrics: Option<String>,
    /// The user id that the process will have, where the workers' `user` makes it another than it has.
    pub user: Option<u32>,
    /// The same for its group.
    pub group: Option<u32>,
    /// Where sessions are kept and how. Changes on reload.
    pub session: Option<SessionConfiguration>,
    /// The addresses of the script's top-level workers, as it declares them.
    pub listen: Vec<String>,
}

impl Configuration {
    /// All keys.
    pub(crate) const NAMES: [&'static str; 10] = [
        "daemonize",
        "stdout_file",
        "pid_file",
        "log_file",
        "log_file_max_size",
        "access_log_file",
        "stop_timeout",
        "max_queued_bytes",
        "metrics",
        "session",
    ];

    /// Listens for a moment wherever a host with this configuration will: at the addresses of its workers, and for
    /// metrics. What has one of the `held` addresses, written as [`Status`](crate::Status) shows them, is left out: whoever
    /// asks will let go of it.
    ///
    /// # Errors
    ///
    /// If an address cannot be listened on. The error's text is that of a start which fails for it.
    pub fn try_listening(&self, held: &[String]) -> Result<(), Error> {
        let held: Vec<Endpoint> = held.iter().filter_map(|text| endpoint(text)).collect();
        let is_free = |wanted: &Endpoint| !held.iter().any(|held| held.overlaps(wanted));
        let listeners = Listeners::default();
        let refused = |text| Error::new(ErrorKind::Listen, text);
        // All at the same time: none may be wanted twice.
        let mut bound = Vec::new();
        for declared in &self.listen {
            let address = Address::parse(declared).map_err(refused)?;
            if is_free(&address.endpoint) {
                let by = Claimant::new(Owner::Worker(declared.clone()), 0);
                bound.push(listeners.bind(&address, &by).map_err(refused)?);
            }
        }
        if let Some(metrics) = &self.metrics
            && endpoint(metrics).is_some_and(|metrics| is_free(&metrics))
        {
            TcpListener::bind(metrics).map_err(|e| cannot_serve_metrics(metrics, e))?;
        }
        Ok(())
    }

    /// The names of what differs and is read at start only.
    pub(crate) fn changed_for_the_next_start(&self, before: &Self) -> Vec<&'static str> {
        let all = [
            ("daemonize", self.daemonize != before.daemonize),
            ("stdout_file", self.stdout_file != before.stdout_file),
            ("pid_file", self.pid_file != before.pid_file),
            ("log_file", self.log_file != before.log_file),
            ("log_file_max_size", self.log_file_max_size != before.log_file_max_size),
            ("access_log_file", self.access_log_file != before.access_log_file),
            ("metrics", self.metrics != before.metrics),
        ];
        all.into_iter().filter(|(_, has_changed)| *has_changed).map(|(name, _)| name).collect()
    }

    /// Adds what a call of `Worker::configure` says; relative paths begin at the script's `folder`, as all do that a
    /// script names: whoever starts it may stand anywhere.
    pub(crate) fn read(&mut self, given: &Map, folder: &Path) -> Outcome<()> {
        for (name, value) in given {
            let name = name.as_str();
            let path = || file(value, name).map(|path| folder.join(path));
            let size = || whole(value, name, SIZES).map(|n| n as u64);
            match name {
                "daemonize" => self.daemonize = Some(boolean(value, name)?),
                "stdout_file" => self.stdout_file = Some(path()?),
                "pid_file" => self.pid_file = Some(path()?),
                "log_file" => self.log_file = Some(path()?),
                "log_file_max_size" => self.log_file_max_size = Some(size()?),
                "access_log_file" => self.access_log_file = Some(path()?),
                "stop_timeout" => self.stop_timeout = Some(seconds(value, name)?),
                "max_queued_bytes" => self.max_queued_bytes = Some(size()?),
                "session" => self.session = Some(SessionConfiguration::read(value, folder)?),
                "metrics" => self.metrics = Some(address(value, name)?),
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

/// Of `text://127.0.0.1:5678` or `127.0.0.1:5678`.
fn endpoint(text: &str) -> Option<Endpoint> {
    match text.parse() {
        Ok(address) => Some(Endpoint::Ip(address)),
        Err(_) => Address::parse(text).ok().map(|address| address.endpoint),
    }
}

pub(crate) fn cannot_serve_metrics(address: &str, error: io::Error) -> Error {
    let text = format!("cannot serve metrics on {address}: {error}");
    Error::new(ErrorKind::Listen, text).with_source(error)
}

/// A path that a file can have.
fn file(value: &Dynamic, name: &str) -> Outcome<PathBuf> {
    let path = text(value, name)?;
    if path.is_empty() || path.contains('\0') {
        let shown = json::show(value);
        return Err(error(format!("{name} is the path of a file, not {shown}")));
    }
    Ok(path.into())
}

/// Where something can listen.
fn address(value: &Dynamic, name: &str) -> Outcome<String> {
    let address = text(value, name)?;
    if address.parse::<SocketAddr>().is_err() {
        return Err(error(format!(
            "`{name}` must be `ip:port`, such as `127.0.0.1:9100`, not `{address}`"
        )));
    }
    Ok(address)
}
