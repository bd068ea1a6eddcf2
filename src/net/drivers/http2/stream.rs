//! One request of HTTP/2 and its answer, between the frames and the connection that stands for it.

use super::{LOOK, Streams};
use crate::{
    net::{
        conn::Conn,
        drivers::http::HttpDriver,
        transport::{MemoryEnd, Transport},
    },
    protocol::http::{AnswerHead, Http, Opening, Stream},
};
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Bytes,
    header::{HeaderName, HeaderValue},
};
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io,
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
};

/// Bytes that are handed to h2 at once. Fixed: one frame.
const PART: usize = 16 * 1024;

/// Why an answer does not come to its end here.
enum Cut {
    /// The peer does not want it any more, or is gone.
    Reset,
    /// The connection that answers has ended without that.
    Unfinished,
}

impl From<h2::Error> for Cut {
    fn from(_: h2::Error) -> Self {
        Cut::Reset
    }
}

/// Has a request answered by a connection of its own.
pub(super) async fn serve(
    streams: Rc<Streams>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let conn = &streams.conn;
    // It keeps its place until its answer is out.
    let Some(permit) = streams.place().await else { return };
    let (ours, theirs) = MemoryEnd::pair(&conn.shared, &conn.info, Some(permit.clone()));
    let stream = Rc::new(Stream::default());
    let (head, body) = request.into_parts();
    let has_ended = body.is_end_stream();
    let http = Http::of_stream(opening(&head, has_ended), stream.clone(), has_ended);
    let driver = HttpDriver::of_stream(http, streams.upload_dir.clone());
    (streams.open)(Transport::Memory(theirs), Box::new(driver));
    let waits_since = Cell::default();
    let mut received = pin!(receive(body, &ours, &stream));
    let mut has_received = false;
    let answered = async {
        let mut answered = pin!(answer(&mut respond, &ours, &stream, conn, &waits_since));
        poll_fn(|cx| {
            if !has_received {
                has_received = received.as_mut().poll(cx).is_ready();
            }
            answered.as_mut().poll(cx)
        })
        .await
    };
    tokio::select! {
        answered = answered => if let Err(Cut::Unfinished) = answered {
            respond.send_reset(Reason::INTERNAL_ERROR);
        },
        () = unread(conn, &waits_since) => respond.send_reset(Reason::CANCEL),
    }
    drop(permit);
}

fn opening(head: &hyper::http::request::Parts, has_ended: bool) -> Opening {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    // Of `OPTIONS *` the path is that; of one without a path it is the root (RFC 9113, 8.3.1).
    let target = if target.starts_with('?') { format!("/{target}") } else { target.to_owned() };
    let fields = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let fields: Vec<_> = fields.collect();
    let authority = head.uri.authority().map(|authority| authority.as_str());
    Opening::new(head.method.as_str(), &target, authority, &fields, has_ended)
}

/// Passes the body of a request on, no faster than it is taken.
async fn receive(mut body: RecvStream, to: &MemoryEnd, stream: &Stream) {
    while let Some(data) = poll_fn(|cx| body.poll_data(cx)).await {
        let Ok(data) = data else { return };
        if write_all(to, &data).await.is_err()
            || body.flow_control().release_capacity(data.len()).is_err()
        {
            return;
        }
    }
    match poll_fn(|cx| body.poll_trailers(cx)).await {
        Ok(Some(trailers)) => {
            let trailers = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            stream.note_trailers(trailers);
        }
        Ok(None) => (),
        Err(_) => return,
    }
    to.shutdown();
}

