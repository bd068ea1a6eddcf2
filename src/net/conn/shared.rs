//! What the connections of one loop share: clock, counters, budgets, and the list of those that are to be flushed. They know
//! nothing of each other; whoever has all of them is [`ConnRegistry`].

use crate::net::{budgets::Budgets, share::Share, stats::Stats};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Weak,
    sync::Arc,
    task::Waker,
};
use tokio::sync::Semaphore;

/// Threads that send files for one loop at the same time. Fixed: enough for a disk to choose what it reads first; more of
/// them would cost memory and send no faster.
const FILE_SENDERS: usize = 4;

/// All connections of a loop, as one of them may call on it.
pub(super) trait ConnRegistry {
    /// Writes now what would be written at the end of the turn.
    fn flush_now(&self);

    /// Those go who read nothing of the queues that use all their memory up.
    fn relieve_queued(&self);

    /// Those go who use all memory for unfinished messages up and complete none.
    fn relieve_received(&self);

    /// This slot is free again.
    fn leave(&self, slot: u32);
}

/// See the module.
pub(crate) struct LoopShared {
    pub(crate) stats: Arc<Stats>,
    /// Memory for what waits for peers.
    pub(crate) queued: Share,
    /// The same for what they sent of messages that are not whole yet.
    pub(crate) received: Share,
    /// Milliseconds that this loop was free to listen to its peers; see the sweeper.
    pub(crate) clock: Cell<u64>,
    last_id: Cell<u64>,
    /// Slots of connections that are to be flushed.
    pub(super) dirty: RefCell<Vec<u32>>,
    pub(super) flusher: RefCell<Option<Waker>>,
    /// Places for threads that send files.
    pub(super) file_senders: Semaphore,
    pub(super) registry: OnceCell<Weak<dyn ConnRegistry>>,
}

impl LoopShared {
    pub(super) fn new(stats: Arc<Stats>, budgets: &Budgets) -> Self {
        Self {
            queued: Share::new(budgets.queued.clone()),
            received: Share::new(budgets.received.clone()),
            stats,
            clock: Cell::new(0),
            last_id: Cell::new(0),
            dirty: RefCell::default(),
            flusher: RefCell::default(),
            file_senders: Semaphore::new(FILE_SENDERS),
            registry: OnceCell::new(),
        }
    }

    /// The next connection id: 1, 2, 3…, one row for all listeners of the loop.
    pub(super) fn next_id(&self) -> u64 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }

    /// The connection in this slot is to be flushed when this turn ends.
    #[inline]
    pub(super) fn queue_flush(&self, slot: u32) {
        self.dirty.borrow_mut().push(slot);
        if let Some(waker) = self.flusher.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Connections that are to be flushed.
    pub(super) fn dirty(&self) -> usize {
        self.dirty.borrow().len()
    }

    pub(super) fn with_registry(&self, f: impl FnOnce(&dyn ConnRegistry)) {
        // None is left when the loop ends.
        if let Some(registry) = self.registry.get().and_then(Weak::upgrade) {
            f(&*registry);
        }
    }
}
