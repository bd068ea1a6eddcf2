//! The slow path: what a connection cannot do at once, that is to wait for a handler, a takeover by another protocol, and the
//! end. It is rare, and costs memory only while it goes on.

use super::{
    ConnDriver, ConnState, Flag, Takeover,
    await_handler::{await_handler, broken},
    close::peer_ended,
    linger,
};
use crate::net::{ConnHandler, Verdict, completion::LocalBoxFuture};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

/// Why plain calls do not go on.
pub(super) enum SlowPath {
    /// Waits for a handler, or for something that the driver has begun.
    Handler(LocalBoxFuture<()>),
    /// Waits for a handler that says whether another protocol is wanted.
    Upgrade(LocalBoxFuture<Verdict>),
    /// A handler ran for long: others may go on.
    LetOthers,
    /// Nothing is to be read now.
    Unread,
    /// The peer has ended its half; our queue still goes out.
    PeerEnded,
    Takeover(Takeover),
    End,
}

impl<H: ConnHandler> ConnDriver<H> {
    /// Walks it. None: the connection is over.
    pub(super) async fn walk(mut self, slow: SlowPath) -> Option<Self> {
        let mut next = Some(slow);
        while let Some(slow) = next.take() {
            match slow {
                SlowPath::Handler(rest) => {
                    await_handler(&self.conn, &mut self.inbox, rest).await;
                    self.conn.flags.set(Flag::InErrorHandler, false);
                    next = self.handler.took_long().then_some(SlowPath::LetOthers);
                }
                SlowPath::Upgrade(rest) => {
                    let verdict = await_handler(&self.conn, &mut self.inbox, rest).await;
                    self.conclude(verdict);
                }
                SlowPath::LetOthers => {
                    self.inbox.settle();
                    tokio::task::yield_now().await;
                }
                SlowPath::Unread => self.wait_unread().await,
                SlowPath::PeerEnded => self.peer_ended().await,
                // Boxed, for what else there is must not cost as much.
                SlowPath::Takeover(takeover) => Box::pin(self.hand_over(takeover)).await,
                SlowPath::End => {
                    Box::pin(self.end()).await;
                    return None;
                }
            }
        }
        Some(self)
    }

    /// Waits until there is something to do or to be read: that the peer reset the connection is noticed all the same.
    async fn wait_unread(&self) {
        let mut broken = pin!(broken(&self.conn));
        self.conn.flags.set(Flag::Stalled, true);
        poll_fn(|cx| {
            self.conn.register(cx.waker());
            if self.has_work() || self.reads() {
                return Poll::Ready(());
            }
            broken.as_mut().poll(cx).map(|()| self.conn.destroy())
        })
        .await;
        self.conn.flags.set(Flag::Stalled, false);
    }

    async fn peer_ended(&self) {
        peer_ended(&self.conn);
        if self.conn.state() != ConnState::Closing {
            return;
        }
        poll_fn(|cx| {
            self.conn.register(cx.waker());
            if self.conn.is_over() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Another protocol goes on with the connection, to its end.
    async fn hand_over(&mut self, takeover: Takeover) {
        let first = self.inbox.bytes().to_vec();
        self.inbox.consume(first.len());
        self.inbox.settle();
        // What it has queued still goes out, its last words among it.
        match takeover(self.conn.clone(), first, self.handler.opener()).await {
            Err(error) => self.conn.break_off(error),
            Ok(()) if self.conn.state() == ConnState::Established => self.conn.begin_closing(),
            Ok(()) => (),
        }
    }

    /// Closes the socket, tells the owner, and lets a polite peer take what is on its way. The socket does not wait for the
    /// owner, whose handler may take its time.
    async fn end(self) {
        // Held to the last line: the socket may be given back while a handler still waits.
        let Self { permit: _permit, conn, mut handler, .. } = self;
        linger::close(&conn);
        conn.leave();
        drop(conn);
        close(&mut handler).await;
    }
}

/// Tells the owner that this was the last.
async fn close(handler: &mut impl ConnHandler) {
    poll_fn(|cx| Poll::Ready(handler.on_close(cx.waker()))).await.finish().await;
}
