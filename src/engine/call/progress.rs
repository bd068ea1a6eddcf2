//! Whether a script may go on: asked again and again while it runs.

use crate::engine::{
    call::{
        allowance, coroutine,
        turns::{Overdue, Turns},
    },
    limits::CLOCK_MASK,
    reason,
};
use rhai::Dynamic;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// See the module.
#[derive(Clone)]
pub(in crate::engine) struct Progress {
    kill: Arc<AtomicBool>,
    turns: Arc<Turns>,
}

impl Progress {
    /// Until `kill` is set.
    pub(in crate::engine) fn new(kill: &Arc<AtomicBool>) -> Self {
        Self { kill: kill.clone(), turns: coroutine::turns() }
    }

    /// Why the running code has to end after so many operations, if it has to.
    #[inline]
    pub(in crate::engine) fn end(&self, operations: u64) -> Option<Dynamic> {
        if coroutine::stack_is_low() {
            return Some("the calls are nested too deeply for the stack".into());
        }
        if allowance::is_alerted()
            && let Some(why) = allowance::look()
        {
            return Some(why);
        }
        if self.turns.is_overdue() {
            return self.turns.overdue().map(|why| reason(why).into());
        }
        if operations & CLOCK_MASK != 0 {
            return None;
        }
        if self.kill.load(Ordering::Relaxed) {
            return Some(reason(Overdue::Stopping).into());
        }
        coroutine::ran_too_long().map(|limit| reason(Overdue::TooLong(limit)).into())
    }
}
