//! RFC 9110 and 9112 against raw bytes. Where they leave a choice, the strict form is what is wanted: a request is either
//! beyond doubt, or refused and the connection with it.

mod chunks;
mod exchanges;
mod floods;
mod hosts;
mod order;
mod stopping;
mod waiting;

use crate::support::{answer::Answer, client::Client, host::TestHost};
use std::io::Write;

const ADDRESS: &str = "http://127.0.0.1:0";

/// Answers with method, path and body, and counts. `// settings` and `// more` are places to edit.
const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.max_package_size = 1000;
worker.seen = 0;
// settings
worker.on_message = |connection, request| {
    if request.path() == "/seen" { return connection.send(`${worker.seen}`); }
    worker.seen += 1;
    // more
    connection.send(`${request.method()} ${request.path()} ${request.body()}`);
};
Worker::run_all();
"#;

/// The line of the script that answers.
const ANSWERS: &str = "connection.send(`${request.method()} ${request.path()} ${request.body()}`);";

/// The script with something in the place of its settings.
fn script_with(settings: &str) -> String {
    SCRIPT.replace("// settings", settings)
}

/// A sentence, what is sent, and what comes back: for each answer its status, and with 200 the body. After the last, the
/// connection goes on if that was a 200, else it is closed; `200!` is one after which it is closed, too.
type Case = (&'static str, Vec<u8>, &'static [&'static str]);

/// Bytes above which an input is not split byte by byte, but by some.
const MANY: usize = 4096;

/// Reads the head of one answer.
#[track_caller]
fn head(client: &mut Client) -> Answer {
    Answer::read_head(client)
}

/// Reads one answer with a length, past any `100 Continue`.
#[track_caller]
fn answer(client: &mut Client) -> Answer {
    let mut answer = Answer::read_head(client);
    if answer.status == 100 {
        assert!(answer.headers.is_empty(), "{answer:?}");
        answer = Answer::read_head(client);
    }
    answer.expect_fresh();
    assert!(answer.header("Content-Length").is_some(), "a length: {answer:?}");
    answer.read_body(client);
    answer
}

/// The connection is still in step: a request is answered, by nothing but its answer.
fn expect_in_step(client: &mut Client) {
    client.send("PUT /probe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(answer(client).text(), "PUT /probe ok");
}

/// How many requests the script has heard of.
fn seen(host: &mut TestHost) -> usize {
    let mut client = host.tcp(ADDRESS);
    client.send("GET /seen HTTP/1.1\r\nHost: x\r\n\r\n");
    answer(&mut client).text().parse().expect("a number")
}

/// Sends in pieces of so many bytes. (Who was refused before the end does not have to take the rest.)
fn send_in_pieces(client: &mut Client, bytes: &[u8], size: usize) {
    for piece in bytes.chunks(size) {
        if client.stream().write_all(piece).is_err() {
            return;
        }
    }
}

/// Plays each case in one piece and byte by byte. Everything that goes wrong is told together.
fn play(cases: Vec<Case>) {
    let mut host = TestHost::start(SCRIPT);
    let mut wrong = Vec::new();
    for (name, sent, wanted) in &cases {
        for size in [usize::MAX, if sent.len() > MANY { 97 } else { 1 }] {
            let played = std::panic::AssertUnwindSafe(|| play_one(&mut host, sent, wanted, size));
            if std::panic::catch_unwind(played).is_err() {
                wrong.push(format!("{name}, in pieces of {size}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// One case in pieces of so many bytes.
fn play_one(host: &mut TestHost, sent: &[u8], wanted: &[&str], size: usize) {
    let before = seen(host);
    let mut client = host.tcp(ADDRESS);
    send_in_pieces(&mut client, sent, size.min(sent.len()));
    let mut served = 0;
    for (at, wanted) in wanted.iter().enumerate() {
        let answer = answer(&mut client);
        let (status, body) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let (number, ends) = match status.strip_suffix('!') {
            Some(number) => (number, true),
            None => (status, status != "200"),
        };
        assert_eq!(answer.status.to_string(), number, "answer {at}: {answer:?}");
        assert_eq!(answer.closes(), ends, "answer {at}: {answer:?}");
        if number == "200" {
            served += 1;
            assert_eq!(answer.text(), body, "answer {at}");
        }
    }
    let ends = wanted.last().is_some_and(|w| !w.starts_with("200 "));
    match ends {
        true => client.expect_end(),
        false => {
            expect_in_step(&mut client);
            served += 1;
        }
    }
    assert_eq!(seen(host) - before, served, "nothing else was taken for a request");
}
