//! How a queue is written: what the socket takes now, and the rest when it takes more.

use super::{Conn, ConnEvent, ConnState, Flag, feed};
use crate::net::{code, transport::Direction};
use std::{future::poll_fn, io, rc::Rc, task::Poll};

impl Conn {
    /// Writes when this turn ends.
    pub(in crate::net) fn flush_soon(&self) {
        if !self.flags.replace(Flag::Dirty, true) {
            self.shared.queue_flush(self.slot.get());
        }
    }

    /// Writes what the socket takes now; the rest is written when it takes more.
    pub(super) fn flush(self: &Rc<Self>) {
        self.flags.set(Flag::Dirty, false);
        if self.cold.get().is_some_and(|cold| cold.drainer.borrow().is_some()) {
            return self.queue.account(&self.shared);
        }
        let written = write_some(self);
        self.queue.account(&self.shared);
        match written {
            Ok(true) => flushed(self),
            Ok(false) => {
                let task = tokio::task::spawn_local(drain(self.clone()));
                self.cold().still.set(None);
                *self.cold().drainer.borrow_mut() = Some(task.abort_handle());
            }
            Err(_) => gone(self),
        }
    }
}

/// Waits until the socket takes something; `None`: there is none any more.
pub(super) async fn writable(conn: &Conn) -> Option<io::Result<()>> {
    // Taken for each look only, so that the connection can end meanwhile.
    poll_fn(|cx| match conn.with_io(|io| io.poll_ready(cx, Direction::Write)) {
        Some(ready) => ready.map(Some),
        None => Poll::Ready(None),
    })
    .await
}

/// The task of a queue that has to wait for its socket.
async fn drain(conn: Rc<Conn>) {
    while let Some(writable) = writable(&conn).await {
        let written = writable.and_then(|()| write_some(&conn));
        conn.queue.account(&conn.shared);
        match written {
            Ok(false) => continue,
            Ok(true) => {
                *conn.cold().drainer.borrow_mut() = None;
                feed::resume(&conn);
                conn.raise(ConnEvent::BufferDrain);
                flushed(&conn);
            }
            Err(_) => gone(&conn),
        }
        return;
    }
}

/// Bytes that the peer has taken of what was written.
pub(super) fn delivered(conn: &Conn) -> u64 {
    let unsent = conn.with_io(|io| io.unsent()).unwrap_or(0);
    conn.traffic.bytes_written.get().saturating_sub(unsent as u64)
}

/// How long the peer has read nothing of what waits for it, milliseconds, as far as somebody has looked.
pub(super) fn stillness(conn: &Conn) -> u64 {
    let (now, delivered) = (conn.shared.clock.get(), delivered(conn));
    let still = &conn.cold().still;
    match still.get() {
        Some((since, before)) if before == delivered => now - since,
        _ => {
            still.set(Some((now, delivered)));
            0
        }
    }
}

fn flushed(conn: &Conn) {
    if conn.state.get() == ConnState::Closing || conn.flags.has(Flag::Stalled) {
        conn.wake();
    }
}

/// Writing showed that nobody is there any more.
pub(super) fn gone(conn: &Conn) {
    if conn.state.get() == ConnState::Established {
        let text = "client closed".to_owned();
        conn.raise(ConnEvent::Error { code: code::SEND, text });
    }
    conn.destroy();
}

pub(super) fn wake_filler(conn: &Conn) {
    let filler = conn.cold.get().and_then(|cold| cold.filler.borrow_mut().take());
    if let Some(waker) = filler {
        waker.wake();
    }
}

/// Writes until the queue is empty (true) or the socket is full (false).
fn write_some(conn: &Conn) -> io::Result<bool> {
    wake_filler(conn);
    let written = conn.with_io(|io| {
        conn.queue.with(|outbox| {
            while !outbox.is_flushed() {
                match io.try_write(outbox.pending()) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(n) => {
                        outbox.advance(n);
                        conn.traffic.sent(n as u64, &conn.shared);
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
                    Err(e) => return Err(e),
                }
            }
            Ok(true)
        })
    });
    written.unwrap_or(Ok(true))
}

/// Waits until a part of an answer fits into the queue, and gives the most bytes that it may have; `None`: the connection
/// is over.
pub(crate) async fn room(conn: &Conn) -> Option<usize> {
    poll_fn(|cx| {
        if conn.state.get() == ConnState::Closed {
            return Poll::Ready(None);
        }
        let room = conn.queue.room(&conn.shared);
        if room.is_some() {
            return Poll::Ready(room);
        }
        *conn.cold().filler.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    })
    .await
}
