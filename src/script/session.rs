//! One connection of a Worker, as the net room sees it: turns what happens into calls of the script's callbacks, which are
//! looked up at that moment, so that an open connection runs new code at its next event.

use super::{
    callback::Event,
    ctx::{Ctx, Occasion},
    http,
    policy::Policy,
    tcp_connection::TcpConnection,
    worker::Worker,
};
use crate::{
    engine::handler::Args,
    error::Fault,
    log::Level,
    net::{
        Events, Happening, Message, NotUtf8, Verdict, code,
        connection::Connection,
        link::{Link, Status},
        transport::{ReadHalf, Stream},
    },
    protocol::{Kind, Wire, handshake::Request, scheme::Scheme},
};
use rhai::{Dynamic, Map};
use std::{path::PathBuf, rc::Rc};

/// Websocket code when a connection is closed because of an error in its script (RFC 6455, 7.4.1).
const INTERNAL_ERROR: u16 = 1011;

/// Header lines that a script may add to a websocket's 101 answer. Fixed.
const MAX_EXTRA_HEADERS: usize = 32;

/// Header lines that are the handshake's own, or make no sense in its answer.
const HANDSHAKE_HEADERS: [&str; 8] = [
    "connection",
    "upgrade",
    "host",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "keep-alive",
];

/// Takes over an accepted stream.
pub(crate) fn open(worker: &Worker, stream: Stream) {
    let (link, read, session) = begin(worker, stream);
    tokio::task::spawn_local(Connection::new(link, read, session).run());
}

/// All of a connection but its task.
pub(crate) fn begin(worker: &Worker, stream: Stream) -> (Rc<Link>, ReadHalf, Session) {
    let core = worker.core();
    let wire = Wire::new(core.settings.scheme.get());
    let timeouts = core.settings.timeouts.clone();
    let (link, read) = Link::new(stream, wire, timeouts, core.ctx().turn.clone());
    let connection = TcpConnection::new(link.clone(), worker);
    core.enter(connection.clone());
    let session = Session {
        ctx: core.ctx().clone(),
        worker: worker.clone(),
        handle: Dynamic::from(connection.clone()),
        connection,
        cut: Vec::new(),
        is_closed: false,
    };
    (link, read, session)
}

/// A received message on its way to the script.
pub(crate) enum Data {
    Script(Dynamic),
    /// Nothing to do: it was passed on to the connection that this one is piped to, or is half a character.
    Done,
}

/// A connection, as the net room drives it.
pub(crate) struct Session {
    ctx: Rc<Ctx>,
    worker: Worker,
    connection: TcpConnection,
    /// The boxed form of `connection`, made once and moved into and out of each call.
    handle: Dynamic,
    /// The beginning of a character whose rest is in the next read; only where raw bytes are text.
    cut: Vec<u8>,
    is_closed: bool,
}

/// A panic of the host (or of a value of the embedder that does not let itself be dropped) costs this connection and no
/// more: whoever asks for the worker's connections does not find it any more.
impl Drop for Session {
    fn drop(&mut self) {
        let link = self.connection.link();
        if !self.is_closed && std::thread::panicking() {
            let text = format!("connection {} ended by a panic of the host", link.id);
            self.ctx.log_connection(Level::Error, &self.worker.core().title(), link.id, text);
            link.destroy();
            drop(link.take_write_half());
            self.leave();
        }
    }
}

impl Session {
    /// Calls the callback of an event, if there is one.
    async fn emit(
        &mut self,
        event: Event,
        second: Dynamic,
        third: Dynamic,
    ) -> Option<Result<Dynamic, Box<Fault>>> {
        let handler = self.connection.callback(event)?;
        let handle = std::mem::take(&mut self.handle);
        let mut args: Args = [handle, second, third];
        let (worker, id) = (&self.worker, self.connection.link().id);
        let occasion = || {
            let title = worker.core().title();
            let what = format!("{} of worker `{title}`, connection {id}", event.name());
            Occasion { what, connection: Some(id) }
        };
        let result = self.ctx.try_call(handler, &mut args, 0, occasion).await;
        if let Err(fault) = &result
            && self.refusal(fault).is_none()
        {
            self.ctx.own_up(fault);
            match worker.core().settings.on_script_error.get() {
                Policy::Keep => (),
                Policy::Close => self.connection.link().close(INTERNAL_ERROR, ""),
                policy @ Policy::Exit => self.ctx.exit_if(Some(policy)),
            }
        }
        // A script may have assigned to its parameter, and a panic does not give arguments back.
        let [back, ..] = args;
        self.handle = match back.is::<TcpConnection>() {
            true => back,
            false => Dynamic::from(self.connection.clone()),
        };
        Some(result)
    }

