//! An array that scripts hold by reference; see `ref_map` for when an array becomes one.

mod functions;

use crate::engine::values::{
    dropping::drop_in_a_row,
    journal,
    ref_map::RefMap,
    shared::{Shared, WeakShared},
    witness::{Witness, witness},
};
pub(in crate::engine) use functions::{register, wrong_index};
use rhai::{Array, Dynamic, EvalAltResult, Position};
use std::rc::Rc;

/// The values. Whoever walks over them holds them too, and whoever changes them meanwhile makes a copy for that first: a
/// walk sees the array as it was when it began.
#[derive(Clone)]
pub(crate) struct Values(Vec<Dynamic>);

impl Drop for Values {
    fn drop(&mut self) {
        drop_in_a_row(self.0.drain(..));
    }
}

/// The handle.
pub(crate) type RefArray = Shared<Rc<Values>>;

/// A handle that does not keep the array.
pub(in crate::engine) type WeakRefArray = WeakShared<Rc<Values>>;

/// A plain array with the same values.
impl From<RefArray> for Array {
    fn from(array: RefArray) -> Self {
        array.copy()
    }
}

impl RefArray {
    pub(crate) fn new(values: Vec<Dynamic>) -> Self {
        Self::own(Rc::new(Values(values)))
    }

    /// The values, to be changed. The closure must not run scripts or drop values.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Vec<Dynamic>) -> T) -> T {
        if let Some(witness) = witness() {
            return self.with_noted(witness, f);
        }
        journal::note_array(|| self.address());
        self.change_values(f)
    }

    /// The same in code that runs again.
    #[cold]
    fn with_noted<T>(&self, witness: &dyn Witness, f: impl FnOnce(&mut Vec<Dynamic>) -> T) -> T {
        if witness.skips_array(self) {
            return f(&mut self.copy());
        }
        let before = self.look(<[Dynamic]>::len);
        let result = self.change_values(f);
        let added = self.look(|values| values.get(before..).map(<[Dynamic]>::to_vec));
        witness.note_added(self, &added.unwrap_or_default());
        result
    }

    fn change_values<T>(&self, f: impl FnOnce(&mut Vec<Dynamic>) -> T) -> T {
        self.change(|values| f(&mut Rc::make_mut(values).0))
    }

    /// A look at the values. The closure must not run scripts.
    pub(crate) fn look<T>(&self, f: impl FnOnce(&[Dynamic]) -> T) -> T {
        self.read(|values| f(&values.0))
    }

    /// The values as they are now.
    fn snapshot(&self) -> Rc<Values> {
        self.read(Rc::clone)
    }

    pub(crate) fn push(&self, value: Dynamic) {
        let value = RefMap::wrap(value);
        self.with(|values| values.push(value));
    }

    pub(crate) fn copy(&self) -> Array {
        self.look(<[Dynamic]>::to_vec)
    }

    /// The place that an index means: counted from the end if negative.
    pub(super) fn place(&self, index: i64) -> Result<usize, Box<EvalAltResult>> {
        let len = self.look(<[Dynamic]>::len);
        let place = if index < 0 { index.saturating_add(len as i64) } else { index };
        usize::try_from(place)
            .ok()
            .filter(|at| *at < len)
            .ok_or_else(|| EvalAltResult::ErrorArrayBounds(len, index, Position::NONE).into())
    }

    /// The place that `get` and `set` mean: one before the first is the first, as with rhai's own arrays.
    pub(super) fn near(&self, index: i64) -> Option<usize> {
        let len = self.look(<[Dynamic]>::len);
        let place = if index < 0 { index.saturating_add(len as i64).max(0) } else { index };
        usize::try_from(place).ok().filter(|at| *at < len)
    }

    /// Puts a value where another one is.
    pub(super) fn put(&self, at: usize, value: Dynamic) {
        let value = RefMap::wrap(value);
        let old = self.with(|values| values.get_mut(at).map(|slot| std::mem::replace(slot, value)));
        drop(old);
    }
}

/// Walks over the values that there are when the walk begins.
pub(crate) struct Iter {
    values: Rc<Values>,
    at: usize,
}

impl IntoIterator for RefArray {
    type Item = Dynamic;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        Iter { values: self.snapshot(), at: 0 }
    }
}

impl Iterator for Iter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let value = self.values.0.get(self.at).cloned();
        self.at += 1;
        value
    }
}
