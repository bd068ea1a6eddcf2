//! A link that speaks HTTP: how an answer gets into its queue, and what follows when it is complete.

use super::{Happening, Link, Sent, Status, sending::BEYOND_BUDGET};
use crate::protocol::{
    Broken, Wire,
    http::{Http, Stage},
    websocket::WebSocket,
};
use std::{future::poll_fn, rc::Rc, task::Poll};

/// Bytes that the head of an answer may need besides its body. Fixed: what is set aside, not a limit.
const HEAD: usize = 256;

/// Queued bytes below which the next part of a file is read. Fixed: two of its parts.
const LOW: usize = 128 * 1024;

impl Link {
    #[inline]
    pub(crate) fn speaks_http(&self) -> bool {
        matches!(*self.wire.borrow(), Wire::Http(_))
    }

    /// Of an HTTP connection: no request follows the one that is answered now, and the answer may say so.
    pub(crate) fn make_last(&self) {
        if let Some(http) = self.wire.borrow_mut().http() {
            http.make_last();
        }
    }

    /// Is no request to follow the one that is answered now?
    pub(crate) fn is_last(&self) -> bool {
        self.wire.borrow_mut().http().is_some_and(|http| http.is_last())
    }

    /// Is there a request whose answer is not complete?
    pub(crate) fn is_answering(&self) -> bool {
        self.answering.get()
    }

    /// A request is handed on.
    pub(crate) fn begin_answering(&self) {
        self.answering.set(true);
    }

    /// Does the peer's end have to wait for an answer? (Whoever is sent a stream has gone when it ends its half; others may
    /// just have no more requests.)
    pub(crate) fn answers_first(&self) -> bool {
        self.wire
            .borrow_mut()
            .http()
            .is_some_and(|http| http.is_answering() && !http.is_streaming())
    }

    /// Does a peer send requests and does not read the answers? (Or does nobody, so that the next would be dropped?)
    #[inline]
    pub(super) fn is_backed_up(&self) -> bool {
        let is_full = || self.is_full() || self.queued() > 0 && !self.turn.share.has_room();
        matches!(*self.wire.borrow(), Wire::Http(_)) && is_full()
    }

    /// Adds about `n` bytes of an answer to the queue, which always takes a head or an end. The error is that of `f`, or
    /// says that this is no HTTP connection.
    pub(crate) fn respond(
        self: &Rc<Self>,
        n: usize,
        f: impl FnOnce(&mut Http, &mut Vec<u8>) -> Result<(), String>,
    ) -> Result<Sent, String> {
        let is_open = self.status.get() == Status::Established;
        if !(n == 0 && is_open || self.has_room(n)) {
            return Ok(Sent::Dropped);
        }
        let mut wire = self.wire.borrow_mut();
        let mut outbox = self.outbox.borrow_mut();
        let http = wire.http().ok_or("this is not an HTTP connection")?;
        if let Err(why) = f(http, outbox.queue(n + HEAD)) {
            outbox.trim();
            return Err(why);
        }
        let (is_done, is_last) = (!http.is_answering(), http.is_last());
        let (queued, costs) = outbox.measure();
        drop((wire, outbox));
        let sent = self.appended(queued, costs);
        if is_done {
            self.answered(is_last);
        }
        Ok(sent)
    }

    /// So many bytes of an answer went into the socket past the queue.
    pub(super) fn poured(&self, n: u64) {
        self.bytes_written.set(self.bytes_written.get() + n);
        self.turn.stats.bytes_written.add(n);
        let mut wire = self.wire.borrow_mut();
        let Some(http) = wire.http() else { return };
        http.passed(n);
        let (is_done, is_last) = (!http.is_answering(), http.is_last());
        drop(wire);
        if is_done {
            self.answered(is_last);
        }
    }

    /// The answer is complete: the next request may be looked at, or this was the last.
    fn answered(&self, is_last: bool) {
        self.answering.set(false);
        if self.status.get() != Status::Established {
            return;
        }
        if is_last {
            self.begin_closing();
        } else if self.hungry.replace(false) {
            self.wake();
        }
    }

    /// The request wants to become a websocket, and is going to be asked about.
    pub(crate) fn become_websocket(&self) {
        *self.wire.borrow_mut() = Wire::WebSocket(WebSocket::deciding());
        self.answering.set(false);
    }

    /// Is there a request whose answer has not begun, and somebody who waits for it?
    pub(crate) fn is_unanswered(&self) -> bool {
        let is_open = self.status.get() == Status::Established;
        is_open && self.wire.borrow_mut().http().is_some_and(|h| h.is_unanswered())
    }

    /// Answers for a script that does not, and closes.
    pub(crate) fn answer_for(self: &Rc<Self>, status: u16, reason: &str) {
        let is_unanswered = self.wire.borrow_mut().http().is_some_and(|h| h.is_unanswered());
        if is_unanswered {
            let reply = self.refusal(status, reason).reply;
            self.answer(&reply);
            self.note_reply(&reply);
            if self.status.get() == Status::Established {
                self.begin_closing();
            }
        }
    }