    /// Is it the client's fault, because of its form? Then no error of the script is to be reported: a stranger could fill
    /// the log, or end the isolate of a worker whose `on_script_error` says so.
    fn refusal(&self, fault: &Fault) -> Option<(u16, String)> {
        self.connection.request()?.refused_form(&fault.text)
    }

    /// The handler of a request has returned, maybe without an answer: what it left in the session is kept.
    async fn save_session(&self) {
        let Some(session) = self.connection.request().and_then(|request| request.opened_session())
        else {
            return;
        };
        if let Err(why) = session.save().await {
            let text = format!("a session of worker `{}`: {why}", self.worker.core().title());
            self.ctx.report(Fault::plain(text));
        }
    }

    /// The handler of a request has returned: what it left to be answered is.
    fn conclude(&self, result: Option<Result<Dynamic, Box<Fault>>>) {
        let link = self.connection.link();
        let has_failed = matches!(result, Some(Err(_)));
        if !has_failed && self.serves_file(&link) {
            return;
        }
        match result {
            Some(Ok(_)) => (),
            // (a stream that it began has nobody who ends it; what else was answered before the error stays answered)
            Some(Err(_)) if link.cut_stream() || link.is_committed() => (),
            Some(Err(fault)) => match self.refusal(&fault) {
                Some((status, reason)) => link.answer_for(status, &reason),
                None if self.ctx.explains.get() => {
                    link.answer_for(500, &http::uncoloured(&fault.text));
                }
                None => link.answer_for(500, "the handler of this request failed"),
            },
            None => link.answer_for(404, "nobody answers requests here"),
        }
        if !link.is_answering() {
            self.connection.set_request(None);
        }
    }

    /// A worker with roots answers with files what its script has not answered.
    fn serves_file(&self, link: &Rc<Link>) -> bool {
        let core = self.worker.core();
        if core.roots.is_empty() {
            return false;
        }
        let Some(request) = self.connection.request() else { return false };
        let Some(root) = core.roots.find(&request.host(true)) else { return false };
        let waits = link.status() == Status::Established && link.promise().is_ok();
        if waits {
            http::serve(&self.connection, &request, root);
        }
        waits
    }

    /// Nobody finds this connection any more.
    fn leave(&self) {
        self.worker.core().leave(self.connection.link().id);
        self.connection.retire();
    }

    /// Raw bytes as text. Where a read ends is no matter of the script: half a character waits for its rest.
    fn raw_text(&mut self, bytes: &[u8]) -> Result<Data, NotUtf8> {
        let mut joined = std::mem::take(&mut self.cut);
        joined.extend_from_slice(bytes);
        let text = String::from_utf8(joined).or_else(|e| {
            let (error, mut joined) = (e.utf8_error(), e.into_bytes());
            if error.error_len().is_some() {
                return Err(NotUtf8);
            }
            self.cut = joined.split_off(error.valid_up_to());
            String::from_utf8(joined).map_err(|_| NotUtf8)
        })?;
        Ok(if text.is_empty() { Data::Done } else { Data::Script(text.into()) })
    }
}

impl Events for Session {
    type Data = Data;

    fn opener(&self) -> Box<dyn Fn(Stream)> {
        let worker = self.worker.clone();
        Box::new(move |stream| open(&worker, stream))
    }

    async fn connect(&mut self) {
        self.emit(Event::Connect, Dynamic::UNIT, Dynamic::UNIT).await;
    }

    fn takes_websockets(&self) -> bool {
        self.connection.callback(Event::WebsocketConnect).is_some()
    }

    async fn handshake(&mut self, request: &Request) -> Verdict {
        if self.connection.callback(Event::WebsocketConnect).is_none() {
            return Verdict::Accept(extra_headers(&self.connection));
        }
        let answer = self.emit(Event::WebsocketConnect, facts(request), Dynamic::UNIT).await;
        match answer {
            // It threw: that is our trouble, and the client may try again.
            None | Some(Err(_)) => Verdict::Refuse(500),
            Some(Ok(answer)) => match (answer.as_bool(), answer.as_int()) {
                (Ok(false), _) => Verdict::Refuse(403),
                (_, Ok(status @ 400..=599)) => Verdict::Refuse(status as u16),
                _ => Verdict::Accept(extra_headers(&self.connection)),
            },
        }
    }

    fn upload_dir(&self) -> PathBuf {
        self.worker.core().upload_dir()
    }

