//! text, frame and raw bytes on the wire (Workerman contract 8.3 and 8.4), and changing between them.

use crate::support::{client::Client, host::TestHost};

const TEXT: &str = "text://127.0.0.1:0";
const FRAME: &str = "frame://127.0.0.1:0";
const TCP: &str = "tcp://127.0.0.1:0";

/// Answers each message with its type and content, as JSON.
fn echo(address: &str, settings: &str) -> TestHost {
    TestHost::start(&format!(
        r#"
        let worker = Worker("{address}");
        {settings}
        worker.on_message = |connection, data| connection.send(to_json([type_of(data), data]));
        worker.on_error = |connection, code, text| print(`error ${{code}}: ${{text}}`);
        worker.on_close = |connection| print(`closed ${{connection.id}}`);
        Worker::run_all();
        "#
    ))
}

#[test]
fn a_text_message_is_a_line_without_its_ending() {
    let mut host = echo(TEXT, "");
    let mut client = host.tcp(TEXT);
    for (sent, got) in [
        ("abc\n", "abc"),
        ("abc\r\n", "abc"),
        ("abc\r\r\n", "abc"),
        ("a\rb\r\n", r"a\rb"),
        ("  abc \n", "  abc "),
        ("\tab\0c\n", r"\tab\u0000c"),
        ("héé\n", "héé"),
        ("\n", ""),
        ("\r\n", ""),
        ("\r\r\n", ""),
    ] {
        client.send(sent);
        assert_eq!(client.line(), format!(r#"["string","{got}"]"#), "{sent:?}");
    }
    client.send("one\n\ntwo\r\n\r\nthree\n");
    for got in ["one", "", "two", "", "three"] {
        assert_eq!(client.line(), format!(r#"["string","{got}"]"#));
    }
}

#[test]
fn a_line_may_come_in_pieces() {
    let mut host = echo(TEXT, "");
    let mut client = host.tcp(TEXT);
    let mut other = host.tcp(TEXT);
    for piece in ["sp", "l", "it\r"] {
        client.send(piece);
        // (another's answer shows that the piece has been seen alone)
        other.send("x\n");
        assert_eq!(other.line(), r#"["string","x"]"#);
    }
    host.expect_silence(&client);
    client.send("\nnext");
    assert_eq!(client.line(), r#"["string","split"]"#);
    client.send(" line\n");
    assert_eq!(client.line(), r#"["string","next line"]"#);
    // A line whose end never comes is dropped with its connection.
    client.send("lost");
    client.finish();
    client.expect_end();
    host.wait_for_log("closed 1");
}

#[test]
fn a_line_feed_in_a_message_makes_two_lines_of_it() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| connection.send("a\nb");
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    assert_eq!(client.ask("x"), "a");
    assert_eq!(client.line(), "b");
}

#[test]
fn a_line_up_to_the_limit_passes_and_a_longer_one_ends_the_connection() {
    let mut host = echo(TEXT, "worker.max_package_size = 8;");
    // (the limit counts the line feed)
    let mut client = host.tcp(TEXT);
    client.send("1234567\n123\n");
    assert_eq!(client.line(), r#"["string","1234567"]"#);
    assert_eq!(client.line(), r#"["string","123"]"#);
    client.send("1234567");
    host.expect_silence(&client);
    client.send("\n");
    assert_eq!(client.line(), r#"["string","1234567"]"#);
    for (sent, says) in [
        ("12345678\nok\n", "error 3: a line of 9 bytes, max_package_size is 8"),
        ("12345678", "error 3: a line of 8 bytes and no end, max_package_size is 8"),
        ("123456789", "error 3: a line of 9 bytes and no end, max_package_size is 8"),
    ] {
        let mut client = host.tcp(TEXT);
        client.send(sent);
        client.expect_end();
        host.wait_for_log(says);
    }
    assert_eq!(client.ask("ok"), r#"["string","ok"]"#, "the others go on");
}

#[test]
fn text_that_is_not_utf8_ends_the_connection() {
    let mut host = echo(TEXT, "");
    let mut client = host.tcp(TEXT);
    client.send(b"ok\n\xff\xfe\nno\n");
    assert_eq!(client.rest(), b"[\"string\",\"ok\"]\n");
    host.wait_for_log("error 3: the message is not valid UTF-8");
}

#[test]
fn what_follows_a_close_is_not_decoded() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, line| { print(line); connection.close("bye"); };
        worker.on_close = |connection| print("closed");
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    client.send("one\ntwo\n");
    assert_eq!(client.line(), "bye");
    client.expect_end();
    host.wait_for_log("closed");
    assert_eq!(host.printed(), ["one", "closed"]);
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = (body.len() as u32 + 4).to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

/// The body of the next frame.
fn receive(client: &mut Client) -> Vec<u8> {
    let total = u32::from_be_bytes(client.bytes(4).try_into().expect("four"));
    client.bytes(total as usize - 4)
}

#[test]
fn frames_are_symmetric() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("frame://127.0.0.1:0");
        worker.on_message = |connection, data| { print(type_of(data)); connection.send(data); };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(FRAME);
    client.send(b"\0\0\0\x07abc");
    assert_eq!(client.bytes(7), b"\0\0\0\x07abc");
    client.send(b"\0\0\0\x04");
    assert_eq!(client.bytes(4), b"\0\0\0\x04");
    // Several in one segment, one in several segments, bytes of every value, and a large one.
    let all: Vec<u8> = (0..=255).collect();
    client.send([frame(b"x"), frame(b""), frame(&all), b"\0\0".to_vec()].concat());
    assert_eq!(receive(&mut client), b"x");
    assert_eq!(receive(&mut client), b"");
    assert_eq!(receive(&mut client), all);
    host.expect_silence(&client);
    client.send(b"\0\x06y");
    host.expect_silence(&client);
    client.send(b"z");
    assert_eq!(receive(&mut client), b"yz");
    let large = vec![7; 1_000_000];
    client.send(frame(&large));
    assert!(receive(&mut client) == large, "a megabyte comes back as it was");
    assert_eq!(host.printed()[0], "blob");
}

#[test]
fn a_frame_of_an_impossible_length_ends_the_connection() {
    let mut host = echo(FRAME, "worker.max_package_size = 16; worker.encoding = \"utf8\";");
    let mut fine = host.tcp(FRAME);
    for length in 0..4_u8 {
        let mut client = host.tcp(FRAME);
        client.send([&[0, 0, 0, length], &b"abcdefgh"[..]].concat());
        client.expect_end();
        host.wait_for_log(&format!("error 3: a frame of length {length}: the least is 4"));
    }
    for length in [17_u32, u32::MAX] {
        let mut client = host.tcp(FRAME);
        // (the announced length is enough: nothing is waited for)
        client.send(length.to_be_bytes());
        client.expect_end();
        host.wait_for_log(&format!("error 3: a frame of {length} bytes, max_package_size is 16"));
    }
    fine.send(frame(b"twelve bytes"));
    assert_eq!(receive(&mut fine), br#"["string","twelve bytes"]"#, "equal to the limit passes");
    fine.send(frame(b"\xff"));
    fine.expect_end();
    host.wait_for_log("error 3: the message is not valid UTF-8");
}

#[test]
fn raw_bytes_come_as_blobs_or_as_text() {
    let mut host = TestHost::start(
        r#"
        fn answer(connection, data) { connection.send(`${type_of(data)} ${data.len()};`); connection.send(data); }
        let bytes = Worker("tcp://127.0.0.1:0");
        bytes.on_message = answer;
        let text = Worker("tcp://127.0.0.2:0");
        text.encoding = "utf8";
        text.on_message = answer;
        text.on_error = |connection, code, why| print(`error ${code}: ${why}`);
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TCP);
    client.send(b"a\n\xff\0");
    assert_eq!(client.bytes(11), b"blob 4;a\n\xff\0");
    let mut client = host.tcp("tcp://127.0.0.2:0");
    client.send("héé\r\n");
    assert_eq!(client.bytes(16), "string 5;héé\r\n".as_bytes());
    client.send(b"\xff");
    client.expect_end();
    host.wait_for_log("error 3: the message is not valid UTF-8");
}

/// Where a segment ends is no matter of the script: half a character waits for its other half.
#[test]
fn a_character_may_come_in_pieces() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("tcp://127.0.0.1:0");
        worker.encoding = "utf8";
        worker.on_message = |connection, text| connection.send(text);
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TCP);
    client.send(b"a\xf0\x9f");
    assert_eq!(client.bytes(1), b"a");
    client.send(b"\x98");
    host.expect_silence(&client);
    client.send(b"\x80b\xc3");
    assert_eq!(client.bytes(5), "😀b".as_bytes());
    client.send(b"\xc3");
    client.expect_end();
}

#[test]
fn a_connection_may_change_its_protocol_between_messages() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_message = |connection, data| {
            connection.send(`${connection.protocol} ${type_of(data)} ${data.len()}`);
            if data == "frame" { connection.protocol = "frame"; }
            if data == "raw" { for one in worker.connections { one.protocol = "tcp"; } }
            if connection.protocol == "frame" && data.len() == 0 { connection.protocol = "text"; }
        };
        Worker::run_all();
        "#,
    );
    let mut client = host.tcp(TEXT);
    // The rest of the segment is read by the new protocol.
    client.send([b"frame\n".to_vec(), frame(b"abc"), frame(b""), b"line\n".to_vec()].concat());
    assert_eq!(client.line(), "text string 5");
    assert_eq!(receive(&mut client), b"frame blob 3");
    assert_eq!(receive(&mut client), b"frame blob 0");
    assert_eq!(client.line(), "text string 4");
    // Bytes that waited for the old protocol are looked at anew.
    client.send("half");
    host.expect_silence(&client);
    let mut other = host.tcp(TEXT);
    assert_eq!(other.ask("raw"), "text string 3");
    assert_eq!(client.bytes(10), b"tcp blob 4");
}

#[test]
fn a_tcp_address_may_be_given_a_protocol() {
    let mut host = echo(TCP, "worker.protocol = \"text\";");
    assert_eq!(host.tcp(TCP).ask("x"), r#"["string","x"]"#);
}
