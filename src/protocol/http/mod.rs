//! HTTP/1.0 and 1.1, server side: one request after the other, each answered before the next is looked at. httparse reads
//! the lines; what a message is, and where it ends, is judged here.

mod chunked;
mod date;
mod head;
mod refusal;
mod request;
mod response;

pub(crate) use head::{Content, Head, MAX_HEAD};
pub(crate) use request::Request;
pub(crate) use response::{Payload, ResponseHead, check_header};

use super::{Broken, Framer, Kind, Step};
use chunked::Chunked;
use head::Search;
use refusal::Refusal;
use response::Framing;
use std::io::Write;

/// A body's bytes that count as progress. Fixed: a peer that sends less in a whole `body_timeout` only holds its place.
const PROGRESS: usize = 16 * 1024;

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
    rest: Rest,
}

/// What is left of a body.
enum Rest {
    Bytes(u64),
    Chunks(Chunked),
}

/// Where the answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    /// There is no request.
    None,
    /// A request was handed on.
    Waiting,
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
    is_head: bool,
    keeps_alive: bool,
    /// Requests that were answered.
    served: u64,
    /// What the time limits saw last: a stage, its mark, and since when, in milliseconds.
    seen: (Stage, u64, u64),
}

impl Default for Http {
    fn default() -> Self {
        Self {
            reading: Reading::Head(Search::default()),
            exchange: Exchange::None,
            minor: 1,
            is_head: false,
            keeps_alive: true,
            served: 0,
            seen: (Stage::Head, u64::MAX, 0),
        }
    }
}

impl Http {
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

    /// Is the connection to be closed when its answer is out?
    pub(crate) fn is_last(&self) -> bool {
        !self.keeps_alive
    }

    /// No request follows this one.
    pub(crate) fn make_last(&mut self) {
        self.keeps_alive = false;
    }

    /// What it waits for, and since when that has not come forward. `unread` bytes wait to be read, and so many were
    /// `written`; `busy` while a handler runs.
    pub(crate) fn stage(
        &mut self,
        unread: usize,
        written: u64,
        busy: bool,
        now: u64,
    ) -> (Stage, u64) {
        let (stage, mark) = match (&self.exchange, &self.reading) {
            (Exchange::Waiting | Exchange::Promised, _) => (Stage::Answer, self.served),
            (Exchange::Streaming { .. } | Exchange::Sized { .. }, _) => (Stage::Rest, written),
            (_, Reading::Body(arriving)) => (Stage::Body, (arriving.body.len() / PROGRESS) as u64),
            _ if unread == 0 && self.served > 0 => (Stage::Idle, self.served),
            _ => (Stage::Head, self.served),
        };
        if busy || (self.seen.0, self.seen.1) != (stage, mark) {
            self.seen = (stage, mark, now);
        }
        (stage, self.seen.2)
    }

    /// The answer that a request is refused with, when the script does not give one; and the end.
    pub(crate) fn refuse(status: u16, reason: &str) -> Broken {
        Refusal::new(status, reason.to_owned()).broken()
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
        let bodiless = self.is_head || matches!(head.status, 204 | 304);
        self.keeps_alive &= !head.closes();
        let framing = match (bodiless, payload) {
            (true, _) if matches!(head.status, 204 | 304) => Framing::None,
            (true, Payload::Whole(b"")) => Framing::Length(head.announced().unwrap_or(0)),
            (_, Payload::Whole(body)) => Framing::Length(body.len() as u64),
            (_, Payload::Sized(length)) => Framing::Length(length),
            (_, Payload::Stream) if self.minor == 1 => Framing::Chunked,
            (true, Payload::Stream) => Framing::None,
            (false, Payload::Stream) => {
                self.keeps_alive = false;
                Framing::End
            }
        };
        let connection = match (self.keeps_alive, self.minor) {
            (false, _) => Some("close"),
            (true, 0) => Some("keep-alive"),
            (true, _) => None,
        };
        head.write(&framing, connection, out);
        self.exchange = match payload {
            Payload::Stream if !bodiless => {
                Exchange::Streaming { chunked: matches!(framing, Framing::Chunked) }
            }
            Payload::Sized(left) if !bodiless && left > 0 => Exchange::Sized { left },
            Payload::Whole(body) if !bodiless => {
                out.extend_from_slice(body);
                return self.complete();
            }
            _ => return self.complete(),
        };
    }

