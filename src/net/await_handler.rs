//! How a connection's task waits for a handler. What handlers do may not enter.

use super::{
    completion::LocalBoxFuture,
    inbox::Inbox,
    linger,
    link::{Link, Status},
};
use std::{future::poll_fn, task::Poll};

/// Waits for a handler that has begun. Meanwhile it must not sit on the buffer that all connections share, and a connection
/// that is over gives its socket back at once, for the handler may wait for long, and its next send says so. (Nothing is
/// read meanwhile, so a websocket that says goodbye is over when the handler is done or `close_timeout` has passed.)
pub(super) async fn await_handler<T>(
    link: &Link,
    inbox: &mut Inbox,
    mut handling: LocalBoxFuture<T>,
) -> T {
    link.handling.set(true);
    inbox.settle();
    link.set_unread(inbox.len());
    let mut broken = Box::pin(broken(link));
    let finished = poll_fn(|cx| {
        if let Poll::Ready(result) = handling.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        link.register(cx.waker());
        if broken.as_mut().poll(cx).is_ready() {
            link.destroy();
        }
        // Who asked for a websocket is answered, if only by a refusal.
        let is_over = link.status() == Status::Closed || link.is_over() && !link.awaits_handshake();
        if is_over { Poll::Ready(None) } else { Poll::Pending }
    })
    .await;
    drop(broken);
    let result = match finished {
        Some(result) => result,
        None => {
            linger::close(link);
            handling.await
        }
    };
    // A peer was not silent while nobody listened to it.
    link.heard.set(link.turn.clock.get());
    link.handling.set(false);
    result
}

/// Waits until the connection is broken; a closed one is.
pub(super) async fn broken(link: &Link) {
    if let Some(io) = link.io() {
        io.broken().await;
    }
}
