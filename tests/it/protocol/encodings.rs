//! `worker.encoding`: as what messages arrive, and what becomes of bytes that are no text.

use crate::support::{
    client::Client,
    host::TestHost,
    websocket::{BINARY, TEXT as TEXT_FRAME},
};

const TEXT: &str = "text://127.0.0.1:0";
const WEBSOCKET: &str = "websocket://127.0.0.1:0";

/// Answers each message with what it is, and as it came.
fn echo(address: &str, encoding: &str) -> String {
    format!(
        r#"
        let worker = Worker("{address}");
        worker.encoding = "{encoding}";
        worker.on_message = |connection, data| {{
            connection.send(type_of(data));
            connection.send(data);
        }};
        worker.on_error = |connection, code, text| print(`error ${{code}}`);
        Worker::run_all();
        "#
    )
}

fn answer(client: &mut Client, line: &[u8]) -> (String, Vec<u8>) {
    client.send([line, b"\n"].concat());
    (client.line(), client.bytes(line.len() + 1))
}

#[test]
fn lines_in_latin_1_come_and_go_as_blobs() {
    let mut host = TestHost::start(&echo(TEXT, "binary"));
    let mut client = host.tcp(TEXT);
    for line in [&b"Stra\xdfe"[..], b"\xff\xfe", b"plain", b"", b"\0", "ü".as_bytes()] {
        assert_eq!(answer(&mut client, line), ("blob".into(), [line, b"\n"].concat()));
    }
    client.send(b"\xe9\r\n");
    assert_eq!((client.line(), client.bytes(2)), ("blob".into(), b"\xe9\n".to_vec()));
    assert_eq!(host.errors() + host.logged("error 3"), 0);
}

#[test]
fn a_line_that_is_not_utf8_ends_its_connection_unless_lines_are_blobs() {
    let mut host = TestHost::start(&echo(TEXT, ""));
    let mut client = host.tcp(TEXT);
    assert_eq!(answer(&mut client, b"ok"), ("string".into(), b"ok\n".to_vec()));
    client.send(b"\xff\n");
    client.expect_end();
    host.wait_for_log("error 3");
    let mut open = host.tcp(TEXT);
    assert_eq!(answer(&mut open, b"ok").0, "string");
    host.edit(&echo(TEXT, "binary"));
    assert_eq!(
        answer(&mut open, b"\xff"),
        ("blob".into(), b"\xff\n".to_vec()),
        "open ones as well"
    );
}

#[test]
fn what_is_piped_from_lines_in_latin_1_arrives_as_it_came() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.encoding = "binary";
        worker.first = ();
        worker.on_connect = |connection| {
            if worker.first == () { worker.first = connection; } else { connection.pipe(worker.first); }
        };
        worker.on_message = |connection, line| connection.send(line);
        "#,
    );
    let mut first = host.tcp(TEXT);
    assert_eq!(first.ask("here"), "here");
    let mut second = host.tcp(TEXT);
    second.send(b"caf\xe9\n");
    assert_eq!(first.bytes(5), b"caf\xe9\n");
}

#[test]
fn the_text_of_a_websocket_comes_as_a_blob_too_and_must_be_utf8_all_the_same() {
    let mut host = TestHost::start(&echo(WEBSOCKET, "binary"));
    let mut client = host.websocket(WEBSOCKET);
    client.text("grüße");
    assert_eq!(client.message(), "blob");
    let frame = client.receive();
    assert_eq!((frame.opcode, &frame.payload[..]), (BINARY, "grüße".as_bytes()));
    client.frame(0x80 | TEXT_FRAME, b"\xff");
    client.expect_close(1007);
    host.wait_for_log("error 3");
}

#[test]
fn json_is_read_from_bytes_as_well() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.encoding = "binary";
        worker.on_message = |connection, line| {
            let order = parse_json(line);
            connection.send(if order == () { "fail" } else { to_json(order) });
        };
        "#,
    );
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("{\"id\": 7}"), "{\"id\":7}");
    client.send(b"{\"id\": \"\xff\"}\n");
    assert_eq!(client.line(), "fail");
}

#[test]
fn an_encoding_that_there_is_not_is_told_with_those_that_there_are() {
    let error = TestHost::try_start(&echo(TEXT, "latin1"), &[]).err().expect("refused").to_string();
    assert!(error.contains("encoding is \"utf8\"") && error.contains("\"binary\""), "{error}");
}
