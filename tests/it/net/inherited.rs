//! Sockets that the host was started with, as a service manager does it.

use crate::support::{client::Client, host::TestHost};
use rhost::ErrorKind;
use std::{
    fs::File,
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
    process::{Command, Stdio},
};

fn echo(address: &str) -> String {
    format!(
        r#"
        let worker = Worker("{address}");
        worker.count = 2;
        worker.on_message = |connection, line| connection.send(line);
        Worker::run_all();
        "#
    )
}

fn start(script: &str, sockets: Vec<OwnedFd>) -> Result<TestHost, rhost::Error> {
    TestHost::try_start_as(script, &[], |builder| builder.inherit(sockets))
}

#[test]
fn a_worker_uses_the_inherited_socket_of_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = listener.local_addr().expect("an address");
    // Who came before the host is served as well.
    let mut early = Client::connect(address);
    let script = echo(&format!("text://{address}"));
    let mut host = start(&script, vec![listener.into()]).expect("starts");
    assert_eq!(early.ask("early"), "early");
    assert_eq!(Client::connect(address).ask("x"), "x");
    host.edit(&script.replace("count = 2", "count = 3"));
    assert_eq!(early.ask("still"), "still");
    assert_eq!(Client::connect(address).ask("y"), "y");
    assert_eq!(host.logged("inherited"), 0);
}

#[test]
fn a_worker_of_ipv4_uses_an_inherited_socket_of_every_interface() {
    let Ok(listener) = TcpListener::bind("[::]:0") else { return };
    let port = listener.local_addr().expect("an address").port();
    let script = echo(&format!("text://0.0.0.0:{port}"));
    let _host = start(&script, vec![listener.into()]).expect("starts");
    assert_eq!(Client::connect(([127, 0, 0, 1], port).into()).ask("x"), "x");
}

#[test]
fn the_file_of_an_inherited_unix_socket_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let script = echo(&format!("text://{}", path.display()));
    let host = start(&script, vec![listener.into()]).expect("starts");
    assert_eq!(Client::connect_unix(&path).ask("x"), "x");
    assert_eq!(host.stop(), 0);
    assert!(path.exists(), "it belongs to whoever bound it");
}

#[test]
fn inherited_sockets_that_no_worker_wants_are_told_in_one_line() {
    let wanted = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = wanted.local_addr().expect("an address");
    let others = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").expect("a socket"));
    let names = others.each_ref().map(|l| l.local_addr().expect("an address").to_string());
    let mut sockets = vec![OwnedFd::from(wanted)];
    sockets.extend(others.map(OwnedFd::from));
    let host = start(&echo(&format!("text://{address}")), sockets).expect("starts");
    let line = host.wait_for_log("inherited").to_string();
    assert!(line.ends_with(&names.join(", ")), "{line}");
    assert_eq!(host.logged("inherited"), 1);
}

#[test]
fn what_is_inherited_must_be_a_listening_socket() {
    let file = File::open("/dev/null").expect("a file");
    let error = start(&echo("text://127.0.0.1:0"), vec![file.into()]).err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().starts_with("cannot use an inherited socket: "), "{error}");
}

#[test]
fn the_program_takes_the_sockets_of_its_service_manager() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = listener.local_addr().expect("an address");
    let mut early = Client::connect(address);
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("main.rhai"), echo(&format!("text://{address}")))
        .expect("the script");
    // As systemd does it: the first socket is descriptor 3, and they are for this process only.
    let program = env!("CARGO_BIN_EXE_rhost");
    let line =
        format!("exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec {program} start main.rhai");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
    let child = shell.stdin(OwnedFd::from(listener)).stderr(Stdio::null()).spawn();
    let mut child = child.expect("a shell");
    assert_eq!(early.ask("early"), "early");
    assert_eq!(Client::connect(address).ask("x"), "x");
    let kill = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
    assert!(kill.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
