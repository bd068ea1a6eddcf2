//! What a script learns of the request that opens a websocket, and what it adds to the answer.

use crate::{
    engine::ref_map::RefMap, protocol::handshake::Request, script::tcp_connection::TcpConnection,
};
use rhai::{Dynamic, Map};

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
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        match headers.get_mut(name.as_str()) {
            Some(before) => *before = format!("{before}, {value}").into(),
            None => drop(headers.insert(name.as_str().into(), value.into())),
        }
    }
    let mut query = Map::new();
    for pair in request.query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        query.insert(decode(name).into(), decode(value).into());
    }
    let mut facts = Map::new();
    facts.insert("path".into(), request.path.clone().into());
    facts.insert("query_string".into(), request.query.clone().into());
    facts.insert("query".into(), query.into());
    facts.insert("headers".into(), headers.into());
    facts.into()
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
