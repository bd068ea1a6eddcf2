//! The HTTP side of a websocket: the request that opens it, and our answer. tungstenite parses and judges the request.

use super::{
    Broken,
    http::{Head, date_line},
};
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
    pub(crate) head: Head,
    accept_key: String,
}

/// What a client is answered that will not get a websocket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl From<u16> for Refusal {
    fn from(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
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
    let head = Head::of_opening(&buffer[..consumed]);
    Ok(Some((consumed, Request { head, accept_key: derive_accept_key(key) })))
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
    out.extend_from_slice(head.as_bytes());
    date_line(out);
    out.extend_from_slice(b"\r\n");
}

/// A short answer in plain HTTP to a peer that will not get a websocket.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    refuse(&Refusal { status, headers: headers.collect(), body: body.into() })
}

/// The same as a script says it. Text without a type is plain.
pub(crate) fn refuse(refusal: &Refusal) -> Vec<u8> {
    let Refusal { status, headers, body } = refusal;
    let reason = tungstenite::http::StatusCode::from_u16(*status)
        .ok()
        .and_then(|s| s.canonical_reason())
        .unwrap_or("");
    let mut head = format!("HTTP/1.1 {status} {reason}\r\nConnection: close\r\n");
    // How the message is framed is not for scripts to say: they would be believed.
    let ours = ["content-length", "transfer-encoding", "connection"];
    let is_ours = |name: &str| ours.iter().any(|own| name.eq_ignore_ascii_case(own));
    for (name, value) in headers.iter().filter(|(name, _)| !is_ours(name)) {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        head.push_str("Content-Type: text/plain; charset=utf-8\r\n");
    }
    let mut reply = head.into_bytes();
    date_line(&mut reply);
    reply.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    reply.extend_from_slice(body);
    reply
}

fn head_too_large() -> Broken {
    Broken {
        reason: format!("a websocket request of more than {MAX_HEAD} bytes"),
        reply: response(431, &[], "the request's headers are too large\n"),
    }
}

/// The HTTP answer to a request that is none, or none for a websocket.
fn refusal(error: &Error, headers: Option<&HeaderMap>) -> Broken {
    type Headers = &'static [(&'static str, &'static str)];
    const VERSION: Headers = &[("Sec-WebSocket-Version", "13")];
    const METHOD: Headers = &[("Allow", "GET"), ("Sec-WebSocket-Version", "13")];
    const UPGRADE: Headers = &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")];
    let wrong_version = headers.is_some_and(|h| h.contains_key("Sec-WebSocket-Version"));
    let (status, extra, body) = match error {
        Error::Protocol(ProtocolError::WrongHttpMethod) => {
            (405, METHOD, "a websocket is opened with GET\n")
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
