//! How a connection's task waits for a handler. What handlers do may not enter.

use super::{Conn, ConnState, Flag, inbox::Inbox, linger, relief::note_unread};
use crate::net::completion::LocalBoxFuture;
use std::{future::poll_fn, rc::Rc, task::Poll};

/// Waits for a handler that has begun. Meanwhile it must not sit on the buffer that all connections share, and a connection
/// that is over gives its socket back at once, for the handler may wait for long, and its next send says so. (Nothing is
/// read meanwhile, so a peer that says goodbye is over when the handler is done or `close_timeout` has passed.)
pub(super) async fn await_handler<T>(
    conn: &Conn,
    inbox: &mut Inbox,
    mut handling: LocalBoxFuture<T>,
) -> T {
    conn.flags.set(Flag::Handling, true);
    inbox.settle();
    note_unread(conn, inbox.len());
    let mut broken = Box::pin(broken(conn));
    let finished = poll_fn(|cx| {
        if let Poll::Ready(result) = handling.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        conn.register(cx.waker());
        if broken.as_mut().poll(cx).is_ready() {
            conn.destroy();
        }
        // Who asked for another protocol is answered, if only by a refusal.
        let owes = || conn.driver.with(|driver| driver.owes_upgrade()).unwrap_or(false);
        let is_over = conn.state() == ConnState::Closed || conn.is_over() && !owes();
        if is_over { Poll::Ready(None) } else { Poll::Pending }
    })
    .await;
    drop(broken);
    let result = match finished {
        Some(result) => result,
        None => {
            linger::close(conn);
            handling.await
        }
    };
    // A peer was not silent while nobody listened to it.
    conn.traffic.heard.set(conn.shared.clock.get());
    conn.flags.set(Flag::Handling, false);
    result
}

/// Waits until the connection is broken; a closed one is.
pub(super) async fn broken(conn: &Conn) {
    if let Some(io) = conn.with_io(Rc::clone) {
        io.broken().await;
    }
}
