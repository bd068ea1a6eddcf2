//! Files as answers.

use super::{ADDRESS, answer, get, head, header, queued_bytes, request, written_bytes};
use crate::support::{client::Client, host::TestHost, wait::until};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| {
    let response = Response();
    let name = request.path().sub_string(1);
    connection.send(response.with_file(name, parse_int(request.get("offset", "0")), parse_int(request.get("length", "0"))));
};
Worker::run_all();
"#;

/// Ten bytes.
const TEN: &str = "0123456789";

fn host() -> TestHost {
    TestHost::start_with(SCRIPT, &[("ten.txt", TEN), ("empty.txt", ""), ("folder/x", "")])
}

/// Asks with one header more.
#[track_caller]
fn get_with(client: &mut Client, path: &str, header: &str) -> String {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: here\r\n{header}\r\n\r\n"));
    answer(client)
}

/// An answer's status and body.
fn short(answer: &str) -> (&str, &str) {
    let (head, body) = answer.split_once("\n\n").expect("a head");
    (&head["HTTP/1.1 ".len()..][..3], body)
}

#[test]
fn a_whole_file_says_what_it_is() {
    let mut host = host();
    let mut client = host.tcp(ADDRESS);
    let whole = get(&mut client, "/ten.txt");
    assert_eq!(short(&whole), ("200", TEN));
    assert_eq!(header(&whole, "Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(header(&whole, "Accept-Ranges"), Some("bytes"));
    assert!(header(&whole, "ETag").is_some() && header(&whole, "Last-Modified").is_some());
    assert_eq!(short(&get(&mut client, "/empty.txt")), ("200", ""));
    client.send(request("HEAD", "/ten.txt"));
    assert_eq!(head(&mut client), whole.strip_suffix(TEN).expect("the body"));
    host.expect_silence(&client);
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_range_is_that_part_and_one_beyond_the_end_is_416() {
    let mut host = host();
    let mut client = host.tcp(ADDRESS);
    for (range, wanted, content_range) in [
        ("0-0", ("206", "0"), Some("bytes 0-0/10")),
        ("0-3", ("206", "0123"), Some("bytes 0-3/10")),
        ("7-", ("206", "789"), Some("bytes 7-9/10")),
        ("9-9", ("206", "9"), Some("bytes 9-9/10")),
        ("-2", ("206", "89"), Some("bytes 8-9/10")),
        ("-99", ("206", TEN), Some("bytes 0-9/10")),
        ("8-99", ("206", "89"), Some("bytes 8-9/10")),
        ("10-", ("416", ""), Some("bytes */10")),
        ("99-100", ("416", ""), Some("bytes */10")),
        ("0-0,5-6", ("200", TEN), None),
        ("nonsense", ("200", TEN), None),
    ] {
        let got = get_with(&mut client, "/ten.txt", &format!("Range: bytes={range}"));
        assert_eq!(short(&got), wanted, "{range}");
        assert_eq!(header(&got, "Content-Range"), content_range, "{range}");
    }
}

#[test]
fn conditions_are_answered_without_the_file() {
    let mut host = host();
    let mut client = host.tcp(ADDRESS);
    let whole = get(&mut client, "/ten.txt");
    let tag = header(&whole, "ETag").expect("a tag").to_owned();
    let date = header(&whole, "Last-Modified").expect("a date").to_owned();
    let old = "Mon, 01 Jan 2001 00:00:00 GMT";
    for (line, status) in [
        (format!("If-None-Match: {tag}"), "304"),
        ("If-None-Match: \"other\"".into(), "200"),
        ("If-None-Match: *".into(), "304"),
        (format!("If-Modified-Since: {date}"), "304"),
        (format!("If-Modified-Since: {old}"), "200"),
        (format!("If-Match: {tag}"), "200"),
        ("If-Match: \"other\"".into(), "412"),
        (format!("If-Unmodified-Since: {old}"), "412"),
        (format!("If-Range: {tag}\r\nRange: bytes=0-1"), "206"),
        ("If-Range: \"other\"\r\nRange: bytes=0-1".into(), "200"),
    ] {
        client.send(format!("GET /ten.txt HTTP/1.1\r\nHost: here\r\n{line}\r\n\r\n"));
        let head = head(&mut client);
        assert_eq!(&head[9..12], status, "{line}");
        if status == "304" {
            assert_eq!(header(&head, "ETag"), Some(&*tag), "{line}");
            assert_eq!(header(&head, "Content-Length"), None, "{line}");
        }
        let length = header(&head, "Content-Length").map_or(0, |n| n.parse().expect("a length"));
        client.bytes(length);
    }
    host.expect_silence(&client);
}

#[test]
fn an_offset_and_a_length_are_a_part_of_the_scripts_choice() {
    let mut host = host();
    let mut client = host.tcp(ADDRESS);
    for (query, wanted, content_range) in [
        ("offset=4", ("206", "456789"), "bytes 4-9/10"),
        ("length=4", ("206", "0123"), "bytes 0-3/10"),
        ("offset=2&length=3", ("206", "234"), "bytes 2-4/10"),
        ("offset=8&length=99", ("206", "89"), "bytes 8-9/10"),
        ("offset=10", ("416", ""), "bytes */10"),
        ("offset=9223372036854775807&length=9223372036854775807", ("416", ""), "bytes */10"),
    ] {
        let got = get_with(&mut client, &format!("/ten.txt?{query}"), "Range: bytes=0-0");
        assert_eq!(short(&got), wanted, "{query}");
        assert_eq!(header(&got, "Content-Range"), Some(content_range), "{query}");
    }
}

#[test]
fn a_status_and_headers_of_the_script_go_before_the_files() {
    let mut host = TestHost::start_with(
        &super::script(
            "connection.send(Response(404, #{ \"Content-Type\": \"text/x\", ETag: \"\\\"mine\\\"\" }).with_file(\"ten.txt\"))",
        ),
        &[("ten.txt", TEN)],
    );
    let mut client = host.tcp(ADDRESS);
    let got = get_with(&mut client, "/", "Range: bytes=0-1");
    assert_eq!(short(&got), ("404", TEN));
    assert_eq!(header(&got, "Content-Type"), Some("text/x"));
    assert_eq!(header(&got, "ETag"), Some("\"mine\""));
}

#[test]
fn what_is_no_file_or_may_not_be_read_is_refused_without_a_wait_and_the_connection_goes_on() {
    let mut host = host();
    let fifo = Command::new("mkfifo").arg(host.path("fifo")).status().expect("mkfifo");
    assert!(fifo.success());
    fs::write(host.path("secret"), "x").expect("a file");
    fs::set_permissions(host.path("secret"), fs::Permissions::from_mode(0o000)).expect("rights");
    let mut client = host.tcp(ADDRESS);
    for name in ["missing", "folder", "fifo", "ten.txt/below"] {
        let got = get(&mut client, &format!("/{name}"));
        assert_eq!(short(&got), ("404", "there is no such file\n"), "{name}");
        assert_eq!(header(&got, "Connection"), None);
    }
    // (whoever runs as root may read everything)
    let got = get(&mut client, "/secret");
    assert!(matches!(short(&got), ("403", "this file is not served\n") | ("200", "x")), "{got}");
    assert_eq!(short(&get(&mut client, "/ten.txt")), ("200", TEN));
    assert_eq!(host.errors(), 0);
}

#[test]
fn ten_megabytes_wait_on_the_disk_for_a_slow_reader() {
    const SIZE: usize = 10 * 1024 * 1024;
    let mut host = host();
    let content: Vec<u8> = (0..SIZE).map(|n| (n / 1000) as u8).collect();
    fs::write(host.path("big.bin"), &content).expect("a file");
    let mut client = Client::connect_narrow(host.socket(ADDRESS));
    client.send(request("GET", "/big.bin"));
    let head = head(&mut client);
    assert_eq!(header(&head, "Content-Length"), Some("10485760"));
    let queued = || queued_bytes(&host);
    until("bytes are written", || written_bytes(&host) > 64 * 1024);
    for _ in 0..20 {
        assert!(queued() <= 512 * 1024, "{} bytes wait in memory", queued());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    client.widen();
    assert!(client.bytes(SIZE) == content, "the content");
    assert_eq!(short(&get(&mut client, "/ten.txt")), ("200", TEN));
}
