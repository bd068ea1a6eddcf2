//! Requests with bodies, forms, and curl.

use crate::support::{answer::Answer, client::Client};
use std::{net::SocketAddr, process::Command};

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
