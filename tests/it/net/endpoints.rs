//! Where protocols are spoken: Unix sockets and IPv6, for each of them, and the life of a socket file.

use crate::support::{client::Client, host::TestHost, websocket::WebSocket};
use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixListener,
    },
    path::Path,
};

/// An echo with whatever protocol the address names.
fn echo(address: &str) -> String {
    format!(
        r#"
        let worker = Worker("{address}");
        worker.on_message = |connection, data| connection.send(data);
        worker.on_connect = |connection| print(`${{connection.protocol}} ${{worker.transport}}`);
        Worker::run_all();
        "#
    )
}

/// Speaks one message each way in the protocol of that name.
fn speak(client: Client, scheme: &str) {
    let mut client = client;
    match scheme {
        "text" => assert_eq!(client.ask("héé"), "héé"),
        "frame" => {
            client.send(b"\0\0\0\x07abc");
            assert_eq!(client.bytes(7), b"\0\0\0\x07abc");
        }
        "websocket" => assert_eq!(WebSocket::shake(client, "/").ask("héé"), "héé"),
        _ => {
            client.send(b"\xff\0");
            assert_eq!(client.bytes(2), b"\xff\0");
        }
    }
}

#[test]
fn every_protocol_is_spoken_over_unix_sockets() {
    let folder = tempfile::tempdir().expect("a folder");
    for (scheme, protocol) in [
        ("text", "text"),
        ("frame", "frame"),
        ("websocket", "websocket"),
        ("tcp", "tcp"),
        ("unix", "tcp"),
    ] {
        let path = folder.path().join(scheme);
        let address = format!("{scheme}://{}", path.display());
        let mut host = TestHost::start(&echo(&address));
        assert!(host.address(&address).ends_with(&path.display().to_string()));
        speak(Client::connect_unix(&path), scheme);
        assert_eq!(host.printed(), [format!("{protocol} unix")]);
    }
}

#[test]
fn every_protocol_is_spoken_over_ipv6() {
    for scheme in ["text", "frame", "websocket", "tcp"] {
        let address = format!("{scheme}://[::1]:0");
        let mut host = TestHost::start(&echo(&address));
        assert!(host.socket(&address).is_ipv6());
        speak(host.tcp(&address), scheme);
        assert_eq!(host.printed(), [format!("{scheme} tcp")]);
    }
}

fn start_at(path: &Path) -> Result<TestHost, rhost::Error> {
    TestHost::try_start(&echo(&format!("text://{}", path.display())), &[])
}

#[test]
fn a_socket_file_is_the_owners_alone_and_goes_with_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let host = start_at(&path).expect("starts");
    let metadata = fs::metadata(&path).expect("the file");
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(host.stop(), 0);
    assert!(!path.exists());
}

#[test]
fn the_socket_file_of_an_inner_worker_goes_when_it_stops_listening() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("inner.sock");
    let mut host = TestHost::start(&format!(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.on_worker_start = |worker| {{
            worker.inner = Worker("text://{}");
            worker.inner.on_message = |connection, line| connection.send(line);
            worker.inner.listen();
        }};
        worker.on_message = |connection, line| {{ worker.inner.unlisten(); connection.send(line); }};
        "#,
        path.display()
    ));
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(Client::connect_unix(&path).ask("x"), "x");
    assert_eq!(client.ask("stop"), "stop");
    assert!(!path.exists());
}

#[test]
fn the_socket_file_of_a_crash_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    // (closing a socket leaves its file, as a crash does)
    drop(UnixListener::bind(&path).expect("a socket"));
    assert!(path.exists());
    let _host = start_at(&path).expect("starts");
    assert_eq!(Client::connect_unix(&path).ask("x"), "x");
}

#[test]
fn a_socket_that_somebody_serves_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let first = start_at(&path).expect("starts");
    let error = start_at(&path).err().expect("refused").to_string();
    let says =
        format!("text://{}: the address is already in use by another program", path.display());
    assert!(error.contains(&says), "{error}");
    assert_eq!(Client::connect_unix(&path).ask("x"), "x", "the first goes on");
    assert_eq!(first.stop(), 0);
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("precious");
    fs::write(&path, "data").expect("a file");
    let error = start_at(&path).err().expect("refused").to_string();
    assert!(error.starts_with("cannot listen on text://"), "{error}");
    assert_eq!(fs::read_to_string(&path).expect("still there"), "data");
    let error = start_at(&folder.path().join("none/a.sock")).err().expect("refused").to_string();
    assert!(error.starts_with("cannot listen on text://"), "{error}");
}

#[test]
fn an_inner_address_belongs_to_one_isolate() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("inner.sock");
    let error = TestHost::try_start(
        &format!(
            r#"
            let worker = Worker("text://127.0.0.1:0");
            worker.count = 2;
            worker.on_worker_start = |worker| Worker("text://{}").listen();
            "#,
            path.display()
        ),
        &[],
    );
    let error = error.err().expect("refused").to_string();
    assert!(error.contains("the address is already in use by isolate "), "{error}");
    assert!(error.contains("main.rhai:4:"), "{error}");
    assert!(!path.exists(), "the one that had it lets go of it");
}
