//! The real binary, when nobody reads what it says.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO},
    process::rhost,
    wait::{PATIENCE, SOON, until},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStderr, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Prints by itself, without end, and prints much with every message. (It has a name, so that its address is in the banner
/// alone.)
const PRINTS: &str = r#"
let worker = Worker("text://ADDRESS");
worker.name = "prints";
worker.on_message = |connection, line| {
    let large = "";
    large.pad(1000, 'x');
    for n in 0..200 { print(large); }
    connection.send(line);
};
Timer::add(0.001, || { for n in 0..20 { print("again and again and again and again"); } });
"#;

/// The running program, killed when it is dropped.
struct Running {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it in a folder of its own.
fn start(mut command: Command, address: &str) -> Running {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("main.rhai"), PRINTS.replace("ADDRESS", address))
        .expect("the script");
    command.current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
    let child = command.spawn().expect("rhost can be run");
    Running { child, folder }
}

/// Starts it, and reads from its stderr until the banner has said where it listens.
fn start_and_read_the_banner() -> (Running, BufReader<ChildStderr>, SocketAddr) {
    let mut command = rhost();
    command.args(["run", "main.rhai"]).stderr(Stdio::piped());
    let mut running = start(command, "127.0.0.1:0");
    let mut stderr = BufReader::new(running.child.stderr.take().expect("stderr is piped"));
    let address = loop {
        let mut line = String::new();
        assert!(stderr.read_line(&mut line).expect("UTF-8") > 0, "it ended before its banner");
        if let Some((_, rest)) = line.split_once("text://") {
            let address = rest.split(' ').next().expect("an address");
            break address.parse().expect("an ip and a port");
        }
    };
    (running, stderr, address)
}

/// It answers, however much it prints, and an interrupt ends it.
fn answers_and_ends(mut running: Running, address: SocketAddr) {
    let (mut client, mut other) = (Client::connect(address), Client::connect(address));
    for n in 0..10 {
        assert_eq!(client.ask(&format!("{n}")), format!("{n}"));
        assert_eq!(other.ask("x"), "x");
    }
    let pid = running.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().expect("kill").success());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = running.child.try_wait().expect("it is our child") {
            break status;
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.code(), Some(0));
    assert!(began.elapsed() < SOON, "took {:?}", began.elapsed());
}

#[test]
fn a_pipe_that_nobody_reads_holds_nothing_up() {
    let (running, stderr, address) = start_and_read_the_banner();
    answers_and_ends(running, address);
    drop(stderr);
}

#[test]
fn a_pipe_that_is_closed_ends_nothing() {
    let (running, stderr, address) = start_and_read_the_banner();
    drop(stderr);
    answers_and_ends(running, address);
}

#[test]
fn a_stderr_that_was_closed_from_the_start_ends_nothing() {
    // (the only way to learn the port is to choose one that was free a moment ago)
    let listener = TcpListener::bind("127.0.0.4:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut command = Command::new("sh");
    let line = format!("exec {} run main.rhai 2>&-", env!("CARGO_BIN_EXE_rhost"));
    command.args(["-c", &line]).env_remove("RUST_LOG").stdin(Stdio::null());
    let running = start(command, &address.to_string());
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < PATIENCE, "it does not listen");
        thread::sleep(Duration::from_millis(5));
    }
    answers_and_ends(running, address);
}

#[test]
fn lines_that_nobody_read_in_time_are_counted_and_told_when_somebody_reads() {
    let (running, mut stderr, address) = start_and_read_the_banner();
    let ask = |command: &str| {
        let mut rhost = rhost();
        rhost.args([command, "main.rhai", "--json"]).current_dir(running.folder.path());
        rhost.env("XDG_RUNTIME_DIR", running.folder.path());
        let said = rhost.output().expect("rhost can be run");
        serde_json::from_slice::<serde_json::Value>(&said.stdout).expect("JSON")
    };
    let lost = || ask("status")["lost_log_lines"].as_u64().expect("a number");
    let mut client = Client::connect(address);
    let began = Instant::now();
    while lost() == 0 {
        assert_eq!(client.ask("much"), "much");
        assert!(began.elapsed() < PATIENCE, "nothing is lost");
    }
    let mut line = String::new();
    while !line.contains("log lines lost") {
        line.clear();
        assert!(stderr.read_line(&mut line).expect("UTF-8") > 0, "it ended");
        assert!(began.elapsed() < PATIENCE, "it is not told");
    }
    assert!(line.contains("WARN"), "{line}");
    let told = line.split_whitespace().rev().nth(3).and_then(|n| n.parse().ok());
    assert!((1..=lost()).contains(&told.expect("a number")), "{line}");
}

#[test]
fn printed_lines_that_cannot_be_written_are_counted_too() {
    let options = "Worker::configure(#{ stdout_file: \"/dev/full\" });\n";
    let daemon = Daemon::new(&format!("{options}{ECHO}"));
    let mut client = Client::connect(daemon.start());
    for _ in 0..10 {
        assert_eq!(client.ask("print"), "print 1");
    }
    let lost = || {
        let said = daemon.rhost("status", &["--json"]);
        let status: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        status["lost_log_lines"].as_u64()
    };
    until("they are counted", || lost() == Some(10));
    assert!(daemon.rhost("status", &[]).out.contains("; 10 log lines lost"));
    assert!(daemon.log().contains("listening on"), "the log is another file");
}
