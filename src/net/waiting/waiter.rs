//! A handler that waits, as the host sees it.

use std::{borrow::Cow, time::Instant};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    /// Where it stands, as a number of [`Stats`](crate::net::stats::Stats).
    pub(crate) place: u64,
    /// What it was called for: the name of a callback, or a timer.
    pub(crate) event: Cow<'static, str>,
    /// The worker's title.
    pub(crate) worker: String,
    pub(crate) connection: Option<u64>,
    /// Is that connection closing or closed?
    pub(crate) is_gone: bool,
    /// The function that it waits in.
    pub(crate) waits_in: &'static str,
    /// When it had to wait for the first time.
    pub(crate) since: Instant,
    /// The number of the generation whose code it runs.
    pub(crate) generation: i64,
}

#[cfg(test)]
impl Waiter {
    pub(super) fn example() -> Self {
        Self {
            place: 1,
            event: "on_message".into(),
            worker: String::new(),
            connection: None,
            is_gone: false,
            waits_in: "sleep",
            since: Instant::now(),
            generation: 0,
        }
    }
}
