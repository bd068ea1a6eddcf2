//! Whether it is noted what the running code does to values. Code that runs again in each generation is, by its tag; what is
//! done of it is the business of `reload`.

use std::cell::Cell;

thread_local! {
    /// The tag of the code that runs now, if it is noted; else 0.
    static NOTED: Cell<u64> = const { Cell::new(0) };
}

/// The code that runs from now on is noted if there is a tag. Gives what was so before.
pub(in crate::engine) fn note(tag: u64) -> u64 {
    NOTED.replace(tag)
}

/// The tag of the code that is noted now; 0 if none is.
#[inline(always)]
pub(in crate::engine) fn noted() -> u64 {
    NOTED.get()
}
