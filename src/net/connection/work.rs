//! What a connection cannot do at once: handlers that wait, files, HTTP/2, the end. It is rare, and costs memory only while
//! it goes on.

use super::Connection;
use crate::{
    net::{
        Events, Verdict,
        await_handler::{await_handler, broken},
        completion::LocalBoxFuture,
        http2, linger,
        link::Status,
        spool::Spool,
    },
    protocol::{Broken, handshake, http},
};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

/// See the module.
pub(in crate::net) enum Work {
    /// Waits for a handler.
    Handler(LocalBoxFuture<()>),
    /// The same, for one that says whether a websocket is wanted.
    Handshake(Box<handshake::Request>, LocalBoxFuture<Verdict>),
    /// A handler ran for long: others may go on.
    LetOthers,
    /// Stores a part of a large body.
    Spool(Vec<u8>),
    /// Stores the last one, and hands the request on.
    LastPart(Box<http::Request>),
    /// Nothing is to be read now.
    Unread,
    /// The peer has ended its half; our queue still goes out.
    PeerEnded,
    Http2,
    End,
}

impl<E: Events> Connection<E> {
    /// Does that. None: the connection is over.
    pub(in crate::net) async fn work(mut self, work: Work) -> Option<Self> {
        let mut next = Some(work);
        while let Some(work) = next.take() {
            match work {
                Work::Handler(rest) => {
                    self.await_handler(rest).await;
                    self.link.complaining.set(false);
                    next = self.events.took_long().then_some(Work::LetOthers);
                }
                Work::Handshake(request, rest) => {
                    let verdict = self.await_handler(rest).await;
                    self.conclude(&request, verdict);
                }
                Work::LetOthers => {
                    self.inbox.settle();
                    tokio::task::yield_now().await;
                }
                Work::Spool(part) => drop(self.spool(part).await),
                Work::LastPart(mut request) => {
                    let rest = std::mem::take(&mut request.body);
                    if self.spool(rest).await {
                        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
                        next = self.request(request, &waker);
                    }
                }
                Work::Unread => self.wait_unread().await,
                Work::PeerEnded => self.peer_ended().await,
                // Boxed, for what else there is must not cost as much.
                Work::Http2 => {
                    Box::pin(self.serve_http2()).await;
                    return None;
                }
                Work::End => {
                    Box::pin(self.end()).await;
                    return None;
                }
            }
        }
        Some(self)
    }

    async fn await_handler<T>(&mut self, rest: LocalBoxFuture<T>) -> T {
        await_handler(&self.link, &mut self.inbox, rest).await
    }

    pub(super) fn conclude(&self, request: &handshake::Request, verdict: Verdict) {
        match verdict {
            Verdict::Accept(extra) => self.link.accept_websocket(request, &extra),
            Verdict::Refuse(refusal) => self.link.refuse_websocket(&refusal),
        }
    }

    /// Stores a part of a large body; nothing is read meanwhile. False: that failed, and the connection ends.
    async fn spool(&mut self, part: Vec<u8>) -> bool {
        let spool = self.spool.take().map(|spool| *spool);
        match self
            .await_handler(Box::pin(Spool::append(spool, self.events.upload_dir(), part)))
            .await
        {
            Ok((spool, part)) => {
                self.spool = Some(Box::new(spool));
                self.link.with_wire(|wire| wire.http().map(|http| http.reuse(part)));
                true
            }
            Err(reason) => {
                // Which directory that is, is nothing for strangers.
                let text = "the body of this request cannot be stored";
                let answer = self.link.refusal(500, text);
                self.link.break_off(Broken { reason, ..answer });
                false
            }
        }
    }

    /// Waits until there is something to do or to be read: that the peer reset the connection is noticed all the same.
    async fn wait_unread(&self) {
        let mut broken = pin!(broken(&self.link));
        self.link.stalled.set(true);
        poll_fn(|cx| {
            self.link.register(cx.waker());
            if self.has_work() || self.reads() {
                return Poll::Ready(());
            }
            broken.as_mut().poll(cx).map(|()| self.link.destroy())
        })
        .await;
        self.link.stalled.set(false);
    }

    async fn peer_ended(&self) {
        self.link.peer_ended();
        if self.link.status() != Status::Closing {
            return;
        }
        poll_fn(|cx| {
            self.link.register(cx.waker());
            if self.link.is_over() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Goes on with HTTP/2 to the end.
    async fn serve_http2(mut self) {
        let first = self.inbox.bytes().to_vec();
        self.inbox.consume(first.len());
        self.inbox.settle();
        let open = self.events.opener();
        http2::serve(self.link.clone(), first, open).await;
        self.link.destroy();
        self.link.leave();
        close(&mut self.events).await;
    }

    /// Closes the socket, tells the script, and lets a polite peer take what is on its way. The socket does not wait for
    /// the script, whose handler may take its time.
    async fn end(self) {
        // Held to the last line: the socket may be given back while a handler still waits.
        let Self { permit: _permit, link, mut events, .. } = self;
        linger::close(&link);
        link.leave();
        drop(link);
        close(&mut events).await;
    }
}

/// Tells the room above that this was the last.
async fn close<E: Events>(events: &mut E) {
    poll_fn(|cx| Poll::Ready(events.close(cx.waker()))).await.finish().await;
}
