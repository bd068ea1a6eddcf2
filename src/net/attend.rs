//! How a connection's task waits for a handler. What handlers do may not enter.

use super::{
    inbox::Inbox,
    linger::linger,
    link::{Link, Status},
    told::Later,
    transport::ReadHalf,
};
use std::{future::poll_fn, task::Poll};
use tokio::task::spawn_local;

/// Waits for a handler that has begun. Meanwhile it must not sit on the buffer that all connections share, and a connection
/// that is over gives its socket back at once, for the handler may wait for long, and its next send says so.
pub(super) async fn attend<T>(
    link: &Link,
    read: &mut ReadHalf,
    inbox: &mut Inbox,
    mut handling: Later<T>,
) -> T {
    link.handling.set(true);
    inbox.settle();
    link.set_unread(inbox.len());
    let mut broken = Box::pin(read.broken());
    let finished = poll_fn(|cx| {
        if let Poll::Ready(result) = handling.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        link.register(cx.waker());
        match link.is_over() || broken.as_mut().poll(cx).is_ready() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    })
    .await;
    drop(broken);
    let result = match finished {
        Some(result) => result,
        None => {
            let is_polite = link.status() == Status::Closing && link.is_over();
            link.destroy();
            // (nothing of the socket may be held while the handler goes on)
            match (read.give_back(), is_polite) {
                (read, true) => drop(spawn_local(linger(read))),
                (read, false) => drop(read),
            }
            handling.await
        }
    };
    // (a peer was not silent while nobody listened to it)
    link.heard.set(link.turn.clock.get());
    link.handling.set(false);
    result
}
