//! The properties of a Worker that the host defines, with their defaults, ranges and meaning. The callbacks are not here.

use super::{
    encoding::Encoding,
    http::TrustedProxies,
    policy::Policy,
    value::{Outcome, boolean, error, seconds, text, whole},
};
use crate::{
    engine::values::json,
    net::{address::Address, timeouts::Timeouts},
    protocol::id::ProtocolId,
};
use rhai::Dynamic;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// Bytes that may wait for one peer before sends are dropped. Changed by `max_send_buffer_size`. A peer on a slow phone
/// takes a second for it; a thousand of them that do not read cost a gigabyte.
pub(crate) const MAX_SEND_BUFFER: usize = 1024 * 1024;

/// Bytes of the largest package that is received. Changed by `max_package_size`. As in Workerman.
pub(crate) const MAX_PACKAGE: usize = 10 * 1024 * 1024;

/// The range of both, bytes.
const SIZES: std::ops::RangeInclusive<i64> = 1..=(1 << 32) - 1;

/// Files that one form may bring. Changed by `max_file_uploads`. As in PHP; each is a file until the request is answered.
const MAX_FILES: usize = 20;

/// The range of `max_file_uploads`.
const FILES: std::ops::RangeInclusive<i64> = 0..=10_000;

/// The range of `count`.
const COUNTS: std::ops::RangeInclusive<i64> = 1..=1024;

/// The least that `handler_memory` can be, bytes: what the host itself needs for one event.
const LEAST_MEMORY: i64 = 64 << 10;

/// The most, bytes; no machine has more.
const MOST_MEMORY: i64 = 1 << 47;

/// A value of `handler_memory`.
fn memory(value: &Dynamic, _: &str) -> Outcome<u64> {
    let range = LEAST_MEMORY..=MOST_MEMORY;
    let bytes = value.as_int().ok().filter(|n| *n == 0 || range.contains(n));
    bytes.and_then(|n| u64::try_from(n).ok()).ok_or_else(|| {
        error(format!(
            "handler_memory is a number of bytes from {LEAST_MEMORY} to {MOST_MEMORY}, or 0 for no limit, not {}",
            json::show(value)
        ))
    })
}

/// A value of `encoding`.
fn encoding(value: &Dynamic, name: &str) -> Outcome<Encoding> {
    text(value, name).ok().and_then(|text| Encoding::named(&text)).ok_or_else(|| {
        error(
            "encoding is \"utf8\" (all messages are strings), \"binary\" (all are blobs) or \"\" (as the protocol has it)",
        )
    })
}

/// A value of `on_script_error`.
fn policy(value: &Dynamic, name: &str) -> Outcome<Policy> {
    let policy = text(value, name).ok().and_then(|text| Policy::named(&text));
    policy.ok_or_else(|| error("on_script_error is \"keep\", \"close\" or \"exit\""))
}

fn protocol(value: &Dynamic, name: &str) -> Outcome<ProtocolId> {
    ProtocolId::parse(&text(value, name)?).map_err(error)
}

fn size(value: &Dynamic, name: &str) -> Outcome<usize> {
    whole(value, name, SIZES).map(|n| n as usize)
}

fn time(value: &Dynamic, name: &str) -> Outcome<f64> {
    seconds(value, name).map(|duration| duration.as_secs_f64())
}

fn read_only(name: &str) -> Box<rhai::EvalAltResult> {
    error(format!("{name} cannot be assigned: the host sets it, and scripts read it"))
}

/// Where a setting can be assigned.
#[derive(PartialEq)]
enum Assigned {
    Anywhere,
    TopLevel,
    Nowhere,
}
use Assigned::{Anywhere, Nowhere, TopLevel};

/// How scripts see the value of a setting.
trait Shown {
    fn shown(&self) -> Dynamic;
}

macro_rules! shown {
    ($($type:ty: $show:expr),* $(,)?) => {$(
        impl Shown for $type {
            fn shown(&self) -> Dynamic {
                let show: fn(&Self) -> Dynamic = $show;
                show(self)
            }
        }
    )*};
}

shown! {
    usize: |n| (*n as i64).into(),
    u64: |n| i64::try_from(*n).unwrap_or(i64::MAX).into(),
    f64: |n| (*n).into(),
    bool: |b| (*b).into(),
    String: |text| text.clone().into(),
    ProtocolId: |protocol| protocol.name().into(),
    Encoding: |encoding| encoding.name().into(),
    Policy: |policy| policy.name().into(),
    TrustedProxies: |proxies| proxies.list(),
}

/// Where the value of a setting lies.
trait Slot<T> {
    fn value(&self) -> T;
    fn put(&self, value: T);
}

impl<T: Copy> Slot<T> for Cell<T> {
    fn value(&self) -> T {
        self.get()
    }

    fn put(&self, value: T) {
        self.set(value);
    }
}

impl<T: Clone> Slot<T> for RefCell<T> {
    fn value(&self) -> T {
        self.borrow().clone()
    }

    fn put(&self, value: T) {
        self.replace(value);
    }
}

