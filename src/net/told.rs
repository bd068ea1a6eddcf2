//! What becomes of something that the room above is told: it is done when the call returns, or a future does the rest.

use std::{future::Future, pin::Pin};

/// What is left to do, on its own.
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// See the module.
pub(crate) enum Told<T> {
    Done(T),
    /// A handler waits.
    Waits(Later<T>),
}

impl<T> Told<T> {
    pub(crate) fn later(rest: impl Future<Output = T> + 'static) -> Self {
        Told::Waits(Box::pin(rest))
    }
}
