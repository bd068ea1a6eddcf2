//! How bytes get into a connection's queue: what fits, what is dropped, and what the loop's counters hear of it.

use super::{
    Conn, ConnEvent, ConnState, Driver, Flag, Sent,
    driver::{catch_up, defer},
    feed,
    state::Deferred,
};
use crate::{net::code, protocol::Kind};
use std::rc::Rc;

/// Queued bytes after which a send tries to write at once instead of at the end of the turn, so that a handler that sends
/// a lot fills the kernel and not our memory. Fixed: one such write is as good as a corked one.
const EAGER: usize = 64 * 1024;

impl Conn {
    /// Sends a message in the protocol's form. The error says why this payload cannot be sent at all.
    pub(crate) fn send(self: &Rc<Self>, kind: Kind, payload: &[u8]) -> Result<Sent, String> {
        self.send_with(kind, payload, |driver, out| driver.encode(kind, payload, out))
    }

    /// The same where somebody else puts the message into wire form.
    #[inline]
    pub(super) fn send_with(
        self: &Rc<Self>,
        kind: Kind,
        payload: &[u8],
        encode: impl FnOnce(&mut dyn Driver, &mut Vec<u8>) -> Result<(), String>,
    ) -> Result<Sent, String> {
        if !self.admits(payload.len()) {
            return Ok(Sent::Dropped);
        }
        match self.append(payload.len(), encode) {
            Some(appended) => appended.map(|((), sent)| sent),
            None => Ok(defer(self, Deferred::Message(kind, payload.to_vec()))),
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn send_raw(self: &Rc<Self>, bytes: &[u8]) -> Sent {
        if !self.admits(bytes.len()) {
            return Sent::Dropped;
        }
        if self.driver.with(|driver| driver.note_raw()).is_none() {
            return defer(self, Deferred::Raw(bytes.to_vec()));
        }
        let costs = self.queue.with(|outbox| {
            outbox.queue(bytes.len()).extend_from_slice(bytes);
            outbox.measure()
        });
        self.appended(costs)
    }

    /// Appends about `n` bytes that are sure to be taken. Neither the driver nor the queue can be reached by others while
    /// `encode` works with them. `None`: it is the driver that calls.
    #[inline]
    pub(in crate::net) fn append<T>(
        self: &Rc<Self>,
        n: usize,
        encode: impl FnOnce(&mut dyn Driver, &mut Vec<u8>) -> Result<T, String>,
    ) -> Option<Result<(T, Sent), String>> {
        let encoded = self.driver.with(|driver| {
            self.queue.with(|outbox| {
                let into = if driver.holds_messages() { outbox.held() } else { outbox.queue(n) };
                match encode(driver, into) {
                    Ok(encoded) => Ok((encoded, outbox.measure())),
                    Err(why) => {
                        outbox.trim();
                        Err(why)
                    }
                }
            })
        })?;
        if self.state.get() == ConnState::Closed {
            // By what was called.
            self.queue.discard(&self.shared);
        }
        let encoded = encoded.map(|(encoded, measured)| (encoded, self.appended(measured)));
        if self.flags.has(Flag::HasDeferred) {
            catch_up(self);
        }
        Some(encoded)
    }

    /// May a message of `n` bytes be queued? If not, it counts as dropped, and an open connection hears of it.
    #[inline]
    pub(in crate::net) fn admits(self: &Rc<Self>, n: usize) -> bool {
        let fits = || self.queue.fits(n, &self.shared, || feed::feeder(self).is_some());
        if self.state.get() == ConnState::Established && fits() {
            return true;
        }
        make_room(self);
        let is_open = self.state.get() == ConnState::Established;
        let room = is_open && fits();
        if !room {
            drop_message(self, is_open);
        }
        room
    }

    /// So much waits now and costs so much.
    fn appended(self: &Rc<Self>, (queued, costs): (usize, usize)) -> Sent {
        self.queue.account_costs(costs, &self.shared);
        let limit = self.queue.limit().min(EAGER);
        if queued >= limit || !self.shared.queued.has_room() {
            self.flush();
            if self.state.get() == ConnState::Closed {
                self.shared.stats.dropped.add(1);
                return Sent::Dropped;
            }
            if self.queue.len() == 0 {
                return Sent::Written;
            }
            if self.queue.is_full() || !self.shared.queued.has_room() {
                if let Some(feeder) = feed::feeder(self) {
                    feeder.flags.set(Flag::Held, true);
                }
                self.raise(ConnEvent::BufferFull);
            }
        }
        self.flush_soon();
        Sent::Queued
    }

    /// Protocol answers (close frames, refusals, pongs while there is room for them) go out whatever the limit and the state.
    pub(in crate::net) fn answer(self: &Rc<Self>, bytes: &[u8]) {
        if !bytes.is_empty() && self.state.get() != ConnState::Closed {
            self.queue.with(|outbox| outbox.queue(bytes.len()).extend_from_slice(bytes));
            self.queue.account(&self.shared);
            self.flush_soon();
        }
    }
}

/// What only waits for the end of the turn may go out now, and make room.
#[cold]
fn make_room(conn: &Rc<Conn>) {
    if conn.state.get() == ConnState::Established {
        if !conn.shared.queued.has_room() {
            conn.shared.with_registry(|all| {
                all.flush_now();
                all.relieve_queued();
            });
        }
        conn.flush();
    }
}

#[cold]
pub(super) fn drop_message(conn: &Conn, is_open: bool) {
    conn.shared.stats.dropped.add(1);
    if is_open && !conn.flags.has(Flag::InErrorHandler) {
        let text = "send buffer full and drop package".to_owned();
        conn.raise(ConnEvent::Error { code: code::SEND, text });
    }
}
