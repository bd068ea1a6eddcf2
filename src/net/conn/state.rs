//! Where a connection stands, what it has still to tell, and what hardly any connection needs.

use super::{Conn, LoopShared};
use crate::{net::timeouts::SWEEP, protocol::Kind};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Weak,
    task::Waker,
};
use tokio::task::AbortHandle;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnState {
    Established,
    /// No more sends; what is queued still goes out.
    Closing,
    Closed,
}

/// What became of a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The kernel has it.
    Written,
    /// It waits for the end of the turn, or for the socket.
    Queued,
    /// The connection is closed, or its queue is full.
    Dropped,
}

/// Something of the connection itself that its owner may want to hear about.
#[derive(Debug, PartialEq)]
pub(crate) enum ConnEvent {
    /// A send left the queue at its limit or above.
    BufferFull,
    /// The queue, which had to wait for the socket, is empty again.
    BufferDrain,
    /// A request has not been answered in time.
    Unanswered,
    /// Trouble, by the codes of [`crate::net::code`].
    Error { code: i64, text: String },
}

/// A condition that holds for a connection besides its state. Any of them may hold at the same time as any other.
#[derive(Clone, Copy)]
pub(crate) enum Flag {
    /// A handler of this connection runs or waits.
    Handling = 1,
    /// `on_error` runs. Its own sends are dropped in silence, for else it would call itself for ever.
    InErrorHandler = 1 << 1,
    /// The received bytes that are left begin a message, so that only more bytes help.
    NeedsMore = 1 << 2,
    /// Reading is paused by `pause_recv()`.
    Paused = 1 << 3,
    /// Reading is paused because the queue of the connection that this one is piped to is full.
    Held = 1 << 4,
    /// It is in the list of those that are flushed when the turn ends.
    Dirty = 1 << 5,
    /// Its task waits for anything but input, maybe for the queue to become shorter.
    Stalled = 1 << 6,
    /// Something was asked of the driver while that was at work; see [`Deferred`].
    HasDeferred = 1 << 7,
}

/// The flags that are set.
#[derive(Default)]
pub(crate) struct Flags(Cell<u8>);

impl Flags {
    #[inline]
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.0.get() & flag as u8 != 0
    }

    #[inline]
    pub(crate) fn set(&self, flag: Flag, on: bool) {
        let others = self.0.get() & !(flag as u8);
        self.0.set(if on { others | flag as u8 } else { others });
    }

    /// Is the peer not to be read?
    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        self.0.get() & (Flag::Paused as u8 | Flag::Held as u8) != 0
    }

    /// Sets it and tells what it was.
    #[inline]
    pub(crate) fn replace(&self, flag: Flag, on: bool) -> bool {
        let was = self.has(flag);
        self.set(flag, on);
        was
    }
}

/// What has passed over a connection.
pub(crate) struct Traffic {
    pub(crate) bytes_read: Cell<u64>,
    pub(crate) bytes_written: Cell<u64>,
    /// The loop's clock when something was last received.
    pub(crate) heard: Cell<u64>,
    /// The loop's clock when the connection began, in sweeps.
    opened: u32,
    /// Bytes that were received and are not a whole message yet; as many as a number of this size can say.
    unread: Cell<u32>,
}

impl Traffic {
    pub(super) fn since(now: u64) -> Self {
        Self {
            bytes_read: Cell::new(0),
            bytes_written: Cell::new(0),
            heard: Cell::new(now),
            opened: u32::try_from(now / SWEEP.as_millis() as u64).unwrap_or(u32::MAX),
            unread: Cell::new(0),
        }
    }

    /// The loop's clock when the connection began.
    pub(crate) fn opened(&self) -> u64 {
        u64::from(self.opened) * SWEEP.as_millis() as u64
    }

    /// Bytes that were received and are not a whole message yet.
    pub(crate) fn unread(&self) -> usize {
        self.unread.get() as usize
    }

    /// Notes how many there are, and tells how many there were.
    pub(super) fn replace_unread(&self, n: usize) -> usize {
        self.unread.replace(u32::try_from(n).unwrap_or(u32::MAX)) as usize
    }

    /// Counts what was read.
    pub(crate) fn received(&self, n: usize, shared: &LoopShared) {
        self.bytes_read.set(self.bytes_read.get() + n as u64);
        shared.stats.bytes_read.add(n as u64);
        self.heard.set(shared.clock.get());
    }

    /// Counts what was written.
    pub(crate) fn sent(&self, n: u64, shared: &LoopShared) {
        self.bytes_written.set(self.bytes_written.get() + n);
        shared.stats.bytes_written.add(n);
    }
}

/// What was asked of the driver while it was at work, because it called back. It is done, in this order, when the driver
/// comes back: nothing is ever called that is being called.
pub(super) enum Deferred {
    Message(Kind, Vec<u8>),
    Raw(Vec<u8>),
    Close(u16, String),
}

impl Deferred {
    pub(super) fn len(&self) -> usize {
        match self {
            Deferred::Message(_, bytes) | Deferred::Raw(bytes) => bytes.len(),
            Deferred::Close(..) => 0,
        }
    }
}

/// What hardly any connection needs at a time; made for those that do.
#[derive(Default)]
pub(super) struct ColdState {
    /// The task of a queue that waits for its socket.
    pub(super) drainer: RefCell<Option<AbortHandle>>,
    /// While it is closing: the loop's clock when its time to close began, and how much was queued then.
    pub(super) closing: Cell<Option<(u64, usize)>>,
    /// While its queue waits for the socket: the loop's clock since when the peer has read nothing, and how many bytes it had
    /// read by then.
    pub(super) still: Cell<Option<(u64, u64)>>,
    /// What the task has still to tell.
    pub(super) events: RefCell<VecDeque<ConnEvent>>,
    pub(super) deferred: RefCell<VecDeque<Deferred>>,
    /// Bytes of messages in it.
    pub(super) deferred_bytes: Cell<usize>,
    /// A connection that is piped into this one, and is paused while this queue is full.
    pub(super) feeder: RefCell<Weak<Conn>>,
    /// Whoever waits for the queue to become short.
    pub(super) filler: RefCell<Option<Waker>>,
}
