//! Bytes that wait to be written. Knows counts and limits, not sockets.

use std::cell::RefCell;

/// Empty queues kept for the next connection that sends. Fixed: a turn of the loop rarely writes to more connections.
const SPARE: usize = 64;

/// Small ones, of which more are kept: for messages to everybody. Fixed: all together are 4 MiB at most.
const SMALL_SPARE: usize = 1024;

/// Bytes that a queue has for a start, and a small one at most. Fixed: short messages are gathered without growing.
const START: usize = 256;
const SMALL: usize = 4 * 1024;

/// Capacity above which an emptied queue is given back to the allocator, bytes. Fixed.
const SPARE_SIZE: usize = 64 * 1024;

/// Bytes that a protocol may put around a message: more than any does. Fixed.
const HEADER: usize = 16;

/// The part of its size by which a large queue grows at least. Fixed.
const GROWTH: usize = 8;

thread_local! {
    #[expect(clippy::vec_box, reason = "a connection holds one as a single word")]
    static QUEUES: RefCell<Vec<Box<Queue>>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    /// Bytes at its beginning that the kernel has taken.
    written: usize,
    /// Messages sent before the protocol could take them; they follow the answer to an upgrade.
    held: Vec<u8>,
}

/// One connection's send queue. An empty one has no memory of its own.
#[derive(Default)]
pub(crate) struct Outbox(Option<Box<Queue>>);

impl Outbox {
    /// Bytes that wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |q| q.bytes.len() - q.written + q.held.len())
    }

    /// The same, and what it costs, bytes.
    #[inline]
    pub(crate) fn measure(&self) -> (usize, usize) {
        self.0.as_ref().map_or((0, 0), |q| {
            (q.bytes.len() - q.written + q.held.len(), q.bytes.capacity() + q.held.capacity())
        })
    }

    /// Is there nothing that could be written now?
    pub(crate) fn is_flushed(&self) -> bool {
        self.0.as_ref().is_none_or(|q| q.written == q.bytes.len())
    }

    fn own(&mut self) -> &mut Queue {
        self.0.get_or_insert_with(|| QUEUES.with_borrow_mut(Vec::pop).unwrap_or_default())
    }

    /// Where to append about `n` bytes that may be written. A large queue grows by as much as it needs and not to twice its
    /// size.
    pub(crate) fn queue(&mut self, n: usize) -> &mut Vec<u8> {
        let Queue { bytes, written, .. } = self.own();
        let needed = bytes.len() + n + HEADER;
        if bytes.capacity() == 0 {
            bytes.reserve_exact(needed.max(START));
        }
        if needed > SPARE_SIZE && needed > bytes.capacity() {
            bytes.drain(..*written);
            *written = 0;
            bytes.reserve_exact((n + HEADER).max(bytes.len() / GROWTH));
        }
        bytes
    }

    /// Where to append what has to wait for `release`.
    pub(crate) fn held(&mut self) -> &mut Vec<u8> {
        &mut self.own().held
    }

    /// What was held may follow now.
    pub(crate) fn release(&mut self) {
        if self.0.as_ref().is_some_and(|q| !q.held.is_empty()) {
            let held = std::mem::take(self.held());
            self.queue(held.len()).extend_from_slice(&held);
        }
    }

    /// What to write next.
    pub(crate) fn pending(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |q| &q.bytes[q.written..])
    }

    /// Nothing was appended after all: an empty queue gives its memory back.
    pub(crate) fn trim(&mut self) {
        if self.is_flushed() {
            self.clear_queue();
        }
    }

    /// The kernel took `n` bytes.
    pub(crate) fn advance(&mut self, n: usize) {
        let Some(queue) = &mut self.0 else { return };
        queue.written += n;
        if queue.written == queue.bytes.len() {
            self.clear_queue();
        } else if queue.written > queue.bytes.len() / 2 && queue.written > SPARE_SIZE {
            // In new memory: a queue that is never quite empty must not stay as large as it once was.
            queue.bytes = queue.bytes[queue.written..].to_vec();
            queue.written = 0;
        }
    }

    /// Forgets everything.
    pub(crate) fn discard(&mut self) {
        if let Some(queue) = &mut self.0 {
            queue.held = Vec::new();
        }
        self.clear_queue();
    }

    fn clear_queue(&mut self) {
        let Some(queue) = &mut self.0 else { return };
        queue.written = 0;
        queue.bytes.clear();
        if queue.bytes.capacity() > SPARE_SIZE {
            queue.bytes = Vec::new();
        }
        if queue.held.is_empty()
            && let Some(queue) = self.0.take()
        {
            let keeps = if queue.bytes.capacity() <= SMALL { SMALL_SPARE } else { SPARE };
            QUEUES.with_borrow_mut(|spare| {
                if spare.len() < keeps {
                    spare.push(queue);
                }
            });
        }
    }
}
