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
fn memory(value: &Dynamic) -> Outcome<u64> {
    let range = LEAST_MEMORY..=MOST_MEMORY;
    let bytes = value.as_int().ok().filter(|n| *n == 0 || range.contains(n));
    bytes.and_then(|n| u64::try_from(n).ok()).ok_or_else(|| {
        error(format!(
            "handler_memory is a number of bytes from {LEAST_MEMORY} to {MOST_MEMORY}, or 0 for no limit, not {}",
            json::show(value)
        ))
    })
}

/// Where a setting stands on reload: all of them change with the script.
pub(crate) struct Settings {
    /// Number of this isolate among those of its Worker: 0 to count - 1.
    pub(crate) id: Cell<usize>,
    pub(crate) count: Cell<usize>,
    pub(crate) name: RefCell<String>,
    /// Does each isolate bind a socket of its own?
    pub(crate) reuse_port: Cell<bool>,
    /// Whom the process becomes when all sockets are bound; empty: whoever started it.
    pub(crate) user: RefCell<String>,
    pub(crate) group: RefCell<String>,
    pub(crate) protocol: Cell<ProtocolId>,
    /// As what messages arrive.
    pub(crate) encoding: Cell<Encoding>,
    pub(crate) max_package_size: Cell<usize>,
    pub(crate) max_send_buffer_size: Cell<usize>,
    pub(crate) max_file_uploads: Cell<usize>,
    /// Where uploads and large bodies lie while their request is answered; empty: the system's place for such files.
    pub(crate) upload_dir: RefCell<String>,
    pub(crate) trusted_proxies: RefCell<TrustedProxies>,
    /// Is each answered request told to the log?
    pub(crate) access_log: Cell<bool>,
    pub(crate) reloadable: Cell<bool>,
    pub(crate) on_script_error: Cell<Policy>,
    /// Seconds that a handler may run without waiting; 0 is off. Holds for the whole isolate that serves the Worker.
    pub(crate) handler_timeout: Cell<f64>,
    /// Bytes that a handler may make anew; 0 is off. Holds for the whole isolate as well.
    pub(crate) handler_memory: Cell<u64>,
    pub(crate) timeouts: Rc<Timeouts>,
}

impl Settings {
    pub(crate) fn new(
        address: Option<&Address>,
        handler_timeout: Duration,
        handler_memory: u64,
    ) -> Self {
        Self {
            id: Cell::new(0),
            count: Cell::new(1),
            name: RefCell::default(),
            reuse_port: Cell::new(false),
            user: RefCell::default(),
            group: RefCell::default(),
            protocol: Cell::new(address.map_or(ProtocolId::Tcp, |a| a.protocol)),
            encoding: Cell::default(),
            max_package_size: Cell::new(MAX_PACKAGE),
            max_send_buffer_size: Cell::new(MAX_SEND_BUFFER),
            max_file_uploads: Cell::new(MAX_FILES),
            upload_dir: RefCell::default(),
            trusted_proxies: RefCell::default(),
            access_log: Cell::new(false),
            reloadable: Cell::new(true),
            on_script_error: Cell::default(),
            handler_timeout: Cell::new(handler_timeout.as_secs_f64()),
            handler_memory: Cell::new(handler_memory),
            timeouts: Rc::default(),
        }
    }

    /// Names of all settings.
    pub(crate) const NAMES: [&'static str; 26] = [
        "id",
        "count",
        "name",
        "reuse_port",
        "user",
        "group",
        "protocol",
        "transport",
        "encoding",
        "max_package_size",
        "max_send_buffer_size",
        "max_file_uploads",
        "upload_dir",
        "trusted_proxies",
        "access_log",
        "reloadable",
        "on_script_error",
        "handler_timeout",
        "handler_memory",
        "handshake_timeout",
        "heartbeat",
        "idle_timeout",
        "keep_alive_timeout",
        "body_timeout",
        "response_timeout",
        "close_timeout",
    ];

