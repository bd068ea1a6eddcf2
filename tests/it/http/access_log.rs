//! The access log: a line for each request that was answered, of workers that want one.

use crate::{
    support::answer::{ask, get},
    support::exchange::curl,
    support::host::TestHost,
    support::wait::until,
    support::websocket::{WebSocket, handshake},
};
use rhost::Access;
use std::{sync::Mutex, time::Duration};

const HTTP: &str = "http://127.0.0.1:0";
const WEBSOCKET: &str = "websocket://127.0.0.1:0";

const SCRIPT: &str = r#"
import "std/router" as router;
let app = router::create();
router::get(app, "/users/:id", |request| `user ${request.params.id}`);
router::get(app, "/slow", |request| { sleep(0.05); "slow" });
router::get(app, "/stream", |request| {
    let connection = request.connection;
    connection.send(Response(200, #{ "Transfer-Encoding": "chunked" }, "one"));
    connection.send(Chunk("two"));
    connection.send(Chunk(""));
});
router::get(app, "/never", |request| { print("waits"); sleep(0.2); "never" });
router::get(app, "/boom", |request| { throw "x"; });
router::mount(app, "/files", "www");
let worker = Worker("http://127.0.0.1:0");
worker.access_log = true;
worker.trusted_proxies = ["127.0.0.1"];
worker.on_websocket_connect = |connection, request| request.path() != "/no";
worker.on_message = |connection, message| {
    if type_of(message) == "Request" { router::handle(app, connection, message) } else { connection.send(message) }
};
let sockets = Worker("websocket://127.0.0.1:0");
sockets.access_log = true;
sockets.on_message = |connection, message| connection.send(message);
"#;

fn start() -> TestHost {
    TestHost::start_with(SCRIPT, &[("www/a.txt", "hello world")])
}

/// The lines so far.
fn accesses(host: &TestHost) -> Vec<Access> {
    host.log().into_iter().filter_map(|record| record.about.access).map(|access| *access).collect()
}

/// The next line, of those that no test has seen yet.
struct Reader(Mutex<usize>);

impl Reader {
    fn new() -> Self {
        Self(Mutex::new(0))
    }

    fn next(&self, host: &TestHost) -> Access {
        let mut seen = self.0.lock().expect("a number");
        until("another line", || accesses(host).len() > *seen);
        *seen += 1;
        accesses(host).swap_remove(*seen - 1)
    }
}

fn summary(access: &Access) -> (String, u16, u64) {
    (
        format!("{} {} {}", access.method, access.target, access.protocol),
        access.status,
        access.bytes,
    )
}

#[test]
fn each_answered_request_is_a_line_in_the_combined_format() {
    let mut host = start();
    let (mut client, lines) = (host.tcp(HTTP), Reader::new());
    let headers =
        ["Referer: http://a.example/\"x", "User-Agent: test/1.0", "X-Forwarded-For: 1.2.3.4:80"];
    ask(&mut client, "GET", "/users/7?a=b", &headers);
    let line = lines.next(&host);
    assert_eq!(summary(&line), ("GET /users/7?a=b HTTP/1.1".into(), 200, 6));
    assert_eq!(line.route.as_deref(), Some("/users/:id"));
    assert_eq!((line.client.as_str(), line.user_agent.as_str()), ("1.2.3.4", "test/1.0"));
    let text = host.wait_for_log("GET /users/7?a=b HTTP/1.1").message;
    assert!(text.starts_with("1.2.3.4 - - ["), "{text}");
    let rest = "] \"GET /users/7?a=b HTTP/1.1\" 200 6 \"http://a.example/\\\"x\" \"test/1.0\" 0.0";
    assert!(text.contains(rest), "{text}");
    for (method, path, status, bytes) in [
        ("HEAD", "/users/7", 200, 0),
        ("GET", "/files/a.txt", 200, 11),
        ("GET", "/files/none.txt", 404, 22),
        ("DELETE", "/slow", 405, 19),
        ("GET", "/nothing", 404, 10),
        ("GET", "/boom", 500, 35),
    ] {
        let mut client = host.tcp(HTTP);
        ask(&mut client, method, path, &[]);
        let wanted = (format!("{method} {path} HTTP/1.1"), status, bytes);
        assert_eq!(summary(&lines.next(&host)), wanted);
    }
    client.send("GET /slow HTTP/1.0\r\n\r\n");
    client.rest();
    let slow = lines.next(&host);
    assert_eq!(summary(&slow), ("GET /slow HTTP/1.0".into(), 200, 4));
    assert!(slow.took >= Duration::from_millis(50), "{:?}", slow.took);
    let mut client = host.tcp(HTTP);
    client.send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.rest();
    assert_eq!(summary(&lines.next(&host)), ("GET /stream HTTP/1.1".into(), 200, 6));
    assert_eq!(host.logged("] \"GET /stream"), 1);
}

#[test]
fn what_is_refused_or_left_has_a_line_too() {
    let mut host = start();
    let lines = Reader::new();
    let mut client = host.tcp(HTTP);
    client.send("GET / HTTP/1.1\r\nbad header\r\n\r\n");
    client.rest();
    let unread = lines.next(&host);
    assert_eq!(
        (unread.method.as_str(), unread.status, unread.client.as_str()),
        ("", 400, "127.0.0.1")
    );
    assert!(unread.to_string().contains("] \"-\" 400 "), "{unread}");
    let mut client = host.tcp(HTTP);
    client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    host.wait_for_log("waits");
    client.reset();
    let left = lines.next(&host);
    assert_eq!(summary(&left), ("GET /never HTTP/1.1".into(), 499, 0));
}

#[test]
fn websockets_and_http2_are_told_as_well() {
    let mut host = start();
    let lines = Reader::new();
    let mut socket = WebSocket::connect_to(host.socket(HTTP), "/chat?x");
    assert_eq!(summary(&lines.next(&host)), ("GET /chat?x HTTP/1.1".into(), 101, 0));
    assert_eq!(socket.ask("hello"), "hello");
    let mut client = host.tcp(HTTP);
    client.send(handshake("/no"));
    client.rest();
    assert_eq!(summary(&lines.next(&host)), ("GET /no HTTP/1.1".into(), 403, 0));
    let _socket = host.websocket(WEBSOCKET);
    assert_eq!(summary(&lines.next(&host)), ("GET / HTTP/1.1".into(), 101, 0));
    let mut client = host.tcp(WEBSOCKET);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.rest();
    assert_eq!(lines.next(&host).status, 400);
    let address = host.socket(HTTP);
    assert_eq!(curl(&["--http2-prior-knowledge"], address, "/users/8"), "user 8");
    assert_eq!(summary(&lines.next(&host)), ("GET /users/8 HTTP/2.0".into(), 200, 6));
}

#[test]
fn nobody_writes_a_line_who_was_not_told_to_and_a_reload_decides_anew() {
    let mut host = start();
    let mut client = host.tcp(HTTP);
    let off = SCRIPT.replace("worker.access_log = true;", "");
    host.edit(&off);
    assert_eq!(get(&mut client, "/users/1").1, "user 1");
    host.edit(SCRIPT);
    assert_eq!(get(&mut client, "/users/2").1, "user 2");
    let lines = Reader::new();
    assert_eq!(lines.next(&host).target, "/users/2", "and not the first");
}
