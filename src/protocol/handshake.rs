//! The HTTP side of a websocket: the request that opens it, and our answer. tungstenite parses and judges the request.

use super::Broken;
use std::fmt::Write;
use tungstenite::{
    error::{Error, ProtocolError},
    handshake::{derive_accept_key, machine::TryParse, server},
    http::HeaderMap,
};

/// Bytes of request line and headers that may come before the blank line. Fixed: browsers send about 1 KiB, proxies and
/// cookies rarely more than 8 KiB, and an unauthenticated peer must not make us hold more.
const MAX_HEAD: usize = 16 * 1024;

/// What a client asked for when it opened a websocket.
#[derive(Debug)]
pub(crate) struct Request {
    /// `/chat`, as received.
    pub(crate) path: String,
    /// What follows the `?`, as received; empty without one.
    pub(crate) query: String,
    /// Names in lower case, in the order received.
    pub(crate) headers: Vec<(String, String)>,
    accept_key: String,
}

/// Tries to read a whole request. `Ok(None)`: more bytes are needed.
pub(crate) fn parse(buffer: &[u8]) -> Result<Option<(usize, Request)>, Broken> {
    let parsed = server::Request::try_parse(buffer).map_err(|e| refusal(&e, None))?;
    let Some((consumed, request)) = parsed else {
        return match buffer.len() > MAX_HEAD {
            true => Err(head_too_large()),
            false => Ok(None),
        };
    };
    if consumed > MAX_HEAD {
        return Err(head_too_large());
    }
    server::create_response(&request).map_err(|e| refusal(&e, Some(request.headers())))?;
    let key = request.headers().get("Sec-WebSocket-Key").map_or(&b""[..], |k| k.as_bytes());
    let headers = request
        .headers()
        .iter()
        .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
        .collect();
    Ok(Some((
        consumed,
        Request {
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers,
            accept_key: derive_accept_key(key),
        },
    )))
}

/// The 101 answer, with the script's own header lines.
pub(crate) fn accept(request: &Request, extra: &[(String, String)], out: &mut Vec<u8>) {
    let mut head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n",
        request.accept_key
    );
    for (name, value) in extra {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    out.extend_from_slice(head.as_bytes());
}

/// A short answer in plain HTTP to a peer that will not get a websocket.
pub(crate) fn response(status: u16, extra: &str, body: &str) -> Vec<u8> {
    let reason = tungstenite::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|s| s.canonical_reason())
        .unwrap_or("");
    format!(
        "HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n{extra}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn head_too_large() -> Broken {
    Broken {
        reason: format!("a websocket request of more than {MAX_HEAD} bytes"),
        reply: response(431, "", "the request's headers are too large\n"),
    }
}

/// The HTTP answer to a request that is none, or none for a websocket.
fn refusal(error: &Error, headers: Option<&HeaderMap>) -> Broken {
    const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
    const UPGRADE: &str = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    let wrong_version = headers.is_some_and(|h| h.contains_key("Sec-WebSocket-Version"));
    let (status, extra, body) = match error {
        Error::Protocol(ProtocolError::WrongHttpMethod) => {
            (405, "Allow: GET\r\nSec-WebSocket-Version: 13\r\n", "a websocket is opened with GET\n")
        }
        Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader) if wrong_version => {
            (426, UPGRADE, "only websocket version 13 is spoken here\n")
        }
        _ => (400, VERSION, "this port speaks websocket\n"),
    };
    Broken {
        reason: format!("no websocket request: {error}"),
        reply: response(status, extra, body),
    }
}
