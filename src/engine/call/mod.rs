//! How code runs: a callback's body on a stack of its own, its turns, its limits.

pub(crate) mod allowance;
pub(in crate::engine) mod catches;
pub(crate) mod coroutine;
pub(crate) mod handler;
pub(in crate::engine) mod overflow;
pub(in crate::engine) mod progress;
pub(crate) mod stacks;
pub(crate) mod turns;