    /// Appends one part of a stream. An empty one is nothing: see [`Self::finish`].
    pub(crate) fn part(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match self.exchange {
            // (scripts need not know that only a head was wanted)
            Exchange::None if self.is_head => Ok(()),
            Exchange::Streaming { .. } if data.is_empty() => Ok(()),
            Exchange::Streaming { chunked: false } => {
                out.extend_from_slice(data);
                Ok(())
            }
            Exchange::Streaming { chunked: true } => {
                // (a Vec takes everything)
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
        if let Exchange::Sized { left } = &mut self.exchange {
            let n = data.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            out.extend_from_slice(&data[..n]);
            *left -= n as u64;
            if *left == 0 {
                self.complete();
            }
        }
    }

    fn complete(&mut self) {
        self.exchange = Exchange::None;
        self.served += 1;
    }

    /// Hands a request on.
    fn begin(
        &mut self,
        head: Head,
        body: Vec<u8>,
        trailers: Vec<(String, String)>,
        consumed: usize,
    ) -> Step {
        self.reading = Reading::Head(Search::default());
        self.exchange = Exchange::Waiting;
        self.minor = head.minor;
        self.is_head = head.method() == "HEAD";
        self.keeps_alive &= head.keeps_alive;
        Step::Request { request: Box::new(Request { head, body, trailers }), consumed }
    }

    fn read_head(
        &mut self,
        buffer: &[u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, Refusal> {
        let Reading::Head(search) = &mut self.reading else { return Ok(Step::More) };
        let Some(end) = search.find(buffer, MAX_HEAD)? else { return Ok(Step::More) };
        if end == 2 {
            // (RFC 9112, 2.2: some clients end their bodies with an empty line too many)
            self.reading = Reading::Head(Search::default());
            return Ok(Step::Control { consumed: end });
        }
        let head = Head::parse(&buffer[..end])?;
        let rest = match head.content {
            Content::Length(length) => {
                if length > limit as u64 {
                    return Err(Refusal::new(413, "a body of more than max_package_size"));
                }
                let all = end + length as usize;
                if buffer.len() >= all {
                    return Ok(self.begin(head, buffer[end..all].to_vec(), Vec::new(), all));
                }
                Rest::Bytes(length)
            }
            Content::Chunked => Rest::Chunks(Chunked::default()),
        };
        if head.expects_continue && buffer.len() == end {
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        self.reading = Reading::Body(Box::new(Arriving { head, body: Vec::new(), rest }));
        Ok(Step::Control { consumed: end })
    }

    fn read_body(&mut self, buffer: &[u8], limit: usize) -> Result<Step, Refusal> {
        let Reading::Body(arriving) = &mut self.reading else { return Ok(Step::More) };
        let mut consumed = 0;
        let is_done = match &mut arriving.rest {
            Rest::Bytes(left) => {
                consumed = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                arriving.body.extend_from_slice(&buffer[..consumed]);
                *left -= consumed as u64;
                *left == 0
            }
            Rest::Chunks(chunks) => loop {
                let n = chunks.step(&buffer[consumed..], &mut arriving.body, limit)?;
                consumed += n;
                if n == 0 || chunks.is_done() {
                    break chunks.is_done();
                }
            },
        };
        if !is_done {
            return Ok(if consumed > 0 { Step::Control { consumed } } else { Step::More });
        }
        match std::mem::replace(&mut self.reading, Reading::Head(Search::default())) {
            Reading::Body(arriving) => {
                let trailers = match arriving.rest {
                    Rest::Chunks(chunks) => chunks.trailers,
                    Rest::Bytes(_) => Vec::new(),
                };
                Ok(self.begin(arriving.head, arriving.body, trailers, consumed))
            }
            Reading::Head(_) => Ok(Step::More),
        }
    }
}

impl Framer for Http {
    fn step(&mut self, buffer: &mut [u8], out: &mut Vec<u8>, limit: usize) -> Result<Step, Broken> {
        if self.is_answering() || self.is_last() {
            return Ok(Step::More);
        }
        let step = match self.reading {
            Reading::Head(_) => self.read_head(buffer, out, limit),
            Reading::Body(_) => self.read_body(buffer, limit),
        };
        step.map_err(|refusal| refusal.broken())
    }

    fn encode(&self, _: Kind, _: &[u8], _: &mut Vec<u8>) -> Result<(), String> {
        Err("an HTTP connection cannot be sent messages: each request is answered once".into())
    }
}
