//! The backend's side: one line in, one line back (P20 to P35).

use super::{BACKEND, J, edited, log_in, script, start};
use crate::support::{
    host::TestHost,
    websocket::{PING, PONG},
};

// P20, P21
#[test]
fn a_line_arrives_byte_for_byte_without_its_end() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    for end in ["\n", "\r\n"] {
        backend.send(format!("{J}{end}"));
        assert_eq!(backend.bytes(3), b"ok\n");
        assert_eq!(page.client.bytes(2), [0x81, 0x1e]);
        assert_eq!(page.client.bytes(30), J.as_bytes());
    }
    host.expect_silence(&backend);
    host.expect_silence(&page.client);
}

// P22, P23
#[test]
fn spaces_stay_and_an_unknown_uid_fails() {
    let mut host = start();
    let mut page = log_in(&mut host, "slow");
    let mut backend = host.tcp(BACKEND);
    assert_eq!(backend.ask(r#"  {"uid":"slow"}  "#), "ok");
    assert_eq!(page.client.bytes(2), [0x81, 18]);
    assert_eq!(page.client.bytes(18), br#"  {"uid":"slow"}  "#);
    backend.send(format!("{J}\n"));
    assert_eq!(backend.bytes(5), b"fail\n");
    page.settle();
}

// P24
#[test]
fn a_line_counts_when_its_end_arrives_and_never_without() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut quitter = host.tcp(BACKEND);
    quitter.send(J);
    quitter.finish();
    quitter.expect_end();
    let mut backend = host.tcp(BACKEND);
    backend.send(J);
    host.expect_silence(&backend);
    page.settle();
    backend.send("\n");
    assert_eq!(backend.line(), "ok");
    assert_eq!(page.message(), J);
}

// P25
#[test]
fn segments_do_not_matter_and_lines_are_answered_in_order() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    for byte in J.as_bytes() {
        backend.send([*byte]);
    }
    backend.send(format!("\n{J}\n{{\"uid\":\"nobody\"}}\n"));
    assert_eq!(backend.bytes(11), b"ok\nok\nfail\n");
    assert_eq!(page.message(), J);
    assert_eq!(page.message(), J);
    page.settle();
}

// P26, P27, P28
#[test]
fn what_names_no_uid_fails_and_nobody_is_harmed() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    let lines = [
        r#"{"x":1}"#,
        "{}",
        "[1]",
        r#"{"UID":"uid1"}"#,
        r#"{"uid":false}"#,
        "5",
        "null",
        "true",
        "1.5",
        "not json",
        r#"{"uid":"uid1""#,
        "",
        r#""abc""#,
        r#"{"uid":[1]}"#,
        r#"{"uid":["uid1"]}"#,
        r#"{"uid":{"uid":"uid1"}}"#,
    ];
    for line in lines {
        assert_eq!(backend.ask(line), "fail", "{line}");
    }
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
    assert_eq!(host.errors(), 0);
}

// P26, its last row: a line that is no text
#[test]
fn a_line_that_is_not_utf8_ends_that_backend_alone() {
    let with_on_error = edited(
        &script(),
        "    inner.listen();",
        "    inner.on_error = |connection, code, message| { print(`error ${code}`); };\n    inner.listen();",
    );
    let mut host = TestHost::start(&with_on_error);
    let mut page = log_in(&mut host, "uid1");
    let mut other = host.tcp(BACKEND);
    let mut backend = host.tcp(BACKEND);
    assert_eq!(backend.ask(J), "ok");
    backend.send(b"{\"uid\":\"uid1\",\"x\":\"\xff\"}\n");
    backend.expect_end();
    host.wait_for_log("error 3");
    assert_eq!(page.message(), J);
    assert_eq!(other.ask(J), "ok");
    assert_eq!(page.message(), J);
}

// P29
#[test]
fn a_whole_number_and_its_decimal_text_are_the_same_uid() {
    let mut host = start();
    let mut seven = log_in(&mut host, "7");
    let mut one = log_in(&mut host, "1");
    let mut backend = host.tcp(BACKEND);
    for line in [r#"{"uid":7}"#, r#"{"uid":"7"}"#] {
        assert_eq!(backend.ask(line), "ok", "{line}");
        assert_eq!(seven.message(), line);
    }
    for line in [r#"{"uid":7.9}"#, r#"{"uid":true}"#, r#"{"uid":" 7"}"#, r#"{"uid":"07"}"#] {
        assert_eq!(backend.ask(line), "fail", "{line}");
    }
    seven.settle();
    one.settle();
}

