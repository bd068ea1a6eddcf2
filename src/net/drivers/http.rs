//! HTTP on a connection: requests are handed on one at a time and each is answered once. One may become a websocket; where
//! a port requires that, each has to.

pub(crate) mod exchange;

use super::{UploadDir, http2, spool::Spool, websocket::WebSocketDriver};
use crate::{
    net::{
        Message, Request, Verdict,
        conn::{AfterEnd, ConnEvent, Driver, Goodbye, Look, Overdue, Step, Upgraded},
        timeouts::Due,
    },
    protocol::{
        Codec, Kind, LastWords, ProtocolError,
        http::{Decoded, Http, Reply, Stage, Upgrade},
        id::ProtocolId,
        websocket::WebSocket,
    },
};
use std::{cell::Cell, rc::Rc};

/// What came of storing a part of a body: the file, and the part's memory.
type Stored = Rc<Cell<Option<Result<(Spool, Vec<u8>), String>>>>;

/// Where a connection stands on its way to a websocket.
#[derive(Default)]
enum Turning {
    /// Nobody has asked for one.
    #[default]
    Not,
    /// A request did, and waits for its verdict.
    Asked(Upgrade),
    /// That was refused, or given up.
    Over,
}

/// See the module.
pub(crate) struct HttpDriver {
    http: Http,
    upload_dir: UploadDir,
    /// The part of a large body that has come.
    spool: Option<Box<Spool>>,
    /// Set while a part is being stored.
    storing: Option<Stored>,
    /// A request whose last part is being stored.
    complete: Option<Box<Request>>,
    requires_websocket: bool,
    turning: Turning,
    /// The script has answered a request for a websocket with bytes of its own.
    has_raw_answer: bool,
    /// Status and body's length of an answer that the host gave.
    replied: Option<(u16, u64)>,
}

impl HttpDriver {
    pub(super) fn new(upload_dir: UploadDir) -> Self {
        Self {
            http: Http::default(),
            upload_dir,
            spool: None,
            storing: None,
            complete: None,
            requires_websocket: false,
            turning: Turning::Not,
            has_raw_answer: false,
            replied: None,
        }
    }

    pub(super) fn that_requires_websocket(upload_dir: UploadDir) -> Self {
        Self { requires_websocket: true, ..Self::new(upload_dir) }
    }

    /// One exchange of HTTP/2.
    pub(super) fn of_stream(http: Http, upload_dir: UploadDir) -> Self {
        Self { http, ..Self::new(upload_dir) }
    }

    /// Requests and answers, unless this is on its way to a websocket.
    fn exchange(&mut self) -> Option<&mut Http> {
        self.is_plain().then_some(&mut self.http)
    }

    fn is_plain(&self) -> bool {
        !self.requires_websocket && matches!(self.turning, Turning::Not)
    }

    /// What is said to a peer that made no good request. One that meant another port hears what is spoken on this one.
    fn told(&self, mut error: ProtocolError) -> ProtocolError {
        if self.requires_websocket
            && let LastWords::Answer(answer) = &mut error.reply
        {
            answer.body.extend_from_slice(b"This port speaks websocket.\n");
        }
        error
    }

    /// Begins to store a part of a body.
    fn store(&mut self, part: Vec<u8>, consumed: usize) -> Step {
        let stored = Stored::default();
        self.storing = Some(stored.clone());
        let spool = self.spool.take().map(|spool| *spool);
        let storing = Spool::append(spool, (self.upload_dir)(), part);
        let rest = Box::pin(async move { stored.set(Some(storing.await)) });
        Step::Wait { rest, consumed }
    }

    /// A part is stored, or could not be.
    fn stored(&mut self) -> Result<(), ProtocolError> {
        let Some(stored) = self.storing.take().and_then(|stored| stored.take()) else {
            return Ok(());
        };
        match stored {
            Ok((spool, part)) => {
                self.spool = Some(Box::new(spool));
                self.http.reuse(part);
                Ok(())
            }
            Err(reason) => {
                // Which directory that is, is nothing for strangers.
                let told = self.http.refuse(500, "the body of this request cannot be stored");
                Err(ProtocolError { reason, ..told })
            }
        }
    }

    fn request(&mut self, request: Box<Request>, consumed: usize) -> Step {
        if self.requires_websocket {
            return Step::Upgrade { request, is_optional: false, consumed };
        }
        if request.head.wants_websocket && self.spool.is_none() {
            return Step::Upgrade { request, is_optional: true, consumed };
        }
        let spool = self.spool.take().map(|spool| *spool);
        Step::Message { message: Message::Request(request, spool), consumed }
    }
}

impl Driver for HttpDriver {
    fn protocol(&self) -> ProtocolId {
        match self.requires_websocket || !matches!(self.turning, Turning::Not) {
            true => ProtocolId::WebSocket,
            false => ProtocolId::Http,
        }
    }

    fn decode(
        &mut self,
        received: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, ProtocolError> {
        self.stored()?;
        if let Some(request) = self.complete.take() {
            return Ok(self.request(request, 0));
        }
        // Who wants a websocket has nothing to say in a body.
        let limit = if self.requires_websocket { 0 } else { limit };
        Ok(match self.http.decode(received, out, limit).map_err(|error| self.told(error))? {
            Decoded::More => Step::Plain(crate::protocol::Decoded::More),
            Decoded::Control { consumed } => {
                Step::Plain(crate::protocol::Decoded::Control { consumed })
            }
            Decoded::Body { part, consumed } => self.store(part, consumed),
            Decoded::Request { mut request, consumed } if self.spool.is_some() => {
                let rest = std::mem::take(&mut request.body);
                self.complete = Some(request);
                self.store(rest, consumed)
            }
            Decoded::Request { request, consumed } => self.request(request, consumed),
            Decoded::Http2 if self.requires_websocket => {
                return Err(self.http.refuse(400, "this port speaks websocket"));
            }
            Decoded::Http2 => {
                let upload_dir = self.upload_dir.clone();
                Step::Takeover(Box::new(move |conn, first, open| {
                    Box::pin(http2::serve(conn, first, open, upload_dir))
                }))
            }
        })
    }

    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match self.protocol() {
            // It is held back until the request is answered.
            ProtocolId::WebSocket => WebSocket::default().encode(kind, payload, out),
            _ => {
                Err("an HTTP connection cannot be sent messages: each request is answered once"
                    .into())
            }
        }
    }

