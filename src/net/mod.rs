//! Sockets, queues and time limits. This room never hears of Rhai: what a connection meets is told to a [`ConnHandler`], and
//! what is to be sent comes in as bytes through a [`conn::Conn`].

pub(crate) mod address;
mod budget;
pub(crate) mod budgets;
pub(crate) mod completion;
pub(crate) mod conn;
pub(crate) mod counter;
pub(crate) mod drivers;
pub(crate) mod latency;
pub(crate) mod listen;
pub(crate) mod share;
pub(crate) mod starting;
pub(crate) mod stats;
pub(crate) mod timeouts;
pub(crate) mod transport;
pub(crate) mod waiting;

use crate::protocol::{Kind, http::Reply};
use completion::Completion;
use conn::{ConnEvent, Opener};
use drivers::Spool;
use std::task::Waker;

/// What a client asks in one exchange.
pub(crate) use crate::protocol::http::Request;

/// A received message.
pub(crate) enum Message<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    /// Of a protocol of text that does not say in which encoding it is; these bytes are not UTF-8.
    NotText(&'a [u8]),
    /// With the file that has its body, if that is large.
    Request(Box<Request>, Option<Spool>),
}

impl<'a> Message<'a> {
    #[inline]
    fn of(kind: Kind, payload: &'a [u8]) -> Self {
        match kind {
            Kind::Text => match std::str::from_utf8(payload) {
                Ok(text) => Message::Text(text),
                Err(_) => Message::NotText(payload),
            },
            Kind::Binary => Message::Binary(payload),
        }
    }
}

/// What becomes of a request for another protocol.
pub(crate) enum Verdict {
    /// It is spoken from now on; these header lines go with the answer.
    Accept(Vec<(String, String)>),
    /// This answer, and the end.
    Refuse(Reply),
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

/// The owner of a connection, as its task sees it. One call at a time; the task waits for each to end and decodes nothing
/// meanwhile, which gives order and back-pressure. Hardly any of them has to wait, so none is a future until it does:
/// `waker` is that of the connection's task, for those that do.
pub(crate) trait ConnHandler: Unpin + 'static {
    /// The connection is ready for its protocol; nothing has been decoded.
    fn on_connect(&mut self, waker: &Waker) -> Completion<()>;

    /// A message, which may lie in the read buffer: it is copied before anything waits.
    fn on_message(
        &mut self,
        message: Message<'_>,
        waker: &Waker,
    ) -> Result<Completion<()>, NotUtf8>;

    /// Whether a client may ask for another protocol, by [`Self::on_upgrade`], where it does not have to.
    fn takes_upgrades(&self) -> bool;

    /// A client asks for another protocol.
    fn on_upgrade(&mut self, request: Box<Request>, waker: &Waker) -> Completion<Verdict>;

    /// Something of the connection itself.
    fn on_event(&mut self, event: ConnEvent, waker: &Waker) -> Completion<()>;

    /// The connection is over: the last call, and it always comes.
    fn on_close(&mut self, waker: &Waker) -> Completion<()>;

    /// Tells whether a handler ran for long since this was last asked.
    fn took_long(&mut self) -> bool;

    /// How a connection inside of this one is opened. It outlives this.
    fn opener(&self) -> Opener;
}
