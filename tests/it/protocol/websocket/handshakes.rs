//! The request that opens a websocket: in pieces, too large, and what a script makes of it.

use super::{ADDRESS, ECHO, ask_for, echo_with};
use crate::support::{
    host::TestHost,
    websocket::{TEXT, WebSocket, handshake, masked},
};

/// The echo with this as its `on_websocket_connect`.
fn greeting(body: &str) -> String {
    let callback = format!("worker.on_websocket_connect = |connection, request| {{ {body} }};");
    ECHO.replace("// more", &callback)
}

/// What a client gets that asks for `path`, until the socket ends.
fn refusal(host: &mut TestHost, path: &str) -> String {
    let mut socket = ask_for(host.tcp(ADDRESS), path, "");
    String::from_utf8(socket.client.rest()).expect("UTF-8")
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let mut host = TestHost::start(ECHO);
    let mut socket = WebSocket { client: host.tcp(ADDRESS) };
    for byte in handshake("/").bytes() {
        socket.client.send([byte]);
    }
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(socket.ask("a"), "a");
}

#[test]
fn frames_that_come_with_the_request_are_handled_after_the_101() {
    let mut host = TestHost::start(ECHO);
    let mut socket = WebSocket { client: host.tcp(ADDRESS) };
    let second = masked(0x80 | TEXT, b"second");
    let (begin, end) = second.split_at(3);
    let first = masked(0x80 | TEXT, b"first");
    socket.client.send([handshake("/").as_bytes(), &first, begin].concat());
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(socket.message(), "first");
    socket.client.send(end);
    assert_eq!(socket.message(), "second");
}

#[test]
fn a_request_of_more_than_16_kib_is_refused_with_431() {
    let mut host = TestHost::start(ECHO);
    // Without an end, and whole.
    for end in ["", "\r\n\r\n"] {
        let mut client = host.tcp(ADDRESS);
        client.send(format!("{}X-Long: {}{end}", &handshake("/").trim_end(), "x".repeat(17_000)));
        let answer = String::from_utf8(client.rest()).expect("UTF-8");
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    let padding = format!("X-Long: {}\r\n", "x".repeat(15_000));
    let mut socket = ask_for(host.tcp(ADDRESS), "/", &padding);
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(socket.ask("a"), "a");
}

#[test]
fn extensions_and_subprotocols_that_nobody_chose_are_not_agreed_to() {
    let mut host = TestHost::start(ECHO);
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\n";
    let head = ask_for(host.tcp(ADDRESS), "/", offer).head().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(!head.contains("sec-websocket-extensions"), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
}

#[test]
fn header_names_and_values_count_in_any_case() {
    let mut host = TestHost::start(ECHO);
    let request = handshake("/")
        .replace("Upgrade: websocket", "upgrade: WebSocket")
        .replace("Connection: Upgrade", "CONNECTION: keep-alive, upgrade")
        .replace("Sec-WebSocket", "sec-websocket");
    let mut socket = WebSocket { client: host.tcp(ADDRESS) };
    socket.client.send(request);
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(socket.ask("a"), "a");
}

#[test]
fn what_is_sent_before_the_handshake_is_done_follows_the_101() {
    let script = greeting("connection.send(\"from the request\");").replace(
        "// settings",
        "worker.on_connect = |connection| { connection.send(\"from the start\"); };",
    );
    let mut host = TestHost::start(&script);
    let mut socket = WebSocket { client: host.tcp(ADDRESS) };
    host.expect_silence(&socket.client);
    socket.client.send(handshake("/"));
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(socket.message(), "from the start");
    assert_eq!(socket.message(), "from the request");
    assert_eq!(socket.ask("a"), "a");
}

#[test]
fn a_script_sees_path_query_and_headers_of_the_request() {
    let script = greeting(
        "connection.send(#{
            path: request.path(), query_string: request.query_string(), query: request.get(), headers: request.header(),
        });",
    );
    let mut host = TestHost::start(&script);
    let headers = "X-Twice: one\r\nX-Twice: two\r\nCookie: a=b; c=d\r\n";
    let path = "/chat%20room?uid=a%20b&x=1+2&x=3&flag&%C3%A9=%E6%BC%A2";
    let mut socket = ask_for(host.tcp(ADDRESS), path, headers);
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    let seen: serde_json::Value = serde_json::from_str(&socket.message()).expect("JSON");
    assert_eq!(seen["path"], "/chat%20room");
    assert_eq!(seen["query_string"], "uid=a%20b&x=1+2&x=3&flag&%C3%A9=%E6%BC%A2");
    assert_eq!(seen["query"], serde_json::json!({"uid": "a b", "x": "3", "flag": "", "é": "漢"}));
    assert_eq!(seen["headers"]["x-twice"], "one, two");
    assert_eq!(seen["headers"]["cookie"], "a=b; c=d");
    assert_eq!(seen["headers"]["host"], "127.0.0.1");
}

#[test]
fn what_was_a_property_of_the_request_is_an_error_that_says_what_is_called() {
    let script = greeting(
        r#"let seen = [];
        for f in [|r| r.path, |r| r.query, |r| r.headers, |r| { r.query = 1; }] {
            try { f.call(request); } catch (why) { seen.push(`${why}`); }
        }
        connection.send(seen);"#,
    );
    let mut host = TestHost::start(&script);
    let mut socket = ask_for(host.tcp(ADDRESS), "/", "");
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    let said: Vec<String> = serde_json::from_str(&socket.message()).expect("JSON");
    let calls = ["path()", "get(name)", "header(name)", "get(name)"];
    assert_eq!(said.len(), calls.len(), "{said:?}");
    for (said, call) in said.iter().zip(calls) {
        assert!(said.contains(&format!("write `request.{call}`")), "{said}");
    }
}

