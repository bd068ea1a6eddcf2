//! How a connection gives its socket back.

use super::{
    inbox::{give_buffer, take_buffer},
    link::{Link, Status},
    transport::{Direction, Transport},
};
use std::{future::poll_fn, io, time::Duration};
use tokio::{task::spawn_local, time::timeout};

/// How long a closed connection's leftovers are read and thrown away. Fixed: closing a socket with unread bytes makes the
/// kernel send a reset, which may destroy our last message on its way; a second lets a living peer take it.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes that are thrown away at most during that time. Fixed.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Closes the socket: at once, or when a peer that was closed in good order has taken what is on its way.
pub(super) fn close(link: &Link) {
    if link.status() == Status::Closing
        && let Some(io) = link.io()
    {
        let shut = io.try_shutdown();
        spawn_local(async move {
            let _ = timeout(LINGER, linger(&io, shut)).await;
        });
    }
    link.destroy();
}

/// Says that nothing more comes, if there was no room for that, and reads until the peer has closed its side.
async fn linger(io: &Transport, mut shut: io::Result<()>) {
    while shut.is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock) {
        let _ = poll_fn(|cx| io.poll_ready(cx, Direction::Write)).await;
        shut = io.try_shutdown();
    }
    let mut total = 0;
    while total < LINGER_BYTES {
        let n = poll_fn(|cx| {
            let mut buffer = take_buffer();
            let polled = io.poll_read(cx, buffer.space());
            give_buffer(buffer);
            polled
        })
        .await;
        match n {
            Ok(n) if n > 0 => total += n,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::turn::Turn;
    use std::{rc::Rc, sync::Arc, task::Poll};
    use tokio::runtime::{Builder, LocalOptions};

    #[test]
    fn whoever_was_closed_in_good_order_hears_of_it_at_once_inside_of_an_isolate_too() {
        let runtime =
            Builder::new_current_thread().enable_time().build_local(LocalOptions::default());
        runtime.expect("a runtime").block_on(async {
            let turn = Rc::new(Turn::new(Arc::default(), Arc::default()));
            let (link, far) = Link::in_memory(&turn);
            link.close(0, "");
            close(&link);
            let polled = poll_fn(|cx| Poll::Ready(far.poll_take(cx, &mut [0; 1]))).await;
            assert!(matches!(polled, Poll::Ready(Ok(0))), "{polled:?}");
        });
    }
}
