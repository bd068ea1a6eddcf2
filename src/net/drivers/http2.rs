//! HTTP/2 on a connection that began with its preface. hyper speaks it; each of its requests becomes a connection of its
//! own inside of this isolate, which speaks HTTP/1.1 as any other: all that holds there holds here, once.
//!
//! # HTTP/2 is hyper's
//!
//! Each of its streams becomes a connection inside of the isolate (`net/pipe.rs`) that speaks HTTP/1.1 to all the
//! rest, so that nothing is written twice; that is slower, and rarely matters behind a proxy.

mod answer;
mod socket;

use crate::net::{
    completion::LocalBoxFuture,
    conn::{Conn, ConnState},
    drivers::http::exchange,
    timeouts::SWEEP,
    transport::{MemoryEnd, Transport},
};
use answer::Answer;
use hyper::{
    Request, Response, Uri,
    body::{Body, Incoming},
    client::conn::http1 as inner,
    header::{HOST, HeaderValue, TRANSFER_ENCODING},
    http::uri::PathAndQuery,
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket::Socket;
use std::{
    cell::Cell, error::Error, future::poll_fn, pin::pin, rc::Rc, sync::Arc, task::Poll,
    time::Duration,
};
use tokio::sync::Semaphore;

/// Requests of one peer that are answered at the same time. A request that was reset counts until its handler has ended;
/// more wait for that. Fixed: what browsers expect at least.
const MAX_STREAMS: u32 = 100;

/// Bytes of headers of one request, after decompression. Fixed: as in HTTP/1.1.
const MAX_HEADERS: u32 = crate::protocol::http::MAX_HEAD as u32;

/// Bytes of answers that hyper takes for one stream. Fixed: one frame, for more of it waits in the pipe and is counted.
const MAX_STREAM_QUEUE: usize = 16 * 1024;

/// Bytes that a peer may send ahead of those who read them, on one stream and on all of them. Fixed: enough for 5 MB/s at
/// 50 ms, and what a connection of HTTP/1.1 may have waiting in the kernel.
const WINDOW: u32 = 256 * 1024;

/// Silence after which the peer is pinged, and how long it may take to answer. Fixed: as the heartbeat of websockets.
const PING: Duration = Duration::from_secs(25);

/// How often it is looked whether anything was asked or read. Fixed: the time limits are as exact as this.
const LOOK: Duration = Duration::from_secs(1);

/// Runs what hyper wants to be run on this thread: the streams of a connection.
#[derive(Clone)]
struct Here(Rc<Conn>);

impl<F: Future + 'static> hyper::rt::Executor<F> for Here {
    fn execute(&self, stream: F) {
        tokio::task::spawn_local(answer::attend(stream, self.0.clone()));
    }
}

/// The requests of one connection.
struct Streams<O> {
    conn: Rc<Conn>,
    /// Takes each request's own connection.
    open: O,
    places: Arc<Semaphore>,
    /// Was there one?
    began: Cell<bool>,
}

impl<O: Fn(Transport)> Streams<O> {
    fn is_idle(&self) -> bool {
        self.places.available_permits() == MAX_STREAMS as usize
    }

    /// How long nobody may ask, seconds; zero is off.
    fn patience(&self) -> f64 {
        let limits = &self.conn.timeouts;
        let limit = if self.began.get() { &limits.keep_alive } else { &limits.handshake };
        limit.get()
    }

    /// Asks a connection of its own, and answers what that answers.
    async fn ask(
        self: Rc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Answer>, Box<dyn Error + Send + Sync>> {
        self.began.set(true);
        // When peers have used the budget up by not reading, a connection is worth no more than one of HTTP/1.1.
        while !self.is_idle() && !self.conn.shared.queued.has_room() {
            tokio::time::sleep(SWEEP).await;
        }
        let place = Rc::new(self.places.clone().acquire_owned().await?);
        let conn = self.conn.clone();
        let (ours, theirs) = MemoryEnd::pair(&conn.shared, &conn.info, Some(place.clone()));
        (self.open)(Transport::Memory(theirs));
        let (mut sender, connection) = inner::handshake(TokioIo::new(ours)).await?;
        tokio::task::spawn_local(async move {
            // An error is told to the sender.
            let _ = connection.await;
        });
        let answer = sender.send_request(as_http1(request)).await?;
        Ok(answer.map(|body| Answer { body, conn, _place: place }))
    }
}

/// Goes on with a connection to its end. `open` takes each request's own connection.
pub(super) fn take_over(
    conn: Rc<Conn>,
    first: Vec<u8>,
    open: Box<dyn Fn(Transport)>,
) -> LocalBoxFuture<()> {
    Box::pin(serve(conn, first, open))
}

/// Serves a connection until one side ends it.
async fn serve(conn: Rc<Conn>, first: Vec<u8>, open: impl Fn(Transport) + 'static) {
    let socket = TokioIo::new(Socket { first, conn: conn.clone() });
    let places = Arc::new(Semaphore::new(MAX_STREAMS as usize));
    let streams = Rc::new(Streams { conn: conn.clone(), open, places, began: Cell::new(false) });
    let service = service_fn(|request| streams.clone().ask(request));
    let connection = http2::Builder::new(Here(conn.clone()))
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADERS)
        .max_send_buf_size(MAX_STREAM_QUEUE)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .serve_connection(socket, service);
    let mut connection = pin!(connection);
    let mut leaving = None;
    let mut looks = tokio::time::interval(LOOK);
    let mut idle_since = conn.shared.clock.get();
    // An error here is the peer's, and has been told to it.
    let _ = poll_fn(|cx| {
        conn.register(cx.waker());
        if conn.state() == ConnState::Closed {
            return Poll::Ready(Ok(()));
        }
        // Each look asks for the next.
        while looks.poll_tick(cx).is_ready() {}
        let now = conn.shared.clock.get();
        if !streams.is_idle() {
            idle_since = now;
        }
        let limit = streams.patience();
        let is_late = limit > 0.0 && (now - idle_since) as f64 > limit * 1000.0;
        let leaves = is_late || conn.state() == ConnState::Closing || exchange::is_last(&conn);
        if leaves && leaving.is_none() {
            leaving = Some(now);
            connection.as_mut().graceful_shutdown();
        }
        // A goodbye is answered; who does not is left without, and who has not even asked has heard of it.
        let patience = if streams.began.get() { conn.timeouts.close.get() } else { 0.0 };
        let is_over = |since| (now - since) as f64 > patience * 1000.0;
        if streams.is_idle() && leaving.is_some_and(is_over) {
            return Poll::Ready(Ok(()));
        }
        connection.as_mut().poll(cx)
    })
    .await;
}

/// The same request in the words of HTTP/1.1.
fn as_http1(mut request: Request<Incoming>) -> Request<Incoming> {
    let authority = request.uri().authority().map(|authority| authority.to_string());
    let path = request.uri().path_and_query().cloned();
    if let Some(host) = authority.and_then(|host| HeaderValue::from_str(&host).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    let body = request.body();
    if !body.is_end_stream() && body.size_hint().exact().is_none() {
        // Else hyper takes a GET for one without a body.
        let chunked = HeaderValue::from_static("chunked");
        request.headers_mut().insert(TRANSFER_ENCODING, chunked);
    }
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    *request.version_mut() = hyper::Version::HTTP_11;
    request
}
