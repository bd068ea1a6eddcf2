//! One connection of a Worker, as the net room sees it: turns what happens into calls of the script's callbacks, which are
//! looked up at that moment, so that an open connection runs new code at its next event.

mod opening;
mod subject;

use super::{
    callback::Event,
    ctx::{Called, Suspended},
    encoding::Encoding,
    http,
    tcp_connection::TcpConnection,
    worker::Worker,
};
use crate::{
    engine::program::handler::Args,
    log::Level,
    net::{
        ConnHandler, Message, NotUtf8, Request, Verdict, code,
        completion::Completion,
        conn::{Conn, ConnDriver, ConnEvent, ConnTask, Driver, Opener},
        drivers,
        transport::Transport,
    },
    protocol::{Kind, id::ProtocolId},
};
use rhai::Dynamic;
use std::{rc::Rc, task::Waker};
use subject::{Answer, Subject};

/// Takes over a connection that is ready for its protocol.
pub(crate) fn open(worker: &Worker, transport: Transport) {
    let protocol = worker.core().settings.protocol.get();
    drive(worker, transport, drivers::driver(protocol, || upload_dir(worker)));
}

fn drive(worker: &Worker, transport: Transport, driver: Box<dyn Driver>) {
    let (conn, session) = begin(worker, transport, driver);
    let net = session.subject.ctx.net.clone();
    tokio::task::spawn_local(ConnTask::Polling(ConnDriver::new(conn, net, session)));
}

/// All of a connection but its task.
pub(crate) fn begin(
    worker: &Worker,
    transport: Transport,
    driver: Box<dyn Driver>,
) -> (Rc<Conn>, Session) {
    let core = worker.core();
    let conn = core.ctx().net.open(transport, driver, core.settings.timeouts.clone());
    let connection = TcpConnection::new(conn.clone(), worker);
    core.enter(connection.clone());
    let (ctx, worker) = (core.ctx().clone(), worker.clone());
    let subject = Subject { ctx, worker, connection };
    let session = Session { subject, handle: Dynamic::UNIT, cut: Box::default() };
    (conn, session)
}

/// Where large bodies of its requests go.
pub(crate) fn upload_dir(worker: &Worker) -> drivers::UploadDir {
    let worker = worker.clone();
    Rc::new(move || worker.core().upload_dir())
}

/// A received message on its way to the script.
pub(crate) enum Data {
    Script(Dynamic),
    /// Nothing to do: it was passed on to the connection that this one is piped to, or is half a character.
    Done,
}

/// A connection, as the net room drives it.
pub(crate) struct Session {
    subject: Subject,
    /// The boxed form of its connection, made by the first call and moved into and out of each; `()` before, and after one
    /// that did not give it back.
    handle: Dynamic,
    /// The beginning of a character whose rest is in the next read; only where raw bytes are text.
    cut: Box<[u8]>,
}

/// A panic of the host (or of a value of the embedder that does not let itself be dropped) costs this connection and no
/// more: whoever asks for the worker's connections does not find it any more.
impl Drop for Session {
    fn drop(&mut self) {
        let Subject { ctx, worker, connection } = &self.subject;
        if std::thread::panicking() && connection.worker().is_some() {
            let conn = connection.conn();
            let text = format!("connection {} ended by a panic of the host", conn.id);
            ctx.log_connection(Level::Error, &worker.core().title(), Some(conn.id), text);
            conn.destroy();
            conn.leave();
            self.subject.leave();
        }
    }
}

/// What became of an event.
enum Emitted {
    Ended(Answer),
    Waits(Box<Suspended>),
}

impl Session {
    /// Calls the callback of an event, if there is one.
    fn emit(&mut self, event: Event, second: Dynamic, third: Dynamic, waker: &Waker) -> Emitted {
        let subject = &self.subject;
        let Some(handler) = subject.connection.callback(event) else {
            return Emitted::Ended(None);
        };
        let mut handle = std::mem::take(&mut self.handle);
        // Neither a panic nor a wait gives arguments back.
        if handle.is_unit() {
            handle = Dynamic::from(subject.connection.clone());
        }
        let mut args: Args = [handle, second, third];
        match subject.ctx.start(handler, &mut args, 0, waker, || subject.occasion(event)) {
            Called::Ended(result) => {
                let [back, ..] = args;
                // A script may have assigned to its parameter, maybe another connection.
                let own = back.read_lock::<TcpConnection>();
                let is_own = own.is_some_and(|own| own.is_same(&subject.connection));
                self.handle = if is_own { back } else { Dynamic::UNIT };
                if let Err(fault) = &result {
                    subject.own_up(fault);
                }
                Emitted::Ended(Some(result))
            }
            Called::Waits(suspended) => Emitted::Waits(suspended),
        }
    }

