//! The part of a connection that everybody may hold: its queue, its state, its counters. Nothing here waits; a link says
//! what should happen and wakes the connection's task, which does it.

mod answering;
mod ending;
mod pouring;
mod sending;

use super::{
    Happening, code,
    outbox::Outbox,
    sweeper::Timeouts,
    transport::{ReadHalf, Stream, WriteHalf},
    turn::Turn,
};
use crate::protocol::Wire;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    net::SocketAddr,
    rc::{Rc, Weak},
    task::Waker,
};
use tokio::task::AbortHandle;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
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

/// A connection as the rest of the isolate sees it.
pub(crate) struct Link {
    pub(crate) id: u64,
    /// The sweeper's clock when it was accepted.
    pub(crate) opened: u64,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) timeouts: Rc<Timeouts>,
    pub(crate) max_package_size: Cell<usize>,
    pub(crate) max_send_buffer_size: Cell<usize>,
    pub(crate) bytes_read: Cell<u64>,
    pub(crate) bytes_written: Cell<u64>,
    /// The sweeper's clock when something was last received.
    pub(crate) heard: Cell<u64>,
    pub(crate) pinged: Cell<bool>,
    /// Is a handler of this connection running or waiting?
    pub(crate) handling: Cell<bool>,
    /// Is `on_error` running? Its own sends are dropped in silence, for else it would call itself for ever.
    pub(crate) complaining: Cell<bool>,
    pub(crate) turn: Rc<Turn>,
    /// Do the received bytes that are left begin a message of this protocol, so that only more bytes help?
    pub(crate) hungry: Cell<bool>,
    /// Is there an HTTP request whose answer is not complete?
    answering: Cell<bool>,
    wire: RefCell<Wire>,
    outbox: RefCell<Outbox>,
    /// What the isolate's counters know of the outbox: bytes that wait, and what they cost.
    counted: Cell<(usize, usize)>,
    /// Bytes that were received and are not a whole message yet.
    pub(crate) unread: Cell<usize>,
    write: RefCell<Option<Rc<WriteHalf>>>,
    drainer: RefCell<Option<AbortHandle>>,
    status: Cell<Status>,
    /// While it is closing: the sweeper's clock when its time to close began, and how much was queued then.
    closing: Cell<Option<(u64, usize)>>,
    /// By the script.
    paused: Cell<bool>,
    /// By a pipe whose target cannot take more.
    held: Cell<bool>,
    dirty: Cell<bool>,
    task: RefCell<Option<Waker>>,
    happenings: RefCell<VecDeque<Happening>>,
    /// A connection that is piped into this one, and is paused while this queue is full.
    feeder: RefCell<Weak<Link>>,
    /// Whoever waits for the queue to become short; see [`Link::room`].
    filler: RefCell<Option<Waker>>,
}

impl Link {
    /// A link for an accepted stream, and the half that its task reads from.
    pub(crate) fn new(
        stream: Stream,
        wire: Wire,
        timeouts: Rc<Timeouts>,
        turn: Rc<Turn>,
    ) -> (Rc<Self>, ReadHalf) {
        let (peer, local) = stream.addresses();
        let (read, write) = stream.split();
        let now = turn.clock.get();
        let link = Rc::new(Self {
            id: turn.next_id(),
            opened: now,
            peer,
            local,
            timeouts,
            max_package_size: Cell::new(usize::MAX),
            max_send_buffer_size: Cell::new(usize::MAX),
            bytes_read: Cell::new(0),
            bytes_written: Cell::new(0),
            heard: Cell::new(now),
            pinged: Cell::new(false),
            handling: Cell::new(false),
            complaining: Cell::new(false),
            hungry: Cell::new(false),
            answering: Cell::new(false),
            wire: RefCell::new(wire),
            outbox: RefCell::default(),
            counted: Cell::default(),
            unread: Cell::new(0),
            write: RefCell::new(Some(Rc::new(write))),
            drainer: RefCell::default(),
            status: Cell::new(Status::Established),
            closing: Cell::new(None),
            paused: Cell::new(false),
            held: Cell::new(false),
            dirty: Cell::new(false),
            task: RefCell::default(),
            happenings: RefCell::default(),
            feeder: RefCell::default(),
            filler: RefCell::default(),
            turn,
        });
        link.turn.enter(link.clone());
        (link, read)
    }

    /// Counts what was read.
    pub(crate) fn received(&self, n: usize) {
        self.bytes_read.set(self.bytes_read.get() + n as u64);
        self.turn.stats.bytes_read.add(n as u64);
        self.heard.set(self.turn.clock.get());
    }

    fn flush_soon(self: &Rc<Self>) {
        if !self.dirty.replace(true) {
            self.turn.mark_dirty(self.clone());
        }
    }

