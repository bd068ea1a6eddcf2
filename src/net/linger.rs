//! The last second of a connection that was closed in good order.

use super::{
    inbox::{give_buffer, take_buffer},
    transport::ReadHalf,
};
use std::{future::poll_fn, time::Duration};

/// How long a closed connection's leftovers are read and thrown away. Fixed: closing a socket with unread bytes makes the
/// kernel send a reset, which may destroy our last message on its way; a second lets a living peer take it.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes that are thrown away at most during that time. Fixed.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Lets a polite peer take what is on its way, and closes this half.
pub(super) async fn linger(mut read: ReadHalf) {
    let _ = tokio::time::timeout(LINGER, discard(&mut read)).await;
}

/// Reads until the peer has closed its side.
async fn discard(read: &mut ReadHalf) {
    let mut total = 0;
    while total < LINGER_BYTES {
        let n = poll_fn(|cx| {
            let mut buffer = take_buffer();
            let polled = read.poll_read(cx, buffer.space());
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
