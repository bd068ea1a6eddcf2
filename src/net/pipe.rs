//! A connection inside of one isolate: two ends, and what is written to one is read from the other. Neither end ever has
//! more than a buffer's worth waiting.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that wait in one direction. Fixed: as much as one read of a socket.
const CAPACITY: usize = 64 * 1024;

/// One direction.
#[derive(Default)]
struct Lane {
    bytes: VecDeque<u8>,
    /// Nothing more is written, or nobody reads any more.
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Lane {
    fn close(&mut self) {
        self.closed = true;
        self.wake();
    }

    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

type Lanes = Rc<RefCell<[Lane; 2]>>;

/// One end.
pub(crate) struct Pipe {
    lanes: Lanes,
    /// Which lane it writes to; it reads from the other.
    side: usize,
    /// Whose bytes they are, and where they came in: of the socket behind it.
    pub(crate) addresses: (Option<SocketAddr>, Option<SocketAddr>),
}

impl Pipe {
    /// Both ends.
    pub(crate) fn pair(addresses: (Option<SocketAddr>, Option<SocketAddr>)) -> (Self, Self) {
        let lanes = Lanes::default();
        let end = |side| Self { lanes: lanes.clone(), side, addresses };
        (end(0), end(1))
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
        if let Some(reader) = lane.reader.take() {
            reader.wake();
        }
        Ok(n)
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
        lane.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Nothing more comes from this end.
    pub(crate) fn shutdown(&self) {
        self.lanes.borrow_mut()[self.side].close();
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.lanes.borrow_mut().iter_mut().for_each(Lane::close);
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.poll_take(cx, into.initialize_unfilled());
        polled.map_ok(|n| into.advance(n))
    }
}

impl AsyncWrite for Pipe {
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
