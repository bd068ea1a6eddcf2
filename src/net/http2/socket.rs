//! The socket as hyper sees it: reads from it, writes into the link's queue, so that counters and limits hold.

use crate::net::link::Link;
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
    pub(super) link: Rc<Link>,
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
        let polled = this.link.poll_read(cx, into.initialize_unfilled());
        polled.map_ok(|n| {
            this.link.received(n);
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
        let Poll::Ready(room) = pin!(self.link.room()).poll(cx) else { return Poll::Pending };
        let Some(room) = room else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        let n = bytes.len().min(room);
        self.link.answer(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
