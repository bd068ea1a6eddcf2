//! One connection: what carries its bytes, what waits to be written, where it stands, and a [`Driver`] that knows what is
//! spoken. The core knows none of the protocols and none of its owners.
//!
//! [`Conn`] is the part that everybody may hold. Nothing in it waits; it says what should happen and wakes the connection's
//! task, a [`ConnTask`], which reads, decodes and calls the [`crate::net::ConnHandler`].

mod await_handler;
pub(crate) mod broadcast;
mod close;
mod driver;
mod feed;
mod flush;
pub(crate) mod inbox;
mod linger;
mod outbox;
mod poll;
mod queue;
mod relief;
mod send;
mod sendfile;
mod set;
mod shared;
mod slab;
mod slow;
mod state;
pub(crate) mod sweep;
mod task;
#[cfg(test)]
mod tests;

pub(crate) use driver::{
    AfterEnd, Driver, Goodbye, Look, Opener, Overdue, Step, Takeover, Upgraded,
};
pub(crate) use feed::feed;
pub(crate) use flush::room;
pub(crate) use poll::ConnDriver;
pub(crate) use sendfile::send_file;
pub(crate) use set::ConnectionSet;
pub(crate) use shared::LoopShared;
pub(crate) use state::{ConnEvent, ConnState, Flag, Sent};
pub(crate) use task::ConnTask;

use super::{
    timeouts::Timeouts,
    transport::{ConnInfo, Transport},
};
use driver::DriverSlot;
use queue::SendQueue;
use state::{ColdState, Flags, Traffic};
use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
    task::Waker,
};

/// A connection as the rest of its loop sees it. There may be very many that are silent, so every byte counts here.
pub(crate) struct Conn {
    pub(crate) id: u64,
    pub(crate) info: ConnInfo,
    pub(crate) shared: Rc<LoopShared>,
    pub(crate) timeouts: Rc<Timeouts>,
    pub(crate) traffic: Traffic,
    pub(crate) queue: SendQueue,
    pub(crate) max_package_size: Cell<u32>,
    /// Its place among all connections of the loop, which gives it.
    slot: Cell<u32>,
    /// None when the connection is closed: whoever may hold it for long, the socket goes at once.
    io: Cell<Option<Rc<Transport>>>,
    pub(crate) driver: DriverSlot,
    /// The waker of its task, for the next [`Self::wake`].
    task: Cell<Option<Waker>>,
    cold: OnceCell<Box<ColdState>>,
    state: Cell<ConnState>,
    pub(crate) flags: Flags,
}

impl Conn {
    /// One that is ready for its protocol. It is to enter the [`ConnectionSet`] of its loop.
    fn new(
        transport: Transport,
        driver: Box<dyn Driver>,
        timeouts: Rc<Timeouts>,
        shared: Rc<LoopShared>,
    ) -> Rc<Self> {
        let now = shared.clock.get();
        Rc::new(Self {
            id: shared.next_id(),
            info: transport.info(),
            timeouts,
            traffic: Traffic::since(now),
            queue: SendQueue::default(),
            max_package_size: Cell::new(u32::MAX),
            slot: Cell::new(0),
            io: Cell::new(Some(Rc::new(transport))),
            driver: DriverSlot::new(driver),
            task: Cell::default(),
            cold: OnceCell::new(),
            state: Cell::new(ConnState::Established),
            flags: Flags::default(),
            shared,
        })
    }

    pub(crate) fn state(&self) -> ConnState {
        self.state.get()
    }

    fn cold(&self) -> &ColdState {
        self.cold.get_or_init(Box::default)
    }

    /// Calls `f` with what carries its bytes; `None` when it is closed.
    #[inline]
    pub(super) fn with_io<T>(&self, f: impl FnOnce(&Rc<Transport>) -> T) -> Option<T> {
        let io = self.io.take()?;
        let result = f(&io);
        self.io.set(Some(io));
        Some(result)
    }

    /// Tells the task of something. What it has still to tell is not told twice: a script that sends to a full queue a
    /// thousand times in one turn hears of it once.
    pub(crate) fn raise(&self, event: ConnEvent) {
        let mut events = self.cold().events.borrow_mut();
        if !events.contains(&event) {
            self.shared.stats.faults.note(&event);
            events.push_back(event);
            drop(events);
            self.wake();
        }
    }

    /// Notes the task's waker.
    pub(super) fn register(&self, waker: &Waker) {
        let known = self.task.take().filter(|known| known.will_wake(waker));
        self.task.set(Some(known.unwrap_or_else(|| waker.clone())));
    }

    fn wake(&self) {
        if let Some(waker) = self.task.take() {
            waker.wake();
        }
    }

    /// Is there nothing left to do but to close the socket?
    #[inline(always)]
    pub(super) fn is_over(&self) -> bool {
        self.state.get() != ConnState::Established && has_parted(self)
    }

    /// Reads nothing until [`Self::resume`].
    pub(crate) fn pause(&self) {
        self.flags.set(Flag::Paused, true);
    }

    pub(crate) fn resume(&self) {
        if self.flags.replace(Flag::Paused, false) {
            self.traffic.heard.set(self.shared.clock.get());
            self.wake();
        }
    }

    /// An answer is complete: the next request may be looked at, or this was the last.
    pub(super) fn answered(&self, is_last: bool) {
        if self.state.get() != ConnState::Established {
            return;
        }
        if is_last {
            self.begin_closing();
        } else if self.flags.replace(Flag::NeedsMore, false) {
            self.wake();
        }
    }
}

/// Has a connection that ends said and heard everything?
#[cold]
fn has_parted(conn: &Conn) -> bool {
    let waits = || conn.driver.with(|driver| driver.awaits_goodbye()).unwrap_or(false);
    conn.state.get() == ConnState::Closed || !waits() && conn.queue.is_flushed()
}

/// What is to be told next.
fn next_event(conn: &Conn) -> Option<ConnEvent> {
    conn.cold.get()?.events.borrow_mut().pop_front()
}
