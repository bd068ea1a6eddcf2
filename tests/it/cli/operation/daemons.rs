//! Several daemons beside each other, and one that dies again and again.

use super::{free_address, status};
use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, signal},
    process::rhost,
    wait::until,
};
use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::{
        fs::{MetadataExt, symlink},
        net::UnixDatagram,
    },
    process::{Child, Command, Stdio},
};

#[test]
fn scripts_of_one_folder_are_told_apart_and_each_is_found_by_every_path_to_it() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    fs::write(daemon.path("other.rhai"), ECHO).expect("the script");
    let code =
        |arguments: &[&str]| daemon.command(arguments).output().expect("it runs").status.code();
    assert_eq!(code(&["status", "other.rhai"]), Some(3));
    assert_eq!(code(&["start", "-d", "other.rhai"]), Some(0));
    assert_eq!(code(&["stop", "other.rhai"]), Some(0));
    assert_eq!(code(&["status", "main.rhai"]), Some(0), "it was not meant");
    symlink("main.rhai", daemon.path("link.rhai")).expect("a link");
    let whole = daemon.path("main.rhai");
    for path in ["./main.rhai", "run/../main.rhai", "link.rhai", whole.to_str().expect("text")] {
        assert_eq!(code(&["status", path]), Some(0), "{path}");
        assert_eq!(code(&["start", "-d", path]), Some(4), "{path}");
    }
}

#[test]
fn of_many_starts_at_once_one_serves_and_many_stops_at_once_end_it() {
    let address = free_address();
    let daemon = Daemon::new(&ECHO.replace("127.0.0.1:0", &address.to_string()));
    let at_once = |arguments: &[&str]| {
        let run = |_| daemon.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let children: Vec<_> = (0..6).map(run).collect();
        let code =
            |child: std::io::Result<Child>| child.expect("it runs").wait().expect("it ends").code();
        children.into_iter().map(code).collect::<Vec<_>>()
    };
    for _ in 0..5 {
        let mut codes = at_once(&["start", "-d", "main.rhai"]);
        codes.sort_unstable();
        assert_eq!(codes, [0, 4, 4, 4, 4, 4].map(Some));
        assert_eq!(Client::connect(address).ask("a"), "a 1");
        let codes = at_once(&["reload", "main.rhai"]);
        assert_eq!(codes, [Some(0); 6]);
        let codes = at_once(&["stop", "main.rhai"]);
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 3))), "{codes:?}");
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(TcpStream::connect(address).is_err());
        assert_eq!(daemon.runtime_file(""), None);
    }
}

#[test]
fn a_server_that_dies_again_and_again_is_started_after_longer_and_longer_pauses() {
    let address = free_address();
    let daemon = Daemon::new(&ECHO.replace("127.0.0.1:0", &address.to_string()));
    daemon.start();
    for pause in [100, 200, 400] {
        until("a server", || daemon.server().is_some());
        signal(daemon.server().expect("a server"), "KILL");
        let line = format!("killed by signal 9; starting it again in {pause} ms");
        until(&line, || daemon.log().contains(&line));
    }
    until("listening", || TcpStream::connect(address).is_ok());
    assert_eq!(Client::connect(address).ask("a"), "a 1");
}

#[test]
fn a_server_that_became_another_user_is_back_on_its_privileged_port_when_it_is_killed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.7", *port)).is_ok();
    let port = (600..1024).rev().find(is_free).expect("a port");
    let address = SocketAddr::from(([127, 0, 0, 7], port));
    let user = "worker.user = \"nobody\";\nworker.count = 2;\nworker.reuse_port = true;\nworker.on_message";
    let script = ECHO.replace("127.0.0.1:0", &address.to_string());
    let daemon = Daemon::new(&script.replace("worker.on_message", user));
    daemon.start();
    let user_of = |pid: u32| fs::metadata(format!("/proc/{pid}")).expect("it lives").uid();
    let server = daemon.server().expect("a server");
    assert!(user_of(server) != 0 && user_of(daemon.monitor()) == 0);
    assert_eq!(Client::connect(address).ask("a"), "a 1");
    signal(server, "KILL");
    until("a new server", || daemon.server().is_some_and(|new| new != server));
    assert_eq!(Client::connect(address).ask("b"), "b 1");
    assert_ne!(user_of(daemon.server().expect("a server")), 0);
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(daemon.runtime_file(""), None);
}

