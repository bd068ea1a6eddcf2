//! Answers that are sent bit by bit.

use super::{ADDRESS, chunk, get, head, request, serve};
use crate::support::wait::until;

/// Streams `one`, `two` and the end from a timer, one each time.
const FROM_A_TIMER: &str = r#"
    connection.send(Response(200, #{ "Transfer-Encoding": "chunked", "Content-Type": "text/plain" }, "zero"));
    connection.parts = ["one", "two", ""];
    connection.timer = Timer::repeat(0.01, || {
        connection.send(Chunk(connection.parts.shift()));
        if connection.parts.is_empty() { Timer::del(connection.timer); }
    });
"#;

#[test]
fn parts_that_a_timer_sends_are_chunks_of_one_answer_and_the_connection_goes_on() {
    let mut host = serve(FROM_A_TIMER);
    let mut client = host.tcp(ADDRESS);
    for _ in 0..2 {
        client.send(request("GET", "/"));
        let wanted = "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n";
        assert_eq!(head(&mut client), wanted);
        for part in ["zero", "one", "two", ""] {
            assert_eq!(chunk(&mut client), part);
        }
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn the_same_for_http_1_0_is_bytes_until_the_end() {
    let mut host = serve(FROM_A_TIMER);
    let mut client = host.tcp(ADDRESS);
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let wanted = "HTTP/1.1 200 OK\nContent-Type: text/plain\nConnection: close\n\n";
    assert_eq!(head(&mut client), wanted);
    assert_eq!(client.rest(), b"zeroonetwo");
    assert_eq!(host.errors(), 0);
}

#[test]
fn parts_of_every_kind_can_be_sent_at_once_and_an_empty_event_is_no_end() {
    let mut host = serve(
        r#"
        connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
        connection.send(Chunk("ab".to_blob()));
        connection.send(Chunk(7));
        connection.send(Chunk(#{ a: 1 }));
        connection.send(ServerSentEvents(#{}));
        connection.send(Chunk(blob()));
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(request("GET", "/"));
    assert_eq!(head(&mut client), "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n");
    for part in ["ab", "7", "{\"a\":1}", "\n", ""] {
        assert_eq!(chunk(&mut client), part);
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn events_have_the_form_that_the_standard_gives_them() {
    let mut host = serve(
        r#"
        let headers = #{ "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache" };
        connection.send(Response(200, headers, "\r\n"));
        connection.send(ServerSentEvents(#{ data: `from ${request.header("Last-Event-ID", "the start")}` }));
        connection.send(ServerSentEvents(#{ "": "awake?", event: "e", id: 7, retry: 1500, data: "d" }));
        connection.send(ServerSentEvents(#{ data: "one\ntwo\r\nthree\rfour\n" }));
        connection.send(ServerSentEvents(#{ data: #{ a: [1] } }));
        connection.send(ServerSentEvents(#{ id: "" }));
        connection.close();
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send("GET / HTTP/1.1\r\nHost: here\r\nLast-Event-ID: 41\r\n\r\n");
    let wanted = "HTTP/1.1 200 OK\nContent-Type: text/event-stream; charset=utf-8\nCache-Control: no-cache\n\
                  Transfer-Encoding: chunked\nConnection: close\n\n";
    assert_eq!(head(&mut client), wanted);
    for part in [
        "data: from 41\n\n",
        ": awake?\nevent: e\nid: 7\nretry: 1500\ndata: d\n\n",
        "data: one\ndata: two\ndata: three\ndata: four\ndata: \n\n",
        "data: {\"a\":[1]}\n\n",
        "id: \n\n",
        "",
    ] {
        assert_eq!(chunk(&mut client), part);
    }
    client.expect_end();
    assert_eq!(host.errors(), 0);
}

/// A stream that never ends by itself, from a timer that notes when its sends fail.
const ENDLESS: &str = r#"
    connection.send(Response(200, #{ "Content-Type": "text/event-stream" }));
    connection.on_close = |connection| print("closed");
    Timer::repeat(0.01, || {
        let sent = connection.send(ServerSentEvents(#{ data: "tick" }));
        if sent == false && worker.told == () {
            worker.told = true;
            print("not sent");
        }
    });
"#;

#[test]
fn a_client_that_leaves_a_stream_is_noticed_however_it_leaves() {
    for leave in 0..3 {
        let mut host = serve(ENDLESS);
        let mut client = host.tcp(ADDRESS);
        client.send(request("GET", "/"));
        head(&mut client);
        assert_eq!(chunk(&mut client), "data: tick\n\n");
        match leave {
            0 => client.reset(),
            1 => drop(client),
            // (whoever ends its half of a stream has gone)
            _ => client.finish(),
        }
        until("the lines are printed", || host.printed().contains(&"closed".into()));
        until("the lines are printed", || host.printed().contains(&"not sent".into()));
        assert_eq!(host.errors(), 0);
    }
}

#[test]
fn a_silent_stream_is_open_for_longer_than_any_time_limit_of_answers() {
    let mut host = crate::support::host::TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.handshake_timeout = 0.05;
        worker.body_timeout = 0.05;
        worker.response_timeout = 0.05;
        worker.keep_alive_timeout = 0.05;
        worker.on_message = |connection, request| {
            connection.send(Response(200, #{ "Content-Type": "text/event-stream" }));
            Timer::delay(2.5, || connection.send(ServerSentEvents(#{ data: "at last" })));
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(request("GET", "/"));
    head(&mut client);
    host.advance(2.6);
    assert_eq!(chunk(&mut client), "data: at last\n\n");
}

#[test]
fn the_end_of_a_stream_comes_through_a_full_queue() {
    let mut host = serve(
        r#"
        if request.path() != "/" { return connection.send("next"); }
        connection.max_send_buffer_size = 100000;
        connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
        let part = ""; part.pad(50000, 'x');
        let sent = 0;
        while connection.send_buffer_size < 100000 { connection.send(Chunk(part)); sent += 1; }
        connection.send(Chunk(""));
        print(`sent ${sent}`);
        "#,
    );
    let address = host.socket(ADDRESS);
    let mut client = crate::support::client::Client::connect_narrow(address);
    client.send(request("GET", "/"));
    host.wait_for_log("sent ");
    head(&mut client);
    let mut parts = 0;
    while !chunk(&mut client).is_empty() {
        parts += 1;
    }
    assert_eq!(host.printed(), [format!("sent {parts}")]);
    assert!(get(&mut client, "/next").ends_with("\n\nnext"));
}

#[test]
fn a_chunk_without_room_cuts_the_answer_where_it_would_be_missing() {
    let mut host = serve(
        r#"
        connection.max_send_buffer_size = 100000;
        connection.on_error = |connection, code, text| print(`error ${code}`);
        connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
        let part = ""; part.pad(50000, 'x');
        let sent = 0;
        while connection.send(Chunk(part)) != false { sent += 1; }
        print(connection.send(Chunk("the rest")));
        print(connection.send(Chunk("")));
        print(`sent ${sent}`);
        "#,
    );
    let mut client = crate::support::client::Client::connect_narrow(host.socket(ADDRESS));
    client.send(request("GET", "/"));
    host.wait_for_log("sent ");
    head(&mut client);
    let rest = String::from_utf8(client.rest()).expect("text");
    let parts = rest.matches(&"x".repeat(50000)).count();
    assert!(!rest.contains("rest") && !rest.ends_with("0\r\n\r\n"), "cut");
    host.wait_for_log("error 2");
    assert_eq!(host.printed(), ["false", "false", &format!("sent {parts}"), "error 2"]);
    host.wait_for_log("a stream was cut before a Chunk of 50000 bytes");
}

#[test]
fn an_event_without_room_is_dropped_alone() {
    let mut host = serve(
        r#"
        connection.max_send_buffer_size = 100000;
        connection.send(Response(200, #{ "Content-Type": "text/event-stream" }));
        let data = ""; data.pad(50000, 'x');
        while connection.send(ServerSentEvents(#{ data: data })) != false { }
        connection.on_buffer_drain = |connection| {
            connection.send(ServerSentEvents(#{ data: "later" }));
            connection.close();
        };
        print("full");
        "#,
    );
    let mut client = crate::support::client::Client::connect_narrow(host.socket(ADDRESS));
    client.send(request("GET", "/"));
    host.wait_for_log("full");
    let rest = String::from_utf8(client.rest()).expect("text");
    assert!(rest.ends_with("data: later\n\n\r\n0\r\n\r\n"), "{}", rest.len());
}

/// The clock of the README, faster.
const CLOCK: &str = r#"
    let headers = #{ "Content-Type": "text/event-stream", "Cache-Control": "no-cache" };
    print(`asked ${request.method()}`);
    connection.send(Response(200, headers));
    connection.on_close = |connection| { Timer::del(connection.clock); print("closed"); };
    connection.seconds = 0;
    connection.clock = Timer::repeat(0.01, || {
        connection.seconds += 1;
        connection.send(ServerSentEvents(#{ event: "clock", data: connection.seconds }));
    });
"#;

#[test]
fn a_head_of_a_stream_ends_its_connection_and_nothing_is_left_of_it() {
    let mut host = serve(CLOCK);
    let mut client = host.tcp(ADDRESS);
    client.send(format!("{}{}", request("HEAD", "/").repeat(2000), request("GET", "/")));
    let wanted = "HTTP/1.1 200 OK\nContent-Type: text/event-stream\nCache-Control: no-cache\n\
                  Transfer-Encoding: chunked\nConnection: close\n\n";
    assert_eq!(head(&mut client), wanted);
    client.expect_end();
    host.wait_for_log("closed");
    assert_eq!(host.printed(), ["asked HEAD", "closed"]);
    assert_eq!(host.handle().status().expect("a status").isolates[0].timers, 0);
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_part_without_a_stream_is_an_error_and_goes_into_no_other_answer() {
    let mut host = serve(
        r#"
        if request.path() == "/after" {
            try { connection.send(Chunk("late")); } catch (why) { print(why); }
            return connection.send("whole");
        }
        connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
        connection.send(Chunk(""));
        "#,
    );
    let mut client = host.tcp(ADDRESS);
    client.send(request("GET", "/"));
    head(&mut client);
    assert_eq!(chunk(&mut client), "");
    assert!(get(&mut client, "/after").ends_with("\n\nwhole"));
    host.wait_for_log("parts follow a Response that has begun a stream");
}

#[test]
fn a_stream_that_can_have_no_parts_is_a_head_and_the_end() {
    let mut host = serve(
        r#"
        let status = if request.method() == "HEAD" { 200 } else { 204 };
        connection.send(Response(status, #{ "Transfer-Encoding": "chunked", "Content-Type": "a/b" }, "first"));
        print(connection.send(Chunk("second")));
        print(connection.send(Chunk("")));
        "#,
    );
    for (method, wanted) in [
        (
            "HEAD",
            "HTTP/1.1 200 OK\nContent-Type: a/b\nTransfer-Encoding: chunked\nConnection: close\n\n",
        ),
        ("GET", "HTTP/1.1 204 No Content\nContent-Type: a/b\nConnection: close\n\n"),
    ] {
        let mut client = host.tcp(ADDRESS);
        client.send(request(method, "/"));
        assert_eq!(head(&mut client), wanted);
        client.expect_end();
    }
    assert_eq!(host.printed(), ["false"; 4]);
    assert_eq!(host.errors(), 0);
}
