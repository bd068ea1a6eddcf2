//! Who is asked before running code changes values that live on, where that code is noted. There is one on each thread at
//! most; `reload` sends it.

use crate::engine::{
    call::noting::noted,
    internals::positions::Place,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{Dynamic, ImmutableString};
use std::cell::Cell;

/// See the module.
pub(in crate::engine) trait Witness {
    /// Is the body that is called now the one whose statements are told apart?
    fn begins(&self) -> bool;

    /// The statements of that body begin there, in that file.
    fn body(&self, file: &str, starts: &[Place]);

    /// The statement of this number runs now.
    fn statement(&self, at: usize);

    /// Is an entry of a map left as it is?
    fn skips_entry(&self, map: &RefMap, key: &ImmutableString) -> bool;

    /// Does an array stay as it is?
    fn skips_array(&self, array: &RefArray) -> bool;

    /// Values were added to an array.
    fn note_added(&self, array: &RefArray, values: &[Dynamic]);
}

thread_local! {
    static WITNESS: Cell<Option<&'static dyn Witness>> = const { Cell::new(None) };
}

/// From now on it is asked.
pub(in crate::engine) fn send(witness: &'static dyn Witness) {
    WITNESS.set(Some(witness));
}

/// The one to ask, if the running code is noted.
#[inline(always)]
pub(in crate::engine) fn witness() -> Option<&'static dyn Witness> {
    if noted() == 0 { None } else { WITNESS.get() }
}
