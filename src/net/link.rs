//! The part of a connection that everybody may hold: its queue, its state, its counters. Nothing here waits; a link says
//! what should happen and wakes the connection's task, which does it.

mod answering;
mod ending;
mod pouring;
mod rare;
mod sending;

use super::{
    Happening, code,
    outbox::Outbox,
    sweeper::{SWEEP, Timeouts},
    transport::{ConnInfo, Direction, Transport},
    turn::Turn,
};
use crate::protocol::Wire;
#[cfg(test)]
use crate::{net::transport::MemoryEnd, protocol::id::ProtocolId};
use rare::Rare;
use std::{
    cell::{Cell, OnceCell, RefCell},
    future::poll_fn,
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
};

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

/// A connection as the rest of the isolate sees it. There may be very many that are silent, so every byte counts here.
pub(crate) struct Link {
    pub(crate) id: u64,
    /// The sweeper's clock when it was accepted, in sweeps.
    opened: u32,
    /// Where it is among all links.
    pub(super) place: Cell<u32>,
    pub(crate) info: ConnInfo,
    pub(crate) timeouts: Rc<Timeouts>,
    pub(crate) turn: Rc<Turn>,
    pub(crate) max_package_size: Cell<u32>,
    pub(crate) max_send_buffer_size: Cell<u32>,
    pub(crate) bytes_read: Cell<u64>,
    pub(crate) bytes_written: Cell<u64>,
    /// The sweeper's clock when something was last received.
    pub(crate) heard: Cell<u64>,
    wire: RefCell<Wire>,
    outbox: RefCell<Outbox>,
    /// What the isolate's counters know of the outbox: bytes that wait, and what they cost.
    counted: Cell<(usize, usize)>,
    /// Bytes that were received and are not a whole message yet; as many as a number of this size can say.
    unread: Cell<u32>,
    /// None when the connection is closed: scripts may hold the link for long, and the socket goes at once.
    io: RefCell<Option<Rc<Transport>>>,
    task: Cell<Option<Waker>>,
    rare: OnceCell<Box<Rare>>,
    status: Cell<Status>,
    pub(crate) pinged: Cell<bool>,
    /// Is a handler of this connection running or waiting?
    pub(crate) handling: Cell<bool>,
    /// Is `on_error` running? Its own sends are dropped in silence, for else it would call itself for ever.
    pub(crate) complaining: Cell<bool>,
    /// Do the received bytes that are left begin a message of this protocol, so that only more bytes help?
    pub(crate) hungry: Cell<bool>,
    /// Is there an HTTP request whose answer is not complete?
    answering: Cell<bool>,
    /// By the script.
    paused: Cell<bool>,
    /// By a pipe whose target cannot take more.
    held: Cell<bool>,
    dirty: Cell<bool>,
    /// Does its task wait for anything but input? Maybe for the queue to become shorter.
    pub(crate) stalled: Cell<bool>,
}

impl Link {
    /// A link for a connection that is ready for its protocol.
    pub(crate) fn new(
        transport: Transport,
        wire: Wire,
        timeouts: Rc<Timeouts>,
        turn: Rc<Turn>,
    ) -> Rc<Self> {
        let now = turn.clock.get();
        let link = Rc::new(Self {
            id: turn.next_id(),
            opened: u32::try_from(now / SWEEP.as_millis() as u64).unwrap_or(u32::MAX),
            place: Cell::new(0),
            info: transport.info(),
            timeouts,
            max_package_size: Cell::new(u32::MAX),
            max_send_buffer_size: Cell::new(u32::MAX),
            bytes_read: Cell::new(0),
            bytes_written: Cell::new(0),
            heard: Cell::new(now),
            wire: RefCell::new(wire),
            outbox: RefCell::default(),
            counted: Cell::default(),
            unread: Cell::new(0),
            io: RefCell::new(Some(Rc::new(transport))),
            task: Cell::default(),
            rare: OnceCell::new(),
            status: Cell::new(Status::Established),
            pinged: Cell::new(false),
            handling: Cell::new(false),
            complaining: Cell::new(false),
            hungry: Cell::new(false),
            answering: Cell::new(false),
            paused: Cell::new(false),
            held: Cell::new(false),
            dirty: Cell::new(false),
            stalled: Cell::new(false),
            turn,
        });
        link.turn.enter(link.clone());
        link
    }

    /// One inside of the process, and the peer's end.
    #[cfg(test)]
    pub(super) fn in_memory(turn: &Rc<Turn>) -> (Rc<Self>, MemoryEnd) {
        let (near, far) = MemoryEnd::pair(turn, &ConnInfo::unix(), None);
        let wire = Wire::new(ProtocolId::Text);
        (Self::new(Transport::Memory(near), wire, Rc::default(), turn.clone()), far)
    }

