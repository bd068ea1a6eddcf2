//! The request that opens a websocket (RFC 6455, 4.2), and its answer.

use super::{super::LastWords, Head, ProtocolError, Reply, ResponseHead, response::Framing};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A request that may be answered with 101.
pub(crate) struct Upgrade {
    accept_key: String,
}

impl Upgrade {
    /// Judges the head of a request. The error says what is missing, in the answer too.
    pub(crate) fn parse(head: &Head) -> Result<Self, ProtocolError> {
        type Headers = &'static [(&'static str, &'static str)];
        const VERSION: Headers = &[("Sec-WebSocket-Version", "13")];
        const METHOD: Headers = &[("Allow", "GET"), ("Sec-WebSocket-Version", "13")];
        const UPGRADE: Headers = &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")];
        let refused = |status, headers: Headers, why: &str| ProtocolError {
            reason: format!("no websocket request: {why}, answered with {status}"),
            reply: LastWords::Answer(Box::new(Reply {
                is_bodiless: head.method() == "HEAD",
                ..Reply::new(status, headers, &format!("{why}\n"))
            })),
        };
        if head.method() != "GET" {
            return Err(refused(405, METHOD, "a websocket is opened with GET"));
        }
        if !head.wants_websocket {
            return Err(refused(400, VERSION, "this port speaks websocket"));
        }
        match head.header("sec-websocket-version").as_deref() {
            Some("13") => (),
            None => return Err(refused(400, VERSION, "a websocket request has a version")),
            Some(_) => {
                return Err(refused(426, UPGRADE, "only websocket version 13 is spoken here"));
            }
        }
        match head.header("sec-websocket-key") {
            Some(key) if is_key(&key) => Ok(Self { accept_key: derive_accept_key(key.as_bytes()) }),
            _ => {
                Err(refused(400, VERSION, "a websocket request has one key of 16 bytes in base64"))
            }
        }
    }

    /// The 101 answer, with the script's own header lines.
    pub(crate) fn accept(&self, extra: &[(String, String)], out: &mut Vec<u8>) {
        let own = [("Upgrade", "websocket"), ("Sec-WebSocket-Accept", self.accept_key.as_str())];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers: Vec<_> = own.into_iter().chain(extra.iter().cloned()).collect();
        let head = ResponseHead { status: 101, reason: None, headers: &headers, media_type: "" };
        head.write(&Framing::None, Some("Upgrade"), out);
    }
}

/// Whether it is 16 bytes in base64 (RFC 4648): 22 digits and two signs of equality.
fn is_key(key: &str) -> bool {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let bytes = key.as_bytes();
    bytes.len() == 24 && bytes[..22].iter().all(is_digit) && &bytes[22..] == b"=="
}
