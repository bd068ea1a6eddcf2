//! How requests are read: heads, then bodies, step by step. What they are answered with is not known here.

use super::{
    Arriving, Exchange, Http, Reading, Rest, SPOOL,
    chunked::Chunked,
    head::{Content, Head, MAX_HEAD, Search},
    is_token,
    refusal::Refusal,
    request::Request,
};
use crate::protocol::ProtocolError;

/// What HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the next received bytes are.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// Nothing whole yet, or a request that has to be answered first.
    More,
    /// So many bytes are done with.
    Control { consumed: usize },
    /// A part of a large body, which the request that follows goes without; see [`super::SPOOL`].
    Body { part: Vec<u8>, consumed: usize },
    /// A request, which waits for its answer.
    Request { request: Box<Request>, consumed: usize },
    /// HTTP/2 begins here; nothing is consumed.
    Http2,
}

/// Empty lines before one request. Fixed: some clients end a body with one too many (RFC 9112, 2.2).
const MAX_BLANK_LINES: u8 = 4;

impl Http {
    /// Hands a request on.
    fn begin(
        &mut self,
        head: Head,
        body: Vec<u8>,
        trailers: Vec<(String, String)>,
        consumed: usize,
    ) -> Decoded {
        self.reading = Reading::Head(Search::default());
        self.blank_lines = 0;
        self.exchange = Exchange::Waiting;
        self.answered = (0, 0);
        self.minor = head.minor;
        self.is_bodiless = head.method() == "HEAD";
        self.keeps_alive &= head.keeps_alive;
        Decoded::Request { request: Box::new(Request { head, body, trailers }), consumed }
    }

    fn read_head(
        &mut self,
        buffer: &[u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Decoded, Refusal> {
        if self.served == 0 && buffer.starts_with(&PREFACE[..buffer.len().min(PREFACE.len())]) {
            if buffer.len() < PREFACE.len() {
                return Ok(Decoded::More);
            }
            self.exchange = Exchange::Other;
            return Ok(Decoded::Http2);
        }
        // Who begins with anything but a method speaks something else, and is told at once instead of when time is up.
        if buffer.first().is_some_and(|b| !is_token(*b) && !b.is_ascii_whitespace()) {
            return Err(Refusal::bad("no request of HTTP begins like this"));
        }
        let Reading::Head(search) = &mut self.reading else { return Ok(Decoded::More) };
        let Some(end) = search.find(buffer, MAX_HEAD, 414)? else { return Ok(Decoded::More) };
        if end == 2 {
            self.blank_lines += 1;
            if self.blank_lines > MAX_BLANK_LINES {
                return Err(Refusal::bad("too many empty lines before a request"));
            }
            self.reading = Reading::Head(Search::default());
            return Ok(Decoded::Control { consumed: end });
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
            Content::Stream => Rest::Stream,
        };
        if head.expects_continue && buffer.len() == end {
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        self.reading =
            Reading::Body(Box::new(Arriving { head, body: Vec::new(), spooled: 0, rest }));
        Ok(Decoded::Control { consumed: end })
    }

    /// The request of an exchange of HTTP/2, which begins without bytes.
    fn open(&mut self, opening: Result<Head, Refusal>, limit: usize) -> Result<Decoded, Refusal> {
        let head = opening?;
        if matches!(head.content, Content::Length(length) if length > limit as u64) {
            self.is_bodiless = head.method() == "HEAD";
            return Err(Refusal::new(413, "a body of more than max_package_size"));
        }
        let Some(streamed) = &self.stream else { return Ok(Decoded::More) };
        if streamed.has_ended {
            return Ok(self.begin(head, Vec::new(), Vec::new(), 0));
        }
        if head.expects_continue {
            streamed.stream.invite();
        }
        let (body, rest) = (Vec::new(), Rest::Stream);
        self.reading = Reading::Body(Box::new(Arriving { head, body, spooled: 0, rest }));
        Ok(Decoded::Control { consumed: 0 })
    }

    fn read_body(&mut self, buffer: &[u8], limit: usize) -> Result<Decoded, Refusal> {
        let Reading::Body(arriving) = &mut self.reading else { return Ok(Decoded::More) };
        let mut consumed = 0;
        let limit = limit.saturating_sub(arriving.spooled);
        let is_done = match &mut arriving.rest {
            Rest::Bytes(left) => {
                consumed = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                arriving.body.extend_from_slice(&buffer[..consumed]);
                *left -= consumed as u64;
                *left == 0
            }
            Rest::Stream => {
                consumed = buffer.len();
                if arriving.body.len() + consumed > limit {
                    return Err(Refusal::new(413, "a body of more than max_package_size"));
                }
                arriving.body.extend_from_slice(buffer);
                self.stream.as_ref().is_some_and(|streamed| streamed.has_ended)
            }
            Rest::Chunks(chunks) => loop {
                let n = chunks.step(&buffer[consumed..], &mut arriving.body, limit)?;
                consumed += n;
                if n == 0 || chunks.is_done() {
                    break chunks.is_done();
                }
            },
        };
        if !is_done && arriving.body.len() >= SPOOL {
            let part = std::mem::take(&mut arriving.body);
            arriving.spooled += part.len();
            return Ok(Decoded::Body { part, consumed });
        }
        if !is_done {
            return Ok(if consumed > 0 { Decoded::Control { consumed } } else { Decoded::More });
        }
        match std::mem::replace(&mut self.reading, Reading::Head(Search::default())) {
            Reading::Body(arriving) => {
                let trailers = match arriving.rest {
                    Rest::Chunks(chunks) => chunks.trailers,
                    Rest::Bytes(_) => Vec::new(),
                    Rest::Stream => {
                        self.stream.as_ref().map_or(Vec::new(), |s| s.stream.trailers.take())
                    }
                };
                Ok(self.begin(arriving.head, arriving.body, trailers, consumed))
            }
            Reading::Head(_) => Ok(Decoded::More),
        }
    }
}

impl Http {
    /// Looks at the bytes that are there and not consumed yet. What has to be answered at once is appended to `out`. `limit`
    /// is the largest body in bytes.
    pub(crate) fn decode(
        &mut self,
        buffer: &[u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Decoded, ProtocolError> {
        if self.is_answering() || self.is_last() {
            return Ok(Decoded::More);
        }
        let opening = self.stream.as_mut().and_then(|streamed| streamed.opening.take());
        let decoded = match (opening, &self.reading) {
            (Some(opening), _) => self.open(opening, limit),
            (None, Reading::Head(_)) if self.stream.is_some() => return Ok(Decoded::More),
            (None, Reading::Head(_)) => self.read_head(buffer, out, limit),
            (None, Reading::Body(_)) => self.read_body(buffer, limit),
        };
        decoded.map_err(|refusal| {
            let is_head = match &self.reading {
                Reading::Head(_) => self.is_bodiless || buffer.starts_with(b"HEAD "),
                Reading::Body(arriving) => arriving.head.method() == "HEAD",
            };
            refusal.error(is_head)
        })
    }
}
