//! Bodies in chunks: RFC 9112, 7.1.

use super::{ADDRESS, SCRIPT, answer, expect_in_step, script_with};
use crate::support::host::TestHost;

const HEAD: &str = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn trailers_are_told_apart_from_headers() {
    let script = SCRIPT.replace(
        "// more",
        r#"if request.path() == "/a" { return connection.send(#{ all: request.trailer(), header: request.header("x") }); }"#,
    );
    let mut host = TestHost::start(&script);
    let mut client = host.tcp(ADDRESS);
    let trailers = "X: 1\r\nContent-Length: 7\r\nHost: evil\r\nAuthorization: me\r\n";
    client.send(format!("{HEAD}0\r\n{trailers}\r\n"));
    assert_eq!(answer(&mut client).text(), r#"{"all":{"x":"1"},"header":null}"#);
    expect_in_step(&mut client);
}

#[test]
fn a_body_of_the_largest_size_is_taken() {
    let mut host = TestHost::start(&script_with(""));
    let mut client = host.tcp(ADDRESS);
    let body = "x".repeat(1000);
    client.send(format!("{HEAD}1f4\r\n{}\r\n1F4\r\n{}\r\n0\r\n\r\n", &body[..500], &body[500..]));
    assert_eq!(answer(&mut client).text(), format!("POST /a {body}"));
    client.send(format!("PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{body}"));
    assert_eq!(answer(&mut client).text(), format!("PUT /b {body}"));
    expect_in_step(&mut client);
}
