//! What lives on from one generation to the next: values, closures, what code has done that runs again.
//!
//! Three verbs say how the new continues the old, everywhere: `carry_over` moves state into what replaces it (a variable's
//! value, what a closure captured); `rebind` gives what lives today's code (a callback, a timer, a Worker); `alias_to` makes
//! a new handle mean what lives (a map, an array, a Worker).

mod carried_over;
pub(crate) mod changes;
pub(crate) mod edition;
pub(crate) mod fillings;
pub(crate) mod reach;
pub(crate) mod record;
pub(crate) mod relink;
pub(crate) mod rerun;
pub(crate) mod toplevel;