#[test]
fn a_server_that_hangs_is_ended_by_what_the_failed_stop_says() {
    let address = free_address();
    let daemon = Daemon::new(&ECHO.replace("127.0.0.1:0", &address.to_string()));
    daemon.start();
    signal(daemon.server().expect("a server"), "STOP");
    assert_eq!(daemon.rhost("connections", &[]).code, Some(7));
    let said = daemon.rhost("stop", &["--timeout", "0"]);
    assert_eq!(said.code, Some(5), "{}", said.err);
    let (_, command) = said.err.trim_end().split_once("end it with ").expect("a way");
    let shell = Command::new("sh").args(["-c", command]).status();
    assert!(shell.expect("sh can be run").success(), "{command}");
    until("the end", || daemon.rhost("status", &[]).code == Some(3));
    assert!(TcpStream::connect(address).is_err(), "the server went with its monitor");
    daemon.start();
    assert_eq!(Client::connect(address).ask("a"), "a 1");
}

#[test]
fn a_server_that_was_told_to_stop_and_is_killed_stays_dead() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    // It cannot obey.
    signal(server, "STOP");
    signal(monitor, "TERM");
    let has_signal = || {
        let status = fs::read_to_string(format!("/proc/{server}/status")).expect("it lives");
        let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        pending.is_some_and(|mask| !mask.trim().chars().all(|c| c == '0'))
    };
    until("the signal that was passed on", has_signal);
    signal(server, "KILL");
    until("the end", || daemon.rhost("status", &[]).code == Some(3));
    assert!(!daemon.log().contains("starting it again"), "{}", daemon.log());
    assert_eq!(daemon.runtime_file(""), None);
}

#[test]
fn a_script_in_the_foreground_obeys_the_same_commands_as_a_daemon() {
    let daemon = Daemon::new(ECHO);
    // Told to a service manager, as nothing else says when it serves.
    let path = daemon.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(crate::support::wait::PATIENCE)).expect("a limit");
    let mut command = rhost();
    command.args(["start", "main.rhai"]).current_dir(daemon.path(""));
    command.env("XDG_RUNTIME_DIR", daemon.path("run")).env("NOTIFY_SOCKET", &path);
    let mut child = command.stderr(Stdio::null()).spawn().expect("it runs");
    let mut heard = [0; 200];
    let length = socket.recv(&mut heard).expect("a notice");
    assert_eq!(&heard[..length], b"READY=1");
    let before = status(&daemon);
    assert_eq!(before["pid"], child.id());
    assert_eq!(daemon.rhost("start", &["-d"]).code, Some(4));
    let address = before["workers"][0]["address"].as_str().expect("an address");
    let mut client =
        Client::connect(address.trim_start_matches("text://").parse().expect("a socket"));
    assert_eq!(client.ask("a"), "a 1");
    daemon.save(&ECHO.replace("} 1`", "} 2`"));
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    assert_eq!(client.ask("a"), "a 2");
    assert!(daemon.rhost("connections", &[]).out.contains("ESTABLISHED"));
    // (its parent takes note of its end, so that it is gone and not a zombie)
    let stopping = std::thread::scope(|scope| {
        let stopping = scope.spawn(|| daemon.rhost("stop", &[]));
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        stopping.join().unwrap()
    });
    assert_eq!(stopping.code, Some(0), "{}", stopping.err);
    client.expect_end();
    assert_eq!(daemon.runtime_file(""), None);
}