    /// The same for an event whose answer does not matter.
    fn tell(
        &mut self,
        event: Event,
        second: Dynamic,
        third: Dynamic,
        waker: &Waker,
    ) -> Completion<()> {
        match self.emit(event, second, third, waker) {
            Emitted::Ended(_) => Completion::Ready(()),
            Emitted::Waits(suspended) => {
                let subject = self.subject.clone();
                Completion::pending(async move { drop(subject.wait(suspended, event).await) })
            }
        }
    }

    /// Is text welcome that is not UTF-8? That of a websocket never is (RFC 6455, 8.1).
    fn takes_any_bytes(&self) -> bool {
        let connection = &self.subject.connection;
        let protocol = connection.conn().driver.protocol();
        connection.encoding() == Encoding::Binary && protocol != ProtocolId::WebSocket
    }

    /// Raw bytes as text. Where a read ends is no matter of the script: half a character waits for its rest.
    fn raw_text(&mut self, bytes: &[u8]) -> Result<Data, NotUtf8> {
        let mut joined = std::mem::take(&mut self.cut).into_vec();
        joined.extend_from_slice(bytes);
        let text = String::from_utf8(joined).or_else(|e| {
            let (error, mut joined) = (e.utf8_error(), e.into_bytes());
            if error.error_len().is_some() {
                return Err(NotUtf8);
            }
            self.cut = joined.split_off(error.valid_up_to()).into();
            String::from_utf8(joined).map_err(|_| NotUtf8)
        })?;
        Ok(if text.is_empty() { Data::Done } else { Data::Script(text.into()) })
    }

    /// Has a request answered.
    fn answer(&mut self, data: Dynamic, waker: &Waker) -> Completion<()> {
        let emitted = match self.emit(Event::Message, data, Dynamic::UNIT, waker) {
            Emitted::Ended(result) if !self.subject.has_session() => {
                self.subject.conclude(result);
                return Completion::Ready(());
            }
            emitted => emitted,
        };
        let subject = self.subject.clone();
        Completion::pending(async move {
            let result = match emitted {
                Emitted::Ended(result) => result,
                Emitted::Waits(suspended) => subject.wait(suspended, Event::Message).await,
            };
            subject.save_session().await;
            subject.conclude(result);
        })
    }

    /// Copies a message out of the read buffer.
    fn receive(&mut self, message: Message<'_>) -> Result<Data, NotUtf8> {
        let encoding = self.subject.connection.encoding();
        if let Some(target) = self.subject.connection.target() {
            let (kind, bytes) = match message {
                Message::Text(text) => (Kind::Text, text.as_bytes()),
                Message::NotText(_) if !self.takes_any_bytes() => return Err(NotUtf8),
                Message::Binary(bytes) | Message::NotText(bytes) => (Kind::Binary, bytes),
                Message::Request(..) => return Ok(Data::Done),
            };
            // A target that cannot take it says so in its own on_error.
            let _ = target.conn().send(kind, bytes);
            return Ok(Data::Done);
        }
        Ok(Data::Script(match message {
            Message::Text(text) if encoding == Encoding::Binary => {
                Dynamic::from_blob(text.as_bytes().to_vec())
            }
            Message::Text(text) => text.into(),
            Message::NotText(_) if !self.takes_any_bytes() => return Err(NotUtf8),
            Message::Binary(bytes) if encoding == Encoding::Utf8 => {
                if self.subject.connection.conn().driver.protocol() == ProtocolId::Tcp {
                    return self.raw_text(bytes);
                }
                std::str::from_utf8(bytes).map_err(|_| NotUtf8)?.into()
            }
            Message::Binary(bytes) | Message::NotText(bytes) => Dynamic::from_blob(bytes.to_vec()),
            Message::Request(request, spool) => {
                let conn = self.subject.connection.conn();
                let request = http::Request::new(*request, spool, &conn, &self.subject.worker);
                self.subject.connection.set_request(Some(request.clone()));
                Dynamic::from(request)
            }
        }))
    }
}

impl ConnHandler for Session {
    fn opener(&self) -> Opener {
        let worker = self.subject.worker.clone();
        Box::new(move |transport, driver| drive(&worker, transport, driver))
    }

