//! Bytes ⇄ messages. No socket is opened here and nothing of Rhai may enter: a protocol is asked, again and again,
//! what the received bytes hold, and is told to put messages into bytes.

pub(crate) mod frame;
pub(crate) mod http;
pub(crate) mod id;
pub(crate) mod raw;
pub(crate) mod text;
pub(crate) mod websocket;

use std::ops::Range;

/// Text or bytes: decides what a script gets, and the kind of websocket frame that it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
}

/// What the next received bytes are.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// Not a whole message yet: ask again when more bytes are there.
    More,
    /// A message that lies in the buffer; `consumed` bytes are done with.
    Message { kind: Kind, payload: Range<usize>, consumed: usize },
    /// A message put together from several frames.
    Assembled { kind: Kind, payload: Vec<u8>, consumed: usize },
    /// Something of the protocol's own; its answer, if any, has been added to the output.
    Control { consumed: usize },
    /// The peer said goodbye; the answer has been added to the output. Nothing that follows counts.
    Goodbye,
}

/// The peer broke the protocol: the connection cannot go on.
#[derive(Debug)]
pub(crate) struct ProtocolError {
    /// For the log and `on_error`.
    pub(crate) reason: String,
    /// What the peer is told before the socket closes.
    pub(crate) reply: LastWords,
}

/// The last that a peer is told.
#[derive(Debug, Default)]
pub(crate) enum LastWords {
    #[default]
    None,
    /// In wire form.
    Bytes(Vec<u8>),
    /// An answer of HTTP, which is put into wire form by whoever answers there.
    Answer(Box<http::Reply>),
}

impl ProtocolError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), reply: LastWords::None }
    }
}

/// How a stream is cut into messages, and messages put onto it.
pub(crate) trait Codec {
    /// Looks at the bytes that are there and not consumed yet. May change them (unmasking). Answers of the protocol's
    /// own are appended to `out`. `limit` is the largest package in bytes.
    fn decode(
        &mut self,
        buffer: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Decoded, ProtocolError>;

    /// Appends one message in wire form. The error says why this payload cannot be sent.
    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String>;

    /// A text message turned out not to be UTF-8.
    fn not_utf8(&self) -> ProtocolError {
        ProtocolError::new("the message is not valid UTF-8")
    }
}

#[cfg(test)]
mod tests;