    /// What carries its bytes; none when it is closed.
    pub(super) fn io(&self) -> Option<Rc<Transport>> {
        self.io.borrow().clone()
    }

    /// Reads what is there. A closed connection is at its end.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.io.borrow().as_ref().map_or(Poll::Ready(Ok(0)), |io| io.poll_read(cx, into))
    }

    /// Whether there may be something to read.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let io = self.io.borrow();
        io.as_ref().map_or(Poll::Ready(()), |io| io.poll_ready(cx, Direction::Read).map(drop))
    }

    /// The sweeper's clock when it was accepted.
    pub(crate) fn opened(&self) -> u64 {
        u64::from(self.opened) * SWEEP.as_millis() as u64
    }

    fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// Bytes that were received and are not a whole message yet.
    pub(crate) fn unread(&self) -> usize {
        self.unread.get() as usize
    }

    pub(crate) fn set_unread(&self, n: usize) {
        self.unread.set(u32::try_from(n).unwrap_or(u32::MAX));
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
        if self.rare.get().is_some_and(|rare| rare.drainer.borrow().is_some()) {
            return self.account();
        }
        let written = self.write_some();
        self.account();
        match written {
            Ok(true) => self.flushed(),
            Ok(false) => {
                let task = tokio::task::spawn_local(self.clone().drain());
                *self.rare().drainer.borrow_mut() = Some(task.abort_handle());
            }
            Err(_) => self.gone(),
        }
    }

    /// Writes until the queue is empty (true) or the socket is full (false).
    fn write_some(&self) -> io::Result<bool> {
        let io = self.io.borrow();
        let Some(io) = &*io else { return Ok(true) };
        self.wake_filler();
        let mut outbox = self.outbox.borrow_mut();
        while !outbox.is_flushed() {
            match io.try_write(outbox.pending()) {
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

    /// Waits until the socket takes something; `None`: there is none any more.
    async fn writable(&self) -> Option<io::Result<()>> {
        // Borrowed for each look only, so that the connection can end meanwhile.
        poll_fn(|cx| match &*self.io.borrow() {
            Some(io) => io.poll_ready(cx, Direction::Write).map(Some),
            None => Poll::Ready(None),
        })
        .await
    }

    /// The task of a queue that has to wait for its socket.
    async fn drain(self: Rc<Self>) {
        while let Some(writable) = self.writable().await {
            let written = writable.and_then(|()| self.write_some());
            self.account();
            match written {
                Ok(false) => continue,
                Ok(true) => {
                    *self.rare().drainer.borrow_mut() = None;
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
        if self.status.get() == Status::Closing || self.stalled.get() {
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
            self.heard.set(self.turn.clock.get());
            self.wake();
        }
    }

    /// While this queue is full, `feeder` is not read.
    pub(crate) fn feed_from(&self, feeder: &Rc<Link>) {
        self.resume_feeder();
        feeder.held.set(self.is_full());
        *self.rare().feeder.borrow_mut() = Rc::downgrade(feeder);
    }

    fn feeder(&self) -> Option<Rc<Link>> {
        self.rare.get()?.feeder.borrow().upgrade()
    }

    /// Whoever was paused for this queue is read again, also when the queue is gone: else nobody would ever notice its end.
    fn resume_feeder(&self) {
        if let Some(feeder) = self.feeder()
            && feeder.held.replace(false)
        {
            feeder.heard.set(feeder.turn.clock.get());
            feeder.wake();
        }
    }

    /// Tells the task of something. What it has still to tell is not told twice: a script that sends to a full queue a
    /// thousand times in one turn hears of it once.
    pub(crate) fn happen(&self, happening: Happening) {
        let mut happenings = self.rare().happenings.borrow_mut();
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
        self.rare.get()?.happenings.borrow_mut().pop_front()
    }

    /// Is there something for the task to do besides reading?
    pub(crate) fn calls(&self) -> bool {
        let has_happened = self.rare.get().is_some_and(|r| !r.happenings.borrow().is_empty());
        has_happened || self.is_over()
    }

    /// The task's waker, for the next `wake`.
    pub(crate) fn register(&self, waker: &Waker) {
        let known = self.task.take().filter(|known| known.will_wake(waker));
        self.task.set(Some(known.unwrap_or_else(|| waker.clone())));
    }

    fn wake(&self) {
        if let Some(waker) = self.task.take() {
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
    #[inline]
    pub(crate) fn queued(&self) -> usize {
        self.outbox.borrow().len()
    }
}
