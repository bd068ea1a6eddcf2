//! Single streams: how long they may take, what a reset leaves behind, and what comes with a GET.

use super::{
    ADDRESS,
    frames::{Frames, GOODBYE, HEADERS},
};
use crate::support::{host::TestHost, wait::until};

/// What waits for longer than `keep_alive_timeout` and `close_timeout` together.
const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.keep_alive_timeout = 1;
worker.close_timeout = 1;
worker.open = 0;
worker.on_connect = |connection| worker.open += 1;
worker.on_close = |connection| worker.open -= 1;
worker.on_message = |connection, request| {
    switch request.path() {
        "/clock" => {
            connection.send(Response(200, #{ "Content-Type": "text/event-stream" }));
            for n in 0..9 {
                sleep(0.5);
                connection.send(ServerSentEvents(#{ data: n }));
            }
            connection.close();
        }
        "/wait" => { sleep(60); connection.send("late"); }
        "/pause" => { sleep(0.5); connection.send("paused"); }
        "/open" => connection.send(`${worker.open}`),
        _ => connection.send(`${request.method()} ${request.body()}`),
    }
};
Worker::run_all();
"#;

#[test]
fn a_stream_that_is_longer_than_all_time_limits_comes_whole() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = Frames::connect(host.socket(ADDRESS), None);
    let stream = client.ask("/clock");
    host.advance(5.0);
    let text = String::from_utf8(client.body(stream).expect("an answer")).expect("text");
    assert_eq!(text.matches("data: ").count(), 9, "{text}");
}

#[test]
fn a_connection_whose_streams_were_reset_is_idle_and_left() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = Frames::connect(host.socket(ADDRESS), None);
    let stream = client.ask("/pause");
    // (that the other is answered shows that this one's handler runs)
    assert_eq!(client.text("/"), "GET ");
    client.reset(stream);
    client.settle();
    host.advance(4.0);
    let goodbye = client.next().expect("a goodbye");
    assert_eq!(goodbye.kind, GOODBYE);
    while client.next().is_some() {}
}

#[test]
fn resets_do_not_make_room_for_more_than_a_hundred_handlers() {
    let mut host = TestHost::start(SCRIPT);
    let address = host.socket(ADDRESS);
    let mut client = Frames::connect(address, None);
    let mut other = Frames::connect(address, None);
    for round in 1..=10 {
        let streams: Vec<u32> = (0..50).map(|_| client.ask("/wait")).collect();
        // (streams that are reset before they were even looked at would end the connection)
        client.settle();
        let expected = (round * 50).min(100);
        until("the streams are open", || other.text("/open").parse::<usize>().unwrap() > expected);
        for stream in streams {
            client.reset(stream);
        }
    }
    // (besides them the connections themselves, and the one that asks)
    let open: usize = other.text("/open").parse().unwrap();
    assert!((101..=105).contains(&open), "{open} connections are open");
    // Who waits for a place does so for itself only.
    client.ask("/");
    assert_eq!(other.text("/"), "GET ");
}

#[test]
fn a_get_with_a_body_of_unknown_length_keeps_it() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = Frames::connect(host.socket(ADDRESS), None);
    let stream = client.ask_with("/", b"a body");
    let head = client.next().expect("an answer");
    assert_eq!((head.kind, head.stream), (HEADERS, stream));
    assert_eq!(client.body(stream).unwrap(), b"GET a body");
}
