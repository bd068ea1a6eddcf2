//! The head of a request: where it ends, whether RFC 9110 and 9112 allow it, and what it says. Judged without mercy, since
//! whatever two servers on one path read differently lets a stranger smuggle requests past the first.

mod opening;

pub(crate) use opening::Opening;

use super::refusal::Refusal;
use memchr::memchr;
use std::ops::Range;

/// Bytes of request line and headers together. Fixed: browsers send about 1 KiB, proxies and cookies rarely more than
/// 8 KiB, and a stranger must not make us hold more.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// Bytes of the request line. Fixed: what common servers take.
const MAX_LINE: usize = 8 * 1024;

/// Header lines of one request. Fixed: browsers send about 20.
const MAX_HEADERS: usize = 100;

/// Characters of a method. Fixed: `UPDATEREDIRECTREF`, the longest registered one, has 17.
const MAX_METHOD: usize = 24;

/// How far the search for the end of a head has come.
#[derive(Default)]
pub(super) struct Search {
    /// Where the line begins whose end is not there yet.
    line: usize,
    /// Bytes that were looked at.
    seen: usize,
}

impl Search {
    /// Where the blank line ends, if it is there. Each byte is looked at once, however slowly they come. `limit` is for all
    /// lines together; a first line that alone is longer is refused with the status `long`.
    pub(super) fn find(
        &mut self,
        buffer: &[u8],
        limit: usize,
        long: u16,
    ) -> Result<Option<usize>, Refusal> {
        while let Some(at) = memchr(b'\n', &buffer[self.seen..]) {
            let end = self.seen + at;
            if end == self.line || buffer[end - 1] != b'\r' {
                return Err(Refusal::bad("a line that does not end in CR LF"));
            }
            if end >= limit {
                break;
            }
            let is_blank = end - 1 == self.line;
            (self.line, self.seen) = (end + 1, end + 1);
            if is_blank {
                return Ok(Some(self.line));
            }
        }
        if buffer.len() <= limit {
            self.seen = buffer.len();
            return Ok(None);
        }
        Err(match self.line {
            0 => Refusal::new(long, "a line that is too long"),
            _ => Refusal::new(431, "headers that are too long"),
        })
    }
}

/// What follows the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// So many bytes; 0 without a body.
    Length(u64),
    Chunked,
    /// Whatever comes until the stream of HTTP/2 ends.
    Stream,
}

/// A request's head as it came.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The request line and all header lines, each with its CR LF.
    bytes: Box<[u8]>,
    method: usize,
    target: Range<usize>,
    /// Where the header lines begin.
    lines: usize,
    /// HTTP/1.0 or 1.1.
    pub(crate) minor: u8,
    /// Did the client say this in HTTP/2?
    pub(crate) is_http2: bool,
    pub(crate) content: Content,
    /// May another request follow on this connection?
    pub(crate) keeps_alive: bool,
    /// Does the client wait for `100 Continue` before it sends the body?
    pub(crate) expects_continue: bool,
    /// Does it want to become a websocket?
    pub(crate) wants_websocket: bool,
}

