//! Requests that wait for each other, and clients that leave before the end.

use super::{ADDRESS, ANSWERS, SCRIPT, answer, expect_in_step, head, seen, send_in_pieces};
use crate::support::{host::TestHost, wait::until};

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// `/sleep` waits, `/later` is answered by a timer, `/relay` by another connection's `/release`, all others at once.
const SLOW: &str = r#"
    let path = request.path();
    worker.log += `${path} `;
    if path.starts_with("/sleep") { sleep(0.15); }
    if path.starts_with("/later") {
        Timer::add(0.15, || connection.send(`GET ${path} `), [], false);
        return;
    }
    if path == "/relay" { worker.relayed = connection; return; }
    if path == "/release" { worker.relayed.send("GET /relay "); }
    if path == "/log" { return connection.send(worker.log); }
"#;

fn slow() -> TestHost {
    let script = SCRIPT.replace("// more", SLOW);
    TestHost::start(&script.replace("// settings", "worker.log = \"\"; worker.relayed = ();"))
}

#[test]
fn answers_keep_the_order_of_requests() {
    let mut host = slow();
    let paths = ["/1", "/sleep1", "/2", "/later1", "/3", "/later2", "/sleep2", "/later3", "/4"];
    let all: String = paths.iter().map(|path| get(path)).collect();
    for size in [all.len(), 1, 7] {
        let mut client = host.tcp(ADDRESS);
        send_in_pieces(&mut client, all.as_bytes(), size);
        for path in paths {
            assert_eq!(answer(&mut client).text(), format!("GET {path} "));
        }
        expect_in_step(&mut client);
    }
}

#[test]
fn a_request_is_not_begun_before_the_one_before_it_is_answered() {
    let mut host = slow();
    let mut client = host.tcp(ADDRESS);
    client.send(get("/relay") + get("/behind").as_str());
    let mut other = host.tcp(ADDRESS);
    until("the relay was asked for", || {
        other.send(get("/log"));
        answer(&mut other).text().contains("/relay ")
    });
    other.send(get("/log"));
    assert!(!answer(&mut other).text().contains("/behind"));
    other.send(get("/release"));
    assert_eq!(answer(&mut client).text(), "GET /relay ");
    assert_eq!(answer(&mut client).text(), "GET /behind ");
}

#[test]
fn a_client_that_has_no_more_requests_still_gets_its_answers() {
    let mut host = slow();
    for paths in [
        &["/1"][..],
        &["/1", "/2", "/3"],
        &["/sleep"],
        &["/later"],
        &["/later1", "/sleep1", "/later2", "/1"],
    ] {
        let mut client = host.tcp(ADDRESS);
        client.send(paths.iter().map(|path| get(path)).collect::<String>());
        client.finish();
        for path in paths {
            assert_eq!(answer(&mut client).text(), format!("GET {path} "));
        }
        client.expect_end();
    }
}

#[test]
fn what_a_client_sent_before_its_end_is_answered_although_it_is_paused_meanwhile() {
    let more = r#"
        if request.path() == "/pause" {
            Timer::delay(0.05, || {
                connection.pause_recv();
                connection.send("paused");
                Timer::delay(0.05, || connection.resume_recv());
            });
            return;
        }"#;
    let mut host = TestHost::start(&SCRIPT.replace("// more", more));
    let mut client = host.tcp(ADDRESS);
    client.send(get("/pause") + get("/behind").as_str());
    client.finish();
    assert_eq!(answer(&mut client).text(), "paused");
    assert_eq!(answer(&mut client).text(), "GET /behind ");
    client.expect_end();
}

#[test]
fn a_request_that_is_cut_off_is_none() {
    let mut host = slow();
    let body = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell";
    let chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cut = [
        "G".to_owned(),
        "GET /a HTTP/1.1\r\nHos".to_owned(),
        "GET /a HTTP/1.1\r\nHost: x\r\n".to_owned(),
        "GET /a HTTP/1.1\r\nHost: x\r\n\r".to_owned(),
        "\r\n".to_owned(),
        body.to_owned(),
        chunked.to_owned(),
        format!("{chunked}5"),
        format!("{chunked}5\r\nhel"),
        format!("{chunked}5\r\nhello"),
        format!("{chunked}5\r\nhello\r\n"),
        format!("{chunked}5\r\nhello\r\n0\r\n"),
        format!("{chunked}5\r\nhello\r\n0\r\nX: y\r\n"),
    ];
    for part in &cut {
        let mut client = host.tcp(ADDRESS);
        client.send(part);
        client.finish();
        client.expect_end();
        let mut client = host.tcp(ADDRESS);
        client.send(part);
        client.reset();
    }
    // One that was whole is answered.
    let mut client = host.tcp(ADDRESS);
    client.send(get("/b") + body);
    client.finish();
    assert_eq!(answer(&mut client).text(), "GET /b ");
    client.expect_end();
    assert_eq!((seen(&mut host), host.errors()), (1, 0));
}

#[test]
fn a_client_that_leaves_while_its_request_is_answered_costs_nothing() {
    let mut host = slow();
    for path in ["/sleep", "/later"] {
        let mut client = host.tcp(ADDRESS);
        client.send(get(path) + get("/behind").as_str());
        until("the requests are seen", || seen(&mut host) > 0);
        client.reset();
    }
    until("the connections are gone", || {
        host.handle().status().expect("it runs").isolates[0].connections == 0
    });
    assert_eq!(host.errors(), 0);
    let mut client = host.tcp(ADDRESS);
    expect_in_step(&mut client);
}

#[test]
fn a_request_is_answered_once() {
    let script = SCRIPT.replace(
        ANSWERS,
        r#"connection.send("one");
           try { connection.send("two"); } catch (e) { print(`refused: ${e}`); }"#,
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(ADDRESS);
    client.send(get("/a"));
    assert_eq!(answer(&mut client).text(), "one");
    host.wait_for_log("refused: ");
    client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(head(&mut client).status, 200);
    client.send(get("/a"));
    assert_eq!(answer(&mut client).text(), "one");
}

#[test]
fn a_request_behind_a_pause_is_looked_at_when_the_queue_before_it_has_gone_out() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| {
            if request.path() == "/b" { connection.send("second"); return; }
            connection.pause_recv();
            Timer::delay(0.05, || {
                connection.resume_recv();
                let body = "";
                body.pad(20000, 'x');
                connection.send(body);
                connection.max_send_buffer_size = 1000;
            });
        };
        "#,
    );
    let mut client = host.tcp("http://127.0.0.1:0");
    client.send(
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    let answers = String::from_utf8(client.rest()).expect("text");
    assert!(answers.ends_with("second"), "{}", answers.len());
}
