//! Bytes ⇄ messages. No socket is opened here and nothing of Rhai may enter: a protocol is asked, again and again,
//! what the received bytes hold, and is told to put messages into bytes.

pub(crate) mod frame;
pub(crate) mod handshake;
pub(crate) mod http;
pub(crate) mod id;
pub(crate) mod raw;
pub(crate) mod text;
pub(crate) mod websocket;

use id::ProtocolId;
use std::ops::Range;

/// Text or bytes: decides what a script gets, and the kind of websocket frame that it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
}

/// What the next received bytes are.
#[derive(Debug)]
pub(crate) enum Step {
    /// Not a whole message yet: ask again when more bytes are there.
    More,
    /// A message that lies in the buffer; `consumed` bytes are done with.
    Message { kind: Kind, payload: Range<usize>, consumed: usize },
    /// A message put together from several frames.
    Assembled { kind: Kind, payload: Vec<u8>, consumed: usize },
    /// Something of the protocol's own; its answer, if any, has been added to the output.
    Control { consumed: usize },
    /// A websocket request that waits for an answer: `WebSocket::accept` or `refuse`.
    Handshake { request: Box<handshake::Request>, consumed: usize },
    /// HTTP/2 begins here; nothing is consumed.
    Http2,
    /// A part of a large body, which the request that follows goes without; see [`http::SPOOL`].
    Body { part: Vec<u8>, consumed: usize },
    /// An HTTP request, which waits for its answer.
    Request { request: Box<http::Request>, consumed: usize },
    /// The peer said goodbye; the answer has been added to the output. Nothing that follows counts.
    Goodbye,
}

/// The peer broke the protocol: the connection cannot go on.
#[derive(Debug)]
pub(crate) struct Broken {
    /// For the log and `on_error`.
    pub(crate) reason: String,
    /// What the protocol has to say to the peer before the socket closes; may be empty.
    pub(crate) reply: Vec<u8>,
}

impl Broken {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), reply: Vec::new() }
    }
}

/// How a stream is cut into messages, and messages put onto it.
pub(crate) trait Framer {
    /// Looks at the bytes that are there and not consumed yet. May change them (unmasking). Answers of the protocol's
    /// own are appended to `out`. `limit` is the largest package in bytes.
    fn step(&mut self, buffer: &mut [u8], out: &mut Vec<u8>, limit: usize) -> Result<Step, Broken>;

    /// Appends one message in wire form. The error says why this payload cannot be sent.
    fn encode(&self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String>;
}

/// The protocol of one connection.
pub(crate) enum Wire {
    Raw(raw::Raw),
    Text(text::Text),
    Frame(frame::Frame),
    WebSocket(websocket::WebSocket),
    Http(Box<http::Http>),
}

impl Wire {
    pub(crate) fn new(scheme: ProtocolId) -> Self {
        match scheme {
            ProtocolId::Tcp => Wire::Raw(raw::Raw),
            ProtocolId::Text => Wire::Text(text::Text::default()),
            ProtocolId::Frame => Wire::Frame(frame::Frame),
            ProtocolId::WebSocket => Wire::WebSocket(websocket::WebSocket::default()),
            ProtocolId::Http => Wire::Http(Box::default()),
        }
    }

    pub(crate) fn protocol(&self) -> ProtocolId {
        match self {
            Wire::Raw(_) => ProtocolId::Tcp,
            Wire::Text(_) => ProtocolId::Text,
            Wire::Frame(_) => ProtocolId::Frame,
            Wire::WebSocket(_) => ProtocolId::WebSocket,
            Wire::Http(_) => ProtocolId::Http,
        }
    }

    /// A text message turned out not to be UTF-8.
    pub(crate) fn not_utf8(&self) -> Broken {
        match self {
            Wire::WebSocket(socket) => socket.not_utf8(),
            _ => Broken::new("the message is not valid UTF-8"),
        }
    }

    /// The state of a websocket; none of any other protocol.
    pub(crate) fn websocket(&mut self) -> Option<&mut websocket::WebSocket> {
        match self {
            Wire::WebSocket(socket) => Some(socket),
            _ => None,
        }
    }

    /// The state of an HTTP connection; none of any other protocol.
    pub(crate) fn http(&mut self) -> Option<&mut http::Http> {
        match self {
            Wire::Http(http) => Some(http),
            _ => None,
        }
    }
}

impl Framer for Wire {
    fn step(&mut self, buffer: &mut [u8], out: &mut Vec<u8>, limit: usize) -> Result<Step, Broken> {
        match self {
            Wire::Raw(wire) => wire.step(buffer, out, limit),
            Wire::Text(wire) => wire.step(buffer, out, limit),
            Wire::Frame(wire) => wire.step(buffer, out, limit),
            Wire::WebSocket(wire) => wire.step(buffer, out, limit),
            Wire::Http(wire) => wire.step(buffer, out, limit),
        }
    }

    fn encode(&self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Wire::Raw(wire) => wire.encode(kind, payload, out),
            Wire::Text(wire) => wire.encode(kind, payload, out),
            Wire::Frame(wire) => wire.encode(kind, payload, out),
            Wire::WebSocket(wire) => wire.encode(kind, payload, out),
            Wire::Http(wire) => wire.encode(kind, payload, out),
        }
    }
}

#[cfg(test)]
mod tests;
