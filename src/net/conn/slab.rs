//! All connections of a loop, each in a slot of its own, with the time of the sweeper's next look at it. So many thousands of
//! silent connections are passed over without a look into their memory.

use super::Conn;
use std::rc::Rc;

struct Slot {
    conn: Option<Rc<Conn>>,
    /// The sweeper's clock at its next look.
    due: u64,
}

/// See the module.
#[derive(Default)]
pub(super) struct Slab {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Slab {
    /// Takes a connection in, which knows its slot from now on.
    pub(super) fn enter(&mut self, conn: Rc<Conn>) {
        match self.free.pop() {
            Some(slot) => {
                conn.slot.set(slot);
                self.slots[slot as usize] = Slot { conn: Some(conn), due: 0 };
            }
            None => {
                let slot = u32::try_from(self.slots.len());
                conn.slot.set(slot.expect("there are fewer descriptors than that"));
                self.slots.push(Slot { conn: Some(conn), due: 0 });
            }
        }
    }

    /// Gives back what is in a slot.
    pub(super) fn leave(&mut self, slot: u32) -> Option<Rc<Conn>> {
        let left = self.slots.get_mut(slot as usize)?.conn.take()?;
        self.free.push(slot);
        if self.count() == 0 {
            *self = Self::default();
        }
        Some(left)
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&Rc<Conn>> {
        self.slots.get(slot as usize)?.conn.as_ref()
    }

    /// The first connection from slot `at` on whose time has come.
    pub(super) fn due(&self, at: usize, now: u64) -> Option<(usize, Rc<Conn>)> {
        let due = self.slots.iter().enumerate().skip(at).filter(|(_, slot)| slot.due <= now);
        due.filter_map(|(at, slot)| Some((at, slot.conn.clone()?))).next()
    }

    /// Notes when a connection is to be looked at again, unless it has left.
    pub(super) fn look_again(&mut self, conn: &Rc<Conn>, due: u64) {
        let slot = self.slots.get_mut(conn.slot.get() as usize);
        if let Some(slot) = slot
            && slot.conn.as_ref().is_some_and(|own| Rc::ptr_eq(own, conn))
        {
            slot.due = due;
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Rc<Conn>> {
        self.slots.iter().filter_map(|slot| slot.conn.as_ref())
    }

    pub(super) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
