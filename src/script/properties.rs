//! Free properties of handles. A handful is searched in a row, which is smaller and faster than a map; many are hashed.

use crate::engine::values::{
    ref_map::{RefMap, Table},
    rings,
};
use rhai::{Dynamic, ImmutableString};
use std::cell::RefCell;

/// Properties that are kept in a row. Fixed.
const MAX_ROW: usize = 12;

enum Store {
    Row(Vec<(ImmutableString, Dynamic)>),
    Many(Table),
}

/// What a script attached to one object. Empty ones take no memory of their own.
#[derive(Default)]
pub(crate) struct Properties(RefCell<Option<Box<Store>>>);

impl Properties {
    /// The value, or `()`.
    pub(crate) fn get(&self, name: &str) -> Dynamic {
        let found = self.0.borrow().as_ref().and_then(|store| match &**store {
            Store::Row(row) => row.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()),
            Store::Many(table) => table.get(name).cloned(),
        });
        found.unwrap_or(Dynamic::UNIT)
    }

    /// Sets a value; maps and arrays become references; `()` removes.
    pub(crate) fn set(&self, name: &ImmutableString, value: Dynamic) {
        let value = RefMap::wrap(value);
        // What goes is dropped when nothing is borrowed: its drop may come back here.
        let old = if value.is_unit() { self.take(name) } else { self.put(name, value) };
        drop(old);
    }

    fn put(&self, name: &ImmutableString, value: Dynamic) -> Option<Dynamic> {
        let mut store = self.0.borrow_mut();
        let store = store.get_or_insert_with(|| Box::new(Store::Row(Vec::new())));
        match &mut **store {
            Store::Row(row) => {
                if let Some((_, slot)) = row.iter_mut().find(|(n, _)| n == name) {
                    return Some(std::mem::replace(slot, value));
                }
                if row.len() < MAX_ROW {
                    // Most have one or two, and there may be very many of those.
                    row.reserve_exact(1);
                    row.push((name.clone(), value));
                    return None;
                }
                let mut table = Table::default();
                for (name, value) in row.drain(..).chain([(name.clone(), value)]) {
                    let _ = table.set(name, value);
                }
                **store = Store::Many(table);
                None
            }
            Store::Many(table) => table.set(name.clone(), value),
        }
    }

    fn take(&self, name: &str) -> Option<Dynamic> {
        match &mut **self.0.borrow_mut().as_mut()? {
            Store::Row(row) => {
                let at = row.iter().position(|(n, _)| n == name)?;
                Some(row.remove(at).1)
            }
            Store::Many(table) => table.remove(name),
        }
    }

    /// All names and values.
    pub(crate) fn entries(&self) -> Vec<(ImmutableString, Dynamic)> {
        match self.0.borrow().as_deref() {
            None => Vec::new(),
            Some(Store::Row(row)) => row.clone(),
            Some(Store::Many(table)) => table.entries().cloned().collect(),
        }
    }

    /// Shows every value, which may be changed. Must not run scripts.
    pub(crate) fn for_each(&self, look: impl FnMut(&mut Dynamic)) {
        match self.0.borrow_mut().as_deref_mut() {
            None => (),
            Some(Store::Row(row)) => row.iter_mut().map(|(_, value)| value).for_each(look),
            Some(Store::Many(table)) => table.values_mut().for_each(look),
        }
    }

    /// Lets go of everything, also of maps and arrays that hold themselves.
    pub(crate) fn clear(&self) {
        let values = self.entries().into_iter().map(|(_, value)| value).collect();
        let old = self.0.take();
        drop(old);
        rings::drop_with_rings(values);
    }
}
