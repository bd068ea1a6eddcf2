//! What an answer says before its body.

use super::{date, is_token};
use std::io::Write;

/// Status, reason and headers of an answer, as a script made them.
pub(crate) struct ResponseHead<'a> {
    pub(crate) status: u16,
    /// What stands behind the status; none is the usual phrase.
    pub(crate) reason: Option<&'a str>,
    /// Judged by [`check_header`].
    pub(crate) headers: &'a [(String, String)],
    /// The type of the body, unless the headers name one; none for no body.
    pub(crate) media_type: &'a str,
}

/// The body that follows.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// So many bytes, which follow by [`super::Http::data`].
    Sized(u64),
    /// Parts until [`super::Http::finish`].
    Stream,
}

/// How the body's length is told.
pub(super) enum Framing {
    Length(u64),
    Chunked,
    /// By the end of the connection.
    End,
    /// There is no body, and nothing to say about it.
    None,
}

/// May a header be sent as it is? The error says what is wrong.
pub(crate) fn check_header(name: &str, value: &str) -> Result<(), String> {
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("`{}` is not the name of a header", name.escape_debug()));
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(format!(
            "the header {name} has a line break or another control character in its value"
        ));
    }
    Ok(())
}

impl ResponseHead<'_> {
    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// Did the script ask for the end of the connection?
    pub(super) fn closes(&self) -> bool {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("connection"));
        found.any(|(_, value)| value.split(',').any(|v| v.trim().eq_ignore_ascii_case("close")))
    }

    /// Do events follow, as long as the client listens?
    pub(super) fn is_event_stream(&self) -> bool {
        let mut types = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("content-type"));
        types.any(|(_, value)| {
            let media_type = value.split(';').next().unwrap_or_default();
            media_type.trim().eq_ignore_ascii_case("text/event-stream")
        })
    }

    /// What the script says the body would be long, for an answer that has none.
    pub(super) fn announced(&self) -> Option<u64> {
        let length = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("content-length"));
        length.and_then(|(_, value)| value.parse().ok())
    }

    /// Writes the head, blank line included. `connection` is the value of that header, if one is needed.
    pub(super) fn write(&self, framing: &Framing, connection: Option<&str>, out: &mut Vec<u8>) {
        status_line(self.status, self.reason, out);
        for (name, value) in self.headers {
            if !is_ours(name) {
                for part in [name, ": ", value, "\r\n"] {
                    out.extend_from_slice(part.as_bytes());
                }
            }
        }
        if !self.media_type.is_empty() && !self.has("content-type") {
            for part in ["Content-Type: ", self.media_type, "\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        if !self.has("date") {
            date::line(out);
        }
        match framing {
            Framing::Length(length) => length_line(*length, out),
            Framing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            Framing::End | Framing::None => (),
        }
        if let Some(connection) = connection {
            // A Vec takes everything.
            let _ = write!(out, "Connection: {connection}\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl ResponseHead<'_> {
    /// The same as fields of HTTP/2, which has no status line, frames bodies itself, and has no lines about the connection.
    pub(super) fn fields(&self, framing: &Framing) -> Vec<(String, String)> {
        let is_told = |name: &str| {
            !is_ours(name) && !ABOUT_CONNECTION.iter().any(|own| name.eq_ignore_ascii_case(own))
        };
        let told = self.headers.iter().filter(|(name, _)| is_told(name));
        let mut fields: Vec<_> =
            told.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
        if !self.media_type.is_empty() && !self.has("content-type") {
            add("content-type", self.media_type.to_owned());
        }
        if !self.has("date") {
            add("date", date::now());
        }
        if let Framing::Length(length) = framing {
            add("content-length", length.to_string());
        }
        fields
    }
}

/// Header lines that HTTP/2 forbids besides ours (RFC 9113, 8.2.2).
const ABOUT_CONNECTION: [&str; 3] = ["keep-alive", "proxy-connection", "upgrade"];

/// How a message is framed is not for scripts to say: they would be believed.
pub(super) fn is_ours(name: &str) -> bool {
    let ours = ["content-length", "transfer-encoding", "connection"];
    ours.iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn status_line(status: u16, reason: Option<&str>, out: &mut Vec<u8>) {
    if (status, reason) == (200, None) {
        return out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    }
    let known = || {
        tokio_tungstenite::tungstenite::http::StatusCode::from_u16(status).ok()?.canonical_reason()
    };
    let reason = reason.or_else(known).unwrap_or("");
    // A Vec takes everything.
    let _ = write!(out, "HTTP/1.1 {status} {reason}\r\n");
}

fn length_line(length: u64, out: &mut Vec<u8>) {
    // A Vec takes everything.
    let _ = write!(out, "Content-Length: {length}\r\n");
}
