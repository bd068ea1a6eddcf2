//! One HTTP request and its answer, on a connection of its own or on one that stays.

use crate::support::client::Client;
use std::{net::SocketAddr, process::Command};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Lines of the head, without the first.
    pub head: Vec<String>,
    pub body: String,
}

impl Answer {
    /// The next answer on a connection; it must have a length.
    pub fn read(client: &mut Client) -> Self {
        let first = client.line();
        let status = first.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status line");
        let mut head = Vec::new();
        loop {
            let line = client.line();
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let mut answer = Self { status, head, body: String::new() };
        let length = answer.header("content-length").and_then(|n| n.parse().ok());
        let body = client.bytes(length.expect("a length"));
        answer.body = String::from_utf8(body).expect("UTF-8");
        answer
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.iter().filter_map(|line| line.split_once(": "));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of the cookie that it sets.
    pub fn cookie(&self) -> Option<&str> {
        let (_, value) = self.header("set-cookie")?.split(';').next()?.split_once('=')?;
        Some(value)
    }
}

/// Sends a request with these header lines (each with its line end) and that body.
pub fn ask(client: &mut Client, line: &str, headers: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n");
    client.send([head.as_bytes(), body].concat());
    Answer::read(client)
}

/// A part of a multipart form with the boundary `B`.
pub fn part(disposition: &str, content: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

/// Sends a form of such parts.
pub fn ask_form(client: &mut Client, path: &str, parts: &[String]) -> Answer {
    let body = format!("{}--B--\r\n", parts.concat());
    let form = "Content-Type: multipart/form-data; boundary=B\r\n";
    ask(client, &format!("POST {path}"), form, body.as_bytes())
}

/// What curl says with these arguments, the address last.
pub fn curl(arguments: &[&str], address: SocketAddr, path: &str) -> String {
    let url = format!("http://{address}{path}");
    let said =
        Command::new("curl").args(["-sS", "--max-time", "20"]).args(arguments).arg(url).output();
    let said = said.expect("curl can be run");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).expect("UTF-8")
}
