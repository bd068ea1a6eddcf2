//! HTTP/1.0 and 1.1, server side: one request after the other, each answered before the next is looked at. httparse reads
//! the lines; what a message is, and where it ends, is judged here.
//!
//! # HTTP/1 is framed by our own code
//!
//! HTTP/1 is framed by our own code, on httparse, and not served by hyper. So a request is cut out of the read
//! buffer that all connections share, answers are corked and counted like any message, one port can serve page and
//! websocket, and the strictness is ours: hyper takes bare LF, repeated lengths and a length beside chunks. It
//! costs little: a script that answers `hello` reaches 0.9 of what bare hyper, which runs no script, does in the
//! same run (`scripts/bench http`).

mod chunked;
mod date;
mod head;
mod reading;
mod refusal;
mod reply;
mod request;
mod response;
mod stream;
mod upgrade;

pub(crate) use head::{Head, MAX_HEAD, Opening};
pub(crate) use reading::Decoded;
pub(crate) use reply::Reply;
pub(crate) use request::Request;
pub(crate) use response::{Payload, ResponseHead, check_header};
pub(crate) use stream::{AnswerHead, Stream};
pub(crate) use upgrade::Upgrade;

use super::ProtocolError;
use chunked::Chunked;
use head::Search;
use refusal::Refusal;
use response::Framing;
use std::{io::Write, rc::Rc};

/// May it stand in a name, of a header or a chunk extension (RFC 9110, 5.6.2)?
fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// Bytes of a body or of an answer that count as progress. Fixed: a peer that sends or reads less in a whole `body_timeout`
/// only holds its place.
const PROGRESS: usize = 16 * 1024;

/// Bytes of a body that are handed on as soon as they are there, instead of being kept until it is complete. Fixed: forms fit
/// in, and a thousand peers that upload at once cost half a gigabyte.
pub(crate) const SPOOL: usize = 256 * 1024;

/// What the connection waits for, as its time limits see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The next request, of which nothing has come.
    Idle,
    Head,
    Body,
    /// The script's answer.
    Answer,
    /// The rest of the answer.
    Rest,
}

/// What is read next.
enum Reading {
    Head(Search),
    Body(Box<Arriving>),
}

/// A request whose body is on its way.
struct Arriving {
    head: Head,
    body: Vec<u8>,
    /// Bytes that were handed on before those.
    spooled: usize,
    rest: Rest,
}

impl Arriving {
    /// All bytes of the body that have come.
    fn received(&self) -> usize {
        self.spooled + self.body.len()
    }
}

/// What is left of a body.
enum Rest {
    Bytes(u64),
    Chunks(Chunked),
    /// Whatever comes until the peer ends.
    Stream,
}

/// Where the answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    /// There is no request.
    None,
    /// A request was handed on.
    Waiting,
    /// Another protocol goes on here.
    Other,
    /// The script takes its time with a file.
    Promised,
    /// The head is out, and parts follow.
    Streaming { chunked: bool },
    /// The head is out, and so many bytes follow.
    Sized { left: u64 },
}

/// `http://`: one connection's state.
pub(crate) struct Http {
    reading: Reading,
    exchange: Exchange,
    /// Of the request that is being answered.
    minor: u8,
    /// Has its answer no body, whatever the script sends?
    is_bodiless: bool,
    keeps_alive: bool,
    /// Is the next answer the last, whatever the client would like?
    drains: bool,
    /// Empty lines since the last request.
    blank_lines: u8,
    /// Requests that were answered.
    served: u64,
    /// Status of the answer that began last, and the bytes of its body so far; 0 before there is one.
    answered: (u16, u64),
    /// What the time limits saw last: a stage, its mark, and since when, in milliseconds.
    seen: (Stage, u64, u64),
    /// Set where this is one exchange of HTTP/2.
    stream: Option<Box<Streamed>>,
}

/// What an exchange of HTTP/2 knows besides.
struct Streamed {
    stream: Rc<Stream>,
    /// Its request, until that is looked at.
    opening: Option<Result<Head, Refusal>>,
    /// Has all of the request come?
    has_ended: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            reading: Reading::Head(Search::default()),
            exchange: Exchange::None,
            minor: 1,
            is_bodiless: false,
            keeps_alive: true,
            drains: false,
            blank_lines: 0,
            served: 0,
            answered: (0, 0),
            seen: (Stage::Head, u64::MAX, 0),
            stream: None,
        }
    }
}

impl Http {
    /// One exchange of HTTP/2. `has_ended`: its request has no body.
    pub(crate) fn of_stream(opening: Opening, stream: Rc<Stream>, has_ended: bool) -> Self {
        let streamed = Streamed { stream, opening: Some(opening.0), has_ended };
        Self { stream: Some(Box::new(streamed)), ..Self::default() }
    }

    /// Is there a request, or its end, that comes without bytes?
    pub(crate) fn has_opening(&self) -> bool {
        self.stream.as_ref().is_some_and(|streamed| streamed.opening.is_some())
    }

