//! All connections of one loop. Everything that is sent while sockets are read and handlers run is written when all of it is
//! done, one write for each connection (corking).
//!
//! # Answers are written sixty-four at a time
//!
//! Answers are written sixty-four at a time, what goes to many at the end of the turn. Written one by one, each
//! answer would wake its client, which costs more than it brings; written after all of ten thousand messages, they
//! have left the processor's cache.

use super::{Conn, Driver, LoopShared, shared::ConnRegistry, slab::Slab};
use crate::net::{budgets::Budgets, stats::Stats, timeouts::Timeouts, transport::Transport};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::{Rc, Weak},
    sync::Arc,
    task::Poll,
};

/// Answers that are written together. Fixed: one at a time, each would wake a client that sleeps, and two thousand would have
/// left the cache before they are written; measured with 64 and with 10 000 connections.
const ANSWERS: usize = 64;

/// Connections that are flushed before others have their turn. Fixed: a message to ten thousand must not keep everybody
/// waiting until the last of them has it; so many take a millisecond or two.
const BATCH: usize = 512;

/// See the module.
pub(crate) struct ConnectionSet {
    pub(crate) shared: Rc<LoopShared>,
    slab: RefCell<Slab>,
    /// So many at the beginning of the list of those to be flushed are there because each answered its own peer.
    answers: Cell<usize>,
    /// The memory of the last list of those to be flushed, for the next one.
    spare: Cell<Vec<u32>>,
    /// The loop's clock when room was last looked for in vain in the budget for queues.
    pub(super) in_vain: Cell<Option<u64>>,
    /// Have time limits changed since the last sweep?
    has_new_limits: Cell<bool>,
}

impl ConnectionSet {
    pub(crate) fn new(stats: Arc<Stats>, budgets: &Budgets) -> Rc<Self> {
        let set = Rc::new(Self {
            shared: Rc::new(LoopShared::new(stats, budgets)),
            slab: RefCell::default(),
            answers: Cell::new(0),
            spare: Cell::default(),
            in_vain: Cell::new(None),
            has_new_limits: Cell::new(false),
        });
        let registry: Weak<Self> = Rc::downgrade(&set);
        // It has none yet.
        let _ = set.shared.registry.set(registry);
        set
    }

    /// A connection that is ready for its protocol.
    pub(crate) fn open(
        &self,
        transport: Transport,
        driver: Box<dyn Driver>,
        timeouts: Rc<Timeouts>,
    ) -> Rc<Conn> {
        let conn = Conn::new(transport, driver, timeouts, self.shared.clone());
        self.slab.borrow_mut().enter(conn.clone());
        self.shared.stats.accepted.add(1);
        self.shared.stats.connections.set(self.count() as u64);
        conn
    }

    /// A connection has handled what it read; `before` connections were to be flushed when it began. As long as nobody sends
    /// to others, there is nothing to gather, and many answers are written while their connections are still in the
    /// processor's cache.
    pub(super) fn handled(&self, before: usize) {
        if self.answers.get() == before && self.shared.dirty() == before + 1 {
            self.answers.set(before + 1);
            if before + 1 == ANSWERS {
                self.flush_now();
            }
        }
    }

    /// The flusher's task: woken by the first send of a turn, it runs after all tasks that were ready before it.
    pub(crate) async fn run_flusher(self: Rc<Self>) {
        loop {
            poll_fn(|cx| {
                if self.shared.dirty.borrow().is_empty() {
                    *self.shared.flusher.borrow_mut() = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(())
            })
            .await;
            self.flush_batch();
            if self.shared.dirty() > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Writes to some of those that are to be flushed.
    fn flush_batch(&self) {
        self.flush(BATCH);
    }

    /// Writes to at most so many of those that are to be flushed.
    fn flush(&self, most: usize) {
        self.answers.set(0);
        let mut slots = self.spare.take();
        {
            let mut dirty = self.shared.dirty.borrow_mut();
            match dirty.len() <= most {
                true => std::mem::swap(&mut *dirty, &mut slots),
                false => slots.extend(dirty.drain(..most)),
            }
        }
        for slot in &slots {
            // Not borrowed while it is written to.
            let conn = self.slab.borrow().get(*slot).cloned();
            if let Some(conn) = conn {
                conn.flush();
            }
        }
        slots.clear();
        self.spare.set(slots);
    }

    /// Writes now what would be written at the end of the turn.
    pub(crate) fn flush_now(&self) {
        self.flush(usize::MAX);
    }

    /// Time limits have changed: the next sweep looks at every connection.
    pub(crate) fn look_at_all(&self) {
        self.has_new_limits.set(true);
    }

    /// Calls `look` with each connection whose time has come; it says when that is again.
    pub(super) fn sweep(&self, look: impl Fn(&Rc<Conn>) -> u64) {
        let now = if self.has_new_limits.take() { u64::MAX } else { self.shared.clock.get() };
        let mut at = 0;
        loop {
            // Not borrowed while it is looked at, which may send and close.
            let Some((slot, conn)) = self.slab.borrow().due(at, now) else { return };
            let next = look(&conn);
            self.slab.borrow_mut().look_again(&conn, next);
            at = slot + 1;
        }
    }

    /// All living connections, as they are now.
    pub(crate) fn all(&self) -> Vec<Rc<Conn>> {
        self.slab.borrow().all().cloned().collect()
    }

    /// The loop ends: lets go of those that never came to their end.
    pub(crate) fn clear(&self) {
        drop((self.slab.take(), self.shared.dirty.take()));
        self.shared.queued.release();
        self.shared.received.release();
    }

    pub(crate) fn count(&self) -> usize {
        self.slab.borrow().count()
    }
}

impl ConnRegistry for ConnectionSet {
    fn flush_now(&self) {
        Self::flush_now(self);
    }

    fn relieve_queued(&self) {
        Self::relieve_queued(self);
    }

    fn relieve_received(&self) {
        Self::relieve_received(self);
    }

    fn leave(&self, slot: u32) {
        let left = self.slab.borrow_mut().leave(slot);
        drop(left);
        self.shared.stats.connections.set(self.count() as u64);
    }
}
