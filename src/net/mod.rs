//! Sockets, queues and time limits. This room never hears of Rhai: what a connection meets is told to whoever implements
//! [`Events`], and what is to be sent comes in as bytes through a [`link::Link`].

pub(crate) mod address;
mod await_handler;
pub(crate) mod broadcast;
pub(crate) mod budget;
pub(crate) mod completion;
pub(crate) mod connection;
pub(crate) mod counter;
mod http2;
pub(crate) mod inbox;
pub(crate) mod latency;
mod linger;
pub(crate) mod link;
pub(crate) mod listen;
pub(crate) mod outbox;
mod places;
pub(crate) mod share;
pub(crate) mod spool;
pub(crate) mod starting;
pub(crate) mod stats;
pub(crate) mod sweeper;
pub(crate) mod task;
pub(crate) mod transport;
pub(crate) mod turn;
pub(crate) mod waiting;

use crate::protocol::{handshake, http};
use completion::Completion;
use spool::Spool;
use std::{path::PathBuf, task::Waker};

/// A received message, still in the read buffer.
pub(crate) enum Message<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    /// Of a protocol of text that does not say in which encoding it is; these bytes are not UTF-8.
    NotText(&'a [u8]),
    /// With the file that has its body, if that is large.
    Request(Box<http::Request>, Option<Spool>),
}

/// What becomes of a websocket request.
pub(crate) enum Verdict {
    /// 101, with these header lines added.
    Accept(Vec<(String, String)>),
    /// An answer in plain HTTP, and the end.
    Refuse(handshake::Refusal),
}

/// Something of the connection itself that the script may want to hear about.
#[derive(Debug, PartialEq)]
pub(crate) enum Happening {
    /// A send left the queue at its limit or above.
    BufferFull,
    /// The queue, which had to wait for the socket, is empty again.
    BufferDrain,
    /// A request has not been answered in time.
    Unanswered,
    /// Trouble, by the codes of [`code`].
    Error { code: i64, text: String },
}

/// Codes of `on_error`.
pub(crate) mod code {
    /// A send failed: the peer is gone, or the queue is full and the message was dropped.
    pub(crate) const SEND: i64 = 2;
    /// The peer broke the protocol or a limit.
    pub(crate) const PROTOCOL: i64 = 3;
}

/// The bytes are not what the receiver wants (text that is not UTF-8).
pub(crate) struct NotUtf8;

/// The room above, as a connection sees it. One call at a time; the connection waits for each to end and reads nothing
/// meanwhile, which gives order and back-pressure. Hardly any of them has to wait, so none is a future until it does:
/// `waker` is that of the connection's task, for those that do.
pub(crate) trait Events: Unpin + 'static {
    /// A message in the form that the room above keeps.
    type Data;

    /// How a connection inside of this one is opened: a request of HTTP/2. It outlives this.
    fn opener(&self) -> Box<dyn Fn(transport::Transport)>;
    /// The connection is accepted; nothing has been read.
    fn connect(&mut self, waker: &Waker) -> Completion<()>;
    /// Is an HTTP request that wants to become a websocket to be asked about by [`Self::handshake`]?
    fn takes_websockets(&self) -> bool;
    /// A websocket request is complete and wants an answer.
    fn handshake(&mut self, request: &handshake::Request, waker: &Waker) -> Completion<Verdict>;
    /// Where large bodies of requests are kept while they come in.
    fn upload_dir(&self) -> PathBuf;
    /// Copies a message out of the read buffer.
    fn receive(&mut self, message: Message<'_>) -> Result<Self::Data, NotUtf8>;
    /// Handles a message.
    fn message(&mut self, data: Self::Data, waker: &Waker) -> Completion<()>;
    /// Did a handler run for long since this was last asked?
    fn took_long(&mut self) -> bool;
    /// Something else.
    fn happened(&mut self, happening: Happening, waker: &Waker) -> Completion<()>;
    /// The connection is over: the last call, and it always comes.
    fn close(&mut self, waker: &Waker) -> Completion<()>;
}
