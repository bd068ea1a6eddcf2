//! What scripts see of HTTP: requests, and what they are answered with.

mod body;
mod chunk;
mod failure;
mod file;
mod file_exists;
mod form;
mod named_file;
mod request;
mod response;
mod root_options;
mod route_table;
mod server_sent_events;
mod session;
mod sessions;
mod trusted_proxies;
mod uploads;
mod wish;

pub(crate) use chunk::Chunk;
pub(crate) use failure::Failure;
pub(crate) use file::serve;
pub(crate) use request::Request;
pub(crate) use response::{Response, check_status};
pub(crate) use root_options::root_options;
pub(crate) use route_table::RouteTable;
pub(crate) use server_sent_events::ServerSentEvents;
pub(crate) use sessions::{Regime, Sessions};
pub(crate) use trusted_proxies::TrustedProxies;

use super::{
    ctx::Ctx,
    tcp_connection::TcpConnection,
    value::{Outcome, error, with_payload},
};
use crate::{
    net::{
        conn::{Conn, ConnState, Flag, Sent},
        drivers::http::exchange,
    },
    protocol::{
        Kind,
        http::{Payload, Reply, ResponseHead},
    },
    runtime::registry::Registry,
    web::answer_headers::{self, Headers},
};
use file::FileBody;
use response::{Body, Parts};
use rhai::Dynamic;
use std::rc::Rc;

/// The type of a text that a script sends without saying what it is.
const HTML: &str = "text/html; charset=utf-8";

/// The type of a blob.
const BINARY: &str = "application/octet-stream";

/// The type of what the host says by itself.
const PLAIN: &str = "text/plain; charset=utf-8";

const JSON: &str = "application/json";

/// Answers the request that waits on this connection, or goes on with its answer.
pub(crate) fn send(connection: &TcpConnection, data: &Dynamic) -> Outcome<Sent> {
    // What the request left in its session is there before the client can ask for it.
    if let Some(request) = connection.request() {
        request.save_session()?;
    }
    let sent = send_now(connection, data);
    let conn = connection.conn();
    // While its handler runs, that may still want to look at the request.
    if !conn.flags.has(Flag::Handling) && !exchange::is_answering(&conn) {
        connection.set_request(None);
    }
    sent
}

fn send_now(connection: &TcpConnection, data: &Dynamic) -> Outcome<Sent> {
    let conn = connection.conn();
    if conn.state() != ConnState::Established {
        return Ok(Sent::Dropped);
    }
    if let Some(response) = data.read_lock::<Response>() {
        return answer(connection, &conn, &response.parts());
    }
    let sent = if let Some(chunk) = data.read_lock::<Chunk>() {
        chunk_of(connection, &conn, chunk.bytes())
    } else if let Some(event) = data.read_lock::<ServerSentEvents>() {
        // One that is dropped is one event less, and the script hears of it.
        exchange::respond(&conn, event.text().len(), |http, out| {
            http.part(event.text().as_bytes(), out)
        })
    } else {
        let is_json = data.read_lock::<crate::engine::values::ref_map::RefMap>().is_some()
            || data.read_lock::<crate::engine::values::ref_array::RefArray>().is_some()
            || data.is_map()
            || data.is_array();
        with_payload(data, |kind, bytes| {
            let media_type = match kind {
                _ if is_json => JSON,
                Kind::Text => HTML,
                Kind::Binary => BINARY,
            };
            let mut headers = Headers::new();
            connection.complete_headers(&mut headers);
            let head = ResponseHead { status: 200, reason: None, headers: &headers, media_type };
            whole(connection, &conn, &head, bytes)
        })?
    };
    sent.map_err(error)
}

/// An answer in one piece. A client whose answer there is no room for is told so, and the connection closes.
fn whole(
    connection: &TcpConnection,
    conn: &Rc<Conn>,
    head: &ResponseHead<'_>,
    body: &[u8],
) -> Result<Sent, String> {
    let sent = exchange::respond(conn, body.len(), |http, out| {
        http.answer(head, Payload::Whole(body), out)
    })?;
    if sent == Sent::Dropped {
        refuse(connection, conn, body.len());
    }
    Ok(sent)
}

/// Says to a client that there is no room for its answer.
fn refuse(connection: &TcpConnection, conn: &Rc<Conn>, length: usize) {
    if exchange::is_unanswered(conn) {
        no_room(connection, "503 was sent for an answer", length);
        exchange::answer_for(conn, 503, "there is no room for this answer now");
    }
}

/// Tells the log of bytes that were dropped.
fn no_room(connection: &TcpConnection, what: &str, length: usize) {
    connection.warn(&format!(
        "connection {}: {what} of {length} bytes, for which there was no room; see max_queued_bytes and \
         max_send_buffer_size",
        connection.conn().id
    ));
}

