//! One turn of an isolate's loop: everything that is sent while sockets are read and handlers run is written when all of
//! it is done, one write for each connection (corking). Also the list of all links, for the sweeper.

use super::{budget::Budget, link::Link, share::Share, stats::Stats};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
};
use tokio::sync::Semaphore;

/// Threads that send files for one isolate at the same time. Fixed: enough for a disk to choose what it reads first; more
/// of them would cost memory and send no faster.
const POURERS: usize = 4;

/// What the connections of one isolate share.
pub(crate) struct Turn {
    pub(crate) stats: Arc<Stats>,
    pub(crate) share: Share,
    dirty: RefCell<Vec<Rc<Link>>>,
    flusher: RefCell<Option<Waker>>,
    /// Places for threads that send files.
    pub(super) pourers: Semaphore,
    links: RefCell<HashMap<u64, Rc<Link>>>,
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
            pourers: Semaphore::new(POURERS),
            links: RefCell::default(),
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
            std::mem::swap(&mut batch, &mut *self.dirty.borrow_mut());
            for link in batch.drain(..) {
                link.flush();
            }
        }
    }

    /// Writes now what would be written at the end of the turn.
    pub(crate) fn flush_now(&self) {
        let batch = self.dirty.take();
        batch.iter().for_each(Link::flush);
    }

    pub(crate) fn enter(&self, link: Rc<Link>) {
        self.links.borrow_mut().insert(link.id, link);
        self.stats.accepted.add(1);
        self.stats.connections.set(self.count() as u64);
    }

    pub(crate) fn leave(&self, id: u64) {
        self.links.borrow_mut().remove(&id);
        self.stats.connections.set(self.count() as u64);
    }

    /// All living links, as they are now.
    pub(crate) fn links(&self) -> Vec<Rc<Link>> {
        self.links.borrow().values().cloned().collect()
    }

    /// The isolate ends: lets go of links whose connections never came to their end (links and turn hold each other).
    pub(crate) fn clear(&self) {
        drop((self.links.take(), self.dirty.take()));
        self.share.release();
    }

    pub(crate) fn count(&self) -> usize {
        self.links.borrow().len()
    }
}
