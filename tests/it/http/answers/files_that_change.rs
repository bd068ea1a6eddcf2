//! Files that become others while they are sent.

use super::{ADDRESS, get, head, queued_bytes, request};
use crate::support::{client::Client, host::TestHost, wait::until};
use std::{fs, io::Write};

/// More than kernels hold for a connection.
const SIZE: usize = 10 * 1024 * 1024;

const SCRIPT: &str = r#"
let worker = Worker("http://127.0.0.1:0");
worker.on_message = |connection, request| connection.send(Response().with_file("big.bin"));
worker.on_close = |connection| print("closed");
Worker::run_all();
"#;

/// A host with a file that is being sent to a client which does not read yet.
fn sending() -> (TestHost, Client) {
    let mut host = TestHost::start(SCRIPT);
    fs::write(host.path("big.bin"), vec![b'a'; SIZE]).expect("a file");
    let mut client = Client::connect_narrow(host.socket(ADDRESS));
    client.send(request("GET", "/"));
    head(&mut client);
    (host, client)
}

#[test]
fn a_file_that_is_replaced_is_sent_as_it_was() {
    let (mut host, mut client) = sending();
    fs::write(host.path("new"), "new").expect("a file");
    fs::rename(host.path("new"), host.path("big.bin")).expect("replaced");
    client.widen();
    assert!(client.bytes(SIZE).iter().all(|b| *b == b'a'));
    assert!(get(&mut host.tcp(ADDRESS), "/").ends_with("\n\nnew"));
    assert!(get(&mut client, "/").ends_with("\n\nnew"));
}

#[test]
fn a_file_that_is_removed_is_sent_to_its_end() {
    let (host, mut client) = sending();
    fs::remove_file(host.path("big.bin")).expect("removed");
    client.widen();
    assert_eq!(client.bytes(SIZE).len(), SIZE);
    assert!(get(&mut client, "/").starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_file_that_grows_is_sent_as_long_as_was_said() {
    let (host, mut client) = sending();
    let mut file = fs::File::options().append(true).open(host.path("big.bin")).expect("the file");
    file.write_all(b"more").expect("more");
    client.widen();
    assert_eq!(client.bytes(SIZE).len(), SIZE);
    host.expect_silence(&client);
}

#[test]
fn a_file_that_becomes_shorter_ends_the_connection_before_its_length() {
    let (host, mut client) = sending();
    fs::File::options()
        .write(true)
        .open(host.path("big.bin"))
        .expect("the file")
        .set_len(10)
        .expect("cut");
    client.widen();
    assert!(client.rest().len() < SIZE);
    host.wait_for_log("closed");
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_file_leaves_nothing_behind() {
    let (host, client) = sending();
    client.reset();
    host.wait_for_log("closed");
    until("nothing is queued", || queued_bytes(&host) == 0);
    let path = host.path("big.bin").canonicalize().expect("the file");
    until("the file is closed", || {
        let open = fs::read_dir("/proc/self/fd").expect("descriptors").flatten();
        !open.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|target| target == path)
    });
    assert_eq!(host.errors(), 0);
}

#[test]
fn close_lets_a_file_out_first() {
    let mut host = TestHost::start(&SCRIPT.replace(
        "connection.send(Response().with_file(\"big.bin\"))",
        "{ connection.send(Response().with_file(\"big.bin\")); connection.close(); }",
    ));
    fs::write(host.path("big.bin"), vec![b'a'; SIZE]).expect("a file");
    let mut client = host.tcp(ADDRESS);
    client.send(request("GET", "/").repeat(2));
    assert!(head(&mut client).contains("\nConnection: close\n"));
    assert_eq!(client.rest().len(), SIZE);
}
