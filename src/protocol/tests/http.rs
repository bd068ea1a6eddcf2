//! RFC 9110 and 9112, from bytes to requests. Where they leave a choice, the strict form is what is wanted: a request is
//! either beyond doubt, or refused and the connection with it.

mod chunks;
mod framing;
mod headers;
mod hosts;
mod lines;

use super::cuts;
use crate::protocol::{
    LastWords,
    http::{Decoded, Http, Payload, ResponseHead},
};

/// Bytes of a body.
const LIMIT: usize = 1000;

/// Bytes above which an input is not cut: it is long, not subtle.
const MANY: usize = 4096;

/// A sentence, what is sent, and what comes back: for each answer its status, and with 200 method, path and body of the
/// request that it answers. After the last, the connection goes on if that was a 200, else it is closed; `200!` is one
/// after which it is closed, too.
type Case = (&'static str, Vec<u8>, &'static [&'static str]);

/// Reads requests and answers each at once.
#[derive(Default)]
struct Server {
    http: Http,
    buffer: Vec<u8>,
    /// As in a [`Case`].
    answers: Vec<String>,
    has_ended: bool,
}

impl Server {
    fn receive(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
        while !self.has_ended {
            let mut out = Vec::new();
            let consumed = match self.http.decode(&self.buffer, &mut out, LIMIT) {
                Ok(Decoded::More) => return,
                Ok(Decoded::Control { consumed }) => consumed,
                Ok(Decoded::Request { request, consumed }) => {
                    let body = String::from_utf8_lossy(&request.body);
                    let (head, mut out) = (&request.head, Vec::new());
                    let says = format!("{} {} {body}", head.method(), head.path());
                    let ok = ResponseHead {
                        status: 200,
                        reason: None,
                        headers: &[],
                        media_type: "text/plain",
                    };
                    self.http.answer(&ok, Payload::Whole(says.as_bytes()), &mut out).expect("once");
                    self.has_ended = self.http.is_last();
                    assert_eq!(closes(&out), self.has_ended, "{}", out.escape_ascii());
                    let ends = if self.has_ended { "!" } else { "" };
                    self.answers.push(format!("200{ends} {says}"));
                    consumed
                }
                Ok(other) => panic!("{other:?}"),
                Err(broken) => {
                    let LastWords::Answer(reply) = broken.reply else { panic!("{broken:?}") };
                    let mut out = Vec::new();
                    self.http.tell(&reply, &mut out);
                    assert!(closes(&out), "{}", out.escape_ascii());
                    let reply = String::from_utf8_lossy(&out);
                    let status = reply.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
                    self.answers.push(status.expect("a status").to_owned());
                    self.has_ended = true;
                    return;
                }
            };
            self.buffer.drain(..consumed);
        }
    }
}

/// Does the answer say that it is the last?
fn closes(answer: &[u8]) -> bool {
    String::from_utf8_lossy(answer).contains("\r\nConnection: close\r\n")
}

/// Plays each case in every cut; all that goes wrong is told together.
fn play(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for (name, sent, wanted) in &cases {
        let all = match sent.len() {
            0..=MANY => cuts(sent),
            _ => vec![
                ("whole".to_owned(), vec![&sent[..]]),
                ("cut".to_owned(), sent.chunks(97).collect()),
            ],
        };
        for (cut, pieces) in all {
            let mut server = Server::default();
            pieces.iter().for_each(|piece| server.receive(piece));
            let mut wanted: Vec<&str> = wanted.to_vec();
            if !server.has_ended {
                // The connection is still in step: the next request is answered, by nothing but its answer.
                server.receive(b"PUT /probe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
            }
            if wanted.last().is_none_or(|last| last.starts_with("200 ")) {
                wanted.push("200 PUT /probe ok");
            }
            if server.answers != wanted {
                wrong.push(format!(
                    "{name}, {cut}:\n    {:?}\n  instead of\n    {wanted:?}",
                    server.answers
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
