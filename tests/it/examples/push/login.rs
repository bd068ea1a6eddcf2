//! The page's side: who is logged in as whom (P10 to P17).

use super::{BACKEND, J, PAGE, log_in, start};
use crate::support::websocket::{
    BINARY, CONTINUATION, PING, PONG, TEXT, WebSocket, handshake, masked,
};

// P10, P11
#[test]
fn a_handshake_and_a_login_are_answered_by_nothing_but_the_101() {
    let mut host = start();
    // (the client has checked the 101 and its key)
    let mut page = host.websocket(PAGE);
    host.expect_silence(&page.client);
    page.text("uid1");
    host.expect_silence(&page.client);
    assert_eq!(host.tcp(BACKEND).ask(J), "ok");
    assert_eq!(page.message(), J);
}

// P12
#[test]
fn later_messages_of_a_page_do_not_change_its_uid() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    page.text("second");
    page.settle();
    let mut backend = host.tcp(BACKEND);
    assert_eq!(backend.ask(r#"{"uid":"second"}"#), "fail");
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
}

// P13
#[test]
fn a_uid_may_come_binary_in_fragments_or_with_the_handshake() {
    let mut host = start();
    let mut binary = host.websocket(PAGE);
    binary.binary(b"binary");
    binary.settle();
    let mut fragmented = host.websocket(PAGE);
    fragmented.frame(TEXT, b"frag");
    fragmented.frame(0x80 | CONTINUATION, b"mented");
    fragmented.settle();
    let mut early = WebSocket { client: host.tcp(PAGE) };
    early.client.send([handshake("/").as_bytes(), &masked(0x80 | TEXT, b"early")].concat());
    assert!(early.head().starts_with("HTTP/1.1 101 "));
    early.settle();

    let mut backend = host.tcp(BACKEND);
    let pages = [("binary", &mut binary), ("fragmented", &mut fragmented), ("early", &mut early)];
    for (uid, page) in pages {
        let line = format!(r#"{{"uid":"{uid}"}}"#);
        assert_eq!(backend.ask(&line), "ok");
        assert_eq!(page.message(), line);
    }
    // A uid that came as bytes is forgotten like any other.
    binary.say_goodbye(1000);
    assert_eq!(backend.ask(r#"{"uid":"binary"}"#), "fail");
    assert_eq!(host.errors(), 0);
    // Bytes that are no text cannot be a uid.
    let mut noise = host.websocket(PAGE);
    noise.binary(b"\xff");
    assert!(host.fault().title.contains("UTF-8 text"));
    noise.settle();
}

// P14
#[test]
fn an_empty_uid_is_a_uid_and_a_missing_one_is_none() {
    let mut host = start();
    let mut page = log_in(&mut host, "");
    let mut backend = host.tcp(BACKEND);
    for line in [r#"{"x":1}"#, r#"{"uid":null}"#, "not json", ""] {
        assert_eq!(backend.ask(line), "fail", "{line}");
    }
    assert_eq!(backend.ask(r#"{"uid":""}"#), "ok");
    assert_eq!(page.message(), r#"{"uid":""}"#);
}

// P15
#[test]
fn a_ping_is_answered_before_and_after_the_login_and_is_no_uid() {
    let mut host = start();
    let mut page = host.websocket(PAGE);
    for payload in ["", "before", "after"] {
        page.frame(0x80 | PING, payload.as_bytes());
        let pong = page.receive();
        assert_eq!((pong.opcode, &pong.payload[..]), (PONG, payload.as_bytes()));
        if payload == "before" {
            page.text("uid1");
        }
    }
    let mut backend = host.tcp(BACKEND);
    assert_eq!(backend.ask(r#"{"uid":"before"}"#), "fail");
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
}

// P16
#[test]
fn who_has_sent_nothing_has_no_uid_and_stays_connected() {
    let mut host = start();
    let mut silent = host.websocket(PAGE);
    let mute = host.tcp(PAGE);
    let mut backend = host.tcp(BACKEND);
    for line in [J, r#"{"uid":null}"#, r#"{"uid":""}"#] {
        assert_eq!(backend.ask(line), "fail");
    }
    host.expect_silence(&silent.client);
    host.expect_silence(&mute);
    silent.text("uid1");
    silent.settle();
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(silent.message(), J);
}

// P17
#[test]
fn a_first_message_of_more_than_ten_mebibytes_closes_the_page_with_1009() {
    let mut host = start();
    let mut living = log_in(&mut host, "uid1");
    let mut page = host.websocket(PAGE);
    // (the header alone, with a length of 10 MiB and one)
    let mut header = vec![0x80 | BINARY, 0x80 | 127];
    header.extend_from_slice(&(10 * 1024 * 1024 + 1_u64).to_be_bytes());
    header.extend_from_slice(&[0; 4]);
    page.client.send(header);
    page.expect_close(1009);
    assert_eq!(host.tcp(BACKEND).ask(J), "ok");
    assert_eq!(living.message(), J);
}
