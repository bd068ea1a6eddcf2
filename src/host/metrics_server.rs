//! Serves the metrics over HTTP, on a thread of its own: whoever scrapes costs the isolates nothing.

use super::{board::Board, metrics};
use crate::{
    error::{Error, ErrorKind},
    script::configuration::cannot_serve_metrics,
};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle, time::timeout};

/// Connections at a time; one more ends the oldest, so that nobody is kept waiting by those who ask for nothing. Fixed: one
/// Prometheus needs one, for a moment.
const MAX_CONNECTIONS: usize = 16;

/// How long a request may take to arrive. Fixed: it is one packet.
const HEADER_TIME: Duration = Duration::from_secs(1);

/// How long a connection may live, which is one request and its answer. Fixed.
const CONNECTION_TIME: Duration = Duration::from_secs(15);

/// Largest head of a request, bytes. Fixed.
const MAX_HEAD: usize = 16 << 10;

/// Pause after accepting has failed. Fixed: as that of workers.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The running server; it ends when this is dropped.
pub(super) struct MetricsServer {
    /// Where it listens.
    pub(super) address: SocketAddr,
    _end: oneshot::Sender<()>,
}

impl MetricsServer {
    /// Listens on `ip:port` and serves what the board shows. From now on handlers are timed.
    pub(super) fn start(address: &str, board: Arc<Board>) -> Result<Self, Error> {
        let address: SocketAddr = address.parse().map_err(|_| {
            let text =
                format!("`metrics` must be `ip:port`, such as `127.0.0.1:9100`, not `{address}`");
            Error::new(ErrorKind::Config, text)
        })?;
        let failed = |e: io::Error| cannot_serve_metrics(&address.to_string(), e);
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (end, ended) = oneshot::channel();
        board.measures.store(true, Ordering::Relaxed);
        let work = async move {
            tokio::select! {
                // An error is the end of whoever holds this.
                _ = ended => (),
                () = serve(listener, board) => (),
            }
        };
        thread::Builder::new()
            .name("metrics".into())
            .spawn(move || runtime.block_on(work))
            .map_err(failed)?;
        Ok(Self { address, _end: end })
    }
}

async fn serve(listener: TcpListener, board: Arc<Board>) {
    // It was made not to block: there is nothing else that could be refused.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    // From the oldest to the newest.
    let mut conversations: VecDeque<JoinHandle<()>> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        conversations.retain(|one| !one.is_finished());
        if conversations.len() == MAX_CONNECTIONS
            && let Some(oldest) = conversations.pop_front()
        {
            oldest.abort();
        }
        let board = board.clone();
        conversations.push_back(tokio::spawn(async move {
            let _ = timeout(CONNECTION_TIME, converse(stream, &board)).await;
        }));
    }
}

/// One request and its answer.
async fn converse(stream: TcpStream, board: &Board) {
    let answer = service_fn(|request| async move { Ok::<_, Infallible>(answer(&request, board)) });
    // What goes wrong here is the trouble of whoever asked.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

fn answer(request: &Request<Incoming>, board: &Board) -> Response<String> {
    let plain = |status, text: &str| {
        let mut response = Response::new(text.to_owned());
        *response.status_mut() = status;
        let media_type = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        response
    };
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "there is only /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "metrics are only read\n");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    let Ok(text) = metrics::scrape(board) else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n");
    };
    let mut response = Response::new(text);
    let media_type = HeaderValue::from_static(metrics::MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}
