//! Values inside of values are dropped in a row and not inside of each other: a list of 200 000 links must not need a stack
//! of 200 000 drops.

use rhai::Dynamic;
use std::{cell::RefCell, mem::ManuallyDrop};

thread_local! {
    /// What waits to be dropped; `None` while nobody drops. Never destroyed, so that it is there also while the thread's
    /// other locals go; nothing leaks, since whoever fills the list empties it.
    static WAITING: ManuallyDrop<RefCell<Option<Vec<Dynamic>>>> =
        const { ManuallyDrop::new(RefCell::new(None)) };
}

/// Ends the row, also when a drop panics.
struct Row;

impl Drop for Row {
    fn drop(&mut self) {
        let rest = WAITING.with(|waiting| waiting.borrow_mut().take());
        drop(rest);
    }
}

/// Can nothing be inside of this value?
fn is_flat(value: &Dynamic) -> bool {
    !value.is_shared()
        && (value.is_unit()
            || value.is_int()
            || value.is_string()
            || value.is_bool()
            || value.is_float()
            || value.is_char())
}

/// Drops what a container held. Called from the container's own drop: a container that is dropped by this is emptied
/// into the same row.
pub(crate) fn drop_in_a_row(values: impl Iterator<Item = Dynamic>) {
    let mut values = values.filter(|value| !is_flat(value)).peekable();
    if values.peek().is_none() {
        return;
    }
    let is_first = WAITING.with(|waiting| {
        let mut waiting = waiting.borrow_mut();
        let is_first = waiting.is_none();
        waiting.get_or_insert_default().extend(values);
        is_first
    });
    if !is_first {
        return;
    }
    let row = Row;
    // The borrow ends before the drop, which comes back here.
    while let Some(value) = WAITING.with(|waiting| waiting.borrow_mut().as_mut()?.pop()) {
        drop(value);
    }
    drop(row);
}
