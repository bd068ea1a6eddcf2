//! HTTP/2 by prior knowledge, as nghttp and curl speak it: what holds for HTTP/1.1 holds for each of its streams.

mod exchanges;
mod frames;
mod limits;
mod streams;

use crate::support::{client::Client, host::TestHost};
use std::{
    fs,
    process::{Command, Output, Stdio},
};

const ADDRESS: &str = "http://127.0.0.1:0";

/// Bytes of the host's first frame.
const SETTINGS: usize = 27;

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.max_package_size = 200_000;
worker.keep_alive_timeout = 1;
worker.close_timeout = 1;
worker.handshake_timeout = 1;
worker.on_message = |connection, request| {
    switch request.path() {
        "/" => connection.send(`${request.method()} ${request.uri()} ${request.protocol_version()} ${connection.get_remote_ip()}`),
        "/host" => connection.send(request.host()),
        "/echo" => connection.send(request.raw_body()),
        "/slow" => { sleep(0.3); connection.send("slow"); },
        "/file" => connection.send(Response().with_file("large")),
        "/throw" => throw "no",
        "/stream" => {
            connection.send(Response(200, #{ "Content-Type": "text/event-stream" }));
            for n in 0..3 {
                connection.send(ServerSentEvents(#{ data: n }));
                sleep(0.02);
            }
            connection.close();
        }
        _ => connection.send(Response(404, #{ "Connection": "close", "X-Kept": "yes" }, "nothing")),
    }
};
Worker::run_all();
"#;

fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    output.unwrap_or_else(|e| panic!("{program} (scripts/setup installs it): {e}"))
}

/// What curl prints for a path.
fn curl(base: &str, path: &str, more: &[&str]) -> Vec<u8> {
    let url = format!("{base}{path}");
    let begin = ["-sS", "--max-time", "20", "--http2-prior-knowledge"];
    let output = run("curl", &[&begin, more, &[url.as_str()]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {said}");
    output.stdout
}

#[test]
fn curl_gets_what_the_script_answers_over_http2() {
    let mut host = TestHost::start(SCRIPT);
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n >> 8) as u8 ^ n as u8).collect();
    fs::write(host.path("large"), &large).unwrap();
    let base = host.address(ADDRESS);
    let text =
        |path: &str, more: &[&str]| String::from_utf8(curl(&base, path, more)).expect("text");
    assert_eq!(text("/", &["-w", " %{http_version}"]), "GET / 2 127.0.0.1 2");
    assert_eq!(format!("http://{}", text("/host", &[])), base);
    assert_eq!(text("/stream", &[]), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    let nothing = text("/nothing", &["-i"]);
    assert!(nothing.starts_with("HTTP/2 404") && nothing.ends_with("nothing"), "{nothing}");
    assert!(nothing.contains("x-kept: yes") && !nothing.contains("connection:"), "{nothing}");
    assert_eq!(text("/throw", &["-o", "/dev/null", "-w", "%{http_code}"]), "500");
    assert!(curl(&base, "/file", &[]) == large, "a file comes whole");
    assert!(curl(&base, "/file", &["-r", "1000-1999"]) == large[1000..2000]);
    let body = host.path("body");
    fs::write(&body, &large[..150_000]).unwrap();
    let sent = format!("@{}", body.display());
    assert!(curl(&base, "/echo", &["--data-binary", &sent]) == large[..150_000]);
    // (this curl takes an answer that comes before the end of its body for an error)
    let (large, url) = (host.path("large").display().to_string(), format!("{base}/echo"));
    let refused = run("nghttp", &["-v", "-d", &large, &url]);
    let said = String::from_utf8_lossy(&refused.stdout);
    assert!(said.contains("413"), "limits are those of any request: {said}");
}

#[test]
fn nghttp_asks_on_one_connection_and_slow_answers_hold_nobody_up() {
    let mut host = TestHost::start(SCRIPT);
    let base = host.address(ADDRESS);
    let urls = ["/slow", "/", "/slow?again", "/host"].map(|path| format!("{base}{path}"));
    let output = run("nghttp", &[&["-ns"][..], &urls.each_ref().map(|u| u.as_str())].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    let order: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(" 200 "))
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert_eq!(order.len(), 4, "{said}");
    let is_slow = |path: &&str| path.starts_with("/slow");
    assert!(!order[..2].iter().any(is_slow) && order[2..].iter().all(is_slow), "{said}");
}

/// Is there a GOAWAY frame among these?
fn is_goodbye(mut frames: &[u8]) -> bool {
    while let [a, b, c, kind, rest @ ..] = frames {
        if *kind == 7 {
            return true;
        }
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        frames = &rest[5 + length..];
    }
    false
}

#[test]
fn an_idle_connection_is_left_and_a_stop_does_not_wait_for_it() {
    let mut host = TestHost::start(SCRIPT);
    let socket = host.socket(ADDRESS);
    // The preface and an empty SETTINGS frame: there, and silent.
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut idle = Client::connect(socket);
    idle.send(hello);
    assert_eq!(idle.bytes(SETTINGS)[3], 4, "the host speaks HTTP/2");
    host.advance(4.0);
    assert!(is_goodbye(&idle.rest()));
    let mut half = Client::connect(socket);
    half.send(&hello[..10]);
    let mut other = Client::connect(socket);
    other.send(hello);
    assert_eq!(other.bytes(SETTINGS)[3], 4, "the host speaks HTTP/2");
    host.handle().stop_gracefully(0);
    host.advance(4.0);
    assert!(is_goodbye(&other.rest()));
    half.rest();
    assert_eq!(host.ended(), 0);
}

#[test]
fn what_only_begins_like_the_preface_is_judged_as_any_request() {
    let mut host = TestHost::start(SCRIPT);
    let socket = host.socket(ADDRESS);
    for (begin, status) in
        [("PRI * HTTP/2.0\r\nHost: a\r\n\r\n", "505"), ("PUT / HTTP/1.1\r\n\r\n", "400")]
    {
        let mut client = Client::connect(socket);
        client.send(begin);
        assert!(client.line().starts_with(&format!("HTTP/1.1 {status} ")), "{begin}");
    }
}

#[test]
fn a_large_answer_arrives_whole_whether_its_handler_waits_or_not() {
    let script = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let body = "";
    body.pad(request.get("n").parse_int(), 'x');
    if request.path() == "/chunks" {
        connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }));
        for n in 0..40 { connection.send(Chunk(body)); sleep(0.002); }
        connection.send(Chunk(""));
        return;
    }
    connection.send(body);
    if request.path() != "/plain" { sleep(0.02); }
    if request.path() == "/two" { sleep(0.02); sleep(0.02); }
};
Worker::run_all();
"#;
    let mut host = TestHost::start(script);
    let base = host.address(ADDRESS);
    for (path, times) in [("/plain", 1), ("/one", 1), ("/two", 1), ("/chunks", 40)] {
        for n in [30_000, 900_000 / times, 3_000_000 / times] {
            let got = curl(&base, &format!("{path}?n={n}"), &[]);
            assert_eq!(got.len(), n * times, "{path} of {n}");
        }
    }
}
