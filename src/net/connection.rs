//! One connection: it reads, cuts messages, and tells [`Events`] one thing after the other. All of that is one plain call
//! for each time its task is woken; what has to wait is [`work`]'s.

mod work;

use super::{
    Events, Happening, Message,
    completion::Completion,
    inbox::{Inbox, give_buffer, take_buffer},
    link::Link,
    spool::Spool,
    transport::Permit,
};
use crate::protocol::{Broken, Framer, Kind, Step, handshake, http};
use std::{
    rc::Rc,
    task::{Context, Poll, Waker},
};
use work::Work;

/// Bytes that are received while a request waits for its answer, so that the peer's end is noticed. Fixed: a few pipelined
/// requests; a flood of them waits in the kernel.
const AHEAD: usize = 64 * 1024;

/// One connection, run by one task.
pub(crate) struct Connection<E: Events> {
    link: Rc<Link>,
    /// What it occupies until its last handler has ended.
    permit: Option<Permit>,
    inbox: Inbox,
    events: E,
    /// What came of a large body.
    spool: Option<Box<Spool>>,
    /// Does the room above know of it?
    is_known: bool,
    /// Did a handler have to wait while there were more messages in what was read?
    digests: bool,
    /// Has the peer ended its half, while there is still something to answer?
    ended: bool,
}

impl<E: Events> Connection<E> {
    pub(crate) fn new(link: Rc<Link>, events: E) -> Self {
        Self {
            permit: link.io().and_then(|io| io.permit()),
            link,
            inbox: Inbox::default(),
            events,
            spool: None,
            is_known: false,
            digests: false,
            ended: false,
        }
    }

    /// Is there something in the inbox that may be a whole message?
    fn has_more(&self) -> bool {
        !self.link.hungry.get() && !self.inbox.is_empty()
    }

    /// And may it be looked at now?
    fn can_digest(&self) -> bool {
        self.has_more() && self.link.is_listening()
    }

    /// Has the peer ended its half, and everything that it sent before been answered? (What is paused is not lost.)
    fn is_through(&self) -> bool {
        self.ended && !self.link.is_answering() && !self.has_more()
    }

    /// Is there something to do that does not have to be read first?
    fn has_work(&self) -> bool {
        self.link.calls() || self.can_digest() || self.is_through()
    }

    /// Is the peer to be read now?
    fn reads(&self) -> bool {
        let is_ahead = self.inbox.len() >= AHEAD && self.link.is_answering();
        self.link.is_listening() && !self.ended && !is_ahead
    }

