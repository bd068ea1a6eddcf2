//! A host that stops or reloads while it is being asked.

use super::{ADDRESS, SCRIPT, answer, expect_in_step, head, seen};
use crate::support::{host::TestHost, wait::until};
use rhost::{HostHandle, ReloadOptions};
use std::time::{Duration, Instant};

/// `/sleep` waits in its handler, `/parts` between its parts, `/later` is answered by a timer, `/stream` never ends.
const SLOW: &str = r#"
    let path = request.path();
    if path == "/sleep" { sleep(0.3); }
    if path == "/parts" {
        connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }, "one"));
        sleep(0.3);
        connection.send(Chunk("two"));
        return connection.send(Chunk(""));
    }
    if path == "/later" {
        Timer::add(0.3, || connection.send("GET /later "), [], false);
        return;
    }
    if path == "/never" { return; }
    if path == "/stream" { return connection.send(Response(200, #{ "Content-Type": "text/event-stream" })); }
"#;

fn slow(configuration: &str) -> TestHost {
    TestHost::start(&format!("{configuration}\n{}", SCRIPT.replace("// more", SLOW)))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

const PATIENT: &str = "Worker::configure(#{ stop_timeout: 5 });";

#[test]
fn a_stop_lets_the_answer_out_for_which_a_handler_still_waits() {
    let mut host = slow(PATIENT);
    let mut client = host.tcp(ADDRESS);
    client.send(get("/sleep") + get("/smuggled").as_str());
    until("the requests are seen", || seen(&mut host) == 1);
    let began = Instant::now();
    host.handle().stop(0);
    let last = answer(&mut client);
    assert_eq!(last.text(), "GET /sleep ");
    assert!(last.closes());
    client.expect_end();
    assert_eq!(host.ended(), 0);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_stop_of_any_kind_lets_a_handler_come_to_the_end_of_its_stream() {
    type Stop = fn(&HostHandle);
    for stop in [(|handle| handle.stop(0)) as Stop, |handle| handle.stop_gracefully(0)] {
        let mut host = slow(PATIENT);
        let mut client = host.tcp(ADDRESS);
        client.send(get("/parts") + get("/smuggled").as_str());
        assert_eq!(head(&mut client).header("transfer-encoding"), Some("chunked"));
        assert_eq!(client.bytes(8), b"3\r\none\r\n");
        let began = Instant::now();
        stop(&host.handle());
        assert_eq!(client.rest(), b"3\r\ntwo\r\n0\r\n\r\n");
        assert_eq!(host.ended(), 0);
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
}

#[test]
fn a_stop_tells_those_whom_nobody_will_answer_any_more() {
    let mut host = slow(PATIENT);
    let mut clients = Vec::new();
    for (at, path) in ["/later", "/never"].into_iter().enumerate() {
        let mut client = host.tcp(ADDRESS);
        client.send(get(path));
        until("the requests are seen", || seen(&mut host) == at + 1);
        clients.push(client);
    }
    let mut idle = host.tcp(ADDRESS);
    expect_in_step(&mut idle);
    let mut stream = host.tcp(ADDRESS);
    stream.send(get("/stream"));
    until("the requests are seen", || seen(&mut host) == 4);
    let began = Instant::now();
    host.handle().stop(0);
    for client in &mut clients {
        let told = answer(client);
        assert!((told.status, told.closes()) == (503, true), "{told:?}");
        client.expect_end();
    }
    idle.expect_end();
    // A stream comes to its proper end.
    assert!(stream.rest().ends_with(b"\r\n\r\n0\r\n\r\n"));
    assert_eq!(host.ended(), 0);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn a_stop_does_not_wait_longer_than_its_time() {
    let mut host = slow("Worker::configure(#{ stop_timeout: 0.1 });");
    let mut client = host.tcp(ADDRESS);
    client.send(get("/sleep"));
    until("the requests are seen", || seen(&mut host) == 1);
    let began = Instant::now();
    host.handle().stop(0);
    client.expect_end();
    assert_eq!(host.ended(), 0);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn a_graceful_stop_answers_what_is_asked_and_waits_for_nobody_else() {
    let mut host = slow("");
    let mut idle = host.tcp(ADDRESS);
    expect_in_step(&mut idle);
    let mut fresh = host.tcp(ADDRESS);
    let (mut sleeping, mut later, mut half) =
        (host.tcp(ADDRESS), host.tcp(ADDRESS), host.tcp(ADDRESS));
    half.send("POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
    let mut begun = host.tcp(ADDRESS);
    begun.send("GET /head HTTP/1.1\r\n");
    sleeping.send(get("/sleep"));
    later.send(get("/later") + get("/behind").as_str());
    until("the requests are seen", || seen(&mut host) == 3);
    let began = Instant::now();
    host.handle().stop_gracefully(7);
    idle.expect_end();
    fresh.expect_end();
    half.send("lo");
    begun.send("Host: x\r\n\r\n");
    for (client, wanted) in [
        (&mut half, "POST /half hello"),
        (&mut begun, "GET /head "),
        (&mut sleeping, "GET /sleep "),
        (&mut later, "GET /later "),
    ] {
        let last = answer(client);
        assert_eq!((last.text(), last.closes()), (wanted, true));
        client.expect_end();
    }
    assert_eq!(host.ended(), 7);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_graceful_stop_answers_what_was_sent_just_before_it() {
    for _ in 0..5 {
        let mut host = slow("");
        let mut client = host.tcp(ADDRESS);
        expect_in_step(&mut client);
        client.send(get("/a"));
        host.handle().stop_gracefully(0);
        let last = answer(&mut client);
        assert_eq!(last.text(), "GET /a ");
        client.expect_end();
        assert_eq!(host.ended(), 0);
    }
}

#[test]
fn a_reload_changes_nothing_for_a_request_on_its_way() {
    let script = SCRIPT.replace("// more", SLOW);
    let mut host = TestHost::start(&script);
    let mut clients: Vec<_> = ["/sleep", "/later"].map(|path| (host.tcp(ADDRESS), path)).into();
    for (client, path) in &mut clients {
        client.send(get(path));
    }
    let mut half = host.tcp(ADDRESS);
    half.send("POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
    until("the requests are seen", || seen(&mut host) == 2);
    host.edit(&script.replace("${request.method()} ${request.path()}", "NEW"));
    half.send("lo");
    assert_eq!(answer(&mut half).text(), "NEW hello");
    assert_eq!(answer(&mut clients[0].0).text(), "GET /sleep ");
    clients[0].0.send(get("/a"));
    assert_eq!(answer(&mut clients[0].0).text(), "NEW ");
}

#[test]
fn a_hard_reload_closes_connections_after_their_answers() {
    let mut host = slow("");
    let (mut idle, mut sleeping) = (host.tcp(ADDRESS), host.tcp(ADDRESS));
    expect_in_step(&mut idle);
    sleeping.send(get("/sleep"));
    until("the requests are seen", || seen(&mut host) == 2);
    let options = ReloadOptions { hard: true, ..ReloadOptions::default() };
    assert!(host.handle().reload_with(options).expect("it runs").is_ok());
    idle.expect_end();
    let last = answer(&mut sleeping);
    assert_eq!((last.text(), last.closes()), ("GET /sleep ", true));
    sleeping.expect_end();
}
