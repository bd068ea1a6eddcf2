//! The driving loop of one connection: it reads, decodes messages, and calls the [`ConnHandler`] with one after the other. Each
//! wake-up runs to completion in plain calls; only [`super::slow`] paths wait.

use super::{
    AfterEnd, Conn, ConnEvent, ConnState, ConnectionSet, Flag, Step, Upgraded,
    close::peer_ended,
    driver::catch_up,
    inbox::{Inbox, give_buffer, take_buffer},
    next_event,
    outbox::Outbox,
    relief::note_unread,
    slow::SlowPath,
};
use crate::{
    net::{
        ConnHandler, Message, NotUtf8, Request, Verdict,
        completion::Completion,
        transport::{Direction, Permit},
    },
    protocol::{Decoded, ProtocolError},
};
use std::{
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Bytes that are received while a request waits for its answer, so that the peer's end is noticed. Fixed: a few pipelined
/// requests; a flood of them waits in the kernel.
const AHEAD: usize = 64 * 1024;

/// One connection, driven by one task.
pub(crate) struct ConnDriver<H: ConnHandler> {
    pub(super) conn: Rc<Conn>,
    set: Rc<ConnectionSet>,
    pub(super) inbox: Inbox,
    pub(super) handler: H,
    /// What it occupies until its last handler has ended.
    pub(super) permit: Option<Permit>,
    /// Bytes of an unfinished message that the driver keeps.
    held: usize,
    /// Does the handler know of it?
    is_known: bool,
    /// Was decoding left while there may be more messages in what was read?
    is_decoding: bool,
    /// Has the peer ended its half, while there is still something to answer?
    has_ended: bool,
    /// Is there something to decode that brings no bytes: a beginning, an end, or what was stored meanwhile?
    has_news: bool,
}

#[cold]
fn pauses_when_full(conn: &Conn) -> bool {
    conn.driver.with(|driver| driver.pauses_when_full()).unwrap_or(false)
}

/// May the peer of a connection that ends still say goodbye?
#[cold]
fn hears_goodbye(conn: &Conn) -> bool {
    let waits = || conn.driver.with(|driver| driver.awaits_goodbye()).unwrap_or(false);
    conn.state.get() == ConnState::Closing && waits()
}

impl<H: ConnHandler> ConnDriver<H> {
    pub(crate) fn new(conn: Rc<Conn>, set: Rc<ConnectionSet>, handler: H) -> Self {
        Self {
            permit: conn.with_io(|io| io.permit()).flatten(),
            has_news: conn.driver.with(|driver| driver.has_opening()).unwrap_or(false),
            conn,
            set,
            inbox: Inbox::default(),
            handler,
            held: 0,
            is_known: false,
            is_decoding: false,
            has_ended: false,
        }
    }

    /// Is there something in the inbox that may be a whole message?
    fn has_more(&self) -> bool {
        !self.conn.flags.has(Flag::NeedsMore) && (!self.inbox.is_empty() || self.has_news)
    }

    /// And may it be looked at now?
    fn can_decode(&self) -> bool {
        self.has_more() && self.is_listening()
    }

    /// May the peer's bytes still mean something?
    #[inline(always)]
    fn is_listening(&self) -> bool {
        let conn = &self.conn;
        match conn.state.get() {
            ConnState::Established => {
                let backs_up = conn.queue.is_backed_up(&conn.shared) && pauses_when_full(conn);
                !backs_up && !conn.flags.is_paused()
            }
            _ => hears_goodbye(conn),
        }
    }

    fn is_answering(&self) -> bool {
        self.conn.driver.with(|driver| driver.is_answering()).unwrap_or(false)
    }

    /// Has the peer ended its half, and everything that it sent before been answered? (What is paused is not lost.)
    fn is_through(&self) -> bool {
        self.has_ended && !self.is_answering() && !self.has_more()
    }

    /// Is there something for the task to do besides reading and decoding?
    fn has_calls(&self) -> bool {
        let cold = self.conn.cold.get();
        let has_events = cold.is_some_and(|cold| !cold.events.borrow().is_empty());
        has_events || self.conn.is_over()
    }

    /// Is there something to do that does not have to be read first?
    pub(super) fn has_work(&self) -> bool {
        self.has_calls() || self.can_decode() || self.is_through()
    }

    /// Is the peer to be read now?
    pub(super) fn reads(&self) -> bool {
        self.is_listening()
            && !self.has_ended
            && !(self.inbox.len() >= AHEAD && self.is_answering())
    }

    /// Goes on until there is nothing to do but to wait for input or a call of the connection, or until something has to wait
    /// for something else.
    pub(super) fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<SlowPath> {
        if !self.is_known {
            self.is_known = true;
            if let Some(slow) = self.call(|handler| handler.on_connect(cx.waker())) {
                return Poll::Ready(slow);
            }
        }
        let mut is_drained = false;
        loop {
            if !self.is_decoding {
                while let Some(event) = next_event(&self.conn) {
                    let is_error = matches!(event, ConnEvent::Error { .. });
                    self.conn.flags.set(Flag::InErrorHandler, is_error);
                    if let Some(slow) = self.call(|handler| handler.on_event(event, cx.waker())) {
                        return Poll::Ready(slow);
                    }
                    self.conn.flags.set(Flag::InErrorHandler, false);
                }
                if self.conn.is_over() {
                    return Poll::Ready(SlowPath::End);
                }
            }
            if self.is_decoding || self.can_decode() {
                self.is_decoding = false;
                let dirty = self.conn.shared.dirty();
                let slow = self.decode_all(cx.waker());
                self.set.handled(dirty);
                if let Some(slow) = slow {
                    self.is_decoding = true;
                    return Poll::Ready(slow);
                }
                if self.has_calls() {
                    continue;
                }
            }
            if self.is_through() {
                self.has_ended = false;
                return Poll::Ready(SlowPath::PeerEnded);
            }
            if self.conn.state.get() != ConnState::Established && !self.is_listening() {
                // Nothing that was received means anything any more.
                self.inbox.discard();
                self.held = 0;
            }
            note_unread(&self.conn, self.inbox.len() + self.held);
            self.conn.register(cx.waker());
            if self.has_work() {
                continue;
            }
            if !self.reads() {
                // A queue that stops us must be on its way, for its end wakes us.
                self.conn.flush();
                return Poll::Ready(SlowPath::Unread);
            }
            // A read that did not fill the buffer has mostly taken all there is: the transport is asked before a buffer is
            // taken again.
            let ready = |cx: &mut Context<'_>| {
                self.conn.with_io(|io| io.poll_ready(cx, Direction::Read).is_ready())
            };
            if is_drained && ready(cx) == Some(false) {
                return Poll::Pending;
            }
            let mut buffer = take_buffer();
            let polled = self.conn.with_io(|io| io.poll_read(cx, buffer.space()));
            match polled.unwrap_or(Poll::Ready(Ok(0))) {
                Poll::Pending => {
                    give_buffer(buffer);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(0)) => {
                    give_buffer(buffer);
                    match self.conn.driver.with(|driver| driver.hear_end()) {
                        Some(AfterEnd::Answer) => self.has_ended = true,
                        Some(AfterEnd::Decode) => {
                            (self.has_ended, self.has_news) = (true, true);
                            self.conn.flags.set(Flag::NeedsMore, false);
                        }
                        Some(AfterEnd::Close) | None => {
                            return Poll::Ready(SlowPath::PeerEnded);
                        }
                    }
                }
                Poll::Ready(Ok(n)) => {
                    is_drained = n < buffer.space().len();
                    self.conn.traffic.received(n, &self.conn.shared);
                    self.inbox.fill(buffer, n);
                    self.conn.flags.set(Flag::NeedsMore, false);
                }
                Poll::Ready(Err(_)) => {
                    give_buffer(buffer);
                    self.conn.destroy();
                }
            }
        }
    }

    /// Calls the handler, whose end is waited for if it does not come at once.
    #[inline]
    fn call(&mut self, f: impl FnOnce(&mut H) -> Completion<()>) -> Option<SlowPath> {
        self.conn.flags.set(Flag::Handling, true);
        match f(&mut self.handler) {
            Completion::Ready(()) => {
                self.conn.flags.set(Flag::Handling, false);
                None
            }
            Completion::Pending(rest) => Some(SlowPath::Handler(rest)),
        }
    }

    /// Takes all whole messages from the inbox and handles them in order.
    fn decode_all(&mut self, waker: &Waker) -> Option<SlowPath> {
        // Protocol answers of one step, on their way to the queue.
        let mut answers = Vec::new();
        while self.is_listening() {
            self.has_news = false;
            let limit = self.conn.max_package_size.get() as usize;
            let received = self.inbox.bytes();
            let step = self.conn.driver.with(|driver| driver.decode(received, &mut answers, limit));
            if self.conn.flags.has(Flag::HasDeferred) {
                catch_up(&self.conn);
            }
            if !answers.is_empty() {
                // What is neither a message nor the end can go unanswered.
                let is_control = matches!(step, Some(Ok(Step::Plain(Decoded::Control { .. }))));
                if !is_control || self.conn.queue.has_room_for_pongs(&self.conn.shared) {
                    self.conn.answer(&answers);
                }
                answers = Vec::new();
            }
            let slow = match step {
                Some(Ok(Step::Plain(Decoded::Message { kind, payload, consumed }))) => {
                    let message = Message::of(kind, &self.inbox.bytes()[payload]);
                    self.conn.flags.set(Flag::Handling, true);
                    let called = self.handler.on_message(message, waker);
                    self.inbox.consume(consumed);
                    self.dispatched(called)
                }
                None | Some(Ok(Step::Plain(Decoded::More))) => {
                    self.conn.flags.set(Flag::NeedsMore, true);
                    break;
                }
                Some(Ok(Step::Plain(Decoded::Control { consumed }))) => {
                    self.inbox.consume(consumed);
                    self.held = self.conn.driver.with(|driver| driver.held()).unwrap_or(0);
                    None
                }
                Some(Ok(Step::Plain(Decoded::Assembled { kind, payload, consumed }))) => {
                    self.held = 0;
                    self.inbox.consume(consumed);
                    self.dispatch(Message::of(kind, &payload), waker)
                }
                Some(Ok(Step::Plain(Decoded::Goodbye))) => {
                    peer_ended(&self.conn);
                    break;
                }
                Some(Ok(Step::Message { message, consumed })) => {
                    self.held = 0;
                    self.inbox.consume(consumed);
                    self.dispatch(message, waker)
                }
                Some(Ok(Step::Upgrade { request, is_optional, consumed })) => {
                    self.inbox.consume(consumed);
                    self.upgrade(request, is_optional, waker)
                }
                Some(Ok(Step::Wait { rest, consumed })) => {
                    self.inbox.consume(consumed);
                    self.has_news = true;
                    Some(SlowPath::Handler(rest))
                }
                Some(Ok(Step::Takeover(takeover))) => Some(SlowPath::Takeover(takeover)),
                Some(Err(error)) => {
                    self.conn.break_off(error);
                    break;
                }
            };
            if slow.is_some() {
                return slow;
            }
        }
        self.inbox.settle();
        None
    }

    /// Hands a message on that does not lie in the inbox.
    fn dispatch(&mut self, message: Message<'_>, waker: &Waker) -> Option<SlowPath> {
        self.conn.flags.set(Flag::Handling, true);
        let called = self.handler.on_message(message, waker);
        self.dispatched(called)
    }

    /// A message was handed on.
    #[inline]
    fn dispatched(&mut self, called: Result<Completion<()>, NotUtf8>) -> Option<SlowPath> {
        match called {
            Ok(Completion::Ready(())) => {
                self.conn.flags.set(Flag::Handling, false);
                // A peer that sent many messages at once must not keep others waiting for all of its handlers.
                self.handler.took_long().then_some(SlowPath::LetOthers)
            }
            Ok(Completion::Pending(rest)) => Some(SlowPath::Handler(rest)),
            Err(NotUtf8) => {
                self.conn.flags.set(Flag::Handling, false);
                let error = self.conn.driver.with(|driver| driver.not_utf8());
                self.conn.break_off(error.unwrap_or_else(|| ProtocolError::new("not UTF-8")));
                None
            }
        }
    }

    /// Asks whether another protocol is wanted, and answers. Where nobody wants to be asked, it is a message like any other.
    fn upgrade(
        &mut self,
        request: Box<Request>,
        is_optional: bool,
        waker: &Waker,
    ) -> Option<SlowPath> {
        if is_optional && !self.handler.takes_upgrades() {
            return self.dispatch(Message::Request(request, None), waker);
        }
        if let Some(Err(error)) = self.conn.driver.with(|driver| driver.begin_upgrade(&request)) {
            self.conn.break_off(error);
            return None;
        }
        self.conn.driver.note_protocol();
        self.conn.flags.set(Flag::Handling, true);
        match self.handler.on_upgrade(request, waker) {
            Completion::Ready(verdict) => {
                self.conn.flags.set(Flag::Handling, false);
                self.conclude(verdict);
                None
            }
            Completion::Pending(rest) => Some(SlowPath::Upgrade(rest)),
        }
    }

    /// Answers a request for another protocol. Messages that were held back follow.
    pub(super) fn conclude(&self, verdict: Verdict) {
        let conn = &self.conn;
        let is_open = conn.state.get() == ConnState::Established;
        let mut bytes = Vec::new();
        let upgraded = conn.driver.with(|driver| driver.conclude(verdict, is_open, &mut bytes));
        conn.answer(&bytes);
        match upgraded {
            Some(Upgraded::To(driver)) => {
                conn.set_driver(driver);
                conn.queue.with(Outbox::release);
            }
            _ if is_open => conn.begin_closing(),
            _ => (),
        }
    }
}