// P30
#[test]
fn of_repeated_keys_the_last_decides() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    let line = r#"{"uid":"nobody","uid":"uid1"}"#;
    assert_eq!(backend.ask(line), "ok");
    assert_eq!(page.message(), line);
    assert_eq!(backend.ask(r#"{"uid":"uid1","uid":"nobody"}"#), "fail");
}

// P31
#[test]
fn long_lines_arrive_in_one_frame_of_the_shortest_form() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    let empty = r#"{"uid":"uid1","x":""}"#.len();
    for length in [125, 126, 65535, 65536, 300_000] {
        let line = format!(r#"{{"uid":"uid1","x":"{}"}}"#, "x".repeat(length - empty));
        assert_eq!(backend.ask(&line), "ok");
        let mut header = vec![0x81];
        match length {
            ..126 => header.push(length as u8),
            126..65536 => {
                header.push(126);
                header.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                header.push(127);
                header.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        assert_eq!(page.client.bytes(header.len()), header);
        assert!(page.client.bytes(length) == line.as_bytes(), "{length} bytes differ");
    }
}

// P32
#[test]
fn a_line_is_forwarded_and_not_written_anew() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    let lines = [
        r#"{"uid":"uid1","x":"é 漢 😀"}"#,
        r#"{"uid":"uid1","x":"\u00e9 \/"}"#,
        r#"{ "x" : 1.00 , "uid":"uid1" }"#,
    ];
    for line in lines {
        assert_eq!(backend.ask(line), "ok", "{line}");
        assert_eq!(page.message(), line);
    }
    // An escaped uid is the uid it spells.
    assert_eq!(backend.ask(r#"{"uid":"\u0075id1"}"#), "ok");
    assert_eq!(page.message(), r#"{"uid":"\u0075id1"}"#);
}

// P33
#[test]
fn many_pushes_of_one_backend_arrive_in_order() {
    const PUSHES: usize = 500;
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    let line = |n: usize| format!(r#"{{"uid":"uid1","n":{n}}}"#);
    backend.send((0..PUSHES).map(|n| line(n) + "\n").collect::<String>());
    for n in 0..PUSHES {
        assert_eq!(backend.line(), "ok");
        assert_eq!(page.message(), line(n));
    }
}

// P34
#[test]
fn a_line_without_end_is_cut_off_at_ten_mebibytes() {
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    backend.send(vec![b'x'; 10 * 1024 * 1024]);
    backend.expect_end();
    assert_eq!(host.tcp(BACKEND).ask(J), "ok");
    assert_eq!(page.message(), J);
}

// P35
#[test]
fn a_page_that_does_not_read_gets_what_was_queued_and_no_more() {
    const PUSHES: usize = 300;
    const SIZE: usize = 64 * 1024;
    let mut host = start();
    let mut page = log_in(&mut host, "uid1");
    let mut backend = host.tcp(BACKEND);
    let padding = "x".repeat(SIZE);
    for n in 0..PUSHES {
        let answer = backend.ask(&format!(r#"{{"uid":"uid1","n":{n},"x":"{padding}"}}"#));
        assert_eq!(answer, "ok", "push {n}");
    }
    // The answer to a ping is queued behind all that.
    page.frame(0x80 | PING, b"");
    let mut numbers = Vec::new();
    loop {
        let frame = page.receive();
        if frame.opcode == PONG {
            break;
        }
        let value: serde_json::Value = serde_json::from_slice(&frame.payload).expect("JSON");
        numbers.push(value["n"].as_u64().expect("a number") as usize);
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    // (a mebibyte in the queue at least, and the kernel's buffers; some were dropped, or this test pushed too little)
    assert!((16..PUSHES).contains(&numbers.len()), "{} of {PUSHES} arrived", numbers.len());
    assert_eq!(numbers[..16], (0..16).collect::<Vec<_>>());
    assert_eq!(backend.ask(J), "ok");
    assert_eq!(page.message(), J);
}