impl Head {
    /// Judges a whole head, its blank line included.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let lines = memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
        if lines > MAX_LINE {
            return Err(Refusal::new(414, "a request line that is too long"));
        }
        let mut headers = [const { std::mem::MaybeUninit::uninit() }; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut []);
        parsed.parse_with_uninit_headers(bytes, &mut headers).map_err(|e| refusal(e, bytes))?;
        let (Some(method), Some(target), Some(minor)) =
            (parsed.method, parsed.path, parsed.version)
        else {
            return Err(Refusal::bad("an incomplete request line"));
        };
        check_method(method)?;
        let mut facts = Facts { minor, ..Facts::default() };
        for header in &*parsed.headers {
            facts.note(header.name, header.value)?;
        }
        let content = facts.content()?;
        let has_authority = check_target(method, target)?;
        if minor == 1 && facts.hosts != 1 || facts.hosts > 1 {
            return Err(Refusal::bad("not exactly one Host header"));
        }
        if let Some(authority) = has_authority {
            check_host(authority.as_bytes())?;
        }
        let begin = method.len() + 1;
        Ok(Self {
            method: method.len(),
            target: begin..begin + target.len(),
            lines,
            bytes: bytes[..bytes.len() - 2].into(),
            minor,
            content,
            is_http2: false,
            keeps_alive: !facts.close && (minor == 1 || facts.keep_alive),
            expects_continue: facts.expects && minor == 1 && content != Content::Length(0),
            wants_websocket: facts.websocket && facts.upgrade && method == "GET" && minor == 1,
        })
    }

    fn text(&self, range: Range<usize>) -> &str {
        // Method and target are ASCII: that was checked.
        std::str::from_utf8(&self.bytes[range]).unwrap_or_default()
    }

    pub(crate) fn method(&self) -> &str {
        self.text(0..self.method)
    }

    /// The target as received.
    pub(crate) fn target(&self) -> &str {
        self.text(self.target.clone())
    }

    /// Path and query as received, without scheme and host of an absolute target.
    pub(crate) fn uri(&self) -> &str {
        let target = self.target();
        match authority(target) {
            None => target,
            Some(authority) => match target[authority.end..].is_empty() {
                true => "/",
                false => &target[authority.end..],
            },
        }
    }

    /// What comes before the `?`, as received.
    pub(crate) fn path(&self) -> &str {
        let uri = self.uri();
        match uri.split_once('?') {
            Some(("", _)) => "/",
            Some((path, _)) => path,
            None => uri,
        }
    }

    /// What follows the `?`, as received; empty without one.
    pub(crate) fn query(&self) -> &str {
        self.uri().split_once('?').map_or("", |(_, query)| query)
    }

    /// The host that is asked, with its port if one was given. An absolute target counts more than the header.
    pub(crate) fn host(&self) -> String {
        let target = self.target();
        match authority(target) {
            Some(range) => target[range].to_owned(),
            None => self.header("host").unwrap_or_default(),
        }
    }

    /// Every header, names as received, in the order received.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        lines(&self.bytes[self.lines..])
    }

    /// The value of a header; repeated ones joined by `, `. Bytes that are not UTF-8 are replaced.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let mut all = String::from_utf8_lossy(values.next()?.1).into_owned();
        // Cookies in several lines are one list with its own separator: RFC 9113, 8.2.3.
        let separator = if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " };
        for (_, value) in values {
            all.push_str(separator);
            all.push_str(&String::from_utf8_lossy(value));
        }
        Some(all)
    }

    /// The head as received, without the blank line.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Names and values of header lines that were judged before.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    bytes.split(|b| *b == b'\n').filter_map(|line| {
        let colon = memchr(b':', line)?;
        let name = std::str::from_utf8(&line[..colon]).ok()?;
        Some((name, line[colon + 1..].trim_ascii()))
    })
}

/// What the headers say about the message itself.
#[derive(Default)]
struct Facts {
    minor: u8,
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    upgrade: bool,
    websocket: bool,
    expects: bool,
}

impl Facts {
    fn note(&mut self, name: &str, value: &[u8]) -> Result<(), Refusal> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        match name.len() {
            4 if is("host") => {
                self.hosts += 1;
                check_host(value)?;
            }
            6 if is("expect") => {
                // A list, of which nothing but this is known here; empty members count for nothing (RFC 9110, 10.1.1, 5.6.1).
                let members = value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
                for member in members.filter(|member| !member.is_empty()) {
                    if !member.eq_ignore_ascii_case(b"100-continue") {
                        return Err(Refusal::new(417, "an expectation that nobody here meets"));
                    }
                    self.expects = true;
                }
            }
            7 if is("upgrade") => self.websocket |= has_token(value, "websocket"),
            10 if is("connection") => {
                self.close |= has_token(value, "close");
                self.keep_alive |= has_token(value, "keep-alive");
                self.upgrade |= has_token(value, "upgrade");
            }
            14 if is("content-length") => {
                if self.length.is_some() {
                    return Err(Refusal::bad("two Content-Length headers"));
                }
                self.length = Some(whole(value)?);
            }
            17 if is("transfer-encoding") => {
                if self.minor == 0 || self.chunked {
                    return Err(Refusal::bad("a Transfer-Encoding that cannot be"));
                }
                check_codings(value)?;
                self.chunked = true;
            }
            _ => (),
        }
        Ok(())
    }

    fn content(&self) -> Result<Content, Refusal> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Refusal::bad("Content-Length together with Transfer-Encoding")),
            (true, None) => Ok(Content::Chunked),
            (false, length) => Ok(Content::Length(length.unwrap_or(0))),
        }
    }
}