    /// Ends a stream that will not be completed, after what is queued of it, so that its client sees that it was cut.
    /// False: there is none.
    pub(crate) fn cut_stream(self: &Rc<Self>) -> bool {
        let is_open = self.status.get() == Status::Established;
        let is_cut = is_open && self.wire.borrow_mut().http().is_some_and(|h| h.is_streaming());
        if is_cut {
            self.flush_soon();
            self.begin_closing();
        }
        is_cut
    }

    /// The end of an HTTP connection, with an answer that says why.
    pub(crate) fn refusal(&self, status: u16, reason: &str) -> Broken {
        match self.wire.borrow_mut().http() {
            Some(http) => http.refuse(status, reason),
            None => Broken::new(reason),
        }
    }

    /// The host takes no more connections: a request that is on its way or on hand is answered, and then this closes; without
    /// one it closes now. Other protocols have no such end.
    pub(crate) fn end_soon(self: &Rc<Self>) {
        let is_idle = match self.wire.borrow_mut().http() {
            None => return,
            Some(http) => {
                http.drain();
                http.is_idle()
            }
        };
        // HTTP/2 says goodbye by itself when it is looked at.
        self.wake();
        if is_idle && self.unread() == 0 && !self.handling.get() {
            self.close(0, "");
        }
    }

    /// The host closes every connection: a request that waits for its script is still answered, and a handler comes to the
    /// end of its stream.
    pub(crate) fn close_after_answer(self: &Rc<Self>, websocket_code: u16, reason: &str) {
        if let Some(http) = self.wire.borrow_mut().http()
            && (http.is_waiting() || http.is_streaming() && self.handling.get())
        {
            return http.drain();
        }
        self.close(websocket_code, reason);
    }

    /// No timer will answer any more: who waits for one is told.
    pub(crate) fn give_up_answer(self: &Rc<Self>) {
        let waits = self.wire.borrow_mut().http().is_some_and(|http| http.is_waiting());
        if waits && !self.handling.get() {
            self.answer_for(503, "the server is stopping");
        }
    }

    /// Has the script given an answer that comes from a file, or begun one?
    pub(crate) fn is_committed(&self) -> bool {
        self.wire.borrow_mut().http().is_some_and(|http| http.is_sending() || http.is_streaming())
    }

    /// The answer will come, from whoever calls [`Self::respond`] next.
    pub(crate) fn promise(&self) -> Result<(), String> {
        self.wire.borrow_mut().http().ok_or("this is not an HTTP connection")?.promise()
    }

    /// Waits until a part of an answer fits into the queue, and gives the most bytes that it may have; `None`: the connection
    /// is over.
    pub(crate) async fn room(&self) -> Option<usize> {
        poll_fn(|cx| {
            if self.status.get() == Status::Closed {
                return Poll::Ready(None);
            }
            let room = self.room_now();
            if room.is_some() {
                return Poll::Ready(room);
            }
            *self.rare().filler.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// The most bytes that a part of an answer may have now; `None`: the queue takes none.
    pub(crate) fn room_now(&self) -> Option<usize> {
        let queued = self.queued();
        if self.turn.share.has_room() && queued < LOW.min(self.max_send_buffer_size.get() as usize)
        {
            return Some(LOW);
        }
        (queued == 0).then_some(BEYOND_BUDGET)
    }

    pub(super) fn wake_filler(&self) {
        let filler = self.rare.get().and_then(|rare| rare.filler.borrow_mut().take());
        if let Some(waker) = filler {
            waker.wake();
        }
    }

    /// A time limit has passed in this stage.
    pub(crate) fn too_slow(self: &Rc<Self>, stage: Stage) {
        match stage {
            Stage::Idle => self.close(0, ""),
            Stage::Head if self.unread() == 0 => self.close(0, ""),
            Stage::Head => self.break_off(self.refusal(408, "no headers within handshake_timeout")),
            Stage::Body => self.break_off(self.refusal(408, "no body within body_timeout")),
            Stage::Answer => {
                self.happen(Happening::Unanswered);
                self.answer_for(504, "no answer within response_timeout");
            }
            Stage::Rest => self.give_up("an answer was not read within body_timeout"),
        }
    }

    /// What an HTTP connection waits for, and since when.
    pub(crate) fn stage(&self, now: u64) -> Option<(Stage, u64)> {
        let (unread, written) = (self.unread(), self.bytes_written.get());
        // A stream with nothing to say does not keep its peer waiting.
        let busy = self.handling.get() || self.is_paused();
        let mut wire = self.wire.borrow_mut();
        let http = wire.http()?;
        let busy = busy || http.is_streaming() && self.queued() == 0;
        Some(http.stage(unread, self.queued(), written, busy, now))
    }
}
