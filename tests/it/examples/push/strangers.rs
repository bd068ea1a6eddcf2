//! Who speaks the wrong protocol, and what the example offers besides (P53, P54).

use super::{BACKEND, J, PAGE, edited, log_in, script, start};
use crate::support::client::Client;
use crate::support::{
    host::TestHost,
    websocket::{WebSocket, handshake},
};
use std::{fs, os::unix::fs::PermissionsExt};

/// Sends something to the page's port; gives all that comes back, which must end.
fn answer_to(host: &mut TestHost, request: &str) -> String {
    let mut stranger = host.tcp(PAGE);
    stranger.send(request);
    String::from_utf8(stranger.rest()).expect("UTF-8")
}

// P53
#[test]
fn a_stranger_on_the_page_port_is_told_what_is_spoken_there() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let plain = answer_to(&mut host, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert!(plain.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{plain}");
    assert!(plain.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{plain}");

    let old = handshake("/").replace("Version: 13", "Version: 8");
    let old = answer_to(&mut host, &old);
    assert!(old.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{old}");
    assert!(old.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{old}");

    let post = answer_to(&mut host, &handshake("/").replace("GET", "POST"));
    assert!(post.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{post}");
    assert!(post.contains("\r\nAllow: GET\r\n"), "{post}");

    for garbage in [&format!("{J}\n"), "hello\r\n\r\n", "\0\0\0\x05hello\r\n"] {
        let answer = answer_to(&mut host, garbage);
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{garbage:?}: {answer}");
    }
    assert_eq!(host.tcp(BACKEND).ask(J), "ok");
    assert_eq!(page.message(), J);
}

// P53
#[test]
fn a_websocket_handshake_on_the_text_port_is_so_many_failed_lines() {
    let mut host = start();
    let mut lost = host.tcp(BACKEND);
    let request = handshake("/");
    lost.send(&request);
    for _ in request.lines() {
        assert_eq!(lost.line(), "fail");
    }
    host.expect_silence(&lost);
}

// P54
#[test]
fn broadcast_reaches_everybody_who_has_a_uid() {
    let mut host = start();
    let mut pages: Vec<WebSocket> =
        ["uid1", "uid2", "uid3"].map(|uid| log_in(&mut host, uid)).into();
    let mut stranger = host.websocket(PAGE);
    let mut backend = host.tcp(BACKEND);
    let push =
        r#"connection.send(if send_message_by_uid(data.uid, buffer) { "ok" } else { "fail" });"#;
    let to_all = r#"for page in worker.uid_connections.values() { page.send(buffer); } connection.send("told");"#;
    host.edit(&edited(&script(), push, to_all));
    assert_eq!(backend.ask("hello all"), "told");
    for page in &mut pages {
        assert_eq!(page.message(), "hello all");
        page.settle();
    }
    stranger.settle();
}

#[test]
fn an_inner_port_can_be_a_file_that_is_its_owners_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("backend.sock");
    let script = edited(&script(), BACKEND, &format!("text://{}", path.display()));
    let _host = TestHost::start(&script);
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(Client::connect_unix(&path).ask(r#"{"uid":"uid1"}"#), "fail");
}