    /// Those of them that cannot be assigned.
    pub(crate) const READ_ONLY: [&'static str; 2] = ["id", "transport"];

    /// Those that are read at the top level only.
    pub(crate) const OF_THE_TOP_LEVEL: [&'static str; 4] = ["count", "user", "group", "reloadable"];

    /// The value of a setting; `None` if there is none of that name. (`transport` belongs to the address.)
    pub(crate) fn get(&self, name: &str) -> Option<Dynamic> {
        let limits = &self.timeouts;
        Some(match name {
            "id" => (self.id.get() as i64).into(),
            "count" => (self.count.get() as i64).into(),
            "name" => self.name.borrow().clone().into(),
            "reuse_port" => self.reuse_port.get().into(),
            "user" => self.user.borrow().clone().into(),
            "group" => self.group.borrow().clone().into(),
            "protocol" => self.protocol.get().name().into(),
            "encoding" => self.encoding.get().name().into(),
            "max_package_size" => (self.max_package_size.get() as i64).into(),
            "max_send_buffer_size" => (self.max_send_buffer_size.get() as i64).into(),
            "max_file_uploads" => (self.max_file_uploads.get() as i64).into(),
            "upload_dir" => self.upload_dir.borrow().clone().into(),
            "trusted_proxies" => self.trusted_proxies.borrow().list(),
            "access_log" => self.access_log.get().into(),
            "reloadable" => self.reloadable.get().into(),
            "on_script_error" => self.on_script_error.get().name().into(),
            "handler_timeout" => self.handler_timeout.get().into(),
            "handler_memory" => i64::try_from(self.handler_memory.get()).unwrap_or(i64::MAX).into(),
            "handshake_timeout" => limits.handshake.get().into(),
            "heartbeat" => limits.heartbeat.get().into(),
            "idle_timeout" => limits.idle.get().into(),
            "keep_alive_timeout" => limits.keep_alive.get().into(),
            "body_timeout" => limits.body.get().into(),
            "response_timeout" => limits.response.get().into(),
            "close_timeout" => limits.close.get().into(),
            _ => return None,
        })
    }

    /// Changes a setting. `None`: there is none of that name.
    pub(crate) fn set(&self, name: &str, value: &Dynamic) -> Option<Outcome<()>> {
        let limits = &self.timeouts;
        let size = |cell: &Cell<usize>| whole(value, name, SIZES).map(|n| cell.set(n as usize));
        let time = |cell: &Cell<f64>| seconds(value, name).map(|d| cell.set(d.as_secs_f64()));
        Some(match name {
            name if Self::READ_ONLY.contains(&name) => Err(error(format!(
                "{name} cannot be assigned: the host sets it, and scripts read it"
            ))),
            "count" => whole(value, name, COUNTS).map(|n| self.count.set(n as usize)),
            "name" => text(value, name).map(|text| *self.name.borrow_mut() = text),
            "reuse_port" => boolean(value, name).map(|b| self.reuse_port.set(b)),
            "user" => text(value, name).map(|text| *self.user.borrow_mut() = text),
            "group" => text(value, name).map(|text| *self.group.borrow_mut() = text),
            "protocol" => text(value, name)
                .and_then(|text| ProtocolId::parse(&text).map_err(error))
                .map(|scheme| self.protocol.set(scheme)),
            "encoding" => match text(value, name).ok().and_then(|t| Encoding::named(&t)) {
                Some(encoding) => {
                    self.encoding.set(encoding);
                    Ok(())
                }
                None => Err(error(
                    "encoding is \"utf8\" (all messages are strings), \"binary\" (all are blobs) or \"\" (as the \
                     protocol has it)",
                )),
            },
            "max_package_size" => size(&self.max_package_size),
            "max_send_buffer_size" => size(&self.max_send_buffer_size),
            "max_file_uploads" => {
                whole(value, name, FILES).map(|n| self.max_file_uploads.set(n as usize))
            }
            "upload_dir" => text(value, name).map(|text| *self.upload_dir.borrow_mut() = text),
            "trusted_proxies" => {
                TrustedProxies::read(value).map(|new| *self.trusted_proxies.borrow_mut() = new)
            }
            "access_log" => boolean(value, name).map(|b| self.access_log.set(b)),
            "reloadable" => boolean(value, name).map(|b| self.reloadable.set(b)),
            "on_script_error" => match text(value, name).ok().and_then(|t| Policy::named(&t)) {
                Some(policy) => {
                    self.on_script_error.set(policy);
                    Ok(())
                }
                None => Err(error("on_script_error is \"keep\", \"close\" or \"exit\"")),
            },
            "handler_timeout" => time(&self.handler_timeout),
            "handler_memory" => memory(value).map(|bytes| self.handler_memory.set(bytes)),
            "handshake_timeout" => time(&limits.handshake),
            "heartbeat" => time(&limits.heartbeat),
            "idle_timeout" => time(&limits.idle),
            "keep_alive_timeout" => time(&limits.keep_alive),
            "body_timeout" => time(&limits.body),
            "response_timeout" => time(&limits.response),
            "close_timeout" => time(&limits.close),
            _ => return None,
        })
    }

    /// Takes over what a newer declaration of the same Worker says.
    pub(crate) fn replace_by(&self, newer: &Settings) {
        self.count.set(newer.count.get());
        *self.name.borrow_mut() = newer.name.borrow().clone();
        self.reuse_port.set(newer.reuse_port.get());
        *self.user.borrow_mut() = newer.user.borrow().clone();
        *self.group.borrow_mut() = newer.group.borrow().clone();
        self.protocol.set(newer.protocol.get());
        self.encoding.set(newer.encoding.get());
        self.max_package_size.set(newer.max_package_size.get());
        self.max_send_buffer_size.set(newer.max_send_buffer_size.get());
        self.max_file_uploads.set(newer.max_file_uploads.get());
        *self.upload_dir.borrow_mut() = newer.upload_dir.borrow().clone();
        *self.trusted_proxies.borrow_mut() = newer.trusted_proxies.borrow().clone();
        self.access_log.set(newer.access_log.get());
        self.reloadable.set(newer.reloadable.get());
        self.on_script_error.set(newer.on_script_error.get());
        self.handler_timeout.set(newer.handler_timeout.get());
        self.handler_memory.set(newer.handler_memory.get());
        let (old, new) = (&self.timeouts, &newer.timeouts);
        old.handshake.set(new.handshake.get());
        old.heartbeat.set(new.heartbeat.get());
        old.idle.set(new.idle.get());
        old.keep_alive.set(new.keep_alive.get());
        old.body.set(new.body.get());
        old.response.set(new.response.get());
        old.close.set(new.close.get());
    }
}
