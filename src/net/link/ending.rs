//! How a link comes through its handshake and how it ends: politely, at once, because the peer broke the rules, or because
//! it has gone.

use super::{Happening, Link, Status, code};
use crate::protocol::{Broken, Wire, handshake};
use std::rc::Rc;

/// Bytes that a peer has to read within `close_timeout` to get the same time again for the rest. Fixed: less is no reading.
const CLOSING_PROGRESS: usize = 64 * 1024;

impl Link {
    /// Closes after the queue is written; a websocket says goodbye with this code and waits for the peer's.
    pub(crate) fn close(self: &Rc<Self>, websocket_code: u16, reason: &str) {
        if self.status.get() != Status::Established {
            return;
        }
        let mut bytes = Vec::new();
        match &mut *self.wire.borrow_mut() {
            Wire::WebSocket(socket) => socket.close(websocket_code, reason, &mut bytes),
            // A file on its way is not cut; it closes when that is out.
            Wire::Http(http) if http.is_sending() => return http.make_last(),
            Wire::Http(http) => http.finish(&mut bytes),
            _ => (),
        }
        self.answer(&bytes);
        self.begin_closing();
    }

    pub(super) fn begin_closing(&self) {
        self.status.set(Status::Closing);
        self.turn.stats.waiting.connection_goes(self.id);
        self.rare().closing.set(Some((self.turn.clock.get(), self.queued())));
        self.wake();
    }

    /// Closes now; what is queued is lost.
    pub(crate) fn destroy(&self) {
        self.status.set(Status::Closed);
        self.turn.stats.waiting.connection_goes(self.id);
        drop(self.io.borrow_mut().take());
        self.outbox.borrow_mut().discard();
        self.account();
        self.stop_draining();
        self.resume_feeder();
        self.wake_filler();
        self.wake();
    }

    /// Nobody looks after a destroyed connection any more.
    pub(crate) fn leave(self: &Rc<Self>) {
        if let Some(rare) = self.rare.get() {
            rare.happenings.borrow_mut().clear();
        }
        // Scripts may hold the link for long, and this would hold the memory of its task.
        self.task.take();
        self.turn.leave(self);
    }

    fn stop_draining(&self) {
        let drainer = self.rare.get().and_then(|rare| rare.drainer.borrow_mut().take());
        if let Some(drainer) = drainer {
            drainer.abort();
        }
    }

    /// The peer broke the protocol: it is told what its protocol provides for, and the connection closes.
    pub(crate) fn break_off(self: &Rc<Self>, broken: Broken) {
        if self.status.get() == Status::Established {
            self.happen(Happening::Error { code: code::PROTOCOL, text: broken.reason });
        }
        self.answer(&broken.reply);
        self.note_reply(&broken.reply);
        if self.status.get() != Status::Closed {
            self.begin_closing();
        }
        if let Some(socket) = self.wire.borrow_mut().websocket() {
            socket.finish();
        }
    }

    /// The peer has sent all it will send.
    pub(crate) fn peer_ended(self: &Rc<Self>) {
        if self.status.get() == Status::Established {
            self.begin_closing();
        }
        if let Some(socket) = self.wire.borrow_mut().websocket() {
            socket.finish();
        }
        self.flush();
    }

    /// Is there nothing left to do but to close the socket?
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        match self.status.get() {
            Status::Established => false,
            Status::Closing => {
                let waits = self.wire.borrow_mut().websocket().is_some_and(|s| s.awaits_goodbye());
                !waits && self.outbox.borrow().is_flushed()
            }
            Status::Closed => true,
        }
    }

    /// May the peer's bytes still mean something?
    #[inline]
    pub(crate) fn is_listening(&self) -> bool {
        match self.status.get() {
            Status::Established => !self.is_paused() && !self.is_backed_up(),
            Status::Closing => {
                self.wire.borrow_mut().websocket().is_some_and(|s| s.awaits_goodbye())
            }
            Status::Closed => false,
        }
    }

    /// Remembers what was answered past the protocol, for whoever keeps a log of answers.
    pub(super) fn note_reply(&self, reply: &[u8]) {
        let status = reply.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let head = reply.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
        if let Some(status) = status {
            self.rare().replied.set(Some((status, (reply.len() - head) as u64)));
        }
    }

    /// Status and bytes of the body of the last answer, told once.
    pub(crate) fn take_answer(&self) -> Option<(u16, u64)> {
        let replied = self.rare.get().and_then(|rare| rare.replied.take());
        replied.or_else(|| self.wire.borrow_mut().http().and_then(|http| http.take_answer()))
    }

    /// Answers a websocket request with 101; messages that were held back follow.
    pub(crate) fn accept_websocket(
        self: &Rc<Self>,
        request: &handshake::Request,
        extra: &[(String, String)],
    ) {
        if self.status.get() != Status::Established {
            return self.refuse_websocket(&403.into());
        }
        let mut bytes = Vec::new();
        if let Some(socket) = self.wire.borrow_mut().websocket() {
            socket.accept(request, extra, &mut bytes);
        }
        self.answer(&bytes);
        self.outbox.borrow_mut().release();
    }

    /// Answers a websocket request with an HTTP error, unless the script has answered by itself, and closes.
    pub(crate) fn refuse_websocket(self: &Rc<Self>, refusal: &handshake::Refusal) {
        let mut bytes = Vec::new();
        if let Some(socket) = self.wire.borrow_mut().websocket() {
            socket.refuse(refusal, &mut bytes);
        }
        self.answer(&bytes);
        if self.status.get() == Status::Established {
            self.begin_closing();
        }
    }

    pub(crate) fn refuse_slow_handshake(self: &Rc<Self>) {
        let reply = handshake::response(408, &[], "the websocket request took too long\n");
        self.break_off(Broken {
            reason: "no websocket request within handshake_timeout".into(),
            reply,
        });
    }

    /// The peer is not there any more: no goodbye, it would not be heard.
    pub(crate) fn give_up(&self, reason: &str) {
        self.happen(Happening::Error { code: code::PROTOCOL, text: reason.to_owned() });
        self.destroy();
    }

    pub(crate) fn ping_once(self: &Rc<Self>) {
        if !self.pinged.replace(true) {
            let mut bytes = Vec::new();
            if let Some(socket) = self.wire.borrow_mut().websocket() {
                socket.ping(&mut bytes);
            }
            self.answer(&bytes);
        }
    }

    pub(crate) fn closing_since(&self) -> Option<u64> {
        self.rare.get()?.closing.get().map(|(since, _)| since)
    }

    /// The time to close is up: has the peer read so much meanwhile that it gets the same time again?
    pub(crate) fn still_drains(&self, now: u64) -> bool {
        let queued = self.queued();
        let before = self.rare().closing.replace(Some((now, queued)));
        before.is_some_and(|(_, before)| before.saturating_sub(queued) >= CLOSING_PROGRESS)
    }
}
