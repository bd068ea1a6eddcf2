//! What a script learns of the request that opens a websocket, and what it adds to the answer.

use crate::{
    engine::ref_map::RefMap, protocol::handshake::Request, script::tcp_connection::TcpConnection,
};
use rhai::Dynamic;

/// Header lines that a script may add to a websocket's 101 answer. Fixed.
const MAX_EXTRA_HEADERS: usize = 32;

/// Header lines that are the handshake's own, or make no sense in its answer.
const HANDSHAKE_HEADERS: [&str; 8] = [
    "connection",
    "upgrade",
    "host",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "keep-alive",
];

/// What a script learns of a websocket request: path, query (decoded, the last of a name counts), query_string, headers
/// (lower-case names, repeated ones joined).
pub(super) fn facts(request: &Request) -> Dynamic {
    let headers = RefMap::default();
    for (name, value) in &request.headers {
        let value = match headers.get(name) {
            before if before.is_unit() => value.into(),
            before => format!("{before}, {value}").into(),
        };
        headers.set(name.into(), value);
    }
    let query = RefMap::default();
    for pair in request.query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        query.set(decode(name).into(), decode(value).into());
    }
    Dynamic::from(RefMap::from_iter([
        ("path", request.path.clone().into()),
        ("query_string", request.query.clone().into()),
        ("query", Dynamic::from(query)),
        ("headers", Dynamic::from(headers)),
    ]))
}

/// `a+b%20c` → `a b c`. What is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Header lines for the 101 answer: `connection.headers`, a map. Lines that could forge others are left out.
pub(super) fn extra_headers(connection: &TcpConnection) -> Vec<(String, String)> {
    let headers = connection.property("headers");
    let Some(headers) = headers.read_lock::<RefMap>() else {
        return Vec::new();
    };
    let entries: Vec<_> = headers.with(|t| t.entries().cloned().collect());
    // Lines that the handshake itself is made of must not come twice, as they would if a script echoed the request's.
    let own = |name: &str| {
        let name = name.to_ascii_lowercase();
        let handshake = name.starts_with("sec-websocket-") && name != "sec-websocket-protocol";
        handshake || HANDSHAKE_HEADERS.contains(&name.as_str())
    };
    let sane = |text: &str| !text.is_empty() && !text.contains(['\r', '\n', '\0']);
    let lines = entries.into_iter().map(|(name, value)| (name.to_string(), value.to_string()));
    lines
        .filter(|(n, v)| sane(n) && sane(v) && !own(n) && !n.contains([':', ' ']))
        .take(MAX_EXTRA_HEADERS)
        .collect()
}
