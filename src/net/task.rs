//! The future that a connection's task polls. It is small, because most connections are idle: whatever has to wait for
//! more than input is boxed while it does.
//!
//! # Only what waits is a future
//!
//! A message goes from the read to the script by plain calls (`net::Events`), and a handler that never waits comes
//! back the same way. One that does leaves a boxed future behind, which its connection's task keeps until it is
//! done; so does whatever else is rare: the end, HTTP/2, a body on its way to a file, a pause. An idle websocket is
//! 0.95 KiB: two blocks of 256 bytes that tokio needs for a task and a socket, 224 for the link, 80 for what
//! scripts hold of it, and some small ones. (As a process shows it, it may be up to 2 MiB more in all, where the
//! kernel gives memory in pages of that size.)

use super::{Events, completion::LocalBoxFuture, connection::Connection};
use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// See the module.
pub(crate) enum Task<E: Events> {
    /// Waits for input, or for a call of its link.
    Quick(Connection<E>),
    /// Does something that waits, and gives the connection back unless it is over.
    Slow(LocalBoxFuture<Option<Connection<E>>>),
    Over,
}

// Nothing in here is pinned but what is boxed.
impl<E: Events> Unpin for Task<E> {}

impl<E: Events> Future for Task<E> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut *self {
                Task::Quick(connection) => {
                    let work = ready!(connection.advance(cx));
                    if let Task::Quick(connection) = mem::replace(&mut *self, Task::Over) {
                        *self = Task::Slow(Box::pin(connection.work(work)));
                    }
                }
                Task::Slow(slow) => {
                    let back = ready!(slow.as_mut().poll(cx));
                    *self = back.map_or(Task::Over, Task::Quick);
                }
                Task::Over => return Poll::Ready(()),
            }
        }
    }
}
