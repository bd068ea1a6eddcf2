//! A request that is refused before a script hears of it.

use super::{super::Broken, date};
use std::borrow::Cow;

/// Why, and with which status.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    reason: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(status: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason: reason.into() }
    }

    /// 400.
    pub(super) fn bad(reason: &'static str) -> Self {
        Self::new(400, reason)
    }

    /// The end of the connection, with an answer that says why; that to a HEAD has no body.
    pub(crate) fn broken(&self, is_head: bool) -> Broken {
        let body = format!("{}\n", self.reason);
        let mut reply = Vec::new();
        super::response::status_line(self.status, None, &mut reply);
        reply
            .extend_from_slice(b"Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\n");
        date::line(&mut reply);
        super::response::length_line(body.len() as u64, &mut reply);
        reply.extend_from_slice(b"\r\n");
        if !is_head {
            reply.extend_from_slice(body.as_bytes());
        }
        Broken { reason: format!("{}, answered with {}", self.reason, self.status), reply }
    }
}
