//! Files that are too large to be queued: they go from the disk into the socket.

use super::{ADDRESS, head, header, request, script};
use crate::support::{client::Client, host::TestHost, wait::until};
use std::{fs, sync::LazyLock, thread, time::Duration};

/// More than kernels hold for a connection.
const SIZE: usize = 10 * 1024 * 1024;

const HANDLER: &str = r#"
    if request.path() == "/small" { return connection.send("small"); }
    connection.send(Response().with_file("big.bin"));
"#;

/// Made once: that takes longer than it takes to be sent.
fn content() -> &'static [u8] {
    static CONTENT: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..SIZE).map(|at| (at / 7 % 251) as u8).collect());
    &CONTENT
}

fn serve(script: &str) -> TestHost {
    let host = TestHost::start(script);
    fs::write(host.path("big.bin"), content()).expect("a file");
    host
}

#[test]
fn requests_that_were_sent_ahead_are_answered_behind_the_file() {
    let mut host = serve(&script(HANDLER));
    let mut client = host.tcp(ADDRESS);
    let requests = ["/big", "/small", "/big", "/big", "/small"].map(|path| request("GET", path));
    client.send(requests.concat());
    for length in [SIZE, 5, SIZE, SIZE, 5] {
        assert_eq!(header(&head(&mut client), "Content-Length"), Some(&*length.to_string()));
        let body = client.bytes(length);
        assert!(if length == SIZE { body == content() } else { body == b"small" });
    }
    host.expect_silence(&client);
}

#[test]
fn many_clients_get_the_same_file_at_once() {
    let mut host = serve(&script(HANDLER));
    let mut clients: Vec<_> = (0..20).map(|_| host.tcp(ADDRESS)).collect();
    for client in &mut clients {
        client.send(request("GET", "/big"));
    }
    for mut client in clients {
        head(&mut client);
        assert!(client.bytes(SIZE) == content());
    }
}

#[test]
fn a_large_file_goes_over_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("http");
    let host = serve(&script(HANDLER).replace(ADDRESS, &format!("http://{}", path.display())));
    let mut client = Client::connect_unix(&path);
    client.send(["/big", "/small"].map(|path| request("GET", path)).concat());
    head(&mut client);
    assert!(client.bytes(SIZE) == content());
    head(&mut client);
    assert_eq!(client.bytes(5), b"small");
    drop(host);
}

#[test]
fn who_does_not_read_a_file_is_cut_off_and_who_reads_slowly_is_not() {
    let limited = script(HANDLER)
        .replace("worker.on_message", "worker.body_timeout = 0.5;\nworker.on_message");
    let mut host = serve(&limited);
    let mut unread = Client::connect_narrow(host.socket(ADDRESS));
    unread.send(request("GET", "/big"));
    until("it is cut off", || {
        host.advance(0.7);
        host.logged("an answer was not read within body_timeout") == 1
    });
    assert!(unread.rest().len() < SIZE);
    let mut slow = host.tcp(ADDRESS);
    slow.send(request("GET", "/big"));
    head(&mut slow);
    for _ in 0..20 {
        slow.bytes(SIZE / 20);
        thread::sleep(Duration::from_millis(50));
    }
    slow.send(request("GET", "/small"));
    head(&mut slow);
    assert_eq!(slow.bytes(5), b"small");
}