    fn on_connect(&mut self, waker: &Waker) -> Completion<()> {
        self.tell(Event::Connect, Dynamic::UNIT, Dynamic::UNIT, waker)
    }

    fn takes_upgrades(&self) -> bool {
        self.subject.connection.callback(Event::WebsocketConnect).is_some()
    }

    fn on_upgrade(&mut self, request: Box<Request>, waker: &Waker) -> Completion<Verdict> {
        const EVENT: Event = Event::WebsocketConnect;
        let conn = self.subject.connection.conn();
        let opening = http::Request::new(*request, None, &conn, &self.subject.worker);
        if self.subject.connection.callback(EVENT).is_none() {
            if self.subject.worker.core().settings.access_log.get() {
                opening.log(opening::SWITCHED, 0);
            }
            return Completion::Ready(Verdict::Accept(opening::extra_headers(
                &self.subject.connection,
            )));
        }
        self.subject.connection.set_request(Some(opening.clone()));
        let emitted = match self.emit(EVENT, Dynamic::from(opening.clone()), Dynamic::UNIT, waker) {
            Emitted::Ended(answer) if opening.opened_session().is_none() => {
                return Completion::Ready(opening::finish(&self.subject, &opening, answer, true));
            }
            emitted => emitted,
        };
        let subject = self.subject.clone();
        Completion::pending(async move {
            let answer = match emitted {
                Emitted::Ended(answer) => answer,
                Emitted::Waits(suspended) => subject.wait(suspended, EVENT).await,
            };
            opening::conclude(&subject, &opening, answer).await
        })
    }

    fn on_message(
        &mut self,
        message: Message<'_>,
        waker: &Waker,
    ) -> Result<Completion<()>, NotUtf8> {
        let is_request = matches!(message, Message::Request(..));
        let data = self.receive(message)?;
        self.subject.ctx.stats.messages.add(1);
        let Data::Script(data) = data else { return Ok(Completion::Ready(())) };
        Ok(match is_request {
            true => self.answer(data, waker),
            false => self.tell(Event::Message, data, Dynamic::UNIT, waker),
        })
    }

    fn took_long(&mut self) -> bool {
        self.subject.ctx.took_long()
    }

    fn on_event(&mut self, event: ConnEvent, waker: &Waker) -> Completion<()> {
        let connection = &self.subject.connection;
        match event {
            ConnEvent::BufferFull => {
                self.tell(Event::BufferFull, Dynamic::UNIT, Dynamic::UNIT, waker)
            }
            ConnEvent::BufferDrain => {
                self.tell(Event::BufferDrain, Dynamic::UNIT, Dynamic::UNIT, waker)
            }
            ConnEvent::Unanswered => {
                let request = connection.request();
                let asked = request.as_ref().map(http::Request::described);
                let outcome = request.and_then(|r| r.outcome());
                let outcome = outcome.map_or(String::new(), |outcome| format!(": {outcome}"));
                connection.warn(&format!(
                    "connection {}: {} was not answered within response_timeout, in generation {}{outcome}",
                    connection.conn().id,
                    asked.as_deref().unwrap_or("a request"),
                    self.subject.ctx.program().map_or(0, |program| program.number())
                ));
                Completion::Ready(())
            }
            ConnEvent::Error { code: number, text } => {
                if number == code::PROTOCOL {
                    let conn = connection.conn();
                    let peer = conn.info.peer_name();
                    connection.warn(&format!("connection {} from {peer} ended: {text}", conn.id));
                    self.subject.log_unread(&conn);
                }
                self.tell(Event::Error, number.into(), text.into(), waker)
            }
        }
    }

    fn on_close(&mut self, waker: &Waker) -> Completion<()> {
        match self.emit(Event::Close, Dynamic::UNIT, Dynamic::UNIT, waker) {
            Emitted::Ended(_) => {
                self.subject.end();
                Completion::Ready(())
            }
            Emitted::Waits(suspended) => {
                let subject = self.subject.clone();
                Completion::pending(async move {
                    subject.wait(suspended, Event::Close).await;
                    subject.end();
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        // Tokio adds about 100 bytes to the first, which together should not exceed 256; the allocator rounds.
        assert!(size_of::<ConnTask<Session>>() <= 104, "{}", size_of::<ConnTask<Session>>());
        assert!(size_of::<Conn>() <= 176, "{}", size_of::<Conn>());
    }
}