async fn write_all(to: &MemoryEnd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.try_write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                poll_fn(|cx| to.poll_writable(cx)).await?;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Passes the answer on. `waits_since`: when the peer was last asked to take something that it has not taken yet.
async fn answer(
    respond: &mut SendResponse<Bytes>,
    from: &MemoryEnd,
    stream: &Stream,
    conn: &Conn,
    waits_since: &Cell<Option<u64>>,
) -> Result<(), Cut> {
    let mut buffer = vec![0; PART];
    let (head, first) = poll_fn(|cx| poll_head(cx, respond, from, stream, &mut buffer)).await?;
    let is_empty = stream.length() == Some(0);
    let mut sender = respond.send_response(response(head), is_empty)?;
    if is_empty {
        return Ok(());
    }
    let (mut sent, mut part) = (0, Bytes::copy_from_slice(&buffer[..first]));
    loop {
        while !part.is_empty() {
            waits_since.set(Some(conn.shared.clock.get()));
            let room = room(&mut sender, part.len()).await?;
            waits_since.set(None);
            let next = part.split_to(room.min(part.len()));
            sent += next.len() as u64;
            let is_last = part.is_empty() && stream.length() == Some(sent);
            sender.send_data(next, is_last)?;
            if is_last {
                return Ok(());
            }
        }
        let n = poll_fn(|cx| {
            if sender.poll_reset(cx).is_ready() {
                return Poll::Ready(Err(Cut::Reset));
            }
            if stream.length() == Some(sent) {
                return Poll::Ready(Ok(0));
            }
            stream.register(cx.waker());
            from.poll_take(cx, &mut buffer).map_err(|_| Cut::Unfinished)
        })
        .await?;
        if n == 0 {
            if stream.length() != Some(sent) {
                return Err(Cut::Unfinished);
            }
            sender.send_data(Bytes::new(), true)?;
            return Ok(());
        }
        part = Bytes::copy_from_slice(&buffer[..n]);
    }
}

/// Waits for the head of the answer; so many bytes of the body have come with it.
fn poll_head(
    cx: &mut Context<'_>,
    respond: &mut SendResponse<Bytes>,
    from: &MemoryEnd,
    stream: &Stream,
    buffer: &mut [u8],
) -> Poll<Result<(AnswerHead, usize), Cut>> {
    if respond.poll_reset(cx).is_ready() {
        return Poll::Ready(Err(Cut::Reset));
    }
    stream.register(cx.waker());
    if stream.takes_invitation() {
        let mut invitation = Response::new(());
        *invitation.status_mut() = StatusCode::CONTINUE;
        respond.send_informational(invitation)?;
    }
    // A body never comes before its head, but an end may.
    let taken = from.poll_take(cx, buffer).map(|taken| taken.unwrap_or(0));
    match (stream.take_head(), taken) {
        (Some(head), taken) => {
            let n = if let Poll::Ready(n) = taken { n } else { 0 };
            Poll::Ready(Ok((head, n)))
        }
        (None, Poll::Ready(_)) => Poll::Ready(Err(Cut::Unfinished)),
        (None, Poll::Pending) => Poll::Pending,
    }
}

/// Waits until some of `n` bytes may be sent; gives how many.
async fn room(sender: &mut SendStream<Bytes>, n: usize) -> Result<usize, Cut> {
    sender.reserve_capacity(n);
    poll_fn(|cx| {
        if sender.poll_reset(cx).is_ready() {
            return Poll::Ready(Err(Cut::Reset));
        }
        if sender.capacity() > 0 {
            return Poll::Ready(Ok(sender.capacity()));
        }
        match sender.poll_capacity(cx) {
            Poll::Ready(Some(room)) => Poll::Ready(room.map_err(Cut::from)),
            Poll::Ready(None) => Poll::Ready(Err(Cut::Reset)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The head as h2 wants it. What was judged to be a header is one here.
fn response(head: AnswerHead) -> Response<()> {
    let mut fields = HeaderMap::with_capacity(head.fields.len());
    for (name, value) in &head.fields {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            fields.append(name, value);
        }
    }
    let mut response = Response::new(());
    *response.status_mut() =
        StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = fields;
    response
}

/// Waits until the peer has taken nothing of its answer for `body_timeout`.
async fn unread(conn: &Conn, waits_since: &Cell<Option<u64>>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let now = conn.shared.clock.get();
        let limit = conn.timeouts.body.get();
        let passed = waits_since.get().map_or(0, |since| now.saturating_sub(since));
        if limit > 0.0 && passed as f64 > limit * 1000.0 {
            return;
        }
    }
}
