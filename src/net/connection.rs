//! The task of one connection: it reads, cuts messages, and tells [`Events`] one thing after the other.

use super::{
    Events, Happening, Message, Verdict,
    attend::attend,
    http2,
    inbox::{Inbox, give_buffer, take_buffer},
    link::{Link, Status},
    spool::Spool,
    transport::ReadHalf,
};
use crate::protocol::{Broken, Framer, Kind, Step, handshake, http};
use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

/// How long a closed connection's leftovers are read and thrown away. Fixed: closing a socket with unread bytes makes the
/// kernel send a reset, which may destroy our last message on its way; a second lets a living peer take it.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes that are thrown away at most during that time. Fixed.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Bytes that are received while a request waits for its answer, so that the peer's end is noticed. Fixed: a few pipelined
/// requests; a flood of them waits in the kernel.
const AHEAD: usize = 64 * 1024;

/// What ended a wait.
enum Waited {
    Read(io::Result<(Box<[u8]>, usize)>),
    /// Something other than input: see the link.
    Called,
}

/// One connection, run by one task.
pub(crate) struct Connection<E: Events> {
    link: Rc<Link>,
    read: ReadHalf,
    inbox: Inbox,
    events: E,
    /// Protocol answers of one step, on their way to the queue.
    answers: Vec<u8>,
    /// Has the peer ended its half, while there is still something to answer?
    ended: bool,
    is_http2: bool,
    /// What came of a large body.
    spool: Option<Spool>,
}

impl<E: Events> Connection<E> {
    pub(crate) fn new(link: Rc<Link>, read: ReadHalf, events: E) -> Self {
        Self {
            link,
            read,
            inbox: Inbox::default(),
            events,
            answers: Vec::new(),
            ended: false,
            is_http2: false,
            spool: None,
        }
    }

    /// Is there something in the inbox that can be digested now?
    fn can_digest(&self) -> bool {
        !self.link.hungry.get() && !self.inbox.is_empty() && self.link.is_listening()
    }

    /// Is there something to do that does not have to be read first?
    fn has_work(&self) -> bool {
        self.link.calls() || self.can_digest() || self.ended && !self.link.is_answering()
    }

    /// Is the peer to be read now?
    fn reads(&self) -> bool {
        let is_ahead = self.inbox.len() >= AHEAD && self.link.is_answering();
        self.link.is_listening() && !self.ended && !is_ahead
    }

    /// Runs until the connection is over, whichever side ended it.
    pub(crate) async fn run(mut self) {
        // (held to the last line: the socket may be given back while a handler still waits)
        let _place = self.read.place();
        attend(&self.link, &mut self.read, &mut self.inbox, pin!(self.events.connect())).await;
        loop {
            while let Some(happening) = self.link.take_happening() {
                self.link.complaining.set(matches!(happening, Happening::Error { .. }));
                let work = self.events.happened(happening);
                attend(&self.link, &mut self.read, &mut self.inbox, pin!(work)).await;
                self.link.complaining.set(false);
            }
            if self.link.is_over() {
                break;
            }
            if self.can_digest() {
                self.digest().await;
                if self.is_http2 {
                    return self.serve_http2().await;
                }
                if self.link.calls() {
                    continue;
                }
            }
            if self.ended && !self.link.is_answering() && !self.can_digest() {
                self.ended = false;
                self.peer_ended().await;
                continue;
            }
            self.link.unread.set(self.inbox.len());
            let waited = match self.reads() {
                true => self.wait().await,
                false => {
                    // (a queue that stops us must be on its way, for its end wakes us)
                    self.link.flush();
                    self.wait_unread().await
                }
            };
            match waited {
                Waited::Called => (),
                Waited::Read(Ok((buffer, 0))) => {
                    give_buffer(buffer);
                    match self.link.answers_first() {
                        true => self.ended = true,
                        false => self.peer_ended().await,
                    }
                }
                Waited::Read(Ok((buffer, n))) => {
                    self.link.received(n);
                    self.inbox.fill(buffer, n);
                    self.link.hungry.set(false);
                }
                Waited::Read(Err(_)) => self.link.destroy(),
            }
        }
        self.end().await;
    }