#[test]
fn a_script_may_refuse_by_false_by_a_status_and_by_an_error() {
    let script = greeting(
        r#"switch request.path() {
            "/false" => return false,
            "/429" => return 429,
            "/throw" => throw "no mood",
            "/true" => return true,
        }"#,
    );
    let mut host = TestHost::start(&script);
    for (path, status) in [
        ("/false", "HTTP/1.1 403 Forbidden\r\n"),
        ("/429", "HTTP/1.1 429 Too Many Requests\r\n"),
        ("/throw", "HTTP/1.1 500 Internal Server Error\r\n"),
    ] {
        let answer = refusal(&mut host, path);
        assert!(answer.starts_with(status), "{path}: {answer}");
    }
    assert!(host.fault().title.contains("no mood"));
    for path in ["/true", "/"] {
        let mut socket = WebSocket::connect_to(host.socket(ADDRESS), path);
        assert_eq!(socket.ask(path), path);
    }
    host.wait_for_log("closed 3");
}

#[test]
fn a_script_may_refuse_in_its_own_words() {
    const WORDS: &str = "HTTP/1.1 402 Payment Required\r\nContent-Length: 0\r\n\r\n";
    let script = greeting(&format!("connection.close({WORDS:?}, true);"));
    let mut host = TestHost::start(&script);
    assert_eq!(refusal(&mut host, "/"), WORDS);
}

#[test]
fn headers_of_the_connection_are_added_to_the_101() {
    let script = greeting(
        r#"connection.headers = #{ "X-Worker": "rhost", "X-Number": 7, "X-Evil": "a\r\nX-Forged: b" };"#,
    );
    let mut host = TestHost::start(&script);
    let mut socket = ask_for(host.tcp(ADDRESS), "/", "");
    let head = socket.head();
    assert!(head.contains("\r\nX-Worker: rhost\r\n"), "{head}");
    assert!(head.contains("\r\nX-Number: 7\r\n"), "{head}");
    assert!(!head.contains("Forged"), "{head}");
    assert_eq!(socket.ask("a"), "a");
}

#[test]
fn a_refused_client_is_no_connection_that_a_script_meets_again() {
    let script = greeting("false").replace(
        "// settings",
        "worker.on_connect = |connection| { print(`open ${worker.connections.len}`); };",
    );
    let mut host = TestHost::start(&script);
    let mut early = WebSocket { client: host.tcp(ADDRESS) };
    // (the frame must not be handled)
    early.client.send([handshake("/").as_bytes(), &masked(0x80 | TEXT, b"early")].concat());
    let answer = String::from_utf8(early.client.rest()).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    host.wait_for_log("closed 1");
    refusal(&mut host, "/");
    host.wait_for_log("closed 2");
    assert_eq!(host.logged("open 1"), 2);
    assert_eq!(host.edit(&echo_with("")).connections, 0);
}

#[test]
fn a_script_may_wait_before_it_decides_and_nothing_overtakes_it() {
    let script = greeting(
        "sleep(0.15); connection.send(\"welcome\"); connection.uid = request.get(\"uid\");",
    );
    let mut host =
        TestHost::start(&script.replace("send(data)", "send(`${data} of ${connection.uid}`)"));
    let mut sockets: Vec<WebSocket> =
        (0..3).map(|_| WebSocket { client: host.tcp(ADDRESS) }).collect();
    for (at, socket) in sockets.iter_mut().enumerate() {
        let request = handshake(&format!("/?uid={at}"));
        let early = masked(0x80 | TEXT, b"early");
        socket.client.send([request.as_bytes(), &early].concat());
        socket.text("second");
    }
    for (at, socket) in sockets.iter_mut().enumerate() {
        assert!(socket.head().starts_with("HTTP/1.1 101 "));
        assert_eq!(socket.message(), "welcome");
        assert_eq!(socket.message(), format!("early of {at}"));
        assert_eq!(socket.message(), format!("second of {at}"));
    }
}

#[test]
fn a_script_that_echoes_the_requests_headers_doubles_no_line_of_the_handshake() {
    let mut host = TestHost::start(&greeting("connection.headers = request.header();"));
    let more = "X-Mine: yes\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: x\r\n\
                Content-Length: 0\r\nTE: trailers\r\n";
    let mut socket = ask_for(host.tcp(ADDRESS), "/", more);
    let head = socket.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let lower = head.to_ascii_lowercase();
    let lines = |name: &str| -> Vec<&str> {
        let start = format!("{name}: ");
        lower.lines().filter_map(|line| line.strip_prefix(&start)).collect()
    };
    assert_eq!(lines("upgrade"), ["websocket"], "{head}");
    assert_eq!(lines("connection"), ["upgrade"], "{head}");
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    assert_eq!(lines("sec-websocket-accept").len(), 1, "{head}");
    assert_eq!(lines("sec-websocket-protocol"), ["chat"], "{head}");
    assert_eq!(lines("x-mine"), ["yes"], "what is the script's own comes");
    for name in ["sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"] {
        assert!(lines(name).is_empty(), "{head}");
    }
    for name in ["host", "content-length", "te"] {
        assert!(lines(name).is_empty(), "{head}");
    }
    assert_eq!(socket.ask("a"), "a");
}
