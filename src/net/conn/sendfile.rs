//! How a file gets into a connection's socket past the queue: the kernel takes it from its own memory, and nobody copies it.
//! That may wait for a disk, so other threads do it.
//!
//! # A large file goes from the kernel's memory into the socket
//!
//! A large file goes from the kernel's memory into the socket: from 256 KiB on it is not
//! read and queued but sent with `sendfile`, which takes half of the processor time. That may wait for a disk, so
//! threads beside the isolate do it; going there and back is what it costs more than in a server that lets a disk
//! stop its loop.

use super::{
    Conn, ConnState,
    flush::{gone, writable},
};
use rustix::{fs::sendfile, io::Errno};
use std::{fs::File, future::poll_fn, io, os::fd::AsFd, rc::Rc, sync::Arc, task::Poll};
use tokio::task::{spawn_blocking, spawn_local};

/// Bytes that a thread sends before the isolate looks at the connection again. Fixed: more than a socket mostly takes, for
/// the way to the thread and back is dear, and so few that one that was closed meanwhile is soon given back.
const STRETCH: u64 = 4 * 1024 * 1024;

/// Why a thread stopped.
enum Stop {
    /// All that it had to send went out.
    Done,
    /// The socket took less, so that it is full by all appearances.
    Full,
    /// The file has no more.
    End,
    /// A file of this kind has to be read and written.
    Unable,
}

/// Sends the bytes of a file from `at` to `end`, of which an answer of known length consists, when what is queued has gone
/// out; `sent` is told of each part. Gives where it came to; not to the end where they have to be queued instead. `None`:
/// the connection is over, or the file has become shorter.
pub(crate) async fn send_file(
    conn: &Rc<Conn>,
    file: &Arc<File>,
    at: u64,
    end: u64,
    sent: fn(&Conn, u64),
) -> Option<u64> {
    if conn.with_io(|io| io.can_sendfile()) == Some(false) {
        return Some(at);
    }
    emptied(conn).await?;
    // As the queue's drainer it is the only one that writes, and ends with the connection.
    let sending = spawn_local(send_all(conn.clone(), file.clone(), at, end, sent));
    *conn.cold().drainer.borrow_mut() = Some(sending.abort_handle());
    sending.await.ok()?
}

async fn send_all(
    conn: Rc<Conn>,
    file: Arc<File>,
    mut at: u64,
    end: u64,
    sent: fn(&Conn, u64),
) -> Option<u64> {
    let came_to = loop {
        if at == end {
            break Some(at);
        }
        let Some(Ok(())) = writable(&conn).await else { break None };
        let permit = conn.shared.file_senders.acquire().await;
        // A descriptor of its own: the connection may be closed before the thread stops.
        let Some(socket) = conn.with_io(|io| io.duplicate())? else { break Some(at) };
        let (source, until) = (file.clone(), end.min(at + STRETCH));
        let thread = spawn_blocking(move || send_some(&socket, &source, at, until));
        let Ok((now, stop)) = thread.await else { break None };
        drop(permit);
        conn.traffic.sent(now - at, &conn.shared);
        sent(&conn, now - at);
        at = now;
        match stop {
            Ok(Stop::Done) => (),
            Ok(Stop::Full) => conn.with_io(|io| io.note_full()).unwrap_or_default(),
            Ok(Stop::End) => break None,
            Ok(Stop::Unable) => break Some(at),
            Err(_) => {
                gone(&conn);
                return None;
            }
        }
    };
    *conn.cold().drainer.borrow_mut() = None;
    conn.flush();
    came_to
}

/// Waits until nothing is queued; `None`: it never will be.
async fn emptied(conn: &Conn) -> Option<()> {
    poll_fn(|cx| {
        if conn.state() != ConnState::Established {
            return Poll::Ready(None);
        }
        if conn.queue.len() == 0 && conn.cold().drainer.borrow().is_none() {
            return Poll::Ready(Some(()));
        }
        *conn.cold().filler.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    })
    .await
}

/// Sends what the socket takes, and says where it came to and why it stopped.
fn send_some(socket: impl AsFd, file: &File, mut at: u64, until: u64) -> (u64, io::Result<Stop>) {
    let left = usize::try_from(until - at).unwrap_or(usize::MAX);
    let stop = match sendfile(socket, file, Some(&mut at), left) {
        Ok(0) => Ok(Stop::End),
        Ok(_) if at == until => Ok(Stop::Done),
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(Stop::Full),
        Err(Errno::INVAL | Errno::NOSYS) => Ok(Stop::Unable),
        Err(e) => Err(e.into()),
    };
    (at, stop)
}
