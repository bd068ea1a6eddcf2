//! Received bytes that are not consumed yet. While a read is digested they lie in a buffer that the whole isolate
//! shares; only what has to wait (half a message, a pause, a handler that waits) is copied to memory of the connection.

use std::cell::RefCell;

/// Bytes of one read. Fixed: 64 KiB take sixteen 4 KiB messages or a full TCP window's worth in one system call, and a
/// larger one no longer fits the cache of the core that digests it.
const READ: usize = 64 * 1024;

/// Buffers kept for the next read. Fixed: one is in use at a time, except while a handler waits.
const SPARE: usize = 4;

thread_local! {
    static BUFFERS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// A read buffer from the isolate's pool.
pub(crate) fn take_buffer() -> Box<[u8]> {
    BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; READ].into())
}

pub(crate) fn give_buffer(buffer: Box<[u8]>) {
    BUFFERS.with_borrow_mut(|spare| {
        if spare.len() < SPARE {
            spare.push(buffer);
        }
    });
}

/// One connection's unconsumed bytes.
#[derive(Default)]
pub(crate) struct Inbox {
    /// The shared buffer that was read into last, and where the unconsumed bytes in it end.
    read: Option<(Box<[u8]>, usize)>,
    /// Bytes of the connection's own; empty while `read` is set.
    kept: Vec<u8>,
    /// Consumed bytes at the beginning of whichever holds the rest.
    start: usize,
}

impl Inbox {
    /// What is there and not consumed.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        match &mut self.read {
            Some((buffer, end)) => &mut buffer[self.start..*end],
            None => &mut self.kept[self.start..],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.read.as_ref().map_or(self.kept.len(), |(_, end)| *end) - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what a read brought: the first `n` bytes of `buffer`.
    pub(crate) fn fill(&mut self, buffer: Box<[u8]>, n: usize) {
        debug_assert!(self.read.is_none(), "the last read was settled");
        if self.is_empty() {
            self.read = Some((buffer, n));
        } else {
            self.kept.drain(..self.start);
            self.kept.extend_from_slice(&buffer[..n]);
            give_buffer(buffer);
        }
        self.start = 0;
    }

    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n;
    }

    /// Gives the shared buffer back, keeping what is not consumed. To be called before anything waits.
    pub(crate) fn settle(&mut self) {
        if let Some((buffer, end)) = self.read.take() {
            self.kept = buffer[self.start..end].to_vec();
            self.start = 0;
            give_buffer(buffer);
        } else if self.start == self.kept.len() {
            // An idle connection holds no memory here.
            self.kept = Vec::new();
            self.start = 0;
        }
    }
}
