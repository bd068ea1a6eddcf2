//! The entries of a map by reference: found in constant time, walked over in the order in which they came.

use crate::engine::values::dropping::drop_in_a_row;
use rhai::{Dynamic, ImmutableString};
use std::collections::HashMap;

/// Entries below which holes are not worth squeezing out. Fixed.
const SQUEEZE_ABOVE: usize = 32;

/// Slots up to which a key is looked for in a row. Fixed: to hash and to have an index costs more.
const MAX_ROW: usize = 8;

/// The entries, in the order in which they came. Removing one leaves a hole; holes go when they are the majority and nobody
/// iterates.
#[derive(Default)]
pub(crate) struct Table {
    pub(super) slots: Vec<Option<(ImmutableString, Dynamic)>>,
    /// Where each key lies; only when there are more than `MAX_ROW` slots. Keys come from strangers: the table is seeded by
    /// chance, so that nobody can choose keys that collide.
    index: Option<HashMap<ImmutableString, usize>>,
    len: usize,
    pub(super) iterating: usize,
    /// Has any value ever been a function? Whoever calls a method asks.
    pub(super) has_functions: bool,
}

impl Table {
    fn find(&self, key: &str) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.get(key).copied();
        }
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(|(known, _)| known == key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Dynamic> {
        self.slots[self.find(key)?].as_ref().map(|(_, value)| value)
    }

    /// Sets a value and gives the old one out, to be dropped when nothing is borrowed any more.
    #[must_use]
    pub(crate) fn set(&mut self, key: ImmutableString, value: Dynamic) -> Option<Dynamic> {
        // To ask a locked cell for its type would panic.
        self.has_functions |= value.is_shared() || value.is_fnptr();
        if let Some(at) = self.find(&key) {
            return self.slots[at].replace((key, value)).map(|(_, old)| old);
        }
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), self.slots.len());
        }
        self.slots.push(Some((key, value)));
        self.len += 1;
        if self.index.is_none() {
            self.build_index();
        }
        None
    }

    #[must_use]
    pub(crate) fn remove(&mut self, key: &str) -> Option<Dynamic> {
        let at = self.find(key)?;
        if let Some(index) = &mut self.index {
            index.remove(key);
        }
        let value = self.slots[at].take().map(|(_, value)| value);
        self.len -= 1;
        let worthwhile = self.slots.len() > SQUEEZE_ABOVE || self.slots.len() <= MAX_ROW;
        if self.iterating == 0 && worthwhile && self.len < self.slots.len() / 2 {
            self.squeeze();
        }
        value
    }

    fn squeeze(&mut self) {
        self.slots.retain(Option::is_some);
        self.index = None;
        self.build_index();
    }

    /// Makes the index, if there are slots enough for one.
    fn build_index(&mut self) {
        if self.slots.len() > MAX_ROW {
            let slots = self.slots.iter().enumerate();
            let keys = slots.filter_map(|(at, slot)| Some((slot.as_ref()?.0.clone(), at)));
            self.index = Some(keys.collect());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &(ImmutableString, Dynamic)> {
        self.slots.iter().flatten()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Dynamic> {
        self.slots.iter_mut().flatten().map(|(_, value)| value)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        drop_in_a_row(self.slots.drain(..).flatten().map(|(_, value)| value));
    }
}
