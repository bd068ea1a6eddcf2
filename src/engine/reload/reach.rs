//! Finds every function that can be reached from a value: in maps and arrays, in shared variables, in what closures
//! captured. Looks, and lets functions be exchanged in place; knows no programs.

use crate::engine::values::{ref_array::RefArray, ref_map::RefMap};
use rhai::{Array, Dynamic, FnPtr, Map};
use std::collections::HashSet;

/// Levels of plain arrays and maps inside of each other that are looked into. Fixed: what scripts keep are references,
/// which have no such limit; plain ones live in local variables and are rarely nested at all.
const MAX_DEPTH: usize = 64;

/// Something that holds values and may be held by several.
enum Holder {
    Map(RefMap),
    Array(RefArray),
    /// A variable that closures share.
    Cell(Dynamic),
}

/// A walk. Whatever is reached twice is looked at once.
pub(crate) struct Reach<'a> {
    seen: HashSet<usize>,
    todo: Vec<Holder>,
    /// Shown every function; may exchange it. Must not run scripts.
    look: &'a mut dyn FnMut(&mut FnPtr),
}

impl<'a> Reach<'a> {
    pub(crate) fn new(look: &'a mut dyn FnMut(&mut FnPtr)) -> Self {
        Self { seen: HashSet::new(), todo: Vec::new(), look }
    }

    /// Looks at a value and notes what it holds; `finish` goes on from there.
    pub(crate) fn value(&mut self, value: &mut Dynamic) {
        self.nested(value, 0);
    }

    fn nested(&mut self, value: &mut Dynamic, depth: usize) {
        if value.is_shared() {
            return self.todo.push(Holder::Cell(value.clone()));
        }
        if let Some(map) = value.read_lock::<RefMap>() {
            return self.todo.push(Holder::Map(map.clone()));
        }
        if let Some(array) = value.read_lock::<RefArray>() {
            return self.todo.push(Holder::Array(array.clone()));
        }
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(mut f) = value.write_lock::<FnPtr>() {
            (self.look)(&mut f);
            f.iter_curry_mut().for_each(|held| self.nested(held, depth + 1));
        } else if let Some(mut map) = value.write_lock::<Map>() {
            map.values_mut().for_each(|inner| self.nested(inner, depth + 1));
        } else if let Some(mut array) = value.write_lock::<Array>() {
            array.iter_mut().for_each(|inner| self.nested(inner, depth + 1));
        }
    }

    /// Follows everything that was noted.
    pub(crate) fn finish(&mut self) {
        while let Some(holder) = self.todo.pop() {
            match holder {
                Holder::Map(map) if self.seen.insert(map.address()) => {
                    map.with(|t| t.values_mut().for_each(|value| self.value(value)));
                }
                Holder::Array(array) if self.seen.insert(array.address()) => {
                    array.with(|values| values.iter_mut().for_each(|value| self.value(value)));
                }
                Holder::Cell(mut cell) => {
                    // One that is locked belongs to a handler that waits, and that holds its own program.
                    if let Some(mut value) = cell.write_lock::<Dynamic>()
                        && self.seen.insert((&raw const *value).addr())
                    {
                        self.value(&mut value);
                    }
                }
                Holder::Map(_) | Holder::Array(_) => (),
            }
        }
    }
}
