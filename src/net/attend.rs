//! How a connection's task waits for a handler. What handlers do may not enter.

use super::{
    inbox::Inbox,
    link::{Link, Status},
    parting::part,
    told::Later,
    transport::ReadHalf,
};
use std::{future::poll_fn, task::Poll};

/// Waits for a handler that has begun. Meanwhile it must not sit on the buffer that all connections share, and a connection
/// that is over gives its socket back at once, for the handler may wait for long, and its next send says so. (Nothing is
/// read meanwhile, so a websocket that says goodbye is over when the handler is done or `close_timeout` has passed.)
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
            part(link, read.give_back());
            handling.await
        }
    };
    // A peer was not silent while nobody listened to it.
    link.heard.set(link.turn.clock.get());
    link.handling.set(false);
    result
}
