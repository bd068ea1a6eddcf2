//! `TcpConnection`: what a script holds of one peer, whatever the protocol. It checks, converts and hands on to the conn.

use super::{
    callback::{Callbacks, Event},
    encoding::Encoding,
    http::{self, Request},
    object::Object,
    properties::Properties,
    settings::Settings,
    value::{Outcome, error, text, whole, with_payload},
    worker::{Worker, unknown_callback},
};
use crate::{
    engine::program::handler::Handler,
    net::{
        conn::{self, Conn, ConnState, Sent},
        drivers::{self, http::exchange},
    },
    protocol::id::ProtocolId,
    runtime::registry::Registry,
    web::answer_headers::Headers,
};
use rhai::{Dynamic, ImmutableString, NativeCallContext};
use std::{
    cell::{OnceCell, RefCell},
    net::SocketAddr,
    path::PathBuf,
    rc::Rc,
};

/// The handle.
#[derive(Clone)]
pub(crate) struct TcpConnection(Rc<Cell>);

struct Cell {
    conn: Rc<Conn>,
    worker: RefCell<Option<Worker>>,
    properties: Properties,
    rare: OnceCell<Box<Rare>>,
    /// The HTTP request that waits for its answer.
    request: RefCell<Option<Request>>,
}

impl Cell {
    #[inline]
    fn speaks_http(&self) -> bool {
        self.conn.driver.protocol() == ProtocolId::Http
    }
}

/// What hardly any connection has; made for those that do.
#[derive(Default)]
struct Rare {
    /// Callbacks of this connection alone.
    callbacks: Callbacks,
    /// Where everything received goes instead of to the script.
    piped_to: RefCell<Option<TcpConnection>>,
}

