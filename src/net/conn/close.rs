//! How a connection ends: politely, at once, because the peer broke the rules, or because it has gone.

use super::{
    Conn, ConnEvent, ConnState, Flag, Goodbye, driver::defer, feed, flush::wake_filler,
    relief::note_unread, state::Deferred,
};
use crate::{
    net::code,
    protocol::{LastWords, ProtocolError},
};
use std::rc::Rc;

impl Conn {
    /// Closes after the queue is written; a protocol that has a goodbye says it with this code, and may wait for the peer's.
    pub(crate) fn close(self: &Rc<Self>, code: u16, reason: &str) {
        if self.state.get() != ConnState::Established {
            return;
        }
        let mut bytes = Vec::new();
        match self.driver.with(|driver| driver.close(code, reason, &mut bytes)) {
            None => drop(defer(self, Deferred::Close(code, reason.to_owned()))),
            Some(Goodbye::Later) => (),
            Some(Goodbye::Said) => {
                self.answer(&bytes);
                self.begin_closing();
            }
        }
    }

    pub(in crate::net) fn begin_closing(&self) {
        self.state.set(ConnState::Closing);
        self.shared.stats.waiting.connection_goes(self.id);
        self.cold().closing.set(Some((self.shared.clock.get(), self.queue.len())));
        self.wake();
    }

    /// Closes now; what is queued is lost.
    pub(crate) fn destroy(&self) {
        self.state.set(ConnState::Closed);
        self.shared.stats.waiting.connection_goes(self.id);
        drop(self.io.take());
        self.queue.discard(&self.shared);
        let drainer = self.cold.get().and_then(|cold| cold.drainer.borrow_mut().take());
        if let Some(drainer) = drainer {
            drainer.abort();
        }
        feed::resume(self);
        wake_filler(self);
        self.wake();
    }

    /// Nobody looks after a destroyed connection any more.
    pub(crate) fn leave(&self) {
        note_unread(self, 0);
        if let Some(cold) = self.cold.get() {
            cold.events.borrow_mut().clear();
        }
        // Scripts may hold the connection for long, and this would hold the memory of its task.
        self.task.take();
        self.shared.with_registry(|all| all.leave(self.slot.get()));
    }

    /// The peer broke the protocol: it is told what its protocol provides for, and the connection closes.
    pub(in crate::net) fn break_off(self: &Rc<Self>, error: ProtocolError) {
        if self.state.get() == ConnState::Established {
            self.raise(ConnEvent::Error { code: code::PROTOCOL, text: error.reason });
        }
        say_last(self, &error.reply);
        if self.state.get() != ConnState::Closed {
            self.begin_closing();
        }
    }

    /// The host takes no more connections: a request that is on its way or on hand is answered, and then this closes; without
    /// one it closes now. Protocols without requests have no such end.
    pub(crate) fn end_when_idle(self: &Rc<Self>) {
        let Some(is_idle) = self.driver.with(|driver| driver.drain()).flatten() else { return };
        // One that does not decode says goodbye by itself when it is looked at.
        self.wake();
        if is_idle && self.traffic.unread() == 0 && !self.flags.has(Flag::Handling) {
            self.close(0, "");
        }
    }

    /// The host closes every connection: a request that waits for its script is still answered, and a handler comes to the
    /// end of its stream.
    pub(crate) fn close_after_answer(self: &Rc<Self>, code: u16, reason: &str) {
        let is_handling = self.flags.has(Flag::Handling);
        if self.driver.with(|driver| driver.ends_after_answer(is_handling)) != Some(true) {
            self.close(code, reason);
        }
    }

    /// Nobody but a handler that runs will answer any more: who waits for an answer is told.
    pub(crate) fn give_up_answer(self: &Rc<Self>) {
        if self.flags.has(Flag::Handling) {
            return;
        }
        if let Some(told) = self.driver.with(|driver| driver.give_up_answer()).flatten() {
            self.tell_and_close(&told);
        }
    }

    /// Tells the peer something that is no fault of its own, and closes.
    pub(in crate::net) fn tell_and_close(self: &Rc<Self>, told: &ProtocolError) {
        say_last(self, &told.reply);
        if self.state.get() == ConnState::Established {
            self.begin_closing();
        }
    }
}

/// Nothing that the peer may still send counts, and this is the last that it is told.
fn say_last(conn: &Rc<Conn>, words: &LastWords) {
    let mut bytes = Vec::new();
    conn.driver.with(|driver| driver.finish(words, &mut bytes));
    conn.answer(&bytes);
}

/// The peer has sent all it will send.
pub(super) fn peer_ended(conn: &Rc<Conn>) {
    if conn.state.get() == ConnState::Established {
        conn.begin_closing();
    }
    say_last(conn, &LastWords::None);
    conn.flush();
}
