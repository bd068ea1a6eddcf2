//! The only room that knows Rhai's insides: it compiles programs, runs their top levels, calls their closures on
//! coroutines and finds out what lives on in the next generation. It knows nothing of workers and sockets.

pub(crate) mod call;
pub(crate) mod compile;
pub(crate) mod diagnostics;
pub(crate) mod fast_path;
pub(crate) mod globals;
mod hash;
pub(crate) mod internals;
mod limits;
pub(crate) mod lint;
pub(crate) mod natives;
pub(crate) mod nearest;
pub(crate) mod outcome;
pub(crate) mod program;
pub(crate) mod reload;
pub(crate) mod values;

pub(crate) use diagnostics::hints::panicked;
pub(crate) use program::config::{Config, Register};
