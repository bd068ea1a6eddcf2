//! The socket as hyper sees it: reads from it, writes into the connection's queue, so that counters and limits hold.

use crate::net::conn::{Conn, room};
use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// See the module.
pub(super) struct Socket {
    /// Received before it was known what is spoken.
    pub(super) first: Vec<u8>,
    pub(super) conn: Rc<Conn>,
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let n = self.first.len().min(into.remaining());
            into.put_slice(&self.first[..n]);
            self.first.drain(..n);
            return Poll::Ready(Ok(()));
        }
        let this = &mut *self;
        let polled = this.conn.with_io(|io| io.poll_read(cx, into.initialize_unfilled()));
        polled.unwrap_or(Poll::Ready(Ok(0))).map_ok(|n| {
            this.conn.traffic.received(n, &this.conn.shared);
            into.advance(n);
        })
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(room) = pin!(room(&self.conn)).poll(cx) else { return Poll::Pending };
        let Some(room) = room else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        let n = bytes.len().min(room);
        self.conn.answer(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
