//! How a connection's task waits for a handler. What handlers do may not enter.

use super::{
    inbox::Inbox,
    link::{Link, Status},
    transport::ReadHalf,
};
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// Waits for a handler. Most never wait themselves; while one does, it must not sit on the buffer that all connections
/// share. A connection that is over meanwhile gives its socket back at once, for the handler may wait for long, and its
/// next send says so. (The handler's future comes pinned: it is large, and to move it costs as much as a short message.)
pub(super) async fn attend<T>(
    link: &Link,
    read: &mut ReadHalf,
    inbox: &mut Inbox,
    mut handling: Pin<&mut impl Future<Output = T>>,
) -> T {
    link.handling.set(true);
    let mut broken = None;
    let finished = poll_fn(|cx| {
        if let Poll::Ready(result) = handling.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        let broken = broken.get_or_insert_with(|| {
            inbox.settle();
            link.unread.set(inbox.len());
            Box::pin(read.broken())
        });
        link.register(cx.waker());
        match link.status() == Status::Closed || broken.as_mut().poll(cx).is_ready() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    })
    .await;
    drop(broken);
    let result = match finished {
        Some(result) => result,
        None => {
            link.destroy();
            *read = ReadHalf::Closed;
            handling.await
        }
    };
    link.handling.set(false);
    result
}
