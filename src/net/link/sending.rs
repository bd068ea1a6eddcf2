//! How bytes get into a link's queue: what fits, what is dropped, and what the isolate's counters hear of it.

use super::{Happening, Link, Sent, Status, code};
use crate::protocol::{Framer, Kind, Wire};
use std::rc::Rc;

/// Queued bytes after which a send tries to write at once instead of at the end of the turn, so that a handler that sends
/// a lot fills the kernel and not our memory. Fixed: one such write is as good as a corked one.
const EAGER: usize = 64 * 1024;

/// Bytes beyond `max_send_buffer_size`, or beyond the budget, that answers to pings may queue, so that a full queue does
/// not make us look dead. Fixed: 500 of the largest. Beyond it pings go unanswered, for a peer that sends them and reads
/// nothing costs memory.
const PONGS: usize = 64 * 1024;

/// Bytes of a message that a connection whose queue is empty may send although the budget for queued bytes is used up, so
/// that peers that read are answered while others do not. Fixed: the kernel takes so much as a whole or not at all.
pub(super) const BEYOND_BUDGET: usize = 16 * 1024;

impl Link {
    /// Sends a message in the protocol's form. The error says why this payload cannot be sent at all.
    pub(crate) fn send(self: &Rc<Self>, kind: Kind, payload: &[u8]) -> Result<Sent, String> {
        self.send_as(payload.len(), |wire, out| wire.encode(kind, payload, out))
    }

    /// The same for one of `n` bytes that `encode` appends.
    #[inline]
    pub(in crate::net) fn send_as(
        self: &Rc<Self>,
        n: usize,
        encode: impl FnOnce(&Wire, &mut Vec<u8>) -> Result<(), String>,
    ) -> Result<Sent, String> {
        if !self.has_room(n) {
            return Ok(Sent::Dropped);
        }
        let mut wire = self.wire.borrow_mut();
        let mut outbox = self.outbox.borrow_mut();
        let waits = wire.websocket().is_some_and(|socket| !socket.is_open());
        let into = if waits { outbox.held() } else { outbox.queue(n) };
        if let Err(why) = encode(&wire, into) {
            outbox.trim();
            return Err(why);
        }
        let (queued, costs) = outbox.measure();
        drop((wire, outbox));
        Ok(self.appended(queued, costs))
    }

    /// Sends bytes as they are.
    pub(crate) fn send_raw(self: &Rc<Self>, bytes: &[u8]) -> Sent {
        if !self.has_room(bytes.len()) {
            return Sent::Dropped;
        }
        if let Some(socket) = self.wire.borrow_mut().websocket() {
            socket.note_raw();
        }
        let mut outbox = self.outbox.borrow_mut();
        outbox.queue(bytes.len()).extend_from_slice(bytes);
        let (queued, costs) = outbox.measure();
        drop(outbox);
        self.appended(queued, costs)
    }

    /// May a message of `n` bytes be queued? If not, it counts as dropped, and an open connection hears of it.
    #[inline]
    pub(super) fn has_room(self: &Rc<Self>, n: usize) -> bool {
        self.status.get() == Status::Established && self.fits(n) || self.makes_room(n)
    }

    /// The same for one that has no room now, or is not open.
    #[cold]
    fn makes_room(self: &Rc<Self>, n: usize) -> bool {
        let is_open = || self.status.get() == Status::Established;
        if is_open() {
            // What only waits for the end of the turn may go out now, and make room.
            if !self.turn.share.has_room() {
                self.turn.flush_now();
            }
            self.flush();
        }
        let room = is_open() && self.fits(n);
        if !room {
            self.turn.stats.dropped.add(1);
        }
        if !room && is_open() && !self.complaining.get() {
            let text = "send buffer full and drop package".to_owned();
            self.happen(Happening::Error { code: code::SEND, text });
        }
        room
    }

    /// Is there room in this queue, and in the budget for all of them?
    #[inline]
    fn fits(&self, n: usize) -> bool {
        let queued = self.queued();
        // What comes through a pipe is not dropped for the budget: its feeder is paused.
        let small = || n <= BEYOND_BUDGET || self.feeder().is_some();
        queued < self.max_send_buffer() && (self.turn.share.has_room() || queued == 0 && small())
    }

    fn max_send_buffer(&self) -> usize {
        self.max_send_buffer_size.get() as usize
    }

    pub(super) fn is_full(&self) -> bool {
        self.queued() >= self.max_send_buffer()
    }

    /// Tells the isolate how much waits now, and what that costs.
    pub(super) fn account(&self) {
        let outbox = self.outbox.borrow();
        let (waits, costs) = outbox.measure();
        let (waited, cost) = self.counted.replace((waits, costs));
        let queued = &self.turn.stats.queued;
        queued.set((queued.get() + waits as u64).saturating_sub(waited as u64));
        if cost != costs {
            self.turn.share.changed(cost, costs);
        }
    }

    /// `queued` bytes wait now and cost so much. (How much waits is told when the turn ends: hardly any of it waits longer.)
    pub(super) fn appended(self: &Rc<Self>, queued: usize, costs: usize) -> Sent {
        let (waited, cost) = self.counted.get();
        if cost != costs {
            self.counted.set((waited, costs));
            self.turn.share.changed(cost, costs);
        }
        let limit = self.max_send_buffer().min(EAGER);
        if queued >= limit || !self.turn.share.has_room() {
            self.flush();
            if self.status.get() == Status::Closed {
                self.turn.stats.dropped.add(1);
                return Sent::Dropped;
            }
            if self.queued() == 0 {
                return Sent::Written;
            }
            if self.is_full() || !self.turn.share.has_room() {
                if let Some(feeder) = self.feeder() {
                    feeder.held.set(true);
                }
                self.happen(Happening::BufferFull);
            }
        }
        self.flush_soon();
        Sent::Queued
    }

    /// Protocol answers (close frames, refusals, pongs while there is room for them) go out whatever the limit and the state.
    pub(crate) fn answer(self: &Rc<Self>, bytes: &[u8]) {
        if !bytes.is_empty() && self.status.get() != Status::Closed {
            self.outbox.borrow_mut().queue(bytes.len()).extend_from_slice(bytes);
            self.account();
            self.flush_soon();
        }
    }

    pub(crate) fn has_room_for_pongs(&self) -> bool {
        let has_budget = self.turn.share.has_room();
        let limit = if has_budget { self.max_send_buffer() } else { 0 };
        self.queued() < limit.saturating_add(PONGS)
    }
}
