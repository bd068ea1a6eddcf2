//! Which statements of a top level put what into which maps and arrays, taken down while it runs.

use crate::engine::values::ref_map::RefMap;
use rhai::ImmutableString;
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

thread_local! {
    /// The number of the statement that runs; 0 while no top level does.
    static RUNNING: Cell<usize> = const { Cell::new(0) };
    static JOURNAL: RefCell<Journal> = RefCell::default();
}

/// Statements by number; maps and arrays by address.
#[derive(Default)]
pub(in crate::engine) struct Journal {
    pub(in crate::engine) entries: HashMap<(usize, ImmutableString), usize>,
    pub(in crate::engine) arrays: HashMap<usize, Vec<usize>>,
}

/// The statement of this number runs from now on, or none if it is 0. Gives the one before.
pub(in crate::engine) fn run(statement: usize) -> usize {
    RUNNING.replace(statement)
}

/// Gives what was noted since the last time.
pub(in crate::engine) fn take() -> Journal {
    JOURNAL.take()
}

/// An entry of a map is set.
#[inline(always)]
pub(in crate::engine) fn note_entry(map: &RefMap, key: &ImmutableString) {
    let statement = RUNNING.get();
    if statement > 0 {
        let entry = (map.address(), key.clone());
        JOURNAL.with_borrow_mut(|journal| journal.entries.insert(entry, statement));
    }
}

/// An array is changed.
#[inline(always)]
pub(in crate::engine) fn note_array(address: impl Fn() -> usize) {
    let statement = RUNNING.get();
    if statement > 0 {
        JOURNAL.with_borrow_mut(|journal| {
            let all = journal.arrays.entry(address()).or_default();
            if all.last() != Some(&statement) {
                all.push(statement);
            }
        });
    }
}
