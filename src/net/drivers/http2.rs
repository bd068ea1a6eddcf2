//! HTTP/2 on a connection that began with its preface. The crate `h2` speaks its frames; each request is a connection of its
//! own inside of this isolate, with a driver of HTTP, so that all that holds there holds here.
//!
//! # HTTP/2's frames are h2's
//!
//! A request is handed to its connection as the values that h2 gives, and its answer comes back as a head and bytes: neither
//! is written as HTTP/1.1 and parsed again. hyper, which is built on h2, is not used for this. It has no way to answer
//! `Expect: 100-continue`, and does not tell what is waited for while an answer is not read.

mod socket;
mod stream;

use super::UploadDir;
use crate::{
    net::{
        conn::{Conn, ConnState, Opener},
        drivers::http::exchange,
        timeouts::SWEEP,
        transport::Permit,
    },
    protocol::{LastWords, ProtocolError},
};
use h2::{Ping, PingPong, server};
use hyper::body::Bytes;
use socket::Socket;
use std::{cell::Cell, future::poll_fn, rc::Rc, sync::Arc, task::Poll, time::Duration};
use tokio::sync::Semaphore;

/// Requests of one peer that are answered at the same time. A request that was reset counts until its handler has ended;
/// more wait for that. Fixed: what browsers expect at least.
const MAX_STREAMS: u32 = 100;

/// Bytes of headers of one request, after decompression. Fixed: as in HTTP/1.1.
const MAX_HEADERS: u32 = crate::protocol::http::MAX_HEAD as u32;

/// Bytes of answers that h2 takes for one stream. Fixed: one frame, for more of it waits in the pipe and is counted.
const MAX_STREAM_QUEUE: usize = 16 * 1024;

/// Bytes that a peer may send ahead of those who read them, on one stream and on all of them. Fixed: enough for 5 MB/s at
/// 50 ms, and what a connection of HTTP/1.1 may have waiting in the kernel.
const WINDOW: u32 = 256 * 1024;

/// Silence after which a peer that waits for an answer is pinged, and how long it may take to answer. Fixed: as the heartbeat
/// of websockets.
const PING: Duration = Duration::from_secs(25);

/// How often it is looked whether anything was asked or read. Fixed: the time limits are as exact as this.
const LOOK: Duration = Duration::from_secs(1);

/// The requests of one connection.
struct Streams {
    conn: Rc<Conn>,
    /// Takes each request's own connection.
    open: Opener,
    upload_dir: UploadDir,
    places: Arc<Semaphore>,
    /// Was there one?
    began: Cell<bool>,
}

impl Streams {
    fn is_idle(&self) -> bool {
        self.places.available_permits() == MAX_STREAMS as usize
    }

    /// How long nobody may ask, seconds; zero is off.
    fn idle_limit(&self) -> f64 {
        let limits = &self.conn.timeouts;
        let limit = if self.began.get() { &limits.keep_alive } else { &limits.handshake };
        limit.get()
    }

    /// Waits until another request may be answered. When peers have used the budget up by not reading, a connection is worth
    /// no more than one of HTTP/1.1.
    async fn place(&self) -> Option<Permit> {
        while !self.is_idle() && !self.conn.shared.queued.has_room() {
            tokio::time::sleep(SWEEP).await;
        }
        self.places.clone().acquire_owned().await.ok().map(Rc::new)
    }
}

/// Serves a connection until one side ends it. The error is the peer's, and it has been told.
pub(super) async fn serve(
    conn: Rc<Conn>,
    first: Vec<u8>,
    open: Opener,
    upload_dir: UploadDir,
) -> Result<(), ProtocolError> {
    let places = Arc::new(Semaphore::new(MAX_STREAMS as usize));
    let streams = Streams { conn: conn.clone(), open, upload_dir, places, began: Cell::default() };
    let ended = serve_streams(Rc::new(streams), Socket { first, conn }).await;
    match ended {
        // What the peer ended, or what became of its socket, is no fault.
        Err(error) if error.is_library() => Err(ProtocolError {
            reason: format!("HTTP/2: {error}, answered with GOAWAY"),
            reply: LastWords::None,
        }),
        _ => Ok(()),
    }
}

async fn serve_streams(streams: Rc<Streams>, socket: Socket) -> Result<(), h2::Error> {
    let conn = &streams.conn;
    let mut connection: server::Connection<Socket, Bytes> = server::Builder::new()
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADERS)
        .max_send_buffer_size(MAX_STREAM_QUEUE)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .handshake(socket)
        .await?;
    let mut heartbeat = Heartbeat { pings: connection.ping_pong(), is_pinged: false };
    let mut leaving = None;
    let mut looks = tokio::time::interval(LOOK);
    let mut idle_since = conn.shared.clock.get();
    poll_fn(|cx| {
        conn.register(cx.waker());
        if conn.state() == ConnState::Closed {
            return Poll::Ready(Ok(()));
        }
        // Each look asks for the next.
        while looks.poll_tick(cx).is_ready() {}
        let now = conn.shared.clock.get();
        if !streams.is_idle() {
            idle_since = now;
            if heartbeat.is_gone(now.saturating_sub(conn.traffic.heard.get())) {
                return Poll::Ready(Ok(()));
            }
        }
        let limit = streams.idle_limit();
        let is_late = limit > 0.0 && (now - idle_since) as f64 > limit * 1000.0;
        let leaves = is_late || conn.state() == ConnState::Closing || exchange::is_last(conn);
        if leaves && leaving.is_none() {
            leaving = Some(now);
            connection.graceful_shutdown();
        }
        // After GOAWAY the peer may take `close_timeout` to finish; one that never asked for anything gets no grace.
        let grace = if streams.began.get() { conn.timeouts.close.get() } else { 0.0 };
        let is_over = |since| (now - since) as f64 > grace * 1000.0;
        if streams.is_idle() && leaving.is_some_and(is_over) {
            return Poll::Ready(Ok(()));
        }
        while let Poll::Ready(accepted) = connection.poll_accept(cx) {
            let Some(accepted) = accepted else { return Poll::Ready(Ok(())) };
            let (request, respond) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => return Poll::Ready(Err(error)),
            };
            streams.began.set(true);
            tokio::task::spawn_local(stream::serve(streams.clone(), request, respond));
        }
        Poll::Pending
    })
    .await
}

/// Asks a silent peer for a sign of life.
struct Heartbeat {
    pings: Option<PingPong>,
    is_pinged: bool,
}

impl Heartbeat {
    /// Tells whether a peer that was silent for so many milliseconds is to be given up.
    fn is_gone(&mut self, silence: u64) -> bool {
        let limit = PING.as_millis() as u64;
        if silence < limit {
            self.is_pinged = false;
        } else if !self.is_pinged {
            self.is_pinged = true;
            if let Some(pings) = &mut self.pings {
                // One that is on its way still is a question, too.
                let _ = pings.send_ping(Ping::opaque());
            }
        }
        silence >= 2 * limit
    }
}
