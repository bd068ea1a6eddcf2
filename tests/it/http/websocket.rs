//! Websockets beside HTTP, at one port: `on_websocket_connect` of an http worker.

use crate::support::{
    answer::{Answer, ask, get},
    client::Client,
    host::TestHost,
    wait::until,
    websocket::{BINARY, PING, PONG, TEXT, WebSocket, handshake, masked},
};

const ADDRESS: &str = "http://127.0.0.1:0";

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.log = [];
worker.on_websocket_connect = |connection, request| {
    connection.path = request.path();
    if request.path() == "/no" { return false; }
    if request.path() == "/busy" { return 503; }
    if request.path() == "/oops" { throw "oops"; }
    if request.path() == "/slow" { sleep(0.02); }
    if request.path() == "/named" { connection.headers = #{ "Sec-WebSocket-Protocol": "chat" }; }
    if request.path() == "/own" {
        connection.on_message = |connection, message| connection.send(`own ${message}`);
    }
};
worker.on_message = |connection, message| {
    if type_of(message) == "Request" {
        connection.send(`page ${message.path()}`);
    } else {
        connection.send(message);
    }
};
worker.on_close = |connection| { print(`closed ${connection.path}`); };
Worker::run_all();
"#;

#[test]
fn one_port_serves_pages_and_sockets() {
    let mut host = TestHost::start(SCRIPT);
    let mut page = host.tcp(ADDRESS);
    assert_eq!(get(&mut page, "/"), (200, "page /".into()));
    let mut socket = WebSocket::connect_to(host.socket(ADDRESS), "/chat?x=1");
    assert_eq!(socket.ask("hello"), "hello");
    assert_eq!(get(&mut page, "/again"), (200, "page /again".into()));
    // A connection that has asked for pages can become a socket.
    let mut socket = WebSocket::shake(page, "/late");
    assert_eq!(socket.ask("hello"), "hello");
    socket.binary(b"\x00\xff");
    let frame = socket.receive();
    assert_eq!((frame.opcode, &*frame.payload), (BINARY, &b"\x00\xff"[..]));
    assert_eq!(host.errors(), 0);
}

#[test]
fn an_opening_can_be_refused_with_a_status() {
    let mut host = TestHost::start(SCRIPT);
    for (path, status) in [("/no", 403), ("/busy", 503), ("/oops", 500)] {
        let mut client = host.tcp(ADDRESS);
        client.send(handshake(path));
        assert_eq!(Answer::read(&mut client).status, status, "{path}");
        client.expect_end();
    }
    assert_eq!(host.errors(), 1);
}

#[test]
fn whoever_asks_for_a_socket_that_ends_meanwhile_is_refused() {
    let script = r#"
let sockets = Worker("websocket://127.0.0.1:0");
let pages = Worker("http://127.0.0.1:0");
let decide = |connection, request| {
    print("asked");
    if request.path() == "/close" { connection.close(); }
    sleep(0.2);
    true
};
sockets.on_websocket_connect = decide;
pages.on_websocket_connect = decide;
Worker::run_all();
"#;
    for address in [ADDRESS, "websocket://127.0.0.1:0"] {
        let mut host = TestHost::start(script);
        let mut closed = host.tcp(address);
        closed.send(handshake("/close"));
        assert_eq!(Answer::read(&mut closed).status, 403);
        closed.expect_end();
        let mut stopped = host.tcp(address);
        stopped.send(handshake("/stop"));
        until("the log says `asked`", || host.logged("asked") == 2);
        host.handle().stop(0);
        assert_eq!(Answer::read(&mut stopped).status, 403);
        stopped.expect_end();
        assert_eq!(host.ended(), 0);
    }
}

#[test]
fn bytes_behind_the_handshake_are_frames_and_requests_before_it_are_answered_first() {
    let mut host = TestHost::start(SCRIPT);
    for path in ["/", "/slow"] {
        let mut client = host.tcp(ADDRESS);
        let mut bytes = b"GET /first HTTP/1.1\r\nHost: here\r\n\r\n".to_vec();
        bytes.extend(handshake(path).into_bytes());
        bytes.extend(masked(0x80 | TEXT, b"early"));
        bytes.extend(masked(0x80 | TEXT, b"bird"));
        client.send(bytes);
        assert_eq!(Answer::read(&mut client).text(), "page /first");
        assert_eq!(Answer::read_head(&mut client).status, 101);
        let mut socket = WebSocket { client };
        assert_eq!((socket.message(), socket.message()), ("early".into(), "bird".into()));
    }
}

#[test]
fn the_answer_to_an_opening_may_have_headers_of_the_script() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(ADDRESS);
    client.send(handshake("/named"));
    let answer = Answer::read_head(&mut client);
    assert_eq!(answer.header("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(answer.header("Sec-WebSocket-Protocol"), Some("chat"));
}

#[test]
fn a_connection_may_get_callbacks_of_its_own_when_it_opens() {
    let mut host = TestHost::start(SCRIPT);
    let mut own = WebSocket::connect_to(host.socket(ADDRESS), "/own");
    let mut other = WebSocket::connect_to(host.socket(ADDRESS), "/other");
    assert_eq!((own.ask("a"), other.ask("a")), ("own a".into(), "a".into()));
}

#[test]
fn without_the_callback_an_opening_is_a_request_like_any_other() {
    let mut host = TestHost::start(&SCRIPT.replace("worker.on_websocket_connect", "worker.unused"));
    let mut client = host.tcp(ADDRESS);
    client.send(handshake("/chat"));
    let answer = Answer::read(&mut client);
    assert_eq!((answer.status, answer.text()), (200, "page /chat"));
    assert_eq!(get(&mut client, "/").0, 200);
}

// RFC 6455, 4.2.2
#[test]
fn an_opening_with_something_wrong_is_told_what() {
    let mut host = TestHost::start(SCRIPT);
    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const VERSION: &str = "Sec-WebSocket-Version: 13";
    for (name, status, lines) in [
        ("an older version", 426, ["Sec-WebSocket-Version: 8", KEY]),
        ("no version", 400, ["X-Nothing: 1", KEY]),
        ("no key", 400, [VERSION, "X-Nothing: 1"]),
        ("a short key", 400, [VERSION, "Sec-WebSocket-Key: c2hvcnQ="]),
        ("a key that is no base64", 400, [VERSION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!=="]),
    ] {
        // Upgrade is a list, and says so on the port of pages as on one of websockets alone.
        for upgrade in ["Upgrade: websocket", "Upgrade: h2c, websocket"] {
            let mut client = host.tcp(ADDRESS);
            let all = [&["Connection: Upgrade", upgrade][..], &lines].concat();
            let answer = ask(&mut client, "GET", "/", &all);
            assert_eq!(answer.status, status, "{name}: {}", answer.text());
            assert_eq!(answer.header("Sec-WebSocket-Version"), Some("13"), "{name}");
            assert_eq!(answer.header("Upgrade"), (status == 426).then_some("websocket"), "{name}");
            assert!(answer.header("Date").is_some(), "{name}");
            client.expect_end();
        }
    }
}

#[test]
fn a_request_for_another_upgrade_is_a_request() {
    let mut host = TestHost::start(SCRIPT);
    let mut client = host.tcp(ADDRESS);
    let h2c = ask(&mut client, "GET", "/h2c", &["Connection: Upgrade", "Upgrade: h2c"]);
    assert_eq!((h2c.status, h2c.text()), (200, "page /h2c"));
}

#[test]
fn goodbyes_have_their_codes_and_pings_are_answered() {
    let mut host = TestHost::start(SCRIPT);
    let mut socket = WebSocket::connect_to(host.socket(ADDRESS), "/bye");
    socket.settle();
    socket.say_goodbye(4001);
    host.wait_for_log("closed /bye");
    let mut socket = WebSocket::connect_to(host.socket(ADDRESS), "/broken");
    socket.frame(0x80 | TEXT, b"\xff");
    socket.expect_close(1007);
    let mut socket = WebSocket::connect_to(host.socket(ADDRESS), "/left");
    socket.settle();
    host.handle().stop(0);
    socket.expect_close(1001);
}

#[test]
fn a_silent_socket_is_pinged_and_a_silent_page_is_not() {
    let mut host = TestHost::start(&SCRIPT.replace("worker.log = [];", "worker.heartbeat = 0.3;"));
    let mut page = host.tcp(ADDRESS);
    assert_eq!(get(&mut page, "/").0, 200);
    let mut lively = WebSocket::connect_to(host.socket(ADDRESS), "/lively");
    let mut silent = WebSocket::connect_to(host.socket(ADDRESS), "/silent");
    assert_eq!(silent.receive().opcode, PING);
    let ping = lively.receive();
    assert_eq!(ping.opcode, PING);
    lively.frame(0x80 | PONG, &ping.payload);
    // (no goodbye: nobody would hear it)
    silent.client.expect_end();
    host.wait_for_log("closed /silent");
    assert_eq!(get(&mut page, "/").0, 200);
}

#[test]
fn a_reload_keeps_pages_and_sockets() {
    let mut host = TestHost::start(SCRIPT);
    let mut page = host.tcp(ADDRESS);
    let mut socket = WebSocket::connect_to(host.socket(ADDRESS), "/kept");
    assert_eq!((get(&mut page, "/").0, socket.ask("a")), (200, "a".into()));
    let report = host.edit(
        &SCRIPT
            .replace("`page ${", "`edited ${")
            .replace("connection.send(message);", "connection.send(`edited ${message}`);"),
    );
    assert_eq!(report.connections, 2);
    assert_eq!(get(&mut page, "/").1, "edited /");
    assert_eq!(socket.ask("a"), "edited a");
    // The callback may come and go: sockets that are open stay.
    host.edit(&SCRIPT.replace("worker.on_websocket_connect", "worker.unused"));
    assert_eq!(socket.ask("b"), "b");
    let mut late = Client::connect(host.socket(ADDRESS));
    late.send(handshake("/late"));
    assert_eq!(Answer::read(&mut late).text(), "page /late");
}

#[test]
fn a_web_server_serves_the_page_of_its_socket() {
    let mut host = TestHost::start_with(
        "let server = WebServer(\"http://127.0.0.1:0\");
        server.add_root(\"www\");
        server.on_websocket_connect = |connection, request| ();
        server.on_message = |connection, message| {
            if type_of(message) == \"string\" { connection.send(`said ${message}`); }
        };",
        &[("www/index.html", "page")],
    );
    let mut page = host.tcp(ADDRESS);
    assert_eq!(get(&mut page, "/").1, "page");
    assert_eq!(WebSocket::shake(page, "/").ask("a"), "said a");
}
