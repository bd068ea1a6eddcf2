//! The events a script can answer, and the slots that hold its answers.

use crate::engine::program::handler::Handler;
use rhai::FnPtr;
use std::{cell::RefCell, rc::Rc};

/// An event, named as its callback without the `on_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    WorkerStart,
    WorkerReload,
    WorkerStop,
    Connect,
    Message,
    Close,
    Error,
    BufferFull,
    BufferDrain,
    WebsocketConnect,
}

impl Event {
    /// Every event with its callback's name and the number of arguments it is offered.
    const TABLE: [(Event, &'static str, usize); 10] = [
        (Event::WorkerStart, "on_worker_start", 1),
        (Event::WorkerReload, "on_worker_reload", 1),
        (Event::WorkerStop, "on_worker_stop", 1),
        (Event::Connect, "on_connect", 1),
        (Event::Message, "on_message", 2),
        (Event::Close, "on_close", 1),
        (Event::Error, "on_error", 3),
        (Event::BufferFull, "on_buffer_full", 1),
        (Event::BufferDrain, "on_buffer_drain", 1),
        (Event::WebsocketConnect, "on_websocket_connect", 2),
    ];

    /// The event that a property of this name answers.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, n, _)| *n == name).map(|(event, ..)| *event)
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.iter().map(|(event, ..)| *event)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// How many arguments the callback is offered.
    pub(crate) fn offered(self) -> usize {
        Self::TABLE[self as usize].2
    }

    /// Can a single connection have a callback of its own for it?
    pub(crate) fn is_of_connection(self) -> bool {
        !matches!(self, Event::WorkerStart | Event::WorkerReload | Event::WorkerStop)
    }
}

/// One slot for each event.
#[derive(Default)]
pub(crate) struct Callbacks(RefCell<[Option<Rc<Handler>>; Event::TABLE.len()]>);

impl Callbacks {
    pub(crate) fn get(&self, event: Event) -> Option<Rc<Handler>> {
        self.0.borrow()[event as usize].clone()
    }

    pub(crate) fn set(&self, event: Event, handler: Option<Rc<Handler>>) {
        let old = std::mem::replace(&mut self.0.borrow_mut()[event as usize], handler);
        drop(old);
    }

    /// Lets these callbacks, just declared, continue those of the generation before: where one is the same closure, it
    /// keeps what the old one had captured. Gives those that do, before and after.
    /// `origin` gives what a callback was before a reload renamed it.
    pub(crate) fn carry_over(
        &self,
        old: &Callbacks,
        origin: impl Fn(&Rc<Handler>) -> Rc<Handler>,
    ) -> Vec<(FnPtr, FnPtr)> {
        let mut carried = Vec::new();
        for (event, new) in self.all() {
            let before = old.get(event).map(|old| origin(&old));
            let heir = before.and_then(|old| new.program().carry_over(&old, &new, event.offered()));
            if let Some(heir) = heir {
                carried.push((new.fn_ptr().clone(), heir.fn_ptr().clone()));
                self.set(event, Some(Rc::new(heir)));
            }
        }
        carried
    }

    /// Takes everything over from `other`.
    pub(crate) fn replace_by(&self, other: &Callbacks) {
        let taken = other.0.take();
        drop(self.0.replace(taken));
    }

    /// Every callback that is set.
    pub(crate) fn all(&self) -> Vec<(Event, Rc<Handler>)> {
        let slots = self.0.borrow();
        let set = Event::TABLE.iter().filter_map(|(e, ..)| Some((*e, slots[*e as usize].clone()?)));
        set.collect()
    }

    pub(crate) fn clear(&self) {
        drop(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (at, (event, name, _)) in Event::TABLE.iter().enumerate() {
            assert_eq!(*event as usize, at);
            assert_eq!(Event::named(name), Some(*event));
        }
    }
}
