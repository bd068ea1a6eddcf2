//! A handler's place among those that wait: given back however the handler ends, also when its stack is unwound.

use super::{Crowding, Waiter, Waiting};
use std::{cell::Cell, ptr, sync::Arc};

/// See the module.
pub(crate) struct Ticket {
    waiting: Arc<Waiting>,
    key: u64,
    waits_in: Cell<&'static str>,
}

impl Ticket {
    /// One more handler waits in an isolate that has room for so many.
    pub(crate) fn take(
        waiting: &Arc<Waiting>,
        waiter: Waiter,
        room: usize,
    ) -> (Self, Option<Crowding>) {
        let waits_in = Cell::new(waiter.waits_in);
        let (key, crowding) = waiting.enter(waiter, room);
        (Self { waiting: waiting.clone(), key, waits_in }, crowding)
    }

    /// It waits again, maybe in another function.
    pub(crate) fn waits_in(&self, what: &'static str) {
        if !ptr::eq(self.waits_in.replace(what), what) {
            self.waiting.waits_in(self.key, what);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.waiting.leave(self.key);
    }
}
