//! Who opens a websocket is known by the cookies and the session of the pages.

use crate::{
    support::answer::{Answer, ask, get},
    support::client::Client,
    support::host::TestHost,
    support::websocket::{WebSocket, handshake},
};

const HTTP: &str = "http://127.0.0.1:0";
const WEBSOCKET: &str = "websocket://127.0.0.1:0";

/// Pages that log in, and websockets for those who have, at one port and at one of their own.
const SCRIPT: &str = r#"
let pages = Worker("http://127.0.0.1:0");
let sockets = Worker("websocket://127.0.0.1:0");
let decide = |connection, request| {
    switch request.path() {
        "/visits" => {
            request.session().set("visits", request.session().get("visits", 0) + 1);
            connection.session = request.session();
        },
        "/bug" => throw "nothing",
        "/login" => return Response(302, #{ Location: "/log in" }),
        "/challenge" => {
            connection.headers = #{ "WWW-Authenticate": "Bearer" };
            return 401;
        },
        "/json" => return Response(422, #{}, #{ why: "because" }),
        "/file" => return Response().with_file("a.txt"),
        _ => {
            connection.user = request.session().get("user");
            if connection.user == () { return Response(403, #{ "X-Why": "log in" }, "first log in"); }
        }
    }
    connection.request = request;
};
let talk = |connection, message| {
    if type_of(message) == "Request" {
        message.session().set("user", message.get("user"));
        return connection.send(`hello ${message.get("user")}, ${message.session().get("visits")} visits`);
    }
    let request = connection.request;
    connection.send(switch message {
        "who" => `${connection.user} ${request.cookie("theme")}`,
        "fields" => `${request.path()} ${request.query_string()} ${request.get("a")} ${request.header("host")}`,
        "methods" => `${request.path()} ${request.get("a")} ${request.header("Host")} ${request.ip()} ${request.method()}`,
        "set" => { connection.session.set("visits", 100); connection.session.save(); "kept" },
    });
};
pages.on_websocket_connect = decide;
pages.on_message = talk;
sockets.on_websocket_connect = decide;
sockets.on_message = talk;
"#;

/// Logs in by a page and gives the cookie.
fn login(host: &mut TestHost, user: &str) -> String {
    let answer = ask(&mut host.tcp(HTTP), "GET", &format!("/?user={user}"), &[]);
    let set = answer.header("Set-Cookie").expect("a cookie");
    set.split(';').next().unwrap_or_default().to_owned()
}

/// Asks for a websocket, with this header line.
fn opening(path: &str, line: &str) -> String {
    handshake(path).replace("Host: 127.0.0.1\r\n", &format!("Host: 127.0.0.1\r\n{line}\r\n"))
}

fn open(host: &mut TestHost, address: &str, path: &str, line: &str) -> (WebSocket, String) {
    let mut client = host.tcp(address);
    client.send(opening(path, line));
    let mut socket = WebSocket { client };
    let head = socket.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    (socket, head)
}

#[test]
fn who_has_logged_in_by_a_page_is_known_to_a_websocket() {
    let mut host = TestHost::start(SCRIPT);
    let cookie = login(&mut host, "ann");
    for address in [HTTP, WEBSOCKET] {
        let line = format!("Cookie: theme=dark; {cookie}");
        let (mut socket, head) = open(&mut host, address, "/chat?a=b+c&a=d%20e", &line);
        assert!(head.contains("\r\nDate: ") && head.contains(&format!("Set-Cookie: {cookie};")));
        assert_eq!(socket.ask("who"), "ann dark");
        // What was read without calls before can be read so, also when it was kept.
        assert_eq!(socket.ask("fields"), "/chat a=b+c&a=d%20e d e 127.0.0.1");
        assert_eq!(socket.ask("methods"), "/chat d e 127.0.0.1 127.0.0.1 GET");
        let mut client = host.tcp(address);
        client.send(opening("/chat", "X-Nothing: 1"));
        let refused = Answer::read(&mut client);
        assert_eq!((refused.status, refused.text()), (403, "first log in"));
        assert_eq!(refused.header("X-Why"), Some("log in"));
        assert!(refused.header("Date").is_some() && refused.header("Set-Cookie").is_none());
        client.expect_end();
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_session_that_a_websocket_begins_is_kept_before_its_answer() {
    let mut host = TestHost::start(SCRIPT);
    for address in [HTTP, WEBSOCKET] {
        let (mut socket, head) = open(&mut host, address, "/visits", "X-Nothing: 1");
        let cookie = head.split("Set-Cookie: ").nth(1).and_then(|rest| rest.split(';').next());
        let line = format!("Cookie: {}", cookie.expect("a cookie"));
        let page = |host: &mut TestHost| {
            ask(&mut host.tcp(HTTP), "GET", "/?user=bob", &[&line]).text().to_owned()
        };
        assert_eq!(page(&mut host), "hello bob, 1 visits");
        assert_eq!(socket.ask("set"), "kept");
        assert_eq!(page(&mut host), "hello bob, 100 visits");
        let (_, head) = open(&mut host, address, "/visits", &line);
        assert_eq!(head.matches("Set-Cookie").count(), 1, "{head}");
        assert_eq!(page(&mut host), "hello bob, 101 visits");
    }
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_websocket_is_refused_with_what_a_response_says() {
    let mut host = TestHost::start(SCRIPT);
    for address in [HTTP, WEBSOCKET] {
        let refused = |host: &mut TestHost, path: &str| {
            let mut client = host.tcp(address);
            client.send(handshake(path));
            let answer = Answer::read(&mut client);
            client.expect_end();
            answer
        };
        let login = refused(&mut host, "/login");
        assert_eq!((login.status, login.header("Location")), (302, Some("/log%20in")));
        let challenge = refused(&mut host, "/challenge");
        assert_eq!((challenge.status, challenge.header("WWW-Authenticate")), (401, Some("Bearer")));
        let json = refused(&mut host, "/json");
        assert_eq!((json.status, json.text()), (422, "{\"why\":\"because\"}"));
        assert_eq!(json.header("Content-Type"), Some("application/json"));
        assert_eq!(refused(&mut host, "/file").status, 500);
        host.wait_for_log("a file cannot refuse a websocket");
        assert_eq!(refused(&mut host, "/bug").status, 500);
        let fault = loop {
            let fault = host.fault().to_string();
            if fault.contains("nothing") {
                break fault;
            }
        };
        assert!(fault.contains("on_websocket_connect of worker") && fault.contains("for GET /bug"));
    }
}

#[test]
fn a_connection_that_has_asked_for_pages_hears_why_it_gets_no_websocket() {
    let mut host = TestHost::start(SCRIPT);
    let mut client: Client = host.tcp(HTTP);
    assert_eq!(get(&mut client, "/?user=ann").0, 200);
    client.send(handshake("/chat"));
    assert_eq!(Answer::read(&mut client).status, 403);
    client.expect_end();
}
