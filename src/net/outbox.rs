//! Bytes that wait to be written. Knows counts and limits, not sockets.

use std::cell::RefCell;

/// Empty queues kept for the next connection that sends. Fixed: a turn of the loop rarely writes to more connections.
const SPARE: usize = 64;

/// Capacity above which an emptied queue is given back to the allocator, bytes. Fixed.
const SPARE_SIZE: usize = 64 * 1024;

/// Bytes that a protocol may put around a message: more than any does. Fixed.
const HEADER: usize = 16;

/// The part of its size by which a large queue grows at least. Fixed.
const GROWTH: usize = 8;

thread_local! {
    static QUEUES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// One connection's send queue.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: Vec<u8>,
    /// Bytes at the beginning of `queue` that the kernel has taken.
    written: usize,
    /// Messages sent before the protocol could take them (a websocket's handshake); they follow the answer.
    held: Vec<u8>,
}

impl Outbox {
    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len() - self.written + self.held.len()
    }

    /// What it costs, bytes.
    pub(crate) fn memory(&self) -> usize {
        self.queue.capacity() + self.held.capacity()
    }

    /// Is there nothing that could be written now?
    pub(crate) fn is_flushed(&self) -> bool {
        self.written == self.queue.len()
    }

    /// Where to append about `n` bytes that may be written. A large queue grows by as much as it needs and not to twice its
    /// size.
    pub(crate) fn queue(&mut self, n: usize) -> &mut Vec<u8> {
        if self.queue.capacity() == 0 {
            self.queue = QUEUES.with_borrow_mut(Vec::pop).unwrap_or_default();
        }
        let needed = self.queue.len() + n + HEADER;
        if needed > SPARE_SIZE && needed > self.queue.capacity() {
            self.queue.drain(..self.written);
            self.written = 0;
            self.queue.reserve_exact((n + HEADER).max(self.queue.len() / GROWTH));
        }
        &mut self.queue
    }

    /// Where to append what has to wait for `release`.
    pub(crate) fn held(&mut self) -> &mut Vec<u8> {
        &mut self.held
    }

    /// What was held may follow now.
    pub(crate) fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.queue(held.len()).extend_from_slice(&held);
    }

    /// What to write next.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.queue[self.written..]
    }

    /// The kernel took `n` bytes.
    pub(crate) fn advance(&mut self, n: usize) {
        self.written += n;
        if self.is_flushed() {
            self.clear_queue();
        } else if self.written > self.queue.len() / 2 && self.written > SPARE_SIZE {
            // (in new memory: a queue that is never quite empty must not stay as large as it once was)
            self.queue = self.pending().to_vec();
            self.written = 0;
        }
    }

    /// Forgets everything.
    pub(crate) fn discard(&mut self) {
        self.clear_queue();
        self.held = Vec::new();
    }

    fn clear_queue(&mut self) {
        self.written = 0;
        let mut queue = std::mem::take(&mut self.queue);
        queue.clear();
        if (1..=SPARE_SIZE).contains(&queue.capacity()) {
            QUEUES.with_borrow_mut(|spare| {
                if spare.len() < SPARE {
                    spare.push(queue);
                }
            });
        }
    }
}
