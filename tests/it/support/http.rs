//! The one HTTP client of all tests, and it is strict. It fails on a line that does not end in CR LF, on a malformed status
//! line or header, on two headers of a name that may stand once, on a missing or wrong date, on a length that is none or
//! that comes beside a transfer coding, on a body where there can be none, on any error in chunks, and, asked by
//! [`HttpClient`], on a byte behind the answer's end.

use crate::support::{answer::Answer, client::Client};
use std::net::SocketAddr;

/// Asks one request after the other on one connection.
pub struct HttpClient {
    pub client: Client,
    /// The method of the request that was sent last.
    method: String,
    /// Does no server of ours answer? Others may leave the date out.
    is_foreign: bool,
}

impl HttpClient {
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(Client::connect(address))
    }

    /// Asks on a connection that exists.
    pub fn over(client: Client) -> Self {
        Self { client, method: String::new(), is_foreign: false }
    }

    /// Asks a server that others wrote, on a connection that exists.
    pub fn of_a_foreign_server(client: Client) -> Self {
        Self { client, method: String::new(), is_foreign: true }
    }

    pub fn get(&mut self, target: &str) -> Answer {
        self.ask("GET", target, &[], b"")
    }

    pub fn head(&mut self, target: &str) -> Answer {
        self.ask("HEAD", target, &[], b"")
    }

    pub fn post(&mut self, target: &str, media_type: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST", target, &[&format!("Content-Type: {media_type}")], body)
    }

    /// Asks with these header lines more (without their ends), and gives the whole answer, behind which nothing comes.
    #[track_caller]
    pub fn ask(
        &mut self,
        method: &str,
        target: &str,
        lines: &[&str],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        self.send(method, target, lines, body);
        self.answer()
    }

    /// Sends a request and reads nothing, for answers that come later or piece by piece.
    pub fn send(&mut self, method: &str, target: &str, lines: &[&str], body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let has = |name: &str| {
            let names = lines.iter().filter_map(|line| line.split_once(':'));
            names.into_iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        if !has("Host") {
            head += "Host: localhost\r\n";
        }
        lines.iter().for_each(|line| head += &format!("{line}\r\n"));
        if !body.is_empty() && !has("Content-Length") && !has("Transfer-Encoding") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        self.raw([head.as_bytes(), b"\r\n", body].concat());
        self.method = method.to_owned();
    }

    /// Sends bytes as they are. The next answer is read as that to a GET.
    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.client.send(bytes);
        self.method = "GET".to_owned();
    }

    /// The answer to what was sent last, behind which nothing comes: what says that it is the last is followed by the end.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.begin();
        if self.method != "HEAD" {
            answer.read_body(&mut self.client);
        }
        self.client.expect_nothing_more();
        // (a child of another server may hold the socket for longer)
        if answer.closes() && !self.is_foreign {
            self.client.expect_end();
        }
        answer
    }

    /// The head of the answer, whose body [`HttpClient::chunk`] reads.
    #[track_caller]
    pub fn begin(&mut self) -> Answer {
        let answer = Answer::read_any_head(&mut self.client);
        if !self.is_foreign {
            answer.judge_date();
            answer.expect_fresh();
        }
        answer
    }

    /// The next chunk of an answer; none for the last, with the trailers behind it.
    #[track_caller]
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let chunk = crate::support::answer::chunk(&mut self.client);
        if chunk.is_none() {
            crate::support::answer::header_lines(&mut self.client);
        }
        chunk
    }
}
