//! An HTTP answer, read strictly from a raw client. See `http` for what that means.

use crate::support::client::Client;
use std::{io::Read, time::Duration};

/// Headers that may stand once. (Others may have values in several lines.)
const ONCE: [&str; 15] = [
    "accept-ranges",
    "age",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "retry-after",
    "server",
    "transfer-encoding",
];

/// How old the date of an answer may be, on a machine that does much else.
const FRESH: Duration = Duration::from_secs(60);

/// See the module. Names of headers are as they came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What stood behind a body in chunks.
    pub trailers: Vec<(String, String)>,
}

impl Answer {
    /// The next answer, to anything but a HEAD.
    #[track_caller]
    pub fn read(client: &mut Client) -> Self {
        let mut answer = Self::read_head(client);
        answer.read_body(client);
        answer
    }

    /// The next head: all of an answer to a HEAD, and the beginning of any other.
    #[track_caller]
    pub fn read_head(client: &mut Client) -> Self {
        let answer = Self::read_any_head(client);
        answer.judge_date();
        answer
    }

    /// The same of a server that may leave the date out.
    #[track_caller]
    pub fn read_any_head(client: &mut Client) -> Self {
        let (status, reason) = status_line(client);
        let answer =
            Self { status, reason, headers: header_lines(client), body: vec![], trailers: vec![] };
        answer.judge();
        answer
    }

    /// The body of an answer whose head was read: of its length, in chunks, or until the end of the connection.
    #[track_caller]
    pub fn read_body(&mut self, client: &mut Client) {
        if matches!(self.status, 100..=199 | 204 | 304) {
            return;
        }
        if self.header("Transfer-Encoding").is_some() {
            while let Some(chunk) = chunk(client) {
                self.body.extend_from_slice(&chunk);
            }
            self.trailers = header_lines(client);
            return;
        }
        self.body = match self.length() {
            Some(length) => client.bytes(length),
            None => {
                assert!(self.closes(), "neither a length nor the end: {self:?}");
                client.rest()
            }
        };
    }

    /// The only header of that name.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.all(name);
        let value = found.next();
        assert!(found.next().is_none(), "{name} is there twice: {self:?}");
        value
    }

    /// All headers of that name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let is_that = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        let found: Vec<&str> = self.headers.iter().filter(is_that).map(|(_, v)| &**v).collect();
        found.into_iter()
    }

    /// The value of the only cookie that it sets.
    pub fn cookie(&self) -> Option<&str> {
        let (_, value) = self.header("Set-Cookie")?.split(';').next()?.split_once('=')?;
        Some(value)
    }

    /// Does it say that it is the last?
    pub fn closes(&self) -> bool {
        self.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// The body without its gzip.
    pub fn unzipped(&self) -> Vec<u8> {
        assert_eq!(self.header("Content-Encoding"), Some("gzip"));
        let mut body = Vec::new();
        flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut body).expect("gzip");
        body
    }

    /// The head with plain line ends and a blank line, without its date.
    pub fn shown_head(&self) -> String {
        let headers = self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("date"));
        let lines: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        format!("HTTP/1.1 {} {}\n{lines}\n", self.status, self.reason)
    }

    /// All of it, likewise.
    #[track_caller]
    pub fn shown(&self) -> String {
        self.shown_head() + self.text()
    }

    fn length(&self) -> Option<usize> {
        let length = self.header("Content-Length")?;
        let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
        assert!(digits, "a length: {self:?}");
        Some(length.parse().expect("a length that memory has room for"))
    }

    /// What a head may not say.
    #[track_caller]
    fn judge(&self) {
        for name in ONCE {
            assert!(self.all(name).count() <= 1, "{name} is there twice: {self:?}");
        }
        let (length, coding) = (self.length(), self.header("Transfer-Encoding"));
        assert!(length.is_none() || coding.is_none(), "a length and a coding: {self:?}");
        assert!(coding.is_none_or(|coding| coding == "chunked"), "another coding: {self:?}");
        if matches!(self.status, 100..=199 | 204) {
            assert!(length.is_none() && coding.is_none(), "no body, and yet: {self:?}");
        }
    }

    /// Its date is of now, and not one that a script gave it.
    #[track_caller]
    pub fn expect_fresh(&self) {
        let date = self.header("Date").and_then(|date| httpdate::parse_http_date(date).ok());
        let age = date.and_then(|date| date.elapsed().ok()).unwrap_or_default();
        assert!(age < FRESH, "long ago: {self:?}");
    }

    /// All but interim answers have a date, in the one form that is sent.
    #[track_caller]
    pub fn judge_date(&self) {
        if self.status >= 200 {
            let date = self.header("Date").unwrap_or_else(|| panic!("no date: {self:?}"));
            let time = httpdate::parse_http_date(date).unwrap_or_else(|e| panic!("{date}: {e}"));
            assert_eq!(httpdate::fmt_http_date(time), date, "the one form of dates");
        }
    }
}

/// The next line, without CR LF.
#[track_caller]
fn line(client: &mut Client) -> String {
    let line = client.line();
    let Some(line) = line.strip_suffix('\r') else { panic!("no CR LF behind {line:?}") };
    assert!(!line.contains('\r'), "a CR inside of {line:?}");
    line.to_owned()
}

#[track_caller]
fn status_line(client: &mut Client) -> (u16, String) {
    let line = line(client);
    let parsed = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split_once(' '));
    let Some((status, reason)) = parsed else { panic!("no status line: {line:?}") };
    let digits = status.len() == 3 && status.bytes().all(|b| b.is_ascii_digit());
    assert!(digits, "no status line: {line:?}");
    assert!(!reason.contains(char::is_control), "a control character in {line:?}");
    (status.parse().expect("digits"), reason.to_owned())
}

/// Header lines, or trailers, up to and with the empty line.
#[track_caller]
pub fn header_lines(client: &mut Client) -> Vec<(String, String)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let mut headers = Vec::new();
    loop {
        let line = line(client);
        if line.is_empty() {
            return headers;
        }
        let Some((name, value)) = line.split_once(':') else { panic!("no header: {line:?}") };
        assert!(!name.is_empty() && name.chars().all(is_token), "no name: {line:?}");
        let value = value.trim_matches([' ', '\t']);
        let odd = |c: char| c.is_control() && c != '\t';
        assert!(!value.contains(odd), "a control character in {line:?}");
        headers.push((name.to_owned(), value.to_owned()));
    }
}

/// The next chunk; none for the last, whose trailers have not been read.
#[track_caller]
pub fn chunk(client: &mut Client) -> Option<Vec<u8>> {
    let line = line(client);
    let digits = !line.is_empty() && line.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(digits, "no size of a chunk: {line:?}");
    let size = usize::from_str_radix(&line, 16).expect("a size that memory has room for");
    if size == 0 {
        return None;
    }
    let data = client.bytes(size);
    assert_eq!(client.bytes(2), b"\r\n", "behind a chunk of {size} bytes");
    Some(data)
}

/// Asks with these header lines more, and gives the answer.
#[track_caller]
pub fn ask(client: &mut Client, method: &str, target: &str, lines: &[&str]) -> Answer {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let host = if lines.starts_with("Host:") { "" } else { "Host: localhost\r\n" };
    client.send(format!("{method} {target} HTTP/1.1\r\n{host}{lines}\r\n"));
    if method == "HEAD" { Answer::read_head(client) } else { Answer::read(client) }
}

/// The status and the body of a GET.
#[track_caller]
pub fn get(client: &mut Client, target: &str) -> (u16, String) {
    let answer = ask(client, "GET", target, &[]);
    (answer.status, answer.text().to_owned())
}
