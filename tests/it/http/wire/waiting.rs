//! How long each stage of an exchange may take. The limits are not waited for: the clock of the host is moved.

use super::{ADDRESS, ANSWERS, SCRIPT, answer, expect_in_step, head, script_with, seen};
use crate::support::{client::Client, host::TestHost, wait::until};
use std::{thread, time::Duration};

/// What the limits of these tests are set to, a time in which nothing may end, and one more in which everything must.
/// (Limits are looked at ten times a second.)
const LIMIT: &str = "0.4";
const EARLY: f64 = 0.3;
const LATE: f64 = 0.4;

/// A host with one limit short.
fn host_with(limit: &str) -> TestHost {
    TestHost::start(&script_with(&format!("worker.{limit} = {LIMIT};")))
}

/// The end must not come too early and not too late; gives what comes before it.
#[track_caller]
fn ends_in_time(host: &TestHost, client: &mut Client) -> String {
    drips_in_vain(host, client, "")
}

/// The same for a client that goes on sending these bytes.
#[track_caller]
fn drips_in_vain(host: &TestHost, client: &mut Client, bytes: &str) -> String {
    const PART: f64 = 0.05;
    for _ in 0..(EARLY / PART) as usize {
        host.advance(PART);
        client.expect_nothing_yet();
        client.try_send(bytes);
    }
    for _ in 0..(LATE / PART) as usize {
        host.advance(PART);
        if client.has_news() {
            break;
        }
        client.try_send(bytes);
    }
    assert!(client.has_news(), "it goes on for ever");
    String::from_utf8(client.rest()).expect("UTF-8")
}

#[test]
fn a_head_has_a_time_limit_however_it_comes() {
    let mut host = host_with("handshake_timeout");
    // Silence is closed without a word.
    let mut silent = host.tcp(ADDRESS);
    assert_eq!(ends_in_time(&host, &mut silent), "");
    for (begin, byte) in [("GET /a HTTP/1.1\r\nX: ", "y"), ("", "G"), ("GET /a HTTP/1.1\r\n", "")] {
        let mut slow = host.tcp(ADDRESS);
        slow.send(begin);
        let rest = drips_in_vain(&host, &mut slow, byte);
        assert!(rest.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{rest}");
        assert!(rest.contains("\r\nConnection: close\r\n"), "{rest}");
    }
    // The second request on a connection has the same time.
    let mut client = host.tcp(ADDRESS);
    expect_in_step(&mut client);
    host.advance(EARLY + LATE);
    expect_in_step(&mut client);
    client.send("GET /a HTTP/1.1\r\n");
    let refused = ends_in_time(&host, &mut client);
    assert!(refused.starts_with("HTTP/1.1 408 "), "{refused}");
}

#[test]
fn empty_lines_win_no_time() {
    let mut host = host_with("keep_alive_timeout");
    let mut client = host.tcp(ADDRESS);
    expect_in_step(&mut client);
    for byte in ["\r", "\n", "\r", "\n", "\r", "\n", "\r", "\n"] {
        client.send(byte);
        host.advance(0.15);
    }
    client.send("\r\n");
    assert_eq!(answer(&mut client).status, 400);
}

#[test]
fn a_connection_without_requests_is_closed() {
    let mut host = host_with("keep_alive_timeout");
    let mut client = host.tcp(ADDRESS);
    expect_in_step(&mut client);
    assert_eq!(ends_in_time(&host, &mut client), "");
    // Each request begins it anew.
    let mut client = host.tcp(ADDRESS);
    for _ in 0..4 {
        expect_in_step(&mut client);
        host.advance(EARLY);
    }
    expect_in_step(&mut client);
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_body_has_a_time_limit_however_it_comes() {
    let mut host = host_with("body_timeout");
    let length = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n";
    let chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (begin, byte) in [
        (length.to_owned(), ""),
        (length.to_owned(), "x"),
        (chunked.to_owned(), ""),
        (chunked.to_owned(), "1\r\nx\r\n"),
        (format!("{chunked}1;"), "x"),
        (format!("{chunked}0\r\nX: "), "y"),
    ] {
        let mut slow = host.tcp(ADDRESS);
        slow.send(&begin);
        let rest = drips_in_vain(&host, &mut slow, byte);
        assert!(rest.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{begin}{byte}: {rest}");
    }
    assert_eq!(seen(&mut host), 0);
}

#[test]
fn a_body_that_goes_on_has_the_time_it_needs() {
    let settings = format!("worker.max_package_size = 1000000; worker.body_timeout = {LIMIT};");
    let script = SCRIPT.replace("worker.max_package_size = 1000;", &settings);
    let mut host = TestHost::start(&script.replace("request.body()", "request.body().len"));
    let mut client = host.tcp(ADDRESS);
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
    for _ in 0..10 {
        client.send("x".repeat(20000));
        host.advance(EARLY);
    }
    assert_eq!(answer(&mut client).text(), "POST /a 200000");
}

#[test]
fn a_handler_that_gives_no_answer_is_answered_for() {
    let settings = format!("worker.response_timeout = {LIMIT};");
    let script = script_with(&settings).replace(
        "// more",
        r#"if request.path() == "/never" { return; }
           if request.path() == "/sleep" { sleep(1.0); }"#,
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(ADDRESS);
    client.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    host.advance(EARLY);
    client.expect_nothing_yet();
    host.advance(LATE);
    let refused = answer(&mut client);
    assert!((refused.status, refused.closes()) == (504, true), "{refused:?}");
    client.expect_end();
    let mut client = host.tcp(ADDRESS);
    client.send("HEAD /never HTTP/1.1\r\nHost: x\r\n\r\n");
    host.advance(EARLY + LATE);
    assert_eq!(head(&mut client).status, 504);
    client.expect_end();
    // A handler that waits will answer.
    let mut client = host.tcp(ADDRESS);
    client.send("GET /sleep HTTP/1.1\r\nHost: x\r\n\r\n");
    host.advance(1.1);
    assert_eq!(answer(&mut client).text(), "GET /sleep ");
    assert_eq!(seen(&mut host), 3);
}

#[test]
fn who_does_not_read_the_answer_is_cut_off_and_who_reads_slowly_is_not() {
    let settings = format!("worker.body_timeout = {LIMIT};");
    let script = script_with(&settings)
        .replace(ANSWERS, r#"let large = ""; large.pad(8000000, 'x'); connection.send(large);"#);
    let mut host = TestHost::start(&script);
    let request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut unread = Client::connect_narrow(host.socket(ADDRESS));
    unread.send(request);
    until("it is cut off", || {
        host.advance(EARLY + LATE);
        host.logged("an answer was not read within body_timeout") == 1
    });
    assert!(unread.rest().len() < 8_000_000);
    let mut slow = host.tcp(ADDRESS);
    slow.send(request);
    let headers = head(&mut slow);
    assert_eq!(headers.header("content-length"), Some("8000000"));
    // (how soon the kernel makes room is its own affair, so this time is real)
    for _ in 0..20 {
        slow.bytes(400_000);
        thread::sleep(Duration::from_millis(40));
    }
    // When all was read, the connection is as good as any.
    slow.send("HEAD /seen HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(head(&mut slow).status, 200);
}

#[test]
fn a_reload_changes_the_limits_of_open_connections() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(ADDRESS);
    expect_in_step(&mut client);
    host.edit(&script_with("worker.keep_alive_timeout = 0.4;"));
    host.advance(EARLY + LATE);
    client.expect_end();
}
