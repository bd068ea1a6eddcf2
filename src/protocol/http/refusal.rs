//! A request that is refused before a script hears of it.

use super::{
    super::{LastWords, ProtocolError},
    reply::Reply,
};
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
    pub(crate) fn error(&self, is_head: bool) -> ProtocolError {
        let reply = Reply {
            status: self.status,
            headers: Vec::new(),
            body: format!("{}\n", self.reason).into_bytes(),
            is_bodiless: is_head,
        };
        ProtocolError {
            reason: format!("{}, answered with {}", self.reason, self.status),
            reply: LastWords::Answer(Box::new(reply)),
        }
    }
}
