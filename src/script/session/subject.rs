//! Whose event a handler is called for: what it takes to begin one, and to finish it when it has waited.

use crate::{
    engine::values::json,
    error::Fault,
    log::Access,
    net::{
        conn::{Conn, ConnState},
        drivers::http::exchange,
    },
    script::{
        callback::Event,
        ctx::{Ctx, Occasion, Suspended},
        http,
        policy::Policy,
        tcp_connection::TcpConnection,
        worker::Worker,
    },
};
use rhai::Dynamic;
use std::{
    rc::Rc,
    time::{Duration, SystemTime},
};

/// Websocket code when a connection is closed because of an error in its script (RFC 6455, 7.4.1).
const INTERNAL_ERROR: u16 = 1011;

/// What came of an event; none: it has no handler.
pub(super) type Answer = Option<Result<Dynamic, Box<Fault>>>;

/// See the module.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) ctx: Rc<Ctx>,
    pub(super) worker: Worker,
    pub(super) connection: TcpConnection,
}

impl Subject {
    /// For a report.
    pub(super) fn occasion(&self, event: Event) -> Occasion {
        let conn = self.connection.conn();
        let asks = matches!(event, Event::Message | Event::WebsocketConnect);
        Occasion {
            event: event.name().into(),
            worker: self.worker.core().title(),
            connection: Some(conn.id),
            is_gone: conn.state() != ConnState::Established,
            request: asks.then(|| self.connection.request()).flatten(),
        }
    }

    /// Waits for the end of a handler.
    pub(super) async fn wait(&self, suspended: Box<Suspended>, event: Event) -> Answer {
        let occasion = || self.occasion(event);
        let result = suspended.end(&self.ctx, &mut Default::default(), occasion).await;
        Some(result.inspect_err(|fault| self.own_up(fault)))
    }

    /// Reports an error of the script, and does what its worker wants to be done then.
    #[cold]
    pub(super) fn own_up(&self, fault: &Fault) {
        if self.refusal(fault).is_some() {
            return;
        }
        self.ctx.own_up(fault);
        match self.worker.core().settings.on_script_error.get() {
            Policy::Keep => (),
            Policy::Close => self.connection.conn().close(INTERNAL_ERROR, ""),
            policy @ Policy::Exit => self.ctx.exit_if(Some(policy)),
        }
    }

    /// Is it the client's fault, because of its form? Then no error of the script is to be reported: a stranger could fill
    /// the log, or end the isolate of a worker whose `on_script_error` says so.
    fn refusal(&self, fault: &Fault) -> Option<(u16, String)> {
        self.connection.request()?.refused_form(&fault.text)
    }

    /// Is there a session that the request opened?
    pub(super) fn has_session(&self) -> bool {
        self.connection.request().is_some_and(|request| request.opened_session().is_some())
    }

    /// The handler of a request has returned, maybe without an answer: what it left in the session is kept.
    pub(super) async fn save_session(&self) {
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
    pub(super) fn conclude(&self, result: Answer) {
        let conn = self.connection.conn();
        let has_failed = matches!(result, Some(Err(_)));
        if !has_failed && self.serves_file(&conn) {
            return;
        }
        // Nearly always the handler has answered, and there is nothing left to be done.
        if !has_failed && !exchange::is_answering(&conn) {
            return self.connection.set_request(None);
        }
        match result {
            Some(Ok(value)) => self.note_outcome(&conn, &value),
            // A stream that it began has nobody who ends it; what else was answered before the error stays answered.
            Some(Err(_)) if exchange::cut_stream(&conn) || exchange::is_committed(&conn) => (),
            Some(Err(fault)) => match self.refusal(&fault) {
                Some((status, reason)) => exchange::answer_for(&conn, status, &reason),
                None if self.ctx.explains.get() => {
                    exchange::answer_for(&conn, 500, &http::uncoloured(&fault.text));
                }
                None => exchange::answer_for(&conn, 500, "the handler of this request failed"),
            },
            None => exchange::answer_for(&conn, 404, "nobody answers requests here"),
        }
        if !exchange::is_answering(&conn) {
            self.connection.set_request(None);
        }
    }

    /// A handler that has sent nothing may have given its answer to somebody else, or forgotten it.
    fn note_outcome(&self, conn: &Conn, value: &Dynamic) {
        if !exchange::is_unanswered(conn) {
            return;
        }
        let handler = self.connection.callback(Event::Message);
        if let (Some(handler), Some(request)) = (handler, self.connection.request()) {
            let given = match value.is_unit() {
                true => String::new(),
                false => format!("gave {} and ", json::show(value)),
            };
            request.note_outcome(format!(
                "{} at {} {given}sent nothing, and nobody did later; an answer is a string, a map or a Response that a \
                 route gives or `connection.send` is passed",
                Event::Message.name(),
                handler.location()
            ));
        }
    }

    /// Tells the access log of what was refused before it was a request.
    pub(super) fn log_unread(&self, conn: &Conn) {
        let core = self.worker.core();
        if !core.settings.access_log.get() || self.connection.request().is_some() {
            return;
        }
        let Some((status, bytes)) = exchange::take_answer(conn) else { return };
        let access = Access {
            client: conn.info.peer().map(|p| p.ip().to_canonical().to_string()).unwrap_or_default(),
            time: SystemTime::now(),
            method: String::new(),
            target: String::new(),
            protocol: "",
            route: None,
            status,
            bytes,
            took: Duration::ZERO,
            referer: String::new(),
            user_agent: String::new(),
        };
        self.ctx.log_access(core.title(), conn.id, access);
    }

    /// A worker with roots answers with files what its script has not answered.
    fn serves_file(&self, conn: &Rc<Conn>) -> bool {
        let core = self.worker.core();
        if core.roots.is_empty() {
            return false;
        }
        let Some(request) = self.connection.request() else { return false };
        let Some(root) = core.roots.find(&request.host(true)) else { return false };
        let waits = conn.state() == ConnState::Established && exchange::promise(conn).is_ok();
        if waits {
            http::serve(&self.connection, &request, root);
        }
        waits
    }

    /// Its `on_close` has ended.
    pub(super) fn end(&self) {
        if let Some(target) = self.connection.target() {
            target.conn().close(1000, "");
        }
        self.leave();
    }

    /// Nobody finds this connection any more.
    pub(super) fn leave(&self) {
        self.worker.core().leave(self.connection.conn().id);
        self.connection.retire();
    }
}