/// A part of a stream; an empty one ends it. One that is dropped ends the connection: with a hole in it, the rest would look
/// whole.
fn chunk_of(connection: &TcpConnection, conn: &Rc<Conn>, bytes: &[u8]) -> Result<Sent, String> {
    let sent = exchange::respond(conn, bytes.len(), |http, out| {
        http.part(bytes, out)?;
        if bytes.is_empty() {
            http.finish(out);
        }
        Ok(())
    })?;
    if sent == Sent::Dropped && exchange::cut_stream(conn) {
        no_room(connection, "a stream was cut before a Chunk", bytes.len());
    }
    Ok(sent)
}

fn answer(connection: &TcpConnection, conn: &Rc<Conn>, parts: &Parts) -> Outcome<Sent> {
    let mut headers = parts.headers.clone();
    connection.complete_headers(&mut headers);
    let head = |media_type| ResponseHead {
        status: parts.status,
        reason: parts.reason.as_deref(),
        headers: &headers,
        media_type,
    };
    let sent = match &parts.body {
        Body::None if parts.is_stream() => {
            exchange::respond(conn, 0, |http, out| http.answer(&head(""), Payload::Stream, out))
        }
        Body::None => whole(connection, conn, &head(""), b""),
        Body::File(body) => {
            let (status, reason) = (parts.status, parts.reason.clone());
            let mut body = body.clone();
            if let FileBody::Part { path, .. } | FileBody::Below { directory: path, .. } = &mut body
            {
                *path = connection.directory().join(&*path);
            }
            file::send(connection, file::Head { status, reason, headers: headers.clone() }, body)
        }
        Body::Value { value, is_json } => with_payload(value, |kind, bytes| {
            let media_type = match kind {
                _ if *is_json => JSON,
                Kind::Text => HTML,
                Kind::Binary => BINARY,
            };
            if !parts.is_stream() {
                return whole(connection, conn, &head(media_type), bytes);
            }
            let sent = exchange::respond(conn, bytes.len(), |http, out| {
                http.answer(&head(media_type), Payload::Stream, out)?;
                // An event stream has only events, and the answer to a HEAD no parts at all.
                match http.is_streaming() && !parts.is_event_stream() {
                    true => http.part(bytes, out),
                    false => Ok(()),
                }
            })?;
            if sent == Sent::Dropped {
                refuse(connection, conn, bytes.len());
            }
            Ok(sent)
        })?,
    };
    sent.map_err(error)
}

/// What a Response answers that refuses a websocket; none for anything else. The error says why it cannot.
pub(crate) fn refusal(answer: &Dynamic) -> Option<Result<Reply, String>> {
    let response = answer.read_lock::<Response>()?;
    let parts = response.parts();
    let (body, media_type) = match &parts.body {
        _ if parts.is_stream() => {
            return Some(
                Err("a stream cannot refuse a websocket: give its Response a text".into()),
            );
        }
        Body::None => (Vec::new(), None),
        Body::File(_) => {
            return Some(Err("a file cannot refuse a websocket: give its Response a text".into()));
        }
        Body::Value { value, is_json } => {
            let made = with_payload(value, |kind, bytes| {
                let media_type = match kind {
                    _ if *is_json => JSON,
                    Kind::Text => HTML,
                    Kind::Binary => BINARY,
                };
                (bytes.to_vec(), Some(media_type))
            });
            match made {
                Ok(made) => made,
                Err(why) => return Some(Err(why.to_string())),
            }
        }
    };
    let mut headers = parts.headers.clone();
    if let Some(media_type) = media_type
        && answer_headers::get(&headers, "content-type").is_none()
    {
        headers.push(("Content-Type".to_owned(), media_type.to_owned()));
    }
    Some(Ok(Reply { status: parts.status, headers, body, is_bodiless: false }))
}

/// Is this something that only an HTTP connection can be sent? Its name.
pub(crate) fn answer_type(data: &Dynamic) -> Option<&'static str> {
    let is_one = [
        ("a Response", data.is::<Response>()),
        ("a Chunk", data.is::<Chunk>()),
        ("ServerSentEvents", data.is::<ServerSentEvents>()),
    ];
    is_one.into_iter().find(|(_, is)| *is).map(|(name, _)| name)
}

/// A report without the escapes that colour it.
pub(crate) fn uncoloured(report: &str) -> String {
    let mut parts = report.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
}

/// Registers everything of HTTP.
pub(crate) fn register(registry: &mut Registry, ctx: &Rc<Ctx>) {
    request::register(registry);
    response::register(registry);
    route_table::register(registry, ctx);
    failure::register(registry);
    chunk::register(registry);
    server_sent_events::register(registry);
    session::register(registry);
    file_exists::register(registry, ctx);
}
