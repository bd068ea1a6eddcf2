//! Fields, cookies and headers of a request in the order in which they came, and JSON as others write it.

use crate::{
    support::client::WebSocket,
    support::exchange::{ask, ask_form, part},
    support::host::TestHost,
};

const ADDRESS: &str = "http://127.0.0.1:0";

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_websocket_connect = |connection, request| {
    connection.facts = #{ query: request.get(), headers: request.header().keys() };
};
worker.on_message = |connection, request| {
    if connection.protocol == "websocket" { return connection.send(connection.facts); }
    let found = switch request.path() {
        "/query" => request.get(),
        "/post" => request.post(),
        "/json" => request.json(),
        "/cookie" => request.cookie(),
        "/header" => request.header(),
        "/file" => request.file(),
        "/session" => {
            let session = request.session();
            for (key, value) in request.get() { session.set(key, value); }
            session.all()
        }
    };
    connection.send(#{ found: found });
};
"#;

fn answer(target: &str, headers: &str, body: &[u8]) -> String {
    let mut host = TestHost::start(SCRIPT);
    let method = if body.is_empty() { "GET" } else { "POST" };
    let answer = ask(&mut host.tcp(ADDRESS), &format!("{method} {target}"), headers, body);
    String::from_utf8(answer.body).expect("UTF-8")
}

#[test]
fn fields_come_in_their_order() {
    let wanted = r#"{"found":{"zip":"1","name":"2","city":{"x":"3","a":"4"}}}"#;
    let fields = "zip=1&name=2&city[x]=3&city[a]=4";
    assert_eq!(answer(&format!("/query?{fields}"), "", b""), wanted);
    assert_eq!(answer(&format!("/session?{fields}"), "", b""), wanted);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(answer("/post", form, fields.as_bytes()), wanted);
    let json = r#"{"zip":"1","name":"2","city":{"x":"3","a":"4"}}"#;
    assert_eq!(answer("/json", "", json.as_bytes()), wanted);
    let json_form = "Content-Type: application/json\r\n";
    assert_eq!(answer("/post", json_form, json.as_bytes()), wanted);
}

#[test]
fn cookies_and_headers_come_in_their_order() {
    let cookies = "Cookie: zip=1; name=2\r\nCookie: city=3\r\n";
    let wanted = r#"{"found":{"zip":"1","name":"2","city":"3"}}"#;
    assert_eq!(answer("/cookie", cookies, b""), wanted);
    let headers = "X-Zip: 1\r\nAccept: 2\r\nX-Name: 3\r\nAccept: 4\r\n";
    let given = answer("/header", headers, b"");
    assert!(given.contains(r#""x-zip":"1","accept":"2, 4","x-name":"3""#), "{given}");
}

#[test]
fn files_come_in_the_order_of_their_fields() {
    let parts = [
        part(r#"form-data; name="zip"; filename="1""#, "1"),
        part(r#"form-data; name="all[]"; filename="2""#, "2"),
        part(r#"form-data; name="city"; filename="3""#, "3"),
        part(r#"form-data; name="all[]"; filename="4""#, "4"),
    ];
    let mut host = TestHost::start(SCRIPT);
    let answer = ask_form(&mut host.tcp(ADDRESS), "/file", &parts);
    let found: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    let found = found["found"].as_object().expect("fields");
    assert_eq!(found.keys().collect::<Vec<_>>(), ["zip", "all", "city"]);
    assert_eq!(found["all"][1]["name"], "4");
    let fields = found["zip"].as_object().expect("a file").keys().collect::<Vec<_>>();
    assert_eq!(fields, ["name", "tmp_name", "size", "type", "full_path", "error"]);
}

#[test]
fn the_request_of_a_websocket_has_its_order_too() {
    let mut host = TestHost::start(SCRIPT);
    let mut socket = WebSocket::connect_to(host.socket(ADDRESS), "/?zip=1&name=2&city=3&name=4");
    let facts = socket.ask("?");
    assert!(facts.starts_with(r#"{"query":{"zip":"1","name":"4","city":"3"},"#), "{facts}");
    assert!(facts.contains(r#""headers":["host","#), "{facts}");
}

#[test]
fn json_that_others_write_has_its_first_name() {
    for json in [
        r#"{"name":"Ann","text":"\ud83d"}"#,
        r#"{"name":"Ann","n":1e400}"#,
        "\u{feff}{\"name\":\"Ann\"}",
        r#"{"name":"Ann","id":12345678901234567890123}"#,
    ] {
        let given = answer("/json", "Content-Type: application/json\r\n", json.as_bytes());
        assert!(given.starts_with(r#"{"found":{"name":"Ann""#), "{json}: {given}");
        let given = answer("/post", "Content-Type: application/json\r\n", json.as_bytes());
        assert!(given.starts_with(r#"{"found":{"name":"Ann""#), "{json}: {given}");
    }
}
