//! Received bytes that are not consumed yet. While a read is digested they lie in a buffer that the whole isolate
//! shares; only what has to wait (half a message, a pause, a handler that waits) is copied to memory of the connection.

use std::cell::RefCell;

/// Bytes of one read. Fixed: 64 KiB take sixteen 4 KiB messages or a full TCP window's worth in one system call, and a
/// larger one no longer fits the cache of the core that digests it.
const READ: usize = 64 * 1024;

/// Buffers kept for the next read. Fixed: one is in use at a time, except while a handler waits.
const SPARE: usize = 4;

thread_local! {
    #[expect(clippy::vec_box, reason = "a connection holds one as a single word")]
    static BUFFERS: RefCell<Vec<Box<Buffer>>> = const { RefCell::new(Vec::new()) };
}

/// Memory that is read into, or that keeps what has to wait.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// Consumed bytes at the beginning.
    start: usize,
    /// Where the received bytes end.
    end: usize,
    /// Is it one of the pool's?
    is_shared: bool,
}

impl Buffer {
    fn shared() -> Self {
        Self { bytes: vec![0; READ], start: 0, end: 0, is_shared: true }
    }

    fn keeping(bytes: Vec<u8>) -> Self {
        Self { start: 0, end: bytes.len(), bytes, is_shared: false }
    }

    /// Where to read to.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// A read buffer from the isolate's pool.
pub(crate) fn take_buffer() -> Box<Buffer> {
    BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_else(|| Box::new(Buffer::shared()))
}

pub(crate) fn give_buffer(buffer: Box<Buffer>) {
    BUFFERS.with_borrow_mut(|spare| {
        if spare.len() < SPARE {
            spare.push(buffer);
        }
    });
}

/// One connection's unconsumed bytes. An idle connection has none, and no memory for them.
#[derive(Default)]
pub(crate) struct Inbox(Option<Box<Buffer>>);

impl Inbox {
    /// What is there and not consumed.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Some(buffer) => &mut buffer.bytes[buffer.start..buffer.end],
            None => &mut [],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |buffer| buffer.end - buffer.start)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what a read brought: the first `n` bytes of `buffer`.
    pub(crate) fn fill(&mut self, mut buffer: Box<Buffer>, n: usize) {
        debug_assert!(self.0.as_ref().is_none_or(|b| !b.is_shared), "the last read was settled");
        if self.is_empty() {
            (buffer.start, buffer.end) = (0, n);
            self.0 = Some(buffer);
        } else if let Some(kept) = &mut self.0 {
            kept.bytes.drain(..kept.start);
            kept.bytes.extend_from_slice(&buffer.bytes[..n]);
            (kept.start, kept.end) = (0, kept.bytes.len());
            give_buffer(buffer);
        }
    }

    pub(crate) fn consume(&mut self, n: usize) {
        if let Some(buffer) = &mut self.0 {
            buffer.start += n;
        }
    }

    /// Forgets everything.
    pub(crate) fn discard(&mut self) {
        self.consume(self.len());
        self.settle();
    }

    /// Gives the shared buffer back, keeping what is not consumed. To be called before anything waits.
    pub(crate) fn settle(&mut self) {
        let Some(buffer) = &self.0 else { return };
        let (is_shared, is_empty) = (buffer.is_shared, self.is_empty());
        if !is_shared && !is_empty {
            return;
        }
        let Some(buffer) = self.0.take() else { return };
        if !is_empty {
            let rest = buffer.bytes[buffer.start..buffer.end].to_vec();
            self.0 = Some(Box::new(Buffer::keeping(rest)));
        }
        if is_shared {
            give_buffer(buffer);
        }
    }
}
