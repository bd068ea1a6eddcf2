//! HTTP/2 on a connection that began with its preface. hyper speaks it; each of its requests becomes a connection of its
//! own inside of this isolate, which speaks HTTP/1.1 as any other: all that holds there holds here, once.

use super::{
    link::{Link, Status},
    pipe::Pipe,
    transport::{ReadHalf, Stream},
};
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http1 as inner,
    header::{HOST, HeaderValue},
    http::uri::PathAndQuery,
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Requests of one peer that are answered at the same time. Fixed: what browsers expect at least.
const MAX_STREAMS: u32 = 100;

/// Bytes of headers of one request, after decompression. Fixed: as in HTTP/1.1.
const MAX_HEADERS: u32 = crate::protocol::http::MAX_HEAD as u32;

/// Bytes of answers that wait for one stream. Fixed: a hundred streams cannot hold more than a few megabytes.
const MAX_STREAM_QUEUE: usize = 64 * 1024;

/// Silence after which the peer is pinged, and how long it may take to answer. Fixed: as the heartbeat of websockets.
const PING: Duration = Duration::from_secs(25);

/// How often it is looked whether anything was asked. Fixed: `keep_alive_timeout` is as exact as this.
const LOOK: Duration = Duration::from_secs(1);

/// The socket as hyper sees it: reads from it, writes into the link's queue, so that counters and limits hold.
struct Socket {
    /// Received before it was known what is spoken.
    first: Vec<u8>,
    read: ReadHalf,
    link: Rc<Link>,
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let n = self.first.len().min(into.remaining());
            into.put_slice(&self.first[..n]);
            self.first.drain(..n);
            return Poll::Ready(Ok(()));
        }
        let this = &mut *self;
        let polled = this.read.poll_read(cx, into.initialize_unfilled());
        polled.map_ok(|n| {
            this.link.received(n);
            into.advance(n);
        })
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(room) = pin!(self.link.room()).poll(cx) else { return Poll::Pending };
        let Some(room) = room else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        let n = bytes.len().min(room);
        self.link.answer(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs what hyper wants to be run on this thread.
#[derive(Clone)]
struct Here;

impl<F: Future + 'static> hyper::rt::Executor<F> for Here
where
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

/// Serves a connection until one side ends it. `open` takes each request's own connection.
pub(super) async fn serve(
    link: Rc<Link>,
    read: ReadHalf,
    first: Vec<u8>,
    open: impl Fn(Stream) + 'static,
) {
    let addresses = (link.peer, link.local);
    let socket = TokioIo::new(Socket { first, read, link: link.clone() });
    let open = Rc::new(open);
    let running = Rc::new(Cell::new(0_usize));
    let counted = running.clone();
    let service = service_fn(move |request| {
        let (open, running) = (open.clone(), counted.clone());
        async move {
            running.set(running.get() + 1);
            let answer = ask(request, addresses, &*open).await;
            running.set(running.get() - 1);
            answer
        }
    });
    let connection = http2::Builder::new(Here)
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADERS)
        .max_send_buf_size(MAX_STREAM_QUEUE)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .serve_connection(socket, service);
    let mut connection = pin!(connection);
    let mut leaving = None;
    let mut looks = tokio::time::interval(LOOK);
    let mut idle_since = link.turn.clock.get();
    // (an error here is the peer's, and has been told to it)
    let _ = poll_fn(|cx| {
        link.register(cx.waker());
        if link.status() == Status::Closed {
            return Poll::Ready(Ok(()));
        }
        let now = link.turn.clock.get();
        if running.get() > 0 {
            idle_since = now;
        }
        // (each look asks for the next)
        while looks.poll_tick(cx).is_ready() {}
        let limit = link.timeouts.keep_alive.get();
        let is_idle = limit > 0.0 && (now - idle_since) as f64 > limit * 1000.0;
        let leaves = is_idle || link.status() == Status::Closing || link.is_last();
        if leaves && leaving.is_none() {
            leaving = Some(now);
            connection.as_mut().graceful_shutdown();
        }
        // (a goodbye is answered; who does not is left without)
        let patience = (link.timeouts.close.get() * 1000.0) as u64;
        if running.get() == 0 && leaving.is_some_and(|since| now - since > patience) {
            return Poll::Ready(Ok(()));
        }
        connection.as_mut().poll(cx)
    })
    .await;
}

/// Asks a connection of its own, and answers what that answers.
async fn ask(
    request: Request<Incoming>,
    addresses: (Option<std::net::SocketAddr>, Option<std::net::SocketAddr>),
    open: &impl Fn(Stream),
) -> Result<Response<Incoming>, hyper::Error> {
    let (ours, theirs) = Pipe::pair(addresses);
    open(Stream::Pipe(theirs));
    let (mut sender, connection) = inner::handshake(TokioIo::new(ours)).await?;
    tokio::task::spawn_local(async move {
        // (an error is told to the sender)
        let _ = connection.await;
    });
    sender.send_request(as_http1(request)).await
}

/// The same request in the words of HTTP/1.1.
fn as_http1(mut request: Request<Incoming>) -> Request<Incoming> {
    let authority = request.uri().authority().map(|authority| authority.to_string());
    let path = request.uri().path_and_query().cloned();
    if let Some(host) = authority.and_then(|host| HeaderValue::from_str(&host).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    *request.version_mut() = hyper::Version::HTTP_11;
    request
}
