//! How code runs: on a stack of its own, in turns, within limits of time, memory and depth.

pub(crate) mod allowance;
pub(crate) mod coroutine;
pub(in crate::engine) mod nesting;
pub(in crate::engine) mod noting;
pub(in crate::engine) mod overflow;
pub(in crate::engine) mod progress;
pub(crate) mod stacks;
pub(crate) mod time_limit;
pub(crate) mod turns;