/// Makes [`Settings`] of a table. Each row is a name, where its value lies, where it can be assigned, how a value that a script
/// gives is read, and what it is at first. All settings change with the script on a reload, but those of `kept`, which say
/// what an isolate is.
macro_rules! settings {
    (
        ($($argument:ident: $argument_type:ty),*)
        kept { $($(#[$kept_doc:meta])* $kept:ident: $kept_cell:ident<$kept_type:ty>, $kept_first:expr;)* }
        settings { $($(#[$doc:meta])* $name:ident: $cell:ident<$type:ty>, $place:expr, $read:expr, $first:expr;)* }
        timeouts { $($timeout:ident: $field:ident;)* }
    ) => {
        /// The properties of a Worker that the host defines.
        pub(crate) struct Settings {
            $($(#[$kept_doc])* pub(crate) $kept: $kept_cell<$kept_type>,)*
            $($(#[$doc])* pub(crate) $name: $cell<$type>,)*
            pub(crate) timeouts: Rc<Timeouts>,
        }

        impl Settings {
            pub(crate) fn new($($argument: $argument_type),*) -> Self {
                Self {
                    $($kept: $kept_cell::new($kept_first),)*
                    $($name: $cell::new($first),)*
                    timeouts: Rc::default(),
                }
            }

            /// Every setting, with where it can be assigned.
            const TABLE: &'static [(&'static str, Assigned)] = &[
                $((stringify!($kept), Nowhere),)*
                $((stringify!($name), $place),)*
                // It belongs to the address.
                ("transport", Nowhere),
                $((stringify!($timeout), Anywhere),)*
            ];

            /// The value of a setting; `None` if there is none of that name.
            pub(crate) fn get(&self, name: &str) -> Option<Dynamic> {
                match name {
                    $(stringify!($kept) => Some(self.$kept.value().shown()),)*
                    $(stringify!($name) => Some(self.$name.value().shown()),)*
                    $(stringify!($timeout) => Some(self.timeouts.$field.value().shown()),)*
                    _ => None,
                }
            }

            /// Changes a setting. `None`: there is none of that name.
            pub(crate) fn set(&self, name: &str, value: &Dynamic) -> Option<Outcome<()>> {
                Some(match name {
                    name if Self::is_read_only(name) => Err(read_only(name)),
                    $(stringify!($name) => $read(value, name).map(|value| self.$name.put(value)),)*
                    $(stringify!($timeout) => {
                        time(value, name).map(|value| self.timeouts.$field.put(value))
                    })*
                    _ => return None,
                })
            }

            /// Takes over what a newer declaration of the same Worker says.
            pub(crate) fn replace_by(&self, newer: &Settings) {
                $(self.$name.put(newer.$name.value());)*
                $(self.timeouts.$field.put(newer.timeouts.$field.value());)*
            }
        }
    };
}

settings! {
    (address: Option<&Address>, handler_timeout: Duration, handler_memory: u64)
    kept {
        /// Number of this isolate among those of its Worker: 0 to count - 1.
        id: Cell<usize>, 0;
    }
    settings {
        count: Cell<usize>, TopLevel, |value, name| whole(value, name, COUNTS).map(|n| n as usize), 1;
        name: RefCell<String>, Anywhere, text, String::new();
        /// Whether each isolate binds a socket of its own.
        reuse_port: Cell<bool>, Anywhere, boolean, false;
        /// Whom the process becomes when all sockets are bound; empty: whoever started it.
        user: RefCell<String>, TopLevel, text, String::new();
        group: RefCell<String>, TopLevel, text, String::new();
        protocol: Cell<ProtocolId>, Anywhere, protocol,
            address.map_or(ProtocolId::Tcp, |address| address.protocol);
        /// As what messages arrive.
        encoding: Cell<Encoding>, Anywhere, encoding, Encoding::default();
        max_package_size: Cell<usize>, Anywhere, size, MAX_PACKAGE;
        max_send_buffer_size: Cell<usize>, Anywhere, size, MAX_SEND_BUFFER;
        max_file_uploads: Cell<usize>, Anywhere,
            |value, name| whole(value, name, FILES).map(|n| n as usize), MAX_FILES;
        /// Where uploads and large bodies lie while their request is answered; empty: the system's place for such files.
        upload_dir: RefCell<String>, Anywhere, text, String::new();
        trusted_proxies: RefCell<TrustedProxies>, Anywhere,
            |value, _| TrustedProxies::read(value), TrustedProxies::default();
        /// Whether each answered request is a line in the log.
        access_log: Cell<bool>, Anywhere, boolean, false;
        reloadable: Cell<bool>, TopLevel, boolean, true;
        on_script_error: Cell<Policy>, Anywhere, policy, Policy::default();
        /// Seconds that a handler may run without waiting; 0 is off. Holds for the whole isolate that serves the Worker.
        handler_timeout: Cell<f64>, Anywhere, time, handler_timeout.as_secs_f64();
        /// Bytes that a handler may make anew; 0 is off. Holds for the whole isolate as well.
        handler_memory: Cell<u64>, Anywhere, memory, handler_memory;
    }
    timeouts {
        handshake_timeout: handshake;
        heartbeat: heartbeat;
        idle_timeout: idle;
        keep_alive_timeout: keep_alive;
        body_timeout: body;
        response_timeout: response;
        close_timeout: close;
        send_timeout: send;
    }
}

impl Settings {
    /// The names of all settings.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
        Self::TABLE.iter().map(|(name, _)| *name)
    }

    /// Returns whether a setting of that name exists.
    pub(crate) fn has(name: &str) -> bool {
        Self::names().any(|known| known == name)
    }

    /// Returns whether a setting cannot be assigned.
    pub(crate) fn is_read_only(name: &str) -> bool {
        Self::is_assigned(name, Nowhere)
    }

    /// Returns whether a setting is read at the top level only.
    pub(crate) fn is_of_the_top_level(name: &str) -> bool {
        Self::is_assigned(name, TopLevel)
    }

    fn is_assigned(name: &str, place: Assigned) -> bool {
        Self::TABLE.iter().any(|(known, at)| *known == name && *at == place)
    }
}
