//! HTTP beside other protocols: websockets on the same port, connections that change their protocol, broadcasts, pipes.

use super::{ADDRESS, get, request, serve};
use crate::support::{client::Client, host::TestHost, websocket::WebSocket};

const CHAT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_websocket_connect = |connection, request| request.path() == "/chat";
worker.on_message = |connection, message| {
    if connection.protocol == "websocket" { return connection.send(`${message} to ${worker.broadcast(message)}`); }
    connection.send(`page at ${message.path()} for ${worker.broadcast("somebody came")}`);
};
Worker::run_all();
"#;

#[test]
fn a_page_and_its_websocket_share_a_port_and_a_broadcast_is_for_the_websockets() {
    let mut host = TestHost::start(CHAT);
    let address = host.socket(ADDRESS);
    let mut page = host.tcp(ADDRESS);
    assert!(get(&mut page, "/").ends_with("\n\npage at / for 0"));
    let mut socket = WebSocket::connect_to(address, "/chat");
    assert_eq!(socket.ask("hi"), "hi");
    assert_eq!(socket.message(), "hi to 1");
    assert!(get(&mut page, "/two").ends_with("\n\npage at /two for 1"));
    assert_eq!(socket.message(), "somebody came");
    // The upgrade may come after requests of the same connection, and may be refused.
    WebSocket::shake(page, "/chat").say_goodbye(1000);
    let mut refused = Client::connect(address);
    refused.send(crate::support::websocket::handshake("/other"));
    assert!(refused.line().starts_with("HTTP/1.1 403 "));
    assert_eq!(host.errors(), 0);
}

#[test]
fn an_upgrade_that_nobody_asked_for_is_a_request_like_any_other() {
    let mut host = serve("connection.send(request.header(\"upgrade\"))");
    let mut client = host.tcp(ADDRESS);
    client.send(crate::support::websocket::handshake("/"));
    assert!(super::answer(&mut client).ends_with("\n\nwebsocket"));
}

#[test]
fn a_connection_can_become_http_and_leave_it_again() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, message| {
            if connection.protocol == "text" {
                connection.protocol = "http";
                return;
            }
            if message.path() == "/page" { return connection.send("page"); }
            connection.protocol = "text";
            connection.send("HTTP/1.1 101 Switching Protocols\r\n\r\n", true);
            connection.send("text again");
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp("text://127.0.0.1:0");
    client.send(format!("a line\n{}{}", request("GET", "/page"), request("GET", "/text")));
    assert!(super::answer(&mut client).ends_with("\n\npage"));
    assert_eq!(client.line(), "HTTP/1.1 101 Switching Protocols\r");
    assert_eq!(client.line(), "\r");
    assert_eq!(client.line(), "text again");
    assert_eq!(host.errors(), 0);
}

#[test]
fn nothing_is_piped_into_or_out_of_http() {
    let mut host = TestHost::start(
        r#"
        let web = Worker("http://127.0.0.1:0");
        web.on_worker_start = |web| {
            let lines = Worker("text://127.0.0.1:0");
            lines.on_message = |connection, message| {
                for pair in [[connection, web.client], [web.client, connection]] {
                    try { pair[0].pipe(pair[1]) } catch (e) { connection.send(`${e}`.contains("cannot be piped")) }
                }
                connection.pipe(connection);
                try { connection.protocol = "http" } catch (e) { connection.send(`${e}`) }
            };
            lines.listen();
        };
        web.on_message = |connection, request| { web.client = connection; connection.send("hello") };
        Worker::run_all();
        "#,
    );
    let mut page = host.tcp(ADDRESS);
    get(&mut page, "/");
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("try"), "true");
    assert_eq!(client.line(), "true");
    assert_eq!(client.line(), "a piped connection cannot become HTTP");
    assert_eq!(host.errors(), 0);
}