    fn receive(&mut self, message: Message<'_>) -> Result<Data, NotUtf8> {
        if let Some(target) = self.connection.target() {
            let (kind, bytes) = match message {
                Message::Text(text) => (Kind::Text, text.as_bytes()),
                Message::Binary(bytes) => (Kind::Binary, bytes),
                Message::Request(..) => return Ok(Data::Done),
            };
            // (a target that cannot take it says so in its own on_error)
            let _ = target.link().send(kind, bytes);
            return Ok(Data::Done);
        }
        Ok(Data::Script(match message {
            Message::Text(text) => text.into(),
            Message::Binary(bytes) if self.connection.wants_text() => {
                if self.connection.link().with_wire(|wire| wire.scheme()) == Scheme::Tcp {
                    return self.raw_text(bytes);
                }
                std::str::from_utf8(bytes).map_err(|_| NotUtf8)?.into()
            }
            Message::Binary(bytes) => Dynamic::from_blob(bytes.to_vec()),
            Message::Request(request, spool) => {
                let peer = self.connection.link().peer;
                let request = http::Request::new(*request, spool, peer, &self.worker);
                self.connection.set_request(Some(request.clone()));
                Dynamic::from(request)
            }
        }))
    }

    async fn message(&mut self, data: Data) {
        self.ctx.stats.messages.add(1);
        let Data::Script(data) = data else { return };
        let is_request = data.is::<http::Request>();
        let result = self.emit(Event::Message, data, Dynamic::UNIT).await;
        if is_request {
            self.save_session().await;
            self.conclude(result);
        }
    }

    fn took_long(&mut self) -> bool {
        self.ctx.took_long()
    }

    async fn happened(&mut self, happening: Happening) {
        match happening {
            Happening::BufferFull => {
                self.emit(Event::BufferFull, Dynamic::UNIT, Dynamic::UNIT).await;
            }
            Happening::BufferDrain => {
                self.emit(Event::BufferDrain, Dynamic::UNIT, Dynamic::UNIT).await;
            }
            Happening::Unanswered => {
                let request = self.connection.request();
                let asked = request.map(|r| format!("{} {}", r.method(), r.path()));
                self.connection.warn(&format!(
                    "connection {}: {} was not answered within response_timeout, in generation {}",
                    self.connection.link().id,
                    asked.as_deref().unwrap_or("a request"),
                    self.ctx.stats.generation.get()
                ));
            }
            Happening::Error { code: number, text } => {
                if number == code::PROTOCOL {
                    let link = self.connection.link();
                    let peer = link.peer.map_or("a unix socket".to_owned(), |p| p.to_string());
                    self.connection
                        .warn(&format!("connection {} from {peer} ended: {text}", link.id));
                }
                self.emit(Event::Error, number.into(), text.into()).await;
            }
        }
    }

    async fn close(&mut self) {
        self.emit(Event::Close, Dynamic::UNIT, Dynamic::UNIT).await;
        if let Some(target) = self.connection.target() {
            target.link().close(1000, "");
        }
        self.is_closed = true;
        self.leave();
    }
}

/// What a script learns of a websocket request: path, query (decoded, the last of a name counts), query_string, headers
/// (lower-case names, repeated ones joined).
fn facts(request: &Request) -> Dynamic {
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        match headers.get_mut(name.as_str()) {
            Some(before) => *before = format!("{before}, {value}").into(),
            None => drop(headers.insert(name.as_str().into(), value.into())),
        }
    }
    let mut query = Map::new();
    for pair in request.query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        query.insert(decode(name).into(), decode(value).into());
    }
    let mut facts = Map::new();
    facts.insert("path".into(), request.path.clone().into());
    facts.insert("query_string".into(), request.query.clone().into());
    facts.insert("query".into(), query.into());
    facts.insert("headers".into(), headers.into());
    facts.into()
}

/// `a+b%20c` → `a b c`. What is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Header lines for the 101 answer: `connection.headers`, a map. Lines that could forge others are left out.
fn extra_headers(connection: &TcpConnection) -> Vec<(String, String)> {
    let headers = connection.property("headers");
    let Some(headers) = headers.read_lock::<crate::engine::ref_map::RefMap>() else {
        return Vec::new();
    };
    let entries: Vec<_> = headers.with(|t| t.entries().cloned().collect());
    // Lines that the handshake itself is made of must not come twice, as they would if a script echoed the request's.
    let own = |name: &str| {
        let name = name.to_ascii_lowercase();
        let handshake = name.starts_with("sec-websocket-") && name != "sec-websocket-protocol";
        handshake || HANDSHAKE_HEADERS.contains(&name.as_str())
    };
    let sane = |text: &str| !text.is_empty() && !text.contains(['\r', '\n', '\0']);
    let lines = entries.into_iter().map(|(name, value)| (name.to_string(), value.to_string()));
    lines
        .filter(|(n, v)| sane(n) && sane(v) && !own(n) && !n.contains([':', ' ']))
        .take(MAX_EXTRA_HEADERS)
        .collect()
}
