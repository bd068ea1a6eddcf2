//! An ordered map that scripts hold by reference: get, set and remove in constant time, iteration without a copy and
//! stable while the map changes. Maps become one when they are assigned to a property or a top-level variable.

mod functions;
mod table;

use crate::engine::values::{
    journal, order,
    ref_array::RefArray,
    shared::{Shared, WeakShared},
    witness::witness,
};
pub(crate) use functions::key_of;
pub(in crate::engine) use functions::{not_a_key, register};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};
pub(crate) use table::Table;

/// The handle.
pub(crate) type RefMap = Shared<Table>;

/// A handle that does not keep the map.
pub(in crate::engine) type WeakRefMap = WeakShared<Table>;

impl Default for RefMap {
    fn default() -> Self {
        Table::default().into()
    }
}

impl From<Table> for RefMap {
    fn from(table: Table) -> Self {
        Self::own(table)
    }
}

/// A key given twice has the place of the first and the value of the last.
impl<K: Into<ImmutableString>> FromIterator<(K, Dynamic)> for RefMap {
    fn from_iter<I: IntoIterator<Item = (K, Dynamic)>>(entries: I) -> Self {
        let mut table = Table::default();
        for (key, value) in entries {
            drop(table.set(key.into(), value));
        }
        table.into()
    }
}

impl RefMap {
    /// Turns a plain map or array, and all inside of it, into references; leaves other values alone.
    pub(crate) fn wrap(value: Dynamic) -> Dynamic {
        // A list of what is still to be looked into, and no recursion: values may be nested as deep as memory allows.
        let mut todo = Vec::new();
        let wrapped = shell(value, &mut todo);
        while let Some(shell_of) = todo.pop() {
            match shell_of {
                Shell::Map(map) => map.with(|t| {
                    for (_, value) in t.slots.iter_mut().flatten() {
                        *value = shell(value.take(), &mut todo);
                    }
                }),
                Shell::Array(array) => array.with(|values| {
                    for value in values {
                        *value = shell(value.take(), &mut todo);
                    }
                }),
            }
        }
        wrapped
    }

    /// A look at the entries. The closure must not run scripts or drop values.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Table) -> T) -> T {
        self.change(f)
    }

    pub(crate) fn get(&self, key: &str) -> Dynamic {
        self.with(|t| t.get(key).cloned()).unwrap_or(Dynamic::UNIT)
    }

    pub(crate) fn set(&self, key: ImmutableString, value: Dynamic) {
        if witness().is_some_and(|witness| witness.skips_entry(self, &key)) {
            return;
        }
        journal::note_entry(self, &key);
        let old = self.with(|t| t.set(key, value));
        drop(old);
    }

    /// The function that it has under that name.
    pub(in crate::engine) fn function(&self, name: &str) -> Option<FnPtr> {
        self.with(|t| match t.has_functions {
            true => t.get(name)?.read_lock::<FnPtr>().map(|f| f.clone()),
            false => None,
        })
    }

    pub(crate) fn remove(&self, key: &str) -> Dynamic {
        self.with(|t| t.remove(key)).unwrap_or(Dynamic::UNIT)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.with(|t| t.get(key).is_some())
    }

    pub(crate) fn clear(&self) {
        let old = self.with(|t| {
            let iterating = t.iterating;
            let old = std::mem::take(t);
            t.iterating = iterating;
            old
        });
        drop(old);
    }

    /// Walks over keys and values, as a loop does over values.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (ImmutableString, Dynamic)> {
        let mut all = self.into_iter();
        std::iter::from_fn(move || all.step(Clone::clone))
    }

    /// The entries as they are now: whoever walks over them may run scripts.
    pub(crate) fn entries(&self) -> Vec<(ImmutableString, Dynamic)> {
        self.with(|t| t.entries().cloned().collect())
    }

    /// The entries of a map of either kind. `None`: it is none.
    pub(crate) fn entries_of(value: &Dynamic) -> Option<Vec<(ImmutableString, Dynamic)>> {
        let wrapped = Self::wrap(value.clone());
        wrapped.read_lock::<Self>().map(|map| map.entries())
    }

    pub(crate) fn keys(&self) -> Array {
        self.with(|t| t.entries().map(|(key, _)| key.clone().into()).collect())
    }

    /// A plain map with the same entries.
    pub(crate) fn to_map(&self) -> Map {
        self.with(|t| t.entries().map(|(k, v)| (k.as_str().into(), v.clone())).collect())
    }

    pub(crate) fn values(&self) -> Array {
        self.with(|t| t.entries().map(|(_, value)| value.clone()).collect())
    }
}

/// A reference whose values are still as they were in the plain map or array.
enum Shell {
    Map(RefMap),
    Array(RefArray),
}

/// Makes the outermost map or array of a value a reference and notes it, if there is more to do inside.
fn shell(value: Dynamic, todo: &mut Vec<Shell>) -> Dynamic {
    let is_plain = |value: &Dynamic| value.is_map() || value.is_array();
    if value.is_map() {
        let map = RefMap::default();
        let entries = order::into_entries(value);
        let more = entries.iter().any(|(_, value)| is_plain(value));
        map.with(|t| {
            for (key, value) in entries {
                // A map has each key once: nothing is replaced.
                let _ = t.set(key, value);
            }
        });
        if more {
            todo.push(Shell::Map(map.clone()));
        }
        Dynamic::from(map)
    } else if value.is_array() {
        let values = value.cast::<Array>();
        let more = values.iter().any(is_plain);
        let array = RefArray::new(values);
        if more {
            todo.push(Shell::Array(array.clone()));
        }
        Dynamic::from(array)
    } else {
        value
    }
}

/// Walks over the values that are there when the walk comes to them, of the entries that there were when it began.
pub(crate) struct Iter {
    map: RefMap,
    at: usize,
    end: usize,
}

impl IntoIterator for RefMap {
    type Item = Dynamic;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        let map = self.resolved();
        let end = map.with(|t| {
            t.iterating += 1;
            t.slots.len()
        });
        Iter { map, at: 0, end }
    }
}

impl Drop for Iter {
    fn drop(&mut self) {
        self.map.with(|t| t.iterating = t.iterating.saturating_sub(1));
    }
}

impl Iter {
    /// What `look` makes of the next entry.
    fn step<T>(&mut self, look: impl Fn(&(ImmutableString, Dynamic)) -> T) -> Option<T> {
        let mut at = self.at;
        let end = self.end;
        let found = self.map.with(|t| {
            while let Some(slot) = t.slots.get(at).filter(|_| at < end) {
                at += 1;
                if let Some(entry) = slot {
                    return Some(look(entry));
                }
            }
            None
        });
        self.at = at;
        found
    }
}

impl Iterator for Iter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        self.step(|(_, value)| value.clone())
    }
}
