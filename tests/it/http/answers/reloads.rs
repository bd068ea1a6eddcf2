//! A saved script, while answers are on their way.

use super::{ADDRESS, answer, chunk, get, head, header, request};
use crate::support::{client::Client, host::TestHost, wait::until};
use std::fs;

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    switch request.path() {
        "/file" => connection.send(Response().with_file("big.bin")),
        "/stream" => {
            connection.send(Response(200, #{ "Content-Type": "text/event-stream" }));
            worker.listener = connection;
        },
        "/tell" => connection.send(worker.listener.send(ServerSentEvents(#{ data: "old" })) != false),
        "/later" => worker.later = connection,
        "/wait" => {
            worker.waits = true;
            while worker.released == () { sleep(0.01); }
            connection.send("from old code")
        },
        "/waits" => connection.send(worker.waits == true),
        "/go" => { worker.released = true; connection.send("gone") },
        _ => connection.send("old"),
    }
};
Worker::run_all();
"#;

fn edited() -> String {
    SCRIPT.replace("old\"", "new\"").replace(
        "\"/later\" => worker.later = connection",
        "\"/now\" => { worker.later.send(\"later\"); connection.send(\"now\") }",
    )
}

#[test]
fn a_reload_keeps_a_file_on_its_way() {
    const SIZE: usize = 10 * 1024 * 1024;
    let mut host = TestHost::start(SCRIPT);
    fs::write(host.path("big.bin"), vec![b'a'; SIZE]).expect("a file");
    let mut client = Client::connect_narrow(host.socket(ADDRESS));
    client.send(request("GET", "/file"));
    assert_eq!(header(&head(&mut client), "Content-Length"), Some("10485760"));
    host.edit(&edited());
    client.widen();
    assert_eq!(client.bytes(SIZE).len(), SIZE);
    assert!(get(&mut client, "/").ends_with("\n\nnew"));
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_reload_keeps_a_stream_and_what_it_is_sent_next_is_from_the_new_code() {
    let mut host = TestHost::start(SCRIPT);
    let (mut stream, mut other) = (host.tcp(ADDRESS), host.tcp(ADDRESS));
    stream.send(request("GET", "/stream"));
    head(&mut stream);
    assert!(get(&mut other, "/tell").ends_with("\n\ntrue"));
    assert_eq!(chunk(&mut stream), "data: old\n\n");
    host.edit(&edited());
    assert!(get(&mut other, "/tell").ends_with("\n\ntrue"));
    assert_eq!(chunk(&mut stream), "data: new\n\n");
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_request_that_waits_for_its_answer_can_be_answered_by_the_new_code() {
    let mut host = TestHost::start(SCRIPT);
    let (mut patient, mut other) = (host.tcp(ADDRESS), host.tcp(ADDRESS));
    patient.send(request("GET", "/later"));
    host.expect_silence(&patient);
    host.edit(&edited());
    assert!(get(&mut other, "/now").ends_with("\n\nnow"));
    assert!(answer(&mut patient).ends_with("\n\nlater"));
}

#[test]
fn a_handler_that_waits_answers_with_the_code_it_began_with_and_the_next_request_has_the_new() {
    let mut host = TestHost::start(SCRIPT);
    let (mut client, mut other) = (host.tcp(ADDRESS), host.tcp(ADDRESS));
    client.send([request("GET", "/wait"), request("GET", "/")].concat());
    until("the handler waits", || get(&mut other, "/waits").ends_with("\n\ntrue"));
    host.edit(&edited().replace("from old code", "from new code"));
    get(&mut other, "/go");
    assert!(answer(&mut client).ends_with("\n\nfrom old code"));
    assert!(answer(&mut client).ends_with("\n\nnew"));
}
