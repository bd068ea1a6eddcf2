//! What a connection asks of the protocol that is spoken on it. A driver is taken out of its connection while it works, so
//! that it may call back whatever it likes: what it asks of its own connection meanwhile is done when it comes back.

use super::{
    Conn, ConnEvent, Sent,
    send::drop_message,
    state::{Deferred, Flag},
};
use crate::{
    net::{
        Message, Request, Verdict,
        completion::LocalBoxFuture,
        timeouts::{Due, Timeouts},
        transport::Transport,
    },
    protocol::{Decoded, Kind, LastWords, ProtocolError, id::ProtocolId},
};
use std::{any::Any, cell::Cell, rc::Rc};

/// Goes on with a whole connection, to its end: given it, what was received, and what takes each connection inside of it.
/// The error says how the peer broke the rules, of which it has been told.
pub(crate) type Takeover =
    Box<dyn FnOnce(Rc<Conn>, Vec<u8>, Opener) -> LocalBoxFuture<Result<(), ProtocolError>>>;

/// Opens a connection inside of another, for the same owner.
pub(crate) type Opener = Box<dyn Fn(Transport, Box<dyn Driver>)>;

/// What the next received bytes are.
pub(crate) enum Step {
    /// As codecs say it.
    Plain(Decoded),
    /// A message with memory of its own; `consumed` bytes are done with.
    Message { message: Message<'static>, consumed: usize },
    /// A request for another protocol on this connection. An optional one is a message to those who do not want to be asked.
    Upgrade { request: Box<Request>, is_optional: bool, consumed: usize },
    /// Nothing is decoded until this is done.
    Wait { rest: LocalBoxFuture<()>, consumed: usize },
    /// Another protocol begins here, and nothing is consumed.
    Takeover(Takeover),
}

/// How a connection goes on after its goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// It closes when its queue is written.
    Said,
    /// It closes by itself when what is on its way is complete.
    Later,
}

/// What follows when the peer has ended its half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterEnd {
    /// The connection closes.
    Close,
    /// It closes when everything is answered.
    Answer,
    /// The end completes something that is to be decoded, and answered.
    Decode,
}

/// What came of an upgrade.
pub(crate) enum Upgraded {
    /// This is spoken from now on.
    To(Box<dyn Driver>),
    /// It was refused, and the connection closes.
    Refused,
}

/// A connection as its time limits see it.
pub(crate) struct Look<'a> {
    pub(crate) now: u64,
    pub(crate) opened: u64,
    /// When something was last received.
    pub(crate) heard: u64,
    pub(crate) unread: usize,
    pub(crate) queued: usize,
    pub(crate) written: u64,
    /// A handler runs or waits, or reading is paused: the peer cannot be heard.
    pub(crate) is_busy: bool,
    pub(crate) timeouts: &'a Timeouts,
}

