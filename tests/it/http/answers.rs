//! What clients of an `http` worker get for what its script does, byte by byte on raw sockets.

mod faults;
mod files;
mod files_that_change;
mod foreign_clients;
mod large_files;
mod misuse;
mod order;
mod plain_values;
mod protocol_changes;
mod refusals;
mod reloads;
mod responses;
mod streams;

use crate::support::{
    answer::{self, Answer},
    client::Client,
    host::TestHost,
};

const ADDRESS: &str = "http://127.0.0.1:0";

/// The script of a worker whose `on_message` is this. `request` and `connection` are its parameters.
fn script(handler: &str) -> String {
    format!(
        "let worker = Worker(\"{ADDRESS}\");\nworker.on_message = |connection, request| {{\n{handler}\n}};\nWorker::run_all();\n"
    )
}

fn serve(handler: &str) -> TestHost {
    TestHost::start(&script(handler))
}

/// A request without a body.
fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: here\r\n\r\n")
}

/// The next answer's head, with plain line ends and without its date.
#[track_caller]
fn head(client: &mut Client) -> String {
    Answer::read_head(client).shown_head()
}

/// The value of a header in such a head.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The next answer, likewise.
#[track_caller]
fn answer(client: &mut Client) -> String {
    Answer::read(client).shown()
}

/// Asks for a path and gives the answer.
#[track_caller]
fn get(client: &mut Client, path: &str) -> String {
    client.send(request("GET", path));
    answer(client)
}

/// Bytes that wait for all clients in the host's memory.
fn queued_bytes(host: &TestHost) -> u64 {
    host.handle().status().expect("a status").queued_bytes
}

/// Bytes that the kernel has taken for all clients.
fn written_bytes(host: &TestHost) -> u64 {
    let written = |isolate: &rhost::IsolateStatus| isolate.bytes_written;
    host.handle().status().expect("a status").isolates.iter().map(written).sum()
}

/// The next chunk of an answer; empty for the last.
#[track_caller]
fn chunk(client: &mut Client) -> String {
    let chunk = answer::chunk(client).unwrap_or_else(|| {
        assert!(answer::header_lines(client).is_empty(), "no trailers");
        Vec::new()
    });
    String::from_utf8(chunk).expect("UTF-8")
}

/// Each piece of a handler, and the answer that it must give; all on one connection.
#[track_caller]
fn check(method: &str, cases: &[(&str, &str)]) {
    let arm = |(n, (code, _)): (usize, &(&str, &str))| format!("\"/{n}\" => {{ {code} }},\n");
    let arms: String = cases.iter().enumerate().map(arm).collect();
    let mut host = serve(&format!("switch request.path() {{\n{arms}}}"));
    let mut client = host.tcp(ADDRESS);
    for (n, (code, wanted)) in cases.iter().enumerate() {
        client.send(request(method, &format!("/{n}")));
        let got = match method {
            "HEAD" => head(&mut client),
            _ => answer(&mut client),
        };
        assert_eq!(got, *wanted, "{code}");
    }
    host.expect_silence(&client);
    assert_eq!(host.errors(), 0);
}