    /// The peer has ended its half. Tells whether that completes a request.
    pub(crate) fn end_body(&mut self) -> bool {
        let is_arriving = matches!(self.reading, Reading::Body(_));
        let streamed = self.stream.as_mut().filter(|_| is_arriving);
        streamed.is_some_and(|streamed| !std::mem::replace(&mut streamed.has_ended, true))
    }

    /// Has a request been handed on whose answer is not complete?
    pub(crate) fn is_answering(&self) -> bool {
        self.exchange != Exchange::None
    }

    /// Has the answer not begun, so that another can take its place?
    pub(crate) fn is_unanswered(&self) -> bool {
        matches!(self.exchange, Exchange::Waiting | Exchange::Promised)
    }

    /// Is an answer on its way whose end is known, and whose rest needs no script?
    pub(crate) fn is_sending(&self) -> bool {
        matches!(self.exchange, Exchange::Promised | Exchange::Sized { .. })
    }

    /// Does the script send the answer part by part?
    pub(crate) fn is_streaming(&self) -> bool {
        matches!(self.exchange, Exchange::Streaming { .. })
    }

    /// Status and bytes of the body of the answer that began last, told once.
    pub(crate) fn take_answer(&mut self) -> Option<(u16, u64)> {
        let (status, bytes) = std::mem::take(&mut self.answered);
        (status != 0).then_some((status, bytes))
    }

    /// Is the connection to be closed when its answer is out?
    pub(crate) fn is_last(&self) -> bool {
        !self.keeps_alive
    }

    /// No request follows this one.
    pub(crate) fn make_last(&mut self) {
        self.keeps_alive = false;
    }

    /// The request that is on its way or on hand is still answered, and no other.
    pub(crate) fn drain(&mut self) {
        self.drains = true;
        self.keeps_alive &= !self.is_answering();
    }

    /// Is there no request, not even half of one? (Bytes that were not looked at may be one.)
    pub(crate) fn is_idle(&self) -> bool {
        !self.is_answering() && matches!(self.reading, Reading::Head(_))
    }

    /// Is there a request that only the script can answer?
    pub(crate) fn is_waiting(&self) -> bool {
        self.exchange == Exchange::Waiting
    }

    /// What it waits for, and since when that has not come forward. `unread` bytes wait to be read, `queued` to be written,
    /// and so many were `written`; `busy` while a handler runs.
    pub(crate) fn stage(
        &mut self,
        unread: usize,
        queued: usize,
        written: u64,
        busy: bool,
        now: u64,
    ) -> (Stage, u64) {
        let taken = written / PROGRESS as u64;
        let (stage, mark) = match (&self.exchange, &self.reading) {
            (Exchange::Waiting | Exchange::Promised, _) => (Stage::Answer, self.served),
            (Exchange::Streaming { .. } | Exchange::Sized { .. }, _) => (Stage::Rest, taken),
            (Exchange::Other, _) => (Stage::Rest, now),
            (_, Reading::Body(arriving)) => (Stage::Body, (arriving.received() / PROGRESS) as u64),
            // What comes next is not even looked at while the queue is full.
            _ if queued > 0 => (Stage::Rest, taken),
            _ if unread == 0 && self.served > 0 => (Stage::Idle, self.served),
            _ => (Stage::Head, self.served),
        };
        if busy || (self.seen.0, self.seen.1) != (stage, mark) {
            self.seen = (stage, mark, now);
        }
        (stage, self.seen.2)
    }

    /// Bytes of a body that are kept while more of it comes.
    pub(crate) fn held(&self) -> usize {
        match &self.reading {
            Reading::Body(arriving) => arriving.body.len(),
            Reading::Head(_) => 0,
        }
    }

    /// The answer that a request is refused with, when the script does not give one; and the end.
    pub(crate) fn refuse(&self, status: u16, reason: &str) -> ProtocolError {
        let is_head = match &self.reading {
            Reading::Body(arriving) => arriving.head.method() == "HEAD",
            Reading::Head(_) => self.is_answering() && self.is_bodiless,
        };
        Refusal::new(status, reason.to_owned()).error(is_head)
    }

    /// Answers for the script, and for the last time.
    pub(crate) fn tell(&mut self, reply: &Reply, out: &mut Vec<u8>) {
        let head = ResponseHead {
            status: reply.status,
            reason: None,
            headers: &reply.headers,
            media_type: "text/plain; charset=utf-8",
        };
        let body = if reply.is_bodiless { &[] } else { &reply.body[..] };
        self.keeps_alive = false;
        self.begin_answer(&head, &Framing::Length(reply.body.len() as u64), out);
        out.extend_from_slice(body);
        self.answered.1 = body.len() as u64;
        self.complete();
    }

    /// Puts the head of an answer into wire form.
    fn begin_answer(&mut self, head: &ResponseHead<'_>, framing: &Framing, out: &mut Vec<u8>) {
        self.answered = (head.status, 0);
        if let Some(streamed) = &self.stream {
            let (status, fields) = (head.status, head.fields(framing));
            return streamed.stream.begin(AnswerHead { status, fields });
        }
        let connection = match (self.keeps_alive, self.minor) {
            (false, _) => Some("close"),
            (true, 0) => Some("keep-alive"),
            (true, _) => None,
        };
        head.write(framing, connection, out);
    }

