//! How an answer gets into a connection's queue, for those who hold the connection.

use super::HttpDriver;
use crate::{
    net::conn::{Conn, ConnState, Sent},
    protocol::http::Http,
};
use std::{any::Any, rc::Rc};

/// Bytes that the head of an answer may need besides its body. Fixed: what is set aside, not a limit.
const HEAD: usize = 256;

/// What another protocol says of an answer.
const NO_HTTP: &str = "this is not an HTTP connection";

/// Calls `f` with the exchange; `None`: the connection speaks something else, or is on its way to that.
fn with<T>(conn: &Conn, f: impl FnOnce(&mut Http) -> T) -> Option<T> {
    conn.driver.with_as(|driver: &mut HttpDriver| driver.exchange().map(f)).flatten()
}

fn is_so(conn: &Conn, f: impl FnOnce(&mut Http) -> bool) -> bool {
    with(conn, f).unwrap_or(false)
}

fn is_open(conn: &Conn) -> bool {
    conn.state() == ConnState::Established
}

/// No request follows the one that is answered now, and the answer may say so.
pub(crate) fn make_last(conn: &Conn) {
    with(conn, Http::make_last);
}

/// Is no request to follow the one that is answered now?
pub(crate) fn is_last(conn: &Conn) -> bool {
    is_so(conn, |http| http.is_last())
}

/// Is there a request whose answer is not complete?
pub(crate) fn is_answering(conn: &Conn) -> bool {
    is_so(conn, |http| http.is_answering())
}

/// Is there a request whose answer has not begun, and somebody who waits for it?
pub(crate) fn is_unanswered(conn: &Conn) -> bool {
    is_open(conn) && is_so(conn, |http| http.is_unanswered())
}

/// Has the script given an answer that comes from a file, or begun one?
pub(crate) fn is_committed(conn: &Conn) -> bool {
    is_so(conn, |http| http.is_sending() || http.is_streaming())
}

/// The answer will come, from whoever calls [`respond`] next.
pub(crate) fn promise(conn: &Conn) -> Result<(), String> {
    with(conn, Http::promise).ok_or(NO_HTTP)?
}

/// Adds about `n` bytes of an answer to the queue, which always takes a head or an end. The error is that of `f`, or says that
/// this is no HTTP connection.
pub(crate) fn respond(
    conn: &Rc<Conn>,
    n: usize,
    f: impl FnOnce(&mut Http, &mut Vec<u8>) -> Result<(), String>,
) -> Result<Sent, String> {
    if !(n == 0 && is_open(conn) || conn.admits(n)) {
        return Ok(Sent::Dropped);
    }
    let appended = conn.append(n + HEAD, |driver, out| {
        let driver: &mut dyn Any = driver;
        let driver = driver.downcast_mut().and_then(HttpDriver::exchange);
        let http = driver.ok_or(NO_HTTP)?;
        f(http, out)?;
        Ok((!http.is_answering()).then(|| http.is_last()))
    });
    let (complete, sent) = appended.ok_or(NO_HTTP)??;
    if let Some(is_last) = complete {
        conn.answered(is_last);
    }
    Ok(sent)
}

/// So many bytes of an answer went into the socket past the queue.
pub(crate) fn passed(conn: &Conn, n: u64) {
    let complete = with(conn, |http| {
        http.passed(n);
        (!http.is_answering()).then(|| http.is_last())
    });
    if let Some(is_last) = complete.flatten() {
        conn.answered(is_last);
    }
}

/// Answers for a script that does not, and closes.
pub(crate) fn answer_for(conn: &Rc<Conn>, status: u16, reason: &str) {
    let refused = |http: &mut Http| http.is_unanswered().then(|| http.refuse(status, reason));
    if let Some(told) = with(conn, refused).flatten() {
        conn.tell_and_close(&told);
    }
}

/// Ends a stream that will not be completed, after what is queued of it, so that its client sees that it was cut. False: there
/// is none.
pub(crate) fn cut_stream(conn: &Rc<Conn>) -> bool {
    let is_cut = is_open(conn) && is_so(conn, |http| http.is_streaming());
    if is_cut {
        conn.flush_soon();
        conn.begin_closing();
    }
    is_cut
}

/// Status and bytes of the body of the last answer, told once.
pub(crate) fn take_answer(conn: &Conn) -> Option<(u16, u64)> {
    let taken = conn.driver.with_as(|driver: &mut HttpDriver| {
        driver.replied.take().or_else(|| driver.http.take_answer())
    });
    taken.flatten()
}
