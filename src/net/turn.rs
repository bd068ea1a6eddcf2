//! One turn of an isolate's loop: everything that is sent while sockets are read and handlers run is written when all of
//! it is done, one write for each connection (corking).

use super::{budget::Budget, link::Link, places::Places, share::Share, stats::Stats};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
};

/// What the connections of one isolate share.
pub(crate) struct Turn {
    pub(crate) stats: Arc<Stats>,
    pub(crate) share: Share,
    dirty: RefCell<Vec<Rc<Link>>>,
    flusher: RefCell<Option<Waker>>,
    /// Does a connection handle right now what it has read?
    is_held: Cell<bool>,
    /// All links.
    places: RefCell<Places>,
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
            is_held: Cell::new(false),
            places: RefCell::default(),
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
        if !self.is_held.get() {
            self.wake_flusher();
        }
    }

    fn wake_flusher(&self) {
        if let Some(waker) = self.flusher.borrow_mut().take() {
            waker.wake();
        }
    }

    /// A connection handles what it has read, until the guard is dropped.
    pub(crate) fn hold(self: &Rc<Self>) -> Held {
        self.is_held.set(true);
        Held(self.clone())
    }

    /// If all that was sent went to one peer, as an answer does, this is the time to write it: nothing is gained by another
    /// task, and the connection is still in the processor's cache. More waits for the end of the turn.
    fn release(&self) {
        self.is_held.set(false);
        let mut dirty = self.dirty.borrow_mut();
        match dirty.len() {
            0 => (),
            1 if !std::thread::panicking() => {
                let only = dirty.pop();
                drop(dirty);
                only.iter().for_each(Link::flush);
            }
            _ => {
                drop(dirty);
                self.wake_flusher();
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
        self.places.borrow_mut().enter(link);
        self.stats.accepted.add(1);
        self.stats.connections.set(self.count() as u64);
    }

    pub(crate) fn leave(&self, link: &Rc<Link>) {
        let left = self.places.borrow_mut().leave(link);
        drop(left);
        self.stats.connections.set(self.count() as u64);
    }

    /// Calls `look` with each link whose time has come; it says when that is again.
    pub(crate) fn sweep(&self, look: impl Fn(&Rc<Link>) -> u64) {
        let now = self.clock.get();
        let mut at = 0;
        loop {
            // (not borrowed while it is looked at, which may send and close)
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

/// See [`Turn::hold`].
pub(crate) struct Held(Rc<Turn>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.release();
    }
}
