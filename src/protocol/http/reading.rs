//! How requests are read: heads, then bodies, step by step. What they are answered with is not known here.

use super::{
    Arriving, Exchange, Http, Reading, Rest, SPOOL,
    chunked::Chunked,
    head::{Content, Head, MAX_HEAD, Search},
    refusal::Refusal,
    request::Request,
};
use crate::protocol::{Broken, Framer, Kind, Step};

/// What HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

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
    ) -> Step {
        self.reading = Reading::Head(Search::default());
        self.blank_lines = 0;
        self.exchange = Exchange::Waiting;
        self.answered = (0, 0);
        self.minor = head.minor;
        self.is_bodiless = head.method() == "HEAD";
        self.keeps_alive &= head.keeps_alive;
        Step::Request { request: Box::new(Request { head, body, trailers }), consumed }
    }

    fn read_head(
        &mut self,
        buffer: &[u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, Refusal> {
        if self.served == 0 && buffer.starts_with(&PREFACE[..buffer.len().min(PREFACE.len())]) {
            if buffer.len() < PREFACE.len() {
                return Ok(Step::More);
            }
            self.exchange = Exchange::Other;
            return Ok(Step::Http2);
        }
        let Reading::Head(search) = &mut self.reading else { return Ok(Step::More) };
        let Some(end) = search.find(buffer, MAX_HEAD, 414)? else { return Ok(Step::More) };
        if end == 2 {
            self.blank_lines += 1;
            if self.blank_lines > MAX_BLANK_LINES {
                return Err(Refusal::bad("too many empty lines before a request"));
            }
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
        self.reading =
            Reading::Body(Box::new(Arriving { head, body: Vec::new(), spooled: 0, rest }));
        Ok(Step::Control { consumed: end })
    }

    fn read_body(&mut self, buffer: &[u8], limit: usize) -> Result<Step, Refusal> {
        let Reading::Body(arriving) = &mut self.reading else { return Ok(Step::More) };
        let mut consumed = 0;
        let limit = limit.saturating_sub(arriving.spooled);
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
        if !is_done && arriving.body.len() >= SPOOL {
            let part = std::mem::take(&mut arriving.body);
            arriving.spooled += part.len();
            return Ok(Step::Body { part, consumed });
        }
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
        step.map_err(|refusal| {
            let is_head = match &self.reading {
                Reading::Head(_) => buffer.starts_with(b"HEAD "),
                Reading::Body(arriving) => arriving.head.method() == "HEAD",
            };
            refusal.broken(is_head)
        })
    }

    fn encode(&self, _: Kind, _: &[u8], _: &mut Vec<u8>) -> Result<(), String> {
        Err("an HTTP connection cannot be sent messages: each request is answered once".into())
    }
}
