//! Daemons: started, looked at, killed, looked at again.

#[allow(unused_imports)]
pub use crate::support::daemon::*;
pub use crate::support::wait::until;
use crate::support::{client::Client, process::free_port, wait::SOON};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    process::Stdio,
    time::{Duration, Instant},
};

#[test]
fn a_daemon_starts_says_so_is_there_once_and_stops() {
    let daemon = Daemon::new(ECHO);
    let address = daemon.start();
    assert_eq!(Client::connect(address).ask("a"), "a 1");
    let monitor = daemon.monitor();
    let again = daemon.rhost("start", &["-d"]);
    assert_eq!(again.code, Some(4), "{}", again.err);
    assert!(again.err.contains(&format!("already running (pid {monitor})")), "{}", again.err);
    assert_eq!(daemon.rhost("run", &[]).code, Some(4));
    assert_eq!(Client::connect(address).ask("b"), "b 1", "the first one is not affected");
    let status = daemon.rhost("status", &[]);
    assert!(status.code == Some(0) && status.out.contains("generation 0"), "{}", status.out);
    let connections = daemon.rhost("connections", &[]);
    assert!(connections.code == Some(0) && connections.out.contains("foreign address"));
    let stopped = daemon.rhost("stop", &[]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.err);
    assert!(stopped.out.ends_with("main.rhai has stopped\n"), "{}", stopped.out);
    assert!(!is_alive(monitor), "stop waits until it is gone");
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(daemon.runtime_file(""), None, "no file is left");
}

#[test]
fn commands_say_that_nothing_runs() {
    let daemon = Daemon::new(ECHO);
    for command in ["stop", "reload", "status", "connections"] {
        let said = daemon.rhost(command, &[]);
        assert_eq!(said.code, Some(3), "{command}");
        assert_eq!(said.err, "rhost: main.rhai is not running\n", "{command}");
    }
}

#[test]
fn a_start_that_fails_is_told_and_leaves_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (script, part) in [
        (ECHO.replace("127.0.0.1:0", &address), "in use"),
        ("let x = ;".to_owned(), "main.rhai:1:9"),
        (format!("{ECHO}worker.on_worker_start = |w| {{ throw \"no\"; }};"), "on_worker_start"),
        (
            format!("{ECHO}Worker::configure(#{{ log_file: \"none/log\" }});"),
            "none/log: No such file",
        ),
    ] {
        let daemon = Daemon::new(&script);
        let said = daemon.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(1), "{script}");
        assert!(said.err.starts_with("rhost: ") && said.err.contains(part), "{}", said.err);
        until("the monitor's end", || daemon.rhost("status", &[]).code == Some(3));
        assert_eq!(daemon.runtime_file(""), None);
    }
}

#[test]
fn a_server_that_is_killed_listens_again_soon() {
    let port = free_port();
    let daemon = Daemon::new(&ECHO.replace("127.0.0.1:0", &format!("127.0.0.1:{port}")));
    let address = daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    let mut client = Client::connect(address);
    assert_eq!(client.ask("a"), "a 1");
    let began = Instant::now();
    signal(server, "KILL");
    client.expect_end();
    // The port of a process that dies may accept for a moment after its connections are closed.
    until("another server", || daemon.server().is_some_and(|now| now != server));
    until("listening", || TcpStream::connect(address).is_ok());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(Client::connect(address).ask("b"), "b 1");
    assert_eq!(daemon.monitor(), monitor);
    assert!(daemon.log().contains("killed by signal 9; starting it again in 100 ms"));
}

#[test]
fn a_server_outlives_its_monitor() {
    let daemon = Daemon::new(ECHO);
    let address = daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    signal(monitor, "KILL");
    until("the new pid", || daemon.monitor() == server);
    assert_eq!(Client::connect(address).ask("a"), "a 1");
    let again = daemon.rhost("start", &["-d"]);
    assert_eq!(again.code, Some(4));
    assert!(again.err.contains(&format!("already running (pid {server})")), "{}", again.err);
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(daemon.runtime_file(""), None);
}

#[test]
fn stale_files_fool_nobody() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    signal(monitor, "KILL");
    signal(server, "KILL");
    until("both ends", || !is_alive(monitor) && !is_alive(server));
    let pid_file = daemon.runtime_file(".pid").expect("it is left behind");
    assert!(daemon.runtime_file(".sock").is_some(), "it is left behind");
    // The number of a process that lives: ours.
    fs::write(pid_file, std::process::id().to_string()).unwrap();
    assert_eq!(daemon.rhost("status", &[]).code, Some(3));
    assert_eq!(daemon.rhost("stop", &[]).code, Some(3));
    assert_eq!(Client::connect(daemon.start()).ask("a"), "a 1");
}

#[test]
fn signals_to_the_monitor_reach_the_server() {
    for stop in ["TERM", "INT", "HUP", "QUIT"] {
        let daemon = Daemon::new(ECHO);
        let mut client = Client::connect(daemon.start());
        daemon.save(&ECHO.replace("} 1`", "} 2`"));
        signal(daemon.monitor(), "USR1");
        until("the reload", || daemon.log().contains("reloaded main.rhai, generation 1, "));
        assert_eq!(client.ask("a"), "a 2");
        drop(client);
        signal(daemon.monitor(), stop);
        until("the end", || daemon.rhost("status", &[]).code == Some(3));
    }
}