impl TcpConnection {
    /// Those of the host's properties that can be assigned.
    pub(crate) const SETTINGS: [&'static str; 3] =
        ["protocol", "max_package_size", "max_send_buffer_size"];

    /// Names of the properties that the host defines, besides callbacks.
    pub(crate) const PROPERTIES: [&'static str; 8] = [
        "id",
        "worker",
        "protocol",
        "max_package_size",
        "max_send_buffer_size",
        "bytes_read",
        "bytes_written",
        "send_buffer_size",
    ];

    pub(crate) fn new(conn: Rc<Conn>, worker: &Worker) -> Self {
        let connection = Self(Rc::new(Cell {
            conn,
            worker: RefCell::new(Some(worker.clone())),
            properties: Properties::default(),
            rare: OnceCell::new(),
            request: RefCell::default(),
        }));
        connection.apply_limits(&worker.core().settings);
        connection
    }

    pub(crate) fn conn(&self) -> Rc<Conn> {
        self.0.conn.clone()
    }

    pub(crate) fn is_same(&self, other: &TcpConnection) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn apply_limits(&self, settings: &Settings) {
        let limit = |set: &std::cell::Cell<usize>| u32::try_from(set.get()).unwrap_or(u32::MAX);
        self.0.conn.max_package_size.set(limit(&settings.max_package_size));
        self.0.conn.queue.limit.set(limit(&settings.max_send_buffer_size));
    }

    /// The callback for an event: its own, else its Worker's.
    pub(crate) fn callback(&self, event: Event) -> Option<Rc<Handler>> {
        let own = self.own_callbacks().and_then(|own| own.get(event));
        own.or_else(|| self.0.worker.borrow().as_ref()?.core().callbacks.get(event))
    }

    /// Its own callbacks, if it has any.
    pub(crate) fn own_callbacks(&self) -> Option<&Callbacks> {
        self.0.rare.get().map(|rare| &rare.callbacks)
    }

    /// Where it is piped to.
    pub(crate) fn target(&self) -> Option<TcpConnection> {
        self.0.rare.get()?.piped_to.borrow().clone()
    }

    fn rare(&self) -> &Rare {
        self.0.rare.get_or_init(Box::default)
    }

    /// A property that the script set.
    pub(crate) fn property(&self, name: &str) -> Dynamic {
        self.0.properties.get(name)
    }

    /// All properties that the script set.
    pub(crate) fn properties(&self) -> &Properties {
        &self.0.properties
    }

    /// As what messages arrive.
    pub(crate) fn encoding(&self) -> Encoding {
        let worker = self.0.worker.borrow();
        worker.as_ref().map_or(Encoding::default(), |w| w.core().settings.encoding.get())
    }

    /// The request that is to be answered now.
    pub(crate) fn set_request(&self, request: Option<Request>) {
        if let Some(old) = self.0.request.replace(request) {
            old.retire(&self.0.conn);
        }
    }

    /// The request that is being answered.
    pub(crate) fn request(&self) -> Option<Request> {
        self.0.request.borrow().clone()
    }

    /// Its Worker; none when the connection is over.
    pub(crate) fn worker(&self) -> Option<Worker> {
        self.0.worker.borrow().clone()
    }

    /// Where the script lies, which relative paths begin at.
    pub(crate) fn directory(&self) -> PathBuf {
        self.worker().map(|worker| worker.core().directory()).unwrap_or_default()
    }

    /// Logs trouble that its peer may be the reason of, or has a part in.
    pub(crate) fn warn(&self, line: &str) {
        if let Some(worker) = self.worker() {
            worker.core().ctx().warn(&worker.core().title(), Some(self.0.conn.id), line);
        }
    }

    /// Adds what the request which is being answered has for the headers of its answer.
    pub(crate) fn complete_headers(&self, headers: &mut Headers) {
        if let Some(request) = &*self.0.request.borrow() {
            request.complete(headers);
        }
    }

    /// The connection is over: lets go of everything, so that closures that captured it do not keep it alive.
    pub(crate) fn retire(&self) {
        if let Some(rare) = self.0.rare.get() {
            rare.callbacks.clear();
            rare.piped_to.take();
        }
        self.0.properties.clear();
        self.set_request(None);
        self.0.worker.take();
    }

    fn send(&self, data: &Dynamic, raw: bool) -> Outcome<Dynamic> {
        let conn = &self.0.conn;
        let sent = if self.0.speaks_http() {
            if raw {
                return Err(error("an HTTP connection is answered; raw bytes would break it"));
            }
            http::send(self, data)?
        } else {
            if !data.is_string()
                && let Some(what) = http::answer_type(data)
            {
                let protocol = conn.driver.protocol().name();
                return Err(error(format!(
                    "{what} answers an HTTP request, and this connection speaks {protocol}"
                )));
            }
            let sent = with_payload(data, |kind, bytes| match raw {
                true => Ok(conn.send_raw(bytes)),
                false => conn.send(kind, bytes),
            })?;
            sent.map_err(error)?
        };
        Ok(match sent {
            Sent::Written => true.into(),
            Sent::Queued => Dynamic::UNIT,
            Sent::Dropped => false.into(),
        })
    }

    fn close(&self, last: Option<(&Dynamic, bool)>) -> Outcome<()> {
        exchange::make_last(&self.0.conn);
        if let Some((data, raw)) = last
            && !data.is_unit()
        {
            // What cannot be queued is told by on_error; the connection closes all the same.
            let _ = self.send(data, raw)?;
        }
        self.0.conn.close(1000, "");
        Ok(())
    }

    /// Everything received from now on goes to `other`; when this closes, `other` does; while `other` cannot be written
    /// to, this is not read.
    fn pipe(&self, other: &TcpConnection) -> Outcome<()> {
        if self.0.speaks_http() || other.0.speaks_http() {
            return Err(error(
                "an HTTP connection cannot be piped: each of its requests is answered",
            ));
        }
        conn::feed(&self.0.conn, &other.0.conn);
        let old = self.rare().piped_to.replace(Some(other.clone()));
        drop(old);
        Ok(())
    }

    fn status(&self) -> (i64, &'static str) {
        match self.0.conn.state() {
            ConnState::Established => (2, "ESTABLISHED"),
            ConnState::Closing => (8, "CLOSING"),
            ConnState::Closed => (16, "CLOSED"),
        }
    }
}

/// Tells whether a property takes a value, as far as that does not depend on the connection.
pub(crate) fn check_property(name: &str, value: &Dynamic) -> Outcome<()> {
    match name {
        "max_package_size" | "max_send_buffer_size" => size(value, name).map(drop),
        "protocol" => protocol(value, name).map(drop),
        _ => Ok(()),
    }
}

fn size(value: &Dynamic, name: &str) -> Outcome<u32> {
    whole(value, name, 1..=u32::MAX.into()).map(|n| n as u32)
}

fn protocol(value: &Dynamic, name: &str) -> Outcome<ProtocolId> {
    ProtocolId::parse(&text(value, name)?).map_err(error)
}

fn ip(address: Option<SocketAddr>) -> String {
    // An IPv4 peer of an IPv6 socket is shown as what it is.
    address.map(|a| a.ip().to_canonical().to_string()).unwrap_or_default()
}

fn port(address: Option<SocketAddr>) -> i64 {
    address.map_or(0, |a| i64::from(a.port()))
}

fn full(address: Option<SocketAddr>) -> String {
    address
        .map(|a| SocketAddr::new(a.ip().to_canonical(), a.port()).to_string())
        .unwrap_or_default()
}

impl Object for TcpConnection {
    const NAME: &'static str = "TcpConnection";

    fn is_known(name: &str) -> bool {
        Self::PROPERTIES.contains(&name) || Event::named(name).is_some_and(Event::is_of_connection)
    }

