//! The body of an answer on its way from its own connection to a stream of HTTP/2.

use crate::net::{conn::Conn, transport::Permit};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

tokio::task_local! {
    /// Of the stream whose task this is: the sweeper's clock when hyper took the part that it has not sent on yet.
    static TAKEN: Rc<Cell<Option<u64>>>;
}

/// See the module.
pub(super) struct Answer {
    pub(super) body: Incoming,
    pub(super) conn: Rc<Conn>,
    /// A stream keeps its place until its answer is out.
    pub(super) _place: Permit,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let taken = polled.is_ready().then(|| self.conn.shared.clock.get());
        // Hyper polls this in the task of the stream.
        let _ = TAKEN.try_with(|since| since.set(taken));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Runs a stream until its answer is out, or has not been read for `body_timeout`.
pub(super) async fn attend(stream: impl Future, conn: Rc<Conn>) {
    let taken = Rc::new(Cell::new(None));
    let stream = TAKEN.scope(taken.clone(), stream);
    tokio::select! {
        _ = stream => (),
        () = stuck(&conn, &taken) => (),
    }
}

async fn stuck(conn: &Conn, taken: &Cell<Option<u64>>) {
    loop {
        tokio::time::sleep(super::LOOK).await;
        let now = conn.shared.clock.get();
        let limit = conn.timeouts.body.get();
        let passed = taken.get().map_or(0, |since| now.saturating_sub(since));
        if limit > 0.0 && passed as f64 > limit * 1000.0 {
            return;
        }
    }
}