    /// Goes on with HTTP/2 to the end.
    async fn serve_http2(mut self) {
        let first = self.inbox.bytes().to_vec();
        self.inbox.consume(first.len());
        self.inbox.settle();
        let open = self.events.opener();
        http2::serve(self.link.clone(), self.read, first, open).await;
        self.link.destroy();
        drop(self.link.take_write_half());
        self.events.close().await;
    }

    /// Waits for input, where it is wanted, or for a call of the link.
    async fn wait(&mut self) -> Waited {
        poll_fn(|cx| {
            self.link.register(cx.waker());
            if self.has_work() {
                return Poll::Ready(Waited::Called);
            }
            if !self.reads() {
                return Poll::Pending;
            }
            let mut buffer = take_buffer();
            match self.read.poll_read(cx, &mut buffer) {
                Poll::Ready(read) => Poll::Ready(Waited::Read(read.map(|n| (buffer, n)))),
                Poll::Pending => {
                    give_buffer(buffer);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The same while nothing is to be read: that the peer reset the connection is noticed all the same.
    async fn wait_unread(&self) -> Waited {
        let mut broken = pin!(self.read.broken());
        poll_fn(|cx| {
            self.link.register(cx.waker());
            if self.has_work() || self.reads() {
                return Poll::Ready(Waited::Called);
            }
            let reset = || io::ErrorKind::ConnectionReset.into();
            broken.as_mut().poll(cx).map(|_| Waited::Read(Err(reset())))
        })
        .await
    }

    /// The peer has ended its half; our queue still goes out.
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

    /// Takes all whole messages from the inbox and handles them in order.
    async fn digest(&mut self) {
        while self.link.is_listening() {
            let limit = self.link.max_package_size.get();
            let step =
                self.link.with_wire(|w| w.step(self.inbox.bytes(), &mut self.answers, limit));
            if !self.answers.is_empty() {
                // (what is neither a message nor the end can go unanswered)
                if !matches!(step, Ok(Step::Control { .. })) || self.link.has_room_for_pongs() {
                    self.link.answer(&self.answers);
                }
                self.answers = Vec::new();
            }
            match step {
                Ok(Step::More) => {
                    self.link.hungry.set(true);
                    break;
                }
                Ok(Step::Control { consumed }) => self.inbox.consume(consumed),
                Ok(Step::Message { kind, payload, consumed }) => {
                    let data = receive(&mut self.events, kind, &self.inbox.bytes()[payload]);
                    self.inbox.consume(consumed);
                    self.deliver(data).await;
                }
                Ok(Step::Assembled { kind, payload, consumed }) => {
                    let data = receive(&mut self.events, kind, &payload);
                    self.inbox.consume(consumed);
                    self.deliver(data).await;
                }
                Ok(Step::Body { part, consumed }) => {
                    self.inbox.consume(consumed);
                    self.spool(part).await;
                }
                Ok(Step::Request { mut request, consumed }) => {
                    self.inbox.consume(consumed);
                    if self.spool.is_some() {
                        let rest = std::mem::take(&mut request.body);
                        if !self.spool(rest).await {
                            break;
                        }
                    }
                    request.head.is_http2 = self.read.place().is_some();
                    self.link.begin_answering();
                    if let Some(opening) = self.opens_websocket(&request) {
                        self.link.become_websocket();
                        let work = self.events.handshake(&opening);
                        let verdict =
                            attend(&self.link, &mut self.read, &mut self.inbox, pin!(work)).await;
                        self.conclude(&opening, verdict);
                        continue;
                    }
                    let data = self.events.receive(Message::Request(request, self.spool.take()));
                    self.deliver(data.map_err(|_| ())).await;
                }
                Ok(Step::Http2) => {
                    self.is_http2 = true;
                    return;
                }
                Ok(Step::Handshake { request, consumed }) => {
                    self.inbox.consume(consumed);
                    let work = self.events.handshake(&request);
                    let verdict =
                        attend(&self.link, &mut self.read, &mut self.inbox, pin!(work)).await;
                    self.conclude(&request, verdict);
                }
                Ok(Step::Goodbye) => {
                    self.link.peer_ended();
                    break;
                }
                Err(broken) => {
                    self.link.break_off(broken);
                    break;
                }
            }
        }
        self.inbox.settle();
    }

    /// Stores a part of a large body; nothing is read meanwhile. False: that failed, and the connection ends.
    async fn spool(&mut self, part: Vec<u8>) -> bool {
        let (spool, directory) = (self.spool.take(), self.events.upload_dir());
        let work = Spool::append(spool, directory, part);
        match attend(&self.link, &mut self.read, &mut self.inbox, pin!(work)).await {
            Ok((spool, part)) => {
                self.spool = Some(spool);
                self.link.with_wire(|wire| wire.http().map(|http| http.reuse(part)));
                true
            }
            Err(reason) => {
                // (which directory that is, is nothing for strangers)
                let text = "the body of this request cannot be stored";
                let answer = self.link.refusal(500, text);
                self.link.break_off(Broken { reason, ..answer });
                false
            }
        }
    }

    /// The opening of a websocket in an HTTP request, if it is one and the room above takes it.
    fn opens_websocket(&mut self, request: &http::Request) -> Option<Box<handshake::Request>> {
        if !request.head.wants_websocket || !self.events.takes_websockets() {
            return None;
        }
        // (what is wrong with it is for the script to see, which is asked as for any request)
        let whole = [request.head.bytes(), b"\r\n"].concat();
        handshake::parse(&whole).ok().flatten().map(|(_, opening)| Box::new(opening))
    }

    fn conclude(&self, request: &handshake::Request, verdict: Verdict) {
        match verdict {
            Verdict::Accept(extra) => self.link.accept_websocket(request, &extra),
            Verdict::Refuse(status) => self.link.refuse_websocket(status),
        }
    }

    async fn deliver(&mut self, data: Result<E::Data, ()>) {
        let Ok(data) = data else {
            let broken: Broken = self.link.with_wire(|wire| wire.not_utf8());
            return self.link.break_off(broken);
        };
        attend(&self.link, &mut self.read, &mut self.inbox, pin!(self.events.message(data))).await;
        self.link.heard.set(self.link.turn.clock.get());
        // A peer that sent many messages at once must not keep others waiting for all of its handlers.
        if self.events.took_long() {
            self.inbox.settle();
            tokio::task::yield_now().await;
        }
    }

    /// Closes the socket, tells the script, and lets a polite peer take what is on its way. The socket does not wait for
    /// the script, whose handler may take its time.
    async fn end(self) {
        let Self { mut read, link, mut events, .. } = self;
        let polite = link.status() == Status::Closing;
        let write = link.take_write_half();
        drop(link);
        if polite {
            if let Some(write) = &write {
                write.shutdown();
            }
            let lingering = async {
                let _ = tokio::time::timeout(LINGER, discard(&mut read)).await;
                drop((read, write));
            };
            tokio::join!(events.close(), lingering);
        } else {
            drop((read, write));
            events.close().await;
        }
    }
}

fn receive<E: Events>(events: &mut E, kind: Kind, payload: &[u8]) -> Result<E::Data, ()> {
    let message = match kind {
        Kind::Text => Message::Text(std::str::from_utf8(payload).map_err(|_| ())?),
        Kind::Binary => Message::Binary(payload),
    };
    events.receive(message).map_err(|_| ())
}

/// Reads until the peer has closed its side.
async fn discard(read: &mut ReadHalf) {
    let mut total = 0;
    while total < LINGER_BYTES {
        let n = poll_fn(|cx| {
            let mut buffer = take_buffer();
            let polled = read.poll_read(cx, &mut buffer);
            give_buffer(buffer);
            polled
        })
        .await;
        match n {
            Ok(n) if n > 0 => total += n,
            _ => return,
        }
    }
}