    /// The script will answer later, and nobody else.
    pub(crate) fn promise(&mut self) -> Result<(), String> {
        self.check_unanswered()?;
        self.exchange = Exchange::Promised;
        Ok(())
    }

    fn check_unanswered(&self) -> Result<(), String> {
        match self.exchange {
            Exchange::Waiting => Ok(()),
            Exchange::Other => Err("HTTP/2 answers on the connection of each request".into()),
            Exchange::None => Err("no request waits for an answer: each is answered once".into()),
            Exchange::Promised => Err("the request is answered already, by a file".into()),
            Exchange::Streaming { .. } | Exchange::Sized { .. } => {
                Err("the answer has begun: send its parts with Chunk(…) or ServerSentEvents(…)"
                    .into())
            }
        }
    }

    /// Begins an answer that was not promised.
    pub(crate) fn answer(
        &mut self,
        head: &ResponseHead<'_>,
        payload: Payload<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        self.check_unanswered()?;
        self.write(head, payload, out);
        Ok(())
    }

    /// Begins an answer, promised or not.
    pub(crate) fn write(
        &mut self,
        head: &ResponseHead<'_>,
        payload: Payload<'_>,
        out: &mut Vec<u8>,
    ) {
        self.is_bodiless |= matches!(head.status, 204 | 205 | 304);
        let bodiless = self.is_bodiless;
        // A stream without a body has no end that its parts could come to, and an event stream hardly ever another.
        let is_stream = matches!(payload, Payload::Stream);
        let ends = is_stream && (bodiless || head.is_event_stream());
        self.keeps_alive &= !head.closes() && !self.drains && !ends;
        let framing = match (bodiless, payload) {
            (true, _) if matches!(head.status, 204 | 304) => Framing::None,
            (true, _) if head.status == 205 => Framing::Length(0),
            (true, Payload::Whole(b"")) => Framing::Length(head.announced().unwrap_or(0)),
            (_, Payload::Whole(body)) => Framing::Length(body.len() as u64),
            (_, Payload::Sized(length)) => Framing::Length(length),
            (_, Payload::Stream) if self.stream.is_some() => Framing::End,
            (_, Payload::Stream) if self.minor == 1 => Framing::Chunked,
            (true, Payload::Stream) => Framing::None,
            (false, Payload::Stream) => {
                self.keeps_alive = false;
                Framing::End
            }
        };
        self.begin_answer(head, &framing, out);
        self.exchange = match payload {
            Payload::Stream if !bodiless => {
                Exchange::Streaming { chunked: matches!(framing, Framing::Chunked) }
            }
            Payload::Sized(left) if !bodiless && left > 0 => Exchange::Sized { left },
            Payload::Whole(body) if !bodiless => {
                out.extend_from_slice(body);
                self.answered.1 = body.len() as u64;
                return self.complete();
            }
            _ => return self.complete(),
        };
    }

    /// Appends one part of a stream. An empty one is nothing: see [`Self::finish`].
    pub(crate) fn part(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match self.exchange {
            Exchange::Streaming { .. } if data.is_empty() => Ok(()),
            Exchange::Streaming { chunked: false } => {
                self.answered.1 += data.len() as u64;
                out.extend_from_slice(data);
                Ok(())
            }
            Exchange::Streaming { chunked: true } => {
                self.answered.1 += data.len() as u64;
                // A Vec takes everything.
                let _ = write!(out, "{:X}\r\n", data.len());
                out.extend_from_slice(data);
                out.extend_from_slice(b"\r\n");
                Ok(())
            }
            _ => Err("parts follow a Response that has begun a stream: with the header \
                      Transfer-Encoding: chunked, or Content-Type: text/event-stream"
                .into()),
        }
    }

    /// Ends a stream, if there is one.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if let Exchange::Streaming { chunked } = self.exchange {
            if chunked {
                out.extend_from_slice(b"0\r\n\r\n");
            }
            self.complete();
        }
    }

    /// Appends bytes of an answer whose length was given.
    pub(crate) fn data(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if let Exchange::Sized { left } = self.exchange {
            let n = data.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            out.extend_from_slice(&data[..n]);
            self.passed(n as u64);
        }
    }

    /// Bytes of such an answer went out on another way, or are appended.
    pub(crate) fn passed(&mut self, n: u64) {
        if let Exchange::Sized { left } = &mut self.exchange {
            *left = left.saturating_sub(n);
            self.answered.1 += n;
            if *left == 0 {
                self.complete();
            }
        }
    }

    fn complete(&mut self) {
        self.exchange = Exchange::None;
        self.served += 1;
        if let Some(streamed) = &self.stream {
            streamed.stream.complete(self.answered.1);
        }
    }

    /// Takes back the memory of a part of a body that is stored, for the next one.
    pub(crate) fn reuse(&mut self, mut part: Vec<u8>) {
        if let Reading::Body(arriving) = &mut self.reading
            && arriving.body.is_empty()
        {
            part.clear();
            arriving.body = part;
        }
    }
}
