//! `Worker::configure(#{ … })`: what a script says about the process that hosts it.

use super::{
    session_configuration::SessionConfiguration,
    value::{Outcome, boolean, error, seconds, text, whole},
};
use crate::{
    engine::{nearest::nearest, values::json},
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

/// When a key is read.
#[derive(PartialEq)]
enum Read {
    /// When the process starts.
    AtStart,
    /// At every reload.
    OnReload,
}

/// Makes [`Configuration`] of a table. Each row is a key, its type, when it is read, and how a value that a script gives
/// becomes one of that type; relative paths begin at the script's folder.
macro_rules! configuration {
    (
        keys { $($(#[$doc:meta])* $name:ident: $type:ty, $when:ident, $read:expr;)* }
        known { $($(#[$known_doc:meta])* $known:ident: $known_type:ty,)* }
    ) => {
        /// What a script configured; what it did not is `None`.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Configuration {
            $($(#[$doc])* pub $name: Option<$type>,)*
            $($(#[$known_doc])* pub $known: $known_type,)*
        }

        impl Configuration {
            /// All keys.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// The names of what differs and is read at start only.
            pub(crate) fn changed_for_the_next_start(&self, before: &Self) -> Vec<&'static str> {
                let all = [$((stringify!($name), Read::$when, self.$name != before.$name)),*];
                let later = all.into_iter().filter(|(_, when, is_new)| *is_new && *when == Read::AtStart);
                later.map(|(name, ..)| name).collect()
            }

            /// Takes the value of one key. `None`: there is no such key.
            fn set(&mut self, name: &str, value: &Dynamic, folder: &Path) -> Option<Outcome<()>> {
                Some(match name {
                    $(stringify!($name) => {
                        let read: fn(&Dynamic, &str, &Path) -> Outcome<$type> = $read;
                        read(value, name, folder).map(|value| self.$name = Some(value))
                    })*
                    _ => return None,
                })
            }
        }
    };
}

configuration! {
    keys {
        /// Whether `rhost start` detaches from the terminal. Read at start.
        daemonize: bool, AtStart, |value, name, _| boolean(value, name);
        /// Where a daemon's output goes, and what its script prints. Read at start.
        stdout_file: PathBuf, AtStart, file;
        /// The file that holds the process id; the control socket is beside it. Read at start.
        pid_file: PathBuf, AtStart, file;
        /// The log. Read at start.
        log_file: PathBuf, AtStart, file;
        /// Bytes after which a new log file is begun. Read at start.
        log_file_max_size: u64, AtStart, size;
        /// Where lines of answered requests go, if not to the log. Read at start.
        access_log_file: PathBuf, AtStart, file;
        /// How long a stop waits for queues and goodbyes, and a graceful one for connections. Changes on reload.
        stop_timeout: Duration, OnReload, |value, name, _| seconds(value, name);
        /// Bytes of memory for what waits for all peers together. Changes on reload.
        max_queued_bytes: u64, OnReload, size;
        /// Bytes of memory for what peers have sent of messages that are not whole yet. Changes on reload.
        max_received_bytes: u64, OnReload, size;
        /// Where metrics are served, `127.0.0.1:9100`. Read at start.
        metrics: String, AtStart, address;
        /// Where sessions are kept and how. Changes on reload.
        session: SessionConfiguration, OnReload,
            |value, _, folder| SessionConfiguration::read(value, folder);
    }
    known {
        /// The user id that the process will have, where the workers' `user` makes it another than it has.
        user: Option<u32>,
        /// The same for its group.
        group: Option<u32>,
        /// The addresses of the script's top-level workers, as it declares them.
        listen: Vec<String>,
    }
}

impl Configuration {
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

    /// Adds what a call of `Worker::configure` says; relative paths begin at the script's `folder`, as all do that a
    /// script names: whoever starts it may stand anywhere.
    pub(crate) fn read(&mut self, given: &Map, folder: &Path) -> Outcome<()> {
        for (name, value) in given {
            let known = self.set(name, value, folder);
            known.unwrap_or_else(|| {
                let advice = nearest(name, Self::NAMES.iter().copied());
                let advice = advice.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                Err(error(format!("there is nothing to configure as `{name}`{advice}")))
            })?;
        }
        Ok(())
    }
}

/// A number of bytes.
fn size(value: &Dynamic, name: &str, _: &Path) -> Outcome<u64> {
    whole(value, name, SIZES).map(|n| n as u64)
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
fn file(value: &Dynamic, name: &str, folder: &Path) -> Outcome<PathBuf> {
    let path = text(value, name)?;
    if path.is_empty() || path.contains('\0') {
        let shown = json::show(value);
        return Err(error(format!("{name} is the path of a file, not {shown}")));
    }
    Ok(folder.join(path))
}

/// Where something can listen.
fn address(value: &Dynamic, name: &str, _: &Path) -> Outcome<String> {
    let address = text(value, name)?;
    if address.parse::<SocketAddr>().is_err() {
        return Err(error(format!(
            "`{name}` must be `ip:port`, such as `127.0.0.1:9100`, not `{address}`"
        )));
    }
    Ok(address)
}