fn refusal(error: httparse::Error, bytes: &[u8]) -> Refusal {
    // Who has another version knows how a request line looks.
    let line = &bytes[..memchr(b'\r', bytes).unwrap_or(bytes.len())];
    let mut words = line.split(|b| *b == b' ').skip(2);
    let is_version = |word: &[u8]| matches!(word, [b'H', b'T', b'T', b'P', b'/', a, b'.', b] if a.is_ascii_digit() && b.is_ascii_digit());
    let has_version = words.next().is_some_and(is_version) && words.next().is_none();
    match error {
        httparse::Error::TooManyHeaders => Refusal::new(431, "too many headers"),
        httparse::Error::Version if has_version => {
            Refusal::new(505, "a version other than HTTP/1.0 and HTTP/1.1")
        }
        httparse::Error::Version => Refusal::bad("no HTTP version"),
        httparse::Error::HeaderName => Refusal::bad("a bad header name"),
        httparse::Error::HeaderValue => Refusal::bad("a bad header value"),
        _ => Refusal::bad("a bad request line or header"),
    }
}

fn check_method(method: &str) -> Result<(), Refusal> {
    let is_name = |b: u8| b.is_ascii_uppercase() || b == b'-';
    match method {
        "CONNECT" | "TRACE" => Err(Refusal::new(501, "a method that is not served")),
        _ if method.len() > MAX_METHOD || !method.bytes().all(is_name) => {
            Err(Refusal::new(501, "an unknown method"))
        }
        _ => Ok(()),
    }
}

/// Where the host stands in an absolute target.
fn authority(target: &str) -> Option<Range<usize>> {
    let begin = ["http://", "https://"]
        .iter()
        .find(|scheme| {
            let start = target.as_bytes().get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
        })?
        .len();
    let length = target[begin..].find(['/', '?']).unwrap_or(target.len() - begin);
    Some(begin..begin + length)
}

/// Gives the host of an absolute target.
fn check_target<'a>(method: &str, target: &'a str) -> Result<Option<&'a str>, Refusal> {
    // Httparse lets through what no address may hold; `|`, `{` and the like are sent by real clients.
    if !target.bytes().all(|b| b.is_ascii_graphic()) || target.contains('#') {
        return Err(Refusal::bad("a target with characters that must be escaped"));
    }
    if target.starts_with('/') || target == "*" && method == "OPTIONS" {
        return Ok(None);
    }
    match authority(target) {
        Some(range) if !range.is_empty() => Ok(Some(&target[range])),
        _ => Err(Refusal::bad("a target that is neither a path nor an address")),
    }
}

/// `name[:port]` or `[ipv6][:port]`. (None at all would be legal, but no http address has one.)
fn check_host(host: &[u8]) -> Result<(), Refusal> {
    let bad = || Refusal::bad("a bad Host");
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(b);
    let port = match host {
        [b'[', rest @ ..] => {
            let end = memchr(b']', rest).ok_or_else(bad)?;
            let address = std::str::from_utf8(&rest[..end]).map_err(|_| bad())?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
            &rest[end + 1..]
        }
        _ => {
            let end = memchr(b':', host).unwrap_or(host.len());
            if !host[..end].iter().all(is_name) || end == 0 {
                return Err(bad());
            }
            &host[end..]
        }
    };
    match port {
        [] | [b':'] => Ok(()),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            let number = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<u16>().ok());
            number.map(|_| ()).ok_or_else(bad)
        }
        _ => Err(bad()),
    }
}

/// Digits and nothing else.
fn whole(value: &[u8]) -> Result<u64, Refusal> {
    let bad = || Refusal::bad("a Content-Length that is no number");
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()).ok_or_else(bad)
}

/// Only `chunked` is served. What ends in it could be told apart from what follows, by somebody who knows the other codings;
/// anything else could not (RFC 9112, 6.3).
fn check_codings(value: &[u8]) -> Result<(), Refusal> {
    let is_chunked = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
    if is_chunked(value) {
        return Ok(());
    }
    let mut codings = value.rsplit(|b| *b == b',');
    match codings.next().is_some_and(is_chunked) && !codings.any(is_chunked) {
        true => Err(Refusal::new(501, "a Transfer-Encoding other than chunked")),
        false => Err(Refusal::bad("a Transfer-Encoding that does not end in one chunked")),
    }
}

fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|b| *b == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}