    fn known(&self, name: &str) -> Dynamic {
        let conn = &self.0.conn;
        match name {
            "id" => (conn.id as i64).into(),
            "worker" => self.0.worker.borrow().clone().map_or(Dynamic::UNIT, Dynamic::from),
            "protocol" => conn.driver.protocol().name().into(),
            "max_package_size" => (i64::from(conn.max_package_size.get())).into(),
            "max_send_buffer_size" => (i64::from(conn.queue.limit.get())).into(),
            "bytes_read" => (conn.traffic.bytes_read.get() as i64).into(),
            "bytes_written" => (conn.traffic.bytes_written.get() as i64).into(),
            "send_buffer_size" => (conn.queue.len() as i64).into(),
            _ => Event::named(name)
                .and_then(|event| self.own_callbacks()?.get(event))
                .map_or(Dynamic::UNIT, |handler| Dynamic::from(handler.fn_ptr().clone())),
        }
    }

    fn free(&self, name: &str) -> Dynamic {
        self.0.properties.get(name)
    }

    fn set(&self, call: &NativeCallContext, name: &ImmutableString, value: Dynamic) -> Outcome<()> {
        let conn = &self.0.conn;
        if let Some(event) = Event::named(name).filter(|e| e.is_of_connection()) {
            // A closed connection has let go of its callbacks and must not hold new ones.
            let worker = self.0.worker.borrow().clone();
            let Some(worker) = worker else { return Ok(()) };
            let handler = worker.core().ctx().callback(call, event, value)?;
            self.rare().callbacks.set(event, handler);
            return Ok(());
        }
        if name.starts_with("on_") {
            return Err(unknown_callback(Self::NAME, name));
        }
        match name.as_str() {
            "max_package_size" => {
                conn.max_package_size.set(size(&value, name)?);
            }
            "max_send_buffer_size" => {
                conn.queue.limit.set(size(&value, name)?);
            }
            "protocol" => {
                let protocol = protocol(&value, name)?;
                if protocol == conn.driver.protocol() {
                    return Ok(());
                }
                if protocol == ProtocolId::WebSocket
                    || conn.driver.protocol() == ProtocolId::WebSocket
                {
                    return Err(error(
                        "a websocket cannot become another protocol, nor another protocol a websocket",
                    ));
                }
                if protocol == ProtocolId::Http && self.target().is_some() {
                    return Err(error("a piped connection cannot become HTTP"));
                }
                if exchange::is_committed(conn) {
                    return Err(error(
                        "the answer to an HTTP request is not complete: end it before the protocol changes",
                    ));
                }
                // Closed connections have no worker, and need no driver.
                let worker = self.0.worker.borrow().clone();
                if let Some(worker) = worker {
                    let driver = drivers::driver(protocol, || super::session::upload_dir(&worker));
                    conn.set_driver(driver);
                }
            }
            known if Self::is_known(known) => {
                return Err(error(format!(
                    "{name} cannot be assigned: the host sets it, and scripts read it"
                )));
            }
            // Nor properties: they might hold the connection itself.
            _ if self.0.worker.borrow().is_none() => (),
            _ => self.0.properties.set(name, value),
        }
        Ok(())
    }
}

/// Registers the methods.
pub(crate) fn register(registry: &mut Registry) {
    type This<'a> = &'a mut TcpConnection;
    let mut class = super::object::register::<TcpConnection>(registry, TcpConnection::is_same);
    class.method("send", |c: This, data: Dynamic| c.send(&data, false));
    class.method("send", |c: This, data: Dynamic, raw: bool| c.send(&data, raw));
    class.method("close", |c: This| c.close(None));
    class.method("close", |c: This, data: Dynamic| c.close(Some((&data, false))));
    class.method("close", |c: This, data: Dynamic, raw: bool| c.close(Some((&data, raw))));
    class.method("destroy", |c: This| c.0.conn.destroy());
    class.method("pause_recv", |c: This| c.0.conn.pause());
    class.method("resume_recv", |c: This| c.0.conn.resume());
    class.method("pipe", |c: This, other: TcpConnection| c.pipe(&other));
    class.method("get_remote_ip", |c: This| ip(c.0.conn.info.peer()));
    class.method("get_remote_port", |c: This| port(c.0.conn.info.peer()));
    class.method("get_remote_address", |c: This| full(c.0.conn.info.peer()));
    class.method("get_local_ip", |c: This| ip(c.0.conn.info.local()));
    class.method("get_local_port", |c: This| port(c.0.conn.info.local()));
    class.method("get_local_address", |c: This| full(c.0.conn.info.local()));
    class.method("get_status", |c: This| c.status().0);
    class.method("get_status", |c: This, raw: bool| -> Dynamic {
        let (number, name) = c.status();
        if raw { number.into() } else { name.into() }
    });
    class.display(|c: This| {
        format!("TcpConnection({} {})", c.0.conn.id, full(c.0.conn.info.peer()))
    });
}
