//! The values that a run of a top level carries over: variables of the living program that are this one's from now on, and
//! maps and arrays whose new twins have to stand for them. Until the run is accepted the living program has them all back.

use crate::engine::{
    reload::toplevel::Key,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::Dynamic;
use std::cell::{Ref, RefCell};

/// A living map or array whose new twin has to stand for it once the reload is accepted.
pub(super) struct Twin {
    pub(super) key: Key,
    pub(super) new: Dynamic,
    pub(super) living: Dynamic,
}

/// A cell of the living program that holds a new value during the run.
struct Borrowed {
    cell: Dynamic,
    living: Dynamic,
    /// Is the new value the one that stays?
    resets: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct CarriedOver {
    borrowed: RefCell<Vec<Borrowed>>,
    /// Cells of the living program with the values that they get when the reload is accepted.
    renewed: RefCell<Vec<(Dynamic, Dynamic)>>,
    twins: RefCell<Vec<Twin>>,
}

impl CarriedOver {
    /// Makes `value`, just initialised, the same variable as `living`, with the value of that or, if it `resets`, the new
    /// one. False: they are of kinds that cannot be one.
    pub(super) fn variable(
        &self,
        key: &Key,
        value: &mut Dynamic,
        living: Dynamic,
        resets: bool,
        is_state: &dyn Fn(&Dynamic) -> bool,
    ) -> bool {
        if living.is_shared() && living.is_locked() {
            // A waiting handler holds it: the cell is taken as it is, or left to that handler.
            if !resets {
                *value = living;
            }
            return !resets;
        }
        // Another variable or property may hold the living one: what starts anew is a map of its own.
        if !resets {
            self.pair(key, value, &living);
        }
        // What lives may have become anything since: a connection, a closure.
        if !living.is_shared() || !is_state(value) {
            return false;
        }
        // The cell itself goes on, because closures of both generations share it. During this run it holds the new
        // value, so that the top level sees what it just wrote.
        let saved = living.flatten_clone();
        if let Some(mut cell) = living.clone().write_lock::<Dynamic>() {
            *cell = value.take();
        }
        *value = living.clone();
        self.borrowed.borrow_mut().push(Borrowed { cell: living, living: saved, resets });
        true
    }

    /// Notes that a new map or array stands for the living one.
    fn pair(&self, key: &Key, value: &Dynamic, living: &Dynamic) {
        if is_filled(value) && is_filled(living) {
            let (key, new, living) =
                (key.clone(), value.clone().flatten(), living.clone().flatten());
            self.twins.borrow_mut().push(Twin { key, new, living });
        }
    }

    /// Puts the living values back. To be called after the run, however it ended.
    pub(super) fn restore(&self) {
        for Borrowed { mut cell, living, resets } in self.borrowed.borrow_mut().drain(..).rev() {
            let new = cell.write_lock::<Dynamic>().map(|mut v| std::mem::replace(&mut *v, living));
            if let Some(new) = new.filter(|_| resets) {
                self.renewed.borrow_mut().push((cell, new));
            }
        }
    }

    /// The reload is accepted: variables that were reset get their new values.
    pub(super) fn accept(&self) {
        for (mut cell, new) in self.renewed.take() {
            let old = cell.write_lock::<Dynamic>().map(|mut v| std::mem::replace(&mut *v, new));
            drop(old);
        }
    }

    /// Maps and arrays that live, with their twins.
    pub(super) fn twins(&self) -> Ref<'_, Vec<Twin>> {
        self.twins.borrow()
    }

    /// The same, to be merged for good.
    pub(super) fn take_twins(&self) -> Vec<Twin> {
        self.twins.take()
    }
}

/// Is it a map or an array that lines may fill?
pub(super) fn is_filled(value: &Dynamic) -> bool {
    value.is::<RefMap>() || value.is::<RefArray>()
}
