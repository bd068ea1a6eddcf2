//! One turn of an isolate's loop: everything that is sent while sockets are read and handlers run is written when all of
//! it is done, one write for each connection (corking).
//!
//! # Answers are written sixty-four at a time
//!
//! Answers are written sixty-four at a time, what goes to many at the end of the turn. Written one by one, each
//! answer would wake its client, which costs more than it brings; written after all of ten thousand messages, they
//! have left the processor's cache.

use super::{budget::Budget, link::Link, places::Places, share::Share, stats::Stats};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
};
use tokio::sync::Semaphore;

/// Threads that send files for one isolate at the same time. Fixed: enough for a disk to choose what it reads first; more
/// of them would cost memory and send no faster.
const POURERS: usize = 4;

/// Answers that are written together. Fixed: one at a time, each would wake a client that sleeps, and two thousand would have
/// left the cache before they are written; measured with 64 and with 10 000 connections.
const ANSWERS: usize = 64;

/// Links that are flushed before others have their turn. Fixed: a message to ten thousand must not keep everybody waiting
/// until the last of them has it; so many take a millisecond or two.
const BATCH: usize = 512;

/// What the connections of one isolate share.
pub(crate) struct Turn {
    pub(crate) stats: Arc<Stats>,
    pub(crate) share: Share,
    dirty: RefCell<Vec<Rc<Link>>>,
    flusher: RefCell<Option<Waker>>,
    /// So many at the beginning of `dirty` are there because each answered its own peer.
    answers: Cell<usize>,
    /// All links.
    places: RefCell<Places>,
    /// Places for threads that send files.
    pub(super) pourers: Semaphore,
    /// Have time limits changed since the last sweep?
    has_new_limits: Cell<bool>,
    last_id: Cell<u64>,
    /// Milliseconds that this isolate was free to listen to its peers; see the sweeper.
    pub(crate) clock: Cell<u64>,
}

impl Turn {
    pub(crate) fn new(stats: Arc<Stats>, budget: Arc<Budget>) -> Self {
        Self {
            share: Share::new(budget),
            stats,
            dirty: RefCell::default(),
            flusher: RefCell::default(),
            answers: Cell::new(0),
            places: RefCell::default(),
            pourers: Semaphore::new(POURERS),
            has_new_limits: Cell::new(false),
            last_id: Cell::new(0),
            clock: Cell::new(0),
        }
    }

    /// The next connection id: 1, 2, 3…, one row for all listeners of the isolate.
    pub(crate) fn next_id(&self) -> u64 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }

    /// To be flushed when this turn ends.
    pub(crate) fn mark_dirty(&self, link: Rc<Link>) {
        self.dirty.borrow_mut().push(link);
        if let Some(waker) = self.flusher.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Links that are to be flushed.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.borrow().len()
    }

    /// A connection has handled what it read; `before` links were to be flushed when it began. As long as nobody sends to
    /// others, there is nothing to gather, and many answers are written while their connections are still in the processor's
    /// cache.
    pub(crate) fn handled(&self, before: usize) {
        if self.answers.get() == before && self.dirty() == before + 1 {
            self.answers.set(before + 1);
            if before + 1 == ANSWERS {
                self.flush_now();
            }
        }
    }

    /// The flusher's task: woken by the first send of a turn, it runs after all tasks that were ready before it.
    pub(crate) async fn flush_for_ever(self: Rc<Self>) {
        let mut batch = Vec::new();
        loop {
            poll_fn(|cx| {
                if self.dirty.borrow().is_empty() {
                    *self.flusher.borrow_mut() = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(())
            })
            .await;
            let count = self.dirty().min(BATCH);
            batch.extend(self.dirty.borrow_mut().drain(..count));
            self.answers.set(0);
            batch.drain(..).for_each(|link: Rc<Link>| link.flush());
            if self.dirty() > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Writes now what would be written at the end of the turn.
    pub(crate) fn flush_now(&self) {
        self.answers.set(0);
        let batch = self.dirty.take();
        batch.iter().for_each(Link::flush);
    }

    pub(crate) fn enter(&self, link: Rc<Link>) {
        self.places.borrow_mut().enter(link);
        self.stats.accepted.add(1);
        self.stats.connections.set(self.count() as u64);
    }

    pub(crate) fn leave(&self, link: &Rc<Link>) {
        let left = self.places.borrow_mut().leave(link);
        drop(left);
        self.stats.connections.set(self.count() as u64);
    }

    /// Time limits have changed: the next sweep looks at every link.
    pub(crate) fn look_at_all(&self) {
        self.has_new_limits.set(true);
    }

    /// Calls `look` with each link whose time has come; it says when that is again.
    pub(crate) fn sweep(&self, look: impl Fn(&Rc<Link>) -> u64) {
        let now = if self.has_new_limits.take() { u64::MAX } else { self.clock.get() };
        let mut at = 0;
        loop {
            // Not borrowed while it is looked at, which may send and close.
            let Some((place, link)) = self.places.borrow().due(at, now) else { return };
            let next = look(&link);
            self.places.borrow_mut().look_again(&link, next);
            at = place + 1;
        }
    }

    /// All living links, as they are now.
    pub(crate) fn links(&self) -> Vec<Rc<Link>> {
        self.places.borrow().links().cloned().collect()
    }

    /// The isolate ends: lets go of links whose connections never came to their end (links and turn hold each other).
    pub(crate) fn clear(&self) {
        drop((self.places.take(), self.dirty.take()));
        self.share.release();
    }

    pub(crate) fn count(&self) -> usize {
        self.places.borrow().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        runtime::{Builder, LocalOptions},
        task::{spawn_local, yield_now},
    };

    #[test]
    fn others_have_their_turn_between_two_batches_of_writes() {
        let runtime = Builder::new_current_thread().build_local(LocalOptions::default());
        runtime.expect("a runtime").block_on(async {
            let turn = Rc::new(Turn::new(Arc::default(), Arc::default()));
            let opened: Vec<_> = (0..=BATCH).map(|_| Link::in_memory(&turn)).collect();
            spawn_local(turn.clone().flush_for_ever());
            yield_now().await;
            for (link, ..) in &opened {
                link.send_raw(b"to everybody");
            }
            assert_eq!(turn.dirty(), BATCH + 1);
            yield_now().await;
            assert_eq!(turn.dirty(), 1);
            yield_now().await;
            assert_eq!(turn.dirty(), 0);
        });
    }
}