    /// Goes on until there is nothing to do but to wait for input or a call of the link, or until something has to wait for
    /// something else.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Work> {
        if !self.is_known {
            self.is_known = true;
            if let Some(work) = self.tell(|events| events.connect(cx.waker())) {
                return Poll::Ready(work);
            }
        }
        let mut is_drained = false;
        loop {
            if !self.digests {
                while let Some(happening) = self.link.take_happening() {
                    self.link.complaining.set(matches!(happening, Happening::Error { .. }));
                    if let Some(work) = self.tell(|events| events.happened(happening, cx.waker())) {
                        return Poll::Ready(work);
                    }
                    self.link.complaining.set(false);
                }
                if self.link.is_over() {
                    return Poll::Ready(Work::End);
                }
            }
            if self.digests || self.can_digest() {
                self.digests = false;
                let dirty = self.link.turn.dirty();
                let work = self.digest(cx.waker());
                self.link.turn.handled(dirty);
                if let Some(work) = work {
                    self.digests = true;
                    return Poll::Ready(work);
                }
                if self.link.calls() {
                    continue;
                }
            }
            if self.is_through() {
                self.ended = false;
                return Poll::Ready(Work::PeerEnded);
            }
            self.link.set_unread(self.inbox.len());
            self.link.register(cx.waker());
            if self.has_work() {
                continue;
            }
            if !self.reads() {
                // A queue that stops us must be on its way, for its end wakes us.
                self.link.flush();
                return Poll::Ready(Work::Unread);
            }
            // A read that did not fill the buffer has mostly taken all there is: it is asked before a buffer is taken again.
            if is_drained && self.link.poll_readable(cx).is_pending() {
                return Poll::Pending;
            }
            let mut buffer = take_buffer();
            match self.link.poll_read(cx, buffer.space()) {
                Poll::Pending => {
                    give_buffer(buffer);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(0)) => {
                    give_buffer(buffer);
                    match self.link.answers_first() {
                        true => self.ended = true,
                        false => return Poll::Ready(Work::PeerEnded),
                    }
                }
                Poll::Ready(Ok(n)) => {
                    is_drained = n < buffer.space().len();
                    self.link.received(n);
                    self.inbox.fill(buffer, n);
                    self.link.hungry.set(false);
                }
                Poll::Ready(Err(_)) => {
                    give_buffer(buffer);
                    self.link.destroy();
                }
            }
        }
    }

    /// Tells the room above of something.
    fn tell(&mut self, f: impl FnOnce(&mut E) -> Completion<()>) -> Option<Work> {
        self.link.handling.set(true);
        match f(&mut self.events) {
            Completion::Ready(()) => {
                self.link.handling.set(false);
                None
            }
            Completion::Pending(rest) => Some(Work::Handler(rest)),
        }
    }

    /// Takes all whole messages from the inbox and handles them in order.
    fn digest(&mut self, waker: &Waker) -> Option<Work> {
        // Protocol answers of one step, on their way to the queue.
        let mut answers = Vec::new();
        while self.link.is_listening() {
            let limit = self.link.max_package_size.get() as usize;
            let step = self.link.with_wire(|w| w.step(self.inbox.bytes(), &mut answers, limit));
            if !answers.is_empty() {
                // What is neither a message nor the end can go unanswered.
                if !matches!(step, Ok(Step::Control { .. })) || self.link.has_room_for_pongs() {
                    self.link.answer(&answers);
                }
                answers = Vec::new();
            }
            let work = match step {
                Ok(Step::Message { kind, payload, consumed }) => {
                    let data = receive(&mut self.events, kind, &self.inbox.bytes()[payload]);
                    self.inbox.consume(consumed);
                    self.deliver(data, waker)
                }
                Ok(Step::More) => {
                    self.link.hungry.set(true);
                    break;
                }
                Ok(Step::Control { consumed }) => {
                    self.inbox.consume(consumed);
                    None
                }
                Ok(Step::Assembled { kind, payload, consumed }) => {
                    let data = receive(&mut self.events, kind, &payload);
                    self.inbox.consume(consumed);
                    self.deliver(data, waker)
                }
                Ok(Step::Body { part, consumed }) => {
                    self.inbox.consume(consumed);
                    Some(Work::Spool(part))
                }
                Ok(Step::Request { request, consumed }) => {
                    self.inbox.consume(consumed);
                    match self.spool {
                        Some(_) => Some(Work::LastPart(request)),
                        None => self.request(request, waker),
                    }
                }
                Ok(Step::Http2) => Some(Work::Http2),
                Ok(Step::Handshake { request, consumed }) => {
                    self.inbox.consume(consumed);
                    self.shake(request, waker)
                }
                Ok(Step::Goodbye) => {
                    self.link.peer_ended();
                    break;
                }
                Err(broken) => {
                    self.link.break_off(broken);
                    break;
                }
            };
            if work.is_some() {
                return work;
            }
        }
        self.inbox.settle();
        None
    }

    /// Hands a complete request on.
    fn request(&mut self, mut request: Box<http::Request>, waker: &Waker) -> Option<Work> {
        request.head.is_http2 = self.permit.is_some();
        self.link.begin_answering();
        if let Some(opening) = self.opens_websocket(&request) {
            self.link.become_websocket();
            return self.shake(opening, waker);
        }
        let spool = self.spool.take().map(|spool| *spool);
        let data = self.events.receive(Message::Request(request, spool));
        self.deliver(data.map_err(|_| ()), waker)
    }

    /// The opening of a websocket in an HTTP request, if it is one and the room above takes it.
    fn opens_websocket(&mut self, request: &http::Request) -> Option<Box<handshake::Request>> {
        if !request.head.wants_websocket || !self.events.takes_websockets() {
            return None;
        }
        // What is wrong with it is for the script to see, which is asked as for any request.
        let whole = [request.head.bytes(), b"\r\n"].concat();
        handshake::parse(&whole).ok().flatten().map(|(_, opening)| Box::new(opening))
    }

    /// Asks whether a websocket is wanted, and answers.
    fn shake(&mut self, request: Box<handshake::Request>, waker: &Waker) -> Option<Work> {
        self.link.handling.set(true);
        match self.events.handshake(&request, waker) {
            Completion::Ready(verdict) => {
                self.link.handling.set(false);
                self.conclude(&request, verdict);
                None
            }
            Completion::Pending(rest) => Some(Work::Handshake(request, rest)),
        }
    }

    fn deliver(&mut self, data: Result<E::Data, ()>, waker: &Waker) -> Option<Work> {
        let Ok(data) = data else {
            let broken: Broken = self.link.with_wire(|wire| wire.not_utf8());
            self.link.break_off(broken);
            return None;
        };
        let work = self.tell(|events| events.message(data, waker));
        // A peer that sent many messages at once must not keep others waiting for all of its handlers.
        work.or_else(|| self.events.took_long().then_some(Work::LetOthers))
    }
}

fn receive<E: Events>(events: &mut E, kind: Kind, payload: &[u8]) -> Result<E::Data, ()> {
    let message = match kind {
        Kind::Text => match std::str::from_utf8(payload) {
            Ok(text) => Message::Text(text),
            Err(_) => Message::NotText(payload),
        },
        Kind::Binary => Message::Binary(payload),
    };
    events.receive(message).map_err(|_| ())
}