/// What is done because a time limit has passed.
pub(crate) enum Overdue {
    Close(u16, &'static str),
    BreakOff(ProtocolError),
    /// Without a goodbye, which nobody would hear.
    GiveUp(&'static str),
    /// The same, because the peer reads nothing of what it is sent.
    Unread(&'static str),
    /// The owner hears of it, and the peer is told this, unless an answer is on its way by now.
    Expire(ConnEvent, ProtocolError),
    /// The peer is asked for a sign of life by these bytes.
    Ask(Vec<u8>),
}

/// See the module. Methods that have a default are for protocols that have such a thing.
pub(crate) trait Driver: Any {
    /// What is spoken, as its owner sees it.
    fn protocol(&self) -> ProtocolId;

    /// Looks at the bytes that are there and not consumed yet. May change them. Answers of the protocol's own are appended to
    /// `out`. `limit` is the largest package in bytes.
    fn decode(
        &mut self,
        received: &mut [u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Step, ProtocolError>;

    /// Appends one message in wire form. The error says why this payload cannot be sent.
    fn encode(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), String>;

    /// A text message turned out not to be UTF-8.
    fn not_utf8(&self) -> ProtocolError {
        ProtocolError::new("the message is not valid UTF-8")
    }

    /// Bytes that it keeps of messages that are not whole yet.
    fn held(&self) -> usize {
        0
    }

    /// There is no room for the messages that are on their way.
    fn overloaded(&self, reason: &str) -> ProtocolError {
        ProtocolError::new(reason)
    }

    /// Messages that are sent now have to wait until an upgrade is answered.
    fn holds_messages(&self) -> bool {
        false
    }

    /// Bytes were sent as they are.
    fn note_raw(&mut self) {}

    /// Says goodbye.
    fn close(&mut self, _code: u16, _reason: &str, _out: &mut Vec<u8>) -> Goodbye {
        Goodbye::Said
    }

    /// The peer has ended, or broke the rules and is told `words`, which are appended: nothing that it may still send counts.
    fn finish(&mut self, words: &LastWords, out: &mut Vec<u8>) {
        if let LastWords::Bytes(bytes) = words {
            out.extend_from_slice(bytes);
        }
    }

    /// Our goodbye is out, and the peer's is waited for.
    fn awaits_goodbye(&self) -> bool {
        false
    }

    /// There is a request whose answer is not complete.
    fn is_answering(&self) -> bool {
        false
    }

    /// The peer has sent all that it will send.
    fn hear_end(&mut self) -> AfterEnd {
        AfterEnd::Close
    }

    /// There is something to decode before anything is received.
    fn has_opening(&self) -> bool {
        false
    }

    /// Somebody waits for the answer to an upgrade, and gets it even when the connection has closed meanwhile.
    fn owes_upgrade(&self) -> bool {
        false
    }

    /// A peer that does not read its answers is not read either.
    fn pauses_when_full(&self) -> bool {
        false
    }

    /// The request that was decoded is going to be asked about. The error: it is no good request for an upgrade.
    fn begin_upgrade(&mut self, _request: &Request) -> Result<(), ProtocolError> {
        Ok(())
    }

    /// Answers that request. A connection that is not open any more is refused.
    fn conclude(&mut self, _verdict: Verdict, _is_open: bool, _out: &mut Vec<u8>) -> Upgraded {
        Upgraded::Refused
    }

    /// No more requests than the one that is on its way. The connection is asked to end as soon as it is idle; `None`: the
    /// protocol knows no such moment. Tells whether it is idle now.
    fn drain(&mut self) -> Option<bool> {
        None
    }

    /// The owner closes every connection: whether this one is to end by itself, after the answer that it owes. `is_handling`:
    /// its handler is running.
    fn ends_after_answer(&mut self, _is_handling: bool) -> bool {
        false
    }

    /// Nobody will answer any more: what its peer is told that waits.
    fn give_up_answer(&mut self) -> Option<ProtocolError> {
        None
    }

    /// Looks whether a time limit of the protocol has passed.
    fn watch(&mut self, _look: &Look<'_>, _due: &mut Due) -> Option<Overdue> {
        None
    }
}

/// The driver of a connection, while nobody works with it.
pub(crate) struct DriverSlot {
    at_rest: Cell<Option<Box<dyn Driver>>>,
    /// What is spoken, for those who ask while the driver is at work.
    protocol: Cell<ProtocolId>,
}

impl DriverSlot {
    pub(super) fn new(driver: Box<dyn Driver>) -> Self {
        Self { protocol: Cell::new(driver.protocol()), at_rest: Cell::new(Some(driver)) }
    }

    /// What is spoken.
    #[inline]
    pub(crate) fn protocol(&self) -> ProtocolId {
        self.protocol.get()
    }

    /// Calls `f` with the driver. `None`: the driver is at work, and it is that which calls.
    #[inline]
    pub(in crate::net) fn with<T>(&self, f: impl FnOnce(&mut dyn Driver) -> T) -> Option<T> {
        let mut driver = self.at_rest.take()?;
        let result = f(&mut *driver);
        // Whoever was called may have put another in its place.
        let newer = self.at_rest.replace(Some(driver));
        if newer.is_some() {
            self.at_rest.set(newer);
        }
        Some(result)
    }

    /// The same for one of a certain type.
    pub(in crate::net) fn with_as<D: Driver, T>(&self, f: impl FnOnce(&mut D) -> T) -> Option<T> {
        self.with(|driver| {
            let driver: &mut dyn Any = driver;
            driver.downcast_mut().map(f)
        })
        .flatten()
    }

    /// Is a request for its protocol still to come, or to be answered?
    pub(crate) fn awaits_upgrade(&self) -> bool {
        self.with(|driver| driver.holds_messages()).unwrap_or(false)
    }

    fn set(&self, driver: Box<dyn Driver>) {
        self.protocol.set(driver.protocol());
        self.at_rest.set(Some(driver));
    }

    /// Asks the driver again what it speaks: it goes on with another protocol.
    pub(super) fn note_protocol(&self) {
        if let Some(protocol) = self.with(|driver| driver.protocol()) {
            self.protocol.set(protocol);
        }
    }
}

impl Conn {
    /// Speaks another protocol from now on. What was received and is not a message yet is looked at anew.
    pub(crate) fn set_driver(&self, driver: Box<dyn Driver>) {
        self.driver.set(driver);
        self.flags.set(Flag::NeedsMore, false);
        self.wake();
    }
}

/// To be done when the driver comes back. As many bytes of messages may wait for that as in the queue.
#[cold]
pub(super) fn defer(conn: &Conn, deferred: Deferred) -> Sent {
    let cold = conn.cold();
    let bytes = cold.deferred_bytes.get();
    if bytes >= conn.queue.limit() && deferred.len() > 0 {
        drop_message(conn, true);
        return Sent::Dropped;
    }
    cold.deferred_bytes.set(bytes + deferred.len());
    cold.deferred.borrow_mut().push_back(deferred);
    conn.flags.set(Flag::HasDeferred, true);
    Sent::Queued
}

/// Does what was asked for while the driver was at work.
#[cold]
pub(super) fn catch_up(conn: &Rc<Conn>) {
    conn.flags.set(Flag::HasDeferred, false);
    conn.cold().deferred_bytes.set(0);
    loop {
        // Not borrowed while it is done.
        let next = conn.cold().deferred.borrow_mut().pop_front();
        match next {
            // What cannot be sent was promised to be; its owner hears of that as of any drop.
            Some(Deferred::Message(kind, payload)) => drop(conn.send(kind, &payload)),
            Some(Deferred::Raw(bytes)) => drop(conn.send_raw(&bytes)),
            Some(Deferred::Close(code, reason)) => conn.close(code, &reason),
            None => return,
        }
    }
}
