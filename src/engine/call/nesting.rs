//! How deep a value is nested. Containers by reference are no part of it: they are dropped in a row.

use rhai::{Array, Dynamic, FnPtr, Map};
use std::collections::HashMap;

/// A look at several values.
pub(in crate::engine) struct Nesting {
    /// Levels that are allowed.
    limit: usize,
    /// Captured variables that were looked into, by address: from which level, and whether that look goes on.
    cells: HashMap<usize, (usize, bool)>,
    /// Values that were looked at.
    pub(in crate::engine) seen: usize,
}

impl Nesting {
    pub(in crate::engine) fn new(limit: usize) -> Self {
        Self { limit, cells: HashMap::new(), seen: 0 }
    }

    /// Is this value nested deeper than it may?
    pub(in crate::engine) fn is_too_deep(&mut self, value: &Dynamic) -> bool {
        self.passes(value, 0)
    }

    /// The same for one that is so many levels down. (By recursion, but no deeper than the limit.)
    fn passes(&mut self, value: &Dynamic, level: usize) -> bool {
        self.seen += 1;
        if level > self.limit {
            return true;
        }
        if value.is_shared() {
            return self.cell_passes(value, level);
        }
        if value.is_array() {
            let inner = value.read_lock::<Array>();
            return inner.is_some_and(|inner| inner.iter().any(|v| self.passes(v, level + 1)));
        }
        if value.is_map() {
            let inner = value.read_lock::<Map>();
            return inner.is_some_and(|inner| inner.values().any(|v| self.passes(v, level + 1)));
        }
        if value.is_fnptr() {
            let f = value.read_lock::<FnPtr>();
            return f.is_some_and(|f| f.curry().iter().any(|v| self.passes(v, level + 1)));
        }
        false
    }

    fn cell_passes(&mut self, value: &Dynamic, level: usize) -> bool {
        // One that is locked belongs to whoever works with it right now, and to ask for its type would panic.
        if value.is_locked() {
            return false;
        }
        let Some(inner) = value.read_lock::<Dynamic>() else { return false };
        // A container by reference, or a number.
        if !(inner.is_array() || inner.is_map() || inner.is_fnptr()) {
            return false;
        }
        let address = (&raw const *inner).addr();
        match self.cells.get(&address) {
            // A ring, which is never dropped as a whole, or a way that is no longer than one that was taken.
            Some((known, is_open)) if *is_open || *known >= level => return false,
            _ => self.cells.insert(address, (level, true)),
        };
        let passes = self.passes(&inner, level + 1);
        self.cells.insert(address, (level, false));
        passes
    }
}
