//! A connection inside of one isolate: two ends, and what is written to one is read from the other. Neither end ever has
//! more than a buffer's worth waiting, and what waits is counted as any queue.

use super::ConnInfo;
use crate::net::{conn::LoopShared, share::Share};
use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
};

/// Bytes that wait in one direction. Fixed: a frame of HTTP/2, and a peer that does not read has a hundred of them.
const CAPACITY: usize = 16 * 1024;

/// Bytes that count besides while something waits, for those who write and read it have gone on as long as they could.
/// Fixed: what a stream was measured to cost whose answer is a large file: a part of it before the pipe, frames behind it,
/// and the buffers of both.
const BEHIND: usize = 16 * CAPACITY;

/// The right to be one of the connections of this kind that a peer may have, until nobody holds it any more.
pub(crate) type Permit = Rc<OwnedSemaphorePermit>;

/// One direction.
#[derive(Default)]
struct Lane {
    bytes: VecDeque<u8>,
    /// What the isolate's share knows of them.
    costs: usize,
    /// Nothing more is written, or nobody reads any more.
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Waits for the end only. Apart from the writer, for both may wait at once.
    watcher: Option<Waker>,
}

impl Lane {
    fn close(&mut self) {
        self.closed = true;
        self.wake();
    }

    /// Tells what the waiting bytes cost now; an empty lane has no memory.
    fn account(&mut self, share: &Share) {
        if self.bytes.is_empty() {
            self.bytes = VecDeque::new();
        }
        let costs = match self.bytes.capacity() {
            0 => 0,
            capacity => capacity + BEHIND,
        };
        let before = std::mem::replace(&mut self.costs, costs);
        if before != costs {
            share.changed(before, costs);
        }
    }

    fn wake(&mut self) {
        let all = [self.reader.take(), self.writer.take(), self.watcher.take()];
        for waker in all.into_iter().flatten() {
            waker.wake();
        }
    }
}

type Lanes = Rc<RefCell<[Lane; 2]>>;

/// One end.
pub(crate) struct MemoryEnd {
    lanes: Lanes,
    /// Which lane it writes to; it reads from the other.
    side: usize,
    shared: Rc<LoopShared>,
    /// Of the end that is a connection: what it occupies.
    pub(super) permit: Option<Permit>,
    /// Whose bytes they are, and where they came in: of the socket behind it.
    pub(super) info: ConnInfo,
}

impl MemoryEnd {
    /// Both ends of a connection that is known by `info`: the asking one, and the one that occupies `permit`.
    pub(crate) fn pair(
        shared: &Rc<LoopShared>,
        info: &ConnInfo,
        permit: Option<Permit>,
    ) -> (Self, Self) {
        let lanes = Lanes::default();
        let end = |side, permit| {
            let (lanes, shared) = (lanes.clone(), shared.clone());
            Self { lanes, side, shared, permit, info: info.clone() }
        };
        (end(0, None), end(1, permit))
    }

    pub(crate) fn poll_take(
        &self,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let lane = &mut self.lanes.borrow_mut()[1 - self.side];
        if lane.bytes.is_empty() {
            if lane.closed {
                return Poll::Ready(Ok(0));
            }
            lane.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let n = io::Read::read(&mut lane.bytes, into)?;
        lane.account(&self.shared.queued);
        if let Some(writer) = lane.writer.take() {
            writer.wake();
        }
        Poll::Ready(Ok(n))
    }

    /// Writes what fits.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let lane = &mut self.lanes.borrow_mut()[self.side];
        if lane.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = bytes.len().min(CAPACITY - lane.bytes.len());
        if n == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        lane.bytes.extend(&bytes[..n]);
        lane.account(&self.shared.queued);
        if let Some(reader) = lane.reader.take() {
            reader.wake();
        }
        Ok(n)
    }

    /// Bytes that the other end has not read.
    pub(super) fn unsent(&self) -> usize {
        self.lanes.borrow()[self.side].bytes.len()
    }

    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let lane = &mut self.lanes.borrow_mut()[self.side];
        if lane.closed || lane.bytes.len() < CAPACITY {
            return Poll::Ready(Ok(()));
        }
        lane.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Is the other end gone?
    pub(crate) fn poll_broken(&self, cx: &mut Context<'_>) -> Poll<()> {
        let lane = &mut self.lanes.borrow_mut()[self.side];
        if lane.closed {
            return Poll::Ready(());
        }
        lane.watcher = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Nothing more comes from this end.
    pub(crate) fn shutdown(&self) {
        self.lanes.borrow_mut()[self.side].close();
    }
}

impl Drop for MemoryEnd {
    fn drop(&mut self) {
        let lanes = &mut *self.lanes.borrow_mut();
        lanes.iter_mut().for_each(Lane::close);
        // Nobody reads any more what came to this end.
        let lane = &mut lanes[1 - self.side];
        lane.bytes.clear();
        lane.account(&self.shared.queued);
    }
}

impl AsyncRead for MemoryEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.poll_take(cx, into.initialize_unfilled());
        polled.map_ok(|n| into.advance(n))
    }
}

impl AsyncWrite for MemoryEnd {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.try_write(bytes) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                self.poll_writable(cx).map_ok(|()| 0)
            }
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shutdown();
        Poll::Ready(Ok(()))
    }
}
