//! A whole answer that is the last on its connection: refusals of the host's own, and those that a script gives a websocket.

use super::response::{Framing, ResponseHead};

/// See the module. Text without a type is plain.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl From<u16> for Reply {
    fn from(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}

impl Reply {
    pub(super) fn new(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { status, headers: headers.collect(), body: body.into() }
    }

    /// In wire form, as the last answer. That to a HEAD has no body, only its length.
    pub(crate) fn last(&self, is_head: bool) -> Vec<u8> {
        let head = ResponseHead {
            status: self.status,
            reason: None,
            headers: &self.headers,
            media_type: "text/plain; charset=utf-8",
        };
        let mut out = Vec::new();
        head.write(&Framing::Length(self.body.len() as u64), Some("close"), &mut out);
        if !is_head {
            out.extend_from_slice(&self.body);
        }
        out
    }

    /// Status and bytes of the body of an answer in wire form; none if it is no answer.
    pub(crate) fn facts(reply: &[u8]) -> Option<(u16, u64)> {
        let status = reply.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
        let status = std::str::from_utf8(status).ok()?.parse().ok()?;
        let head = memchr::memmem::find(reply, b"\r\n\r\n").map_or(reply.len(), |at| at + 4);
        Some((status, (reply.len() - head) as u64))
    }
}
