//! A timer that has ended and that scripts may still hold the id of.

use super::Timer;
use rhai::ImmutableString;
use std::time::Duration;

/// What a generation's timer was. A later generation that asks for it again gives it its id again.
pub(super) struct EndedTimer {
    /// The generation of its closure, the file, and the name that it or a function has there.
    pub(super) generation: u64,
    pub(super) file: String,
    pub(super) name: ImmutableString,
    pub(super) interval: Duration,
    pub(super) repeats: bool,
    pub(super) asked_by: u64,
}

impl EndedTimer {
    pub(super) fn of(timer: &Timer) -> Self {
        let handler = timer.handler.borrow();
        Self {
            generation: handler.program().edition.generation,
            file: handler.file().to_owned(),
            name: handler.fn_ptr().fn_name().into(),
            interval: timer.interval.get(),
            repeats: timer.repeats.get(),
            asked_by: timer.asked_by.get(),
        }
    }
}
