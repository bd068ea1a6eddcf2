//! The future that a connection's task polls. It is small, because most connections are idle: whatever has to wait for
//! more than input is boxed while it does.
//!
//! # Only what waits is a future
//!
//! A message goes from the read to the script by plain calls (`net::ConnHandler`), and a handler that never waits comes
//! back the same way. One that does leaves a boxed future behind, which its connection's task keeps until it is
//! done; so does whatever else is rare: the end, another protocol that takes over, a body on its way to a file, a
//! pause. An idle connection is 0.95 KiB: two blocks of 256 bytes that tokio needs for a task and a socket, 224 for the connection, 80 for what
//! scripts hold of it, and some small ones. (As a process shows it, it may be up to 2 MiB more in all, where the
//! kernel gives memory in pages of that size.)

use super::poll::ConnDriver;
use crate::net::{ConnHandler, completion::LocalBoxFuture};
use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// See the module.
pub(crate) enum ConnTask<H: ConnHandler> {
    /// Waits for input, or for a call of its connection.
    Polling(ConnDriver<H>),
    /// Does something that waits, and gives the driver back unless the connection is over.
    Awaiting(LocalBoxFuture<Option<ConnDriver<H>>>),
    Over,
}

// Nothing in here is pinned but what is boxed.
impl<H: ConnHandler> Unpin for ConnTask<H> {}

impl<H: ConnHandler> Future for ConnTask<H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut *self {
                ConnTask::Polling(driver) => {
                    let slow = ready!(driver.poll_drive(cx));
                    if let ConnTask::Polling(driver) = mem::replace(&mut *self, ConnTask::Over) {
                        *self = ConnTask::Awaiting(Box::pin(driver.walk(slow)));
                    }
                }
                ConnTask::Awaiting(slow) => {
                    let back = ready!(slow.as_mut().poll(cx));
                    *self = back.map_or(ConnTask::Over, ConnTask::Polling);
                }
                ConnTask::Over => return Poll::Ready(()),
            }
        }
    }
}