    /// Writes what the socket takes now; the rest is written when it takes more.
    pub(crate) fn flush(self: &Rc<Self>) {
        self.dirty.set(false);
        if self.drainer.borrow().is_some() {
            return self.account();
        }
        let written = self.write_some();
        self.account();
        match written {
            Ok(true) => self.flushed(),
            Ok(false) => {
                let task = tokio::task::spawn_local(self.clone().drain());
                *self.drainer.borrow_mut() = Some(task.abort_handle());
            }
            Err(_) => self.gone(),
        }
    }

    /// Writes until the queue is empty (true) or the socket is full (false).
    fn write_some(&self) -> io::Result<bool> {
        let Some(write) = self.write.borrow().clone() else { return Ok(true) };
        let mut outbox = self.outbox.borrow_mut();
        self.wake_filler();
        while !outbox.is_flushed() {
            match write.try_write(outbox.pending()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    outbox.advance(n);
                    self.bytes_written.set(self.bytes_written.get() + n as u64);
                    self.turn.stats.bytes_written.add(n as u64);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// The task of a queue that has to wait for its socket.
    async fn drain(self: Rc<Self>) {
        let Some(write) = self.write.borrow().clone() else { return };
        loop {
            let written = match write.writable().await {
                Ok(()) => self.write_some(),
                Err(e) => Err(e),
            };
            self.account();
            match written {
                Ok(false) => continue,
                Ok(true) => {
                    *self.drainer.borrow_mut() = None;
                    self.resume_feeder();
                    self.happen(Happening::BufferDrain);
                    self.flushed();
                }
                Err(_) => self.gone(),
            }
            return;
        }
    }

    fn flushed(&self) {
        if self.status.get() == Status::Closing {
            self.wake();
        }
    }

    /// Writing showed that nobody is there any more.
    fn gone(&self) {
        if self.status.get() == Status::Established {
            let text = "client closed".to_owned();
            self.happen(Happening::Error { code: code::SEND, text });
        }
        self.destroy();
    }

    pub(crate) fn pause(&self) {
        self.paused.set(true);
    }

    pub(crate) fn resume(&self) {
        if self.paused.replace(false) {
            self.wake();
        }
    }

    /// While this queue is full, `feeder` is not read.
    pub(crate) fn feed_from(&self, feeder: &Rc<Link>) {
        self.resume_feeder();
        feeder.held.set(self.is_full());
        *self.feeder.borrow_mut() = Rc::downgrade(feeder);
    }

    /// Whoever was paused for this queue is read again, also when the queue is gone: else nobody would ever notice its end.
    fn resume_feeder(&self) {
        if let Some(feeder) = self.feeder.borrow().upgrade()
            && feeder.held.replace(false)
        {
            feeder.wake();
        }
    }

    /// Tells the task of something. What it has still to tell is not told twice: a script that sends to a full queue a
    /// thousand times in one turn hears of it once.
    pub(crate) fn happen(&self, happening: Happening) {
        let mut happenings = self.happenings.borrow_mut();
        if !happenings.contains(&happening) {
            let faults = &self.turn.stats.faults;
            match happening {
                Happening::Error { code: code::SEND, .. } => faults.send.add(1),
                Happening::Error { .. } => faults.protocol.add(1),
                Happening::Unanswered => faults.unanswered.add(1),
                Happening::BufferFull | Happening::BufferDrain => (),
            }
            happenings.push_back(happening);
            drop(happenings);
            self.wake();
        }
    }

    pub(crate) fn take_happening(&self) -> Option<Happening> {
        self.happenings.borrow_mut().pop_front()
    }

    /// Is there something for the task to do besides reading?
    pub(crate) fn calls(&self) -> bool {
        !self.happenings.borrow().is_empty() || self.is_over()
    }

    /// The task's waker, for the next `wake`.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.task.borrow_mut().take() {
            waker.wake();
        }
    }

    pub(crate) fn with_wire<T>(&self, f: impl FnOnce(&mut Wire) -> T) -> T {
        f(&mut self.wire.borrow_mut())
    }

    /// Speaks another protocol from now on. What was received and is not a message yet is looked at anew.
    pub(crate) fn change_wire(&self, wire: Wire) {
        *self.wire.borrow_mut() = wire;
        self.answering.set(false);
        self.hungry.set(false);
        self.wake();
    }

    pub(crate) fn is_websocket(&self) -> bool {
        self.wire.borrow_mut().websocket().is_some()
    }

    pub(crate) fn awaits_handshake(&self) -> bool {
        self.wire.borrow_mut().websocket().is_some_and(|s| !s.is_shaken())
    }

    pub(crate) fn status(&self) -> Status {
        self.status.get()
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused.get() || self.held.get()
    }

    /// Bytes that wait to be written.
    pub(crate) fn queued(&self) -> usize {
        self.outbox.borrow().len()
    }
}
