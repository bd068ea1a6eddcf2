//! What has been done when a call returns, or will be by a future. Hardly anything waits, and what does not costs no future.

use std::{future::Future, pin::Pin};

/// A future of this thread that is kept in memory of its own.
pub(crate) type LocalBoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// See the module.
pub(crate) enum Completion<T> {
    Ready(T),
    Pending(LocalBoxFuture<T>),
}

impl<T> Completion<T> {
    pub(crate) fn pending(rest: impl Future<Output = T> + 'static) -> Self {
        Completion::Pending(Box::pin(rest))
    }

    /// Waits for it.
    pub(crate) async fn finish(self) -> T {
        match self {
            Completion::Ready(done) => done,
            Completion::Pending(rest) => rest.await,
        }
    }
}
