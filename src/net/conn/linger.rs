//! How a connection gives its socket back.

use super::{
    Conn, ConnState,
    inbox::{give_buffer, take_buffer},
};
use crate::net::transport::{Direction, Transport};
use std::{future::poll_fn, io, rc::Rc, time::Duration};
use tokio::{task::spawn_local, time::timeout};

/// How long a closed connection's leftovers are read and thrown away. Fixed: closing a socket with unread bytes makes the
/// kernel send a reset, which may destroy our last message on its way; a second lets a living peer take it.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes that are thrown away at most during that time. Fixed.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Closes the socket: at once, or when a peer that was closed in good order has taken what is on its way.
pub(super) fn close(conn: &Conn) {
    if conn.state() == ConnState::Closing
        && let Some(io) = conn.with_io(Rc::clone)
    {
        let shut = io.try_shutdown();
        spawn_local(async move {
            let _ = timeout(LINGER, linger(&io, shut)).await;
        });
    }
    conn.destroy();
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
