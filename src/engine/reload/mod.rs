//! What lives on from one generation to the next: values, closures, what code has done that runs again.

mod carried_over;
pub(crate) mod changes;
pub(crate) mod edition;
pub(crate) mod fillings;
pub(crate) mod reach;
pub(crate) mod record;
pub(crate) mod relink;
pub(crate) mod rerun;
pub(crate) mod toplevel;