#[test]
fn a_reload_answers_with_its_outcome() {
    let daemon = Daemon::new(ECHO);
    let mut client = Client::connect(daemon.start());
    daemon.save(&ECHO.replace("} 1`", "} 2`"));
    let said = daemon.rhost("reload", &["-g"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.starts_with("reloaded main.rhai, generation 1, "), "{}", said.out);
    assert_eq!(client.ask("a"), "a 2");
    daemon.save("let x = ;");
    let said = daemon.rhost("reload", &[]);
    assert_eq!(said.code, Some(6), "{}", said.err);
    assert!(said.err.contains("main.rhai:1:9") && said.err.contains("let x = ;"), "{}", said.err);
    assert_eq!(client.ask("a"), "a 2");
}

#[test]
fn restart_starts_anew_whether_it_ran_or_not() {
    let daemon = Daemon::new(ECHO);
    assert_eq!(daemon.rhost("restart", &["-d"]).code, Some(0));
    let first = daemon.server().expect("a server");
    let said = daemon.rhost("restart", &["-d", "-g"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(daemon.server().is_some_and(|second| second != first));
    assert!(!is_alive(first));
    // What cannot be started stops nothing.
    daemon.save("let x = ;");
    assert_eq!(daemon.rhost("restart", &["-d"]).code, Some(1));
    assert_eq!(daemon.rhost("status", &[]).code, Some(0));
}

#[test]
fn a_server_that_cannot_start_again_is_tried_until_it_can_and_can_be_stopped() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let server = daemon.server().expect("a server");
    daemon.save("let x = ;");
    signal(server, "KILL");
    until("an attempt", || daemon.log().contains("its start failed with code 1"));
    assert_eq!(daemon.rhost("start", &["-d"]).code, Some(1), "the script is broken");
    daemon.save(ECHO);
    until("a new server", || daemon.server().is_some());
    let server = daemon.server().expect("a server");
    daemon.save("let x = ;");
    signal(server, "KILL");
    until("no answer", || daemon.rhost("status", &[]).code == Some(7));
    let said = daemon.rhost("stop", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn what_ends_in_order_is_not_started_again() {
    let daemon = Daemon::new(ECHO);
    Client::connect(daemon.start()).send("stop\n");
    until("the end", || daemon.rhost("status", &[]).code == Some(3));
    assert_eq!(daemon.runtime_file(""), None);
    assert!(!daemon.log().contains("again"), "{}", daemon.log());
}

#[test]
fn a_server_that_hangs_does_not_hang_the_commands() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let server = daemon.server().expect("a server");
    signal(server, "STOP");
    let began = Instant::now();
    let said = daemon.rhost("status", &[]);
    assert_eq!(said.code, Some(7), "{}", said.err);
    assert!(said.err.contains("does not answer") && began.elapsed() < Duration::from_secs(4));
    signal(server, "CONT");
    assert_eq!(daemon.rhost("status", &[]).code, Some(0));
}

#[test]
fn a_server_that_is_killed_while_it_stops_is_not_started_again() {
    let daemon = Daemon::new(&format!("{ECHO}worker.on_worker_stop = |worker| {{ loop {{}} }};"));
    daemon.start();
    let server = daemon.server().expect("a server");
    signal(server, "STOP");
    // Until each of its threads has stopped, one may still take the next signal.
    until("the stop", || is_stopped(server));
    signal(daemon.monitor(), "TERM");
    // (the signal waits there for ever, and is lost)
    until("the signal", || is_pending(server));
    signal(server, "KILL");
    until("the end", || daemon.rhost("status", &[]).code == Some(3));
    assert!(!daemon.log().contains("starting it again"), "{}", daemon.log());
    assert_eq!(daemon.runtime_file(""), None);
}

fn is_stopped(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    threads
        .map(|thread| thread.expect("an entry").path().join("status"))
        .all(|status| fs::read_to_string(status).unwrap_or_default().contains("State:\tT"))
}

fn is_pending(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    pending.is_some_and(|mask| mask.trim().bytes().any(|digit| digit != b'0'))
}

#[test]
fn stop_says_when_time_is_up() {
    let slow = format!("{ECHO}worker.on_worker_stop = |worker| sleep(0.3);");
    let daemon = Daemon::new(&slow);
    daemon.start();
    let said = daemon.rhost("stop", &["--timeout", "0"]);
    assert_eq!(said.code, Some(5), "{}", said.err);
    until("the end", || daemon.rhost("status", &[]).code == Some(3));
}

#[test]
fn watching_the_status_ends_with_the_host() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let mut command = daemon.command(&["status", "-w", "main.rhai"]);
    let mut watching = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let next = lines.by_ref().map_while(Result::ok).find(|line| line.contains("generation 0"));
        assert!(next.is_some(), "it ended");
    }
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(watching.wait().unwrap().code(), Some(3));
}