    fn held(&self) -> usize {
        self.http.held()
    }

    fn overloaded(&self, reason: &str) -> ProtocolError {
        let told = self.http.refuse(503, "there is no room for this request now");
        ProtocolError { reason: reason.to_owned(), ..told }
    }

    fn holds_messages(&self) -> bool {
        self.protocol() == ProtocolId::WebSocket
    }

    fn note_raw(&mut self) {
        self.has_raw_answer |= self.protocol() == ProtocolId::WebSocket;
    }

    fn close(&mut self, _code: u16, _reason: &str, out: &mut Vec<u8>) -> Goodbye {
        let Some(http) = self.exchange() else { return Goodbye::Said };
        // A file on its way is not cut; it closes when that is out.
        if http.is_sending() {
            http.make_last();
            return Goodbye::Later;
        }
        http.finish(out);
        Goodbye::Said
    }

    fn finish(&mut self, words: &LastWords, out: &mut Vec<u8>) {
        if let LastWords::Answer(reply) = words {
            self.replied = Some((reply.status, reply.body.len() as u64));
            self.http.tell(reply, out);
        }
        if !self.is_plain() {
            self.turning = Turning::Over;
        }
    }

    fn is_answering(&self) -> bool {
        self.http.is_answering()
    }

    fn hear_end(&mut self) -> AfterEnd {
        if self.http.end_body() {
            return AfterEnd::Decode;
        }
        match self.is_plain() && self.http.is_answering() && !self.http.is_streaming() {
            true => AfterEnd::Answer,
            false => AfterEnd::Close,
        }
    }

    fn has_opening(&self) -> bool {
        self.http.has_opening()
    }

    fn owes_upgrade(&self) -> bool {
        matches!(self.turning, Turning::Asked(_))
    }

    fn pauses_when_full(&self) -> bool {
        true
    }

    fn begin_upgrade(&mut self, request: &Request) -> Result<(), ProtocolError> {
        self.turning = Turning::Asked(Upgrade::parse(&request.head)?);
        Ok(())
    }

    fn conclude(&mut self, verdict: Verdict, is_open: bool, out: &mut Vec<u8>) -> Upgraded {
        let turning = std::mem::replace(&mut self.turning, Turning::Over);
        let refusal = match (verdict, turning) {
            (Verdict::Accept(extra), Turning::Asked(upgrade)) if is_open => {
                upgrade.accept(&extra, out);
                return Upgraded::To(Box::<WebSocketDriver>::default());
            }
            (Verdict::Accept(_), _) => Reply::from(403),
            (Verdict::Refuse(refusal), _) => refusal,
        };
        if !self.has_raw_answer {
            self.http.tell(&refusal, out);
        }
        Upgraded::Refused
    }

    fn drain(&mut self) -> Option<bool> {
        let http = self.exchange()?;
        http.drain();
        Some(http.is_idle())
    }

    fn ends_after_answer(&mut self, is_handling: bool) -> bool {
        let Some(http) = self.exchange() else { return false };
        let ends = http.is_waiting() || http.is_streaming() && is_handling;
        if ends {
            http.drain();
        }
        ends
    }

    fn give_up_answer(&mut self) -> Option<ProtocolError> {
        let http = self.exchange().filter(|http| http.is_waiting())?;
        Some(http.refuse(503, "the server is stopping"))
    }

    fn watch(&mut self, look: &Look<'_>, due: &mut Due) -> Option<Overdue> {
        let limits = look.timeouts;
        if self.requires_websocket {
            let waits = !look.is_busy && matches!(self.turning, Turning::Not);
            return (waits && due.has_passed(look.opened, limits.handshake.get())).then(|| {
                let told = self.http.refuse(408, "the websocket request took too long");
                let reason = "no websocket request within handshake_timeout".to_owned();
                Overdue::BreakOff(ProtocolError { reason, ..told })
            });
        }
        let http = self.exchange()?;
        // How far an exchange has come is known from looking at it every time.
        due.look_at_once();
        // A stream with nothing to say does not keep its peer waiting.
        let is_busy = look.is_busy || http.is_streaming() && look.queued == 0;
        let (stage, since) = http.stage(look.unread, look.queued, look.written, is_busy, look.now);
        let limit = match stage {
            Stage::Idle => &limits.keep_alive,
            Stage::Head => &limits.handshake,
            Stage::Body | Stage::Rest => &limits.body,
            Stage::Answer => &limits.response,
        };
        if !due.has_passed(since, limit.get()) {
            return None;
        }
        Some(match stage {
            Stage::Idle => Overdue::Close(0, ""),
            Stage::Head if look.unread == 0 => Overdue::Close(0, ""),
            Stage::Head => {
                Overdue::BreakOff(http.refuse(408, "no headers within handshake_timeout"))
            }
            Stage::Body => Overdue::BreakOff(http.refuse(408, "no body within body_timeout")),
            Stage::Answer => {
                let told = http.refuse(504, "no answer within response_timeout");
                Overdue::Expire(ConnEvent::Unanswered, told)
            }
            Stage::Rest => Overdue::GiveUp("an answer was not read within body_timeout"),
        })
    }
}
