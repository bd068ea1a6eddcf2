//! An HTTP answer, read from a raw client.

use crate::support::client::Client;
use std::io::Read;

/// See the module. Header names are as they came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The next answer, with a body of its Content-Length.
    pub fn read(client: &mut Client) -> Self {
        let mut answer = Self::read_head(client);
        answer.read_body(client);
        answer
    }

    /// The body of an answer whose head was read.
    pub fn read_body(&mut self, client: &mut Client) {
        let length = self.header("Content-Length").map_or(0, |n| n.parse().expect("a length"));
        self.body = client.bytes(length);
    }

    /// The next answer to a HEAD, which has no body whatever it says.
    pub fn read_head(client: &mut Client) -> Self {
        let line = client.line();
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("a status line, not {line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = client.line();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        Self { status, headers, body: Vec::new() }
    }

    /// The only header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice: {self:?}");
        value
    }

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
}

/// Asks with these header lines more, and gives the answer.
pub fn ask(client: &mut Client, method: &str, target: &str, lines: &[&str]) -> Answer {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let host = if lines.starts_with("Host:") { "" } else { "Host: localhost\r\n" };
    client.send(format!("{method} {target} HTTP/1.1\r\n{host}{lines}\r\n"));
    if method == "HEAD" { Answer::read_head(client) } else { Answer::read(client) }
}

/// The status and the body of a GET.
pub fn get(client: &mut Client, target: &str) -> (u16, String) {
    let answer = ask(client, "GET", target, &[]);
    (answer.status, answer.text().to_owned())
}
