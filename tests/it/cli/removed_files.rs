//! What cleaners of temporary folders, and other programs, do to the files of a host that runs.

use crate::support::{
    daemon::{Daemon, ECHO, signal},
    wait::until,
};
use std::{
    fs,
    os::unix::net::UnixListener,
    process::{Child, Stdio},
};

fn foreground(daemon: &Daemon) -> Child {
    let mut command = daemon.command(&["run", "--no-watch", "main.rhai"]);
    let host = command.stderr(Stdio::null()).spawn().expect("rhost can be run");
    until("serving", || daemon.server() == Some(host.id()));
    host
}

fn stops(daemon: &Daemon) {
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(daemon.runtime_file(""), None, "nothing is left");
}

#[test]
fn a_daemon_whose_files_were_removed_is_found_again() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    fs::remove_dir_all(daemon.path("run/rhost")).expect("the folder");
    until("its return", || daemon.server() == Some(server));
    assert_eq!(daemon.monitor(), monitor);
    let again = daemon.rhost("start", &["-d"]);
    assert_eq!(again.code, Some(4), "{}", again.err);
    assert!(daemon.log().contains("was gone: it is there again"), "{}", daemon.log());
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    stops(&daemon);
}

#[test]
fn a_server_whose_pid_file_was_made_anew_takes_it_when_its_monitor_dies() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    fs::remove_file(daemon.runtime_file(".pid").expect("a pid file")).expect("it is removed");
    until("the new file", || daemon.runtime_file(".pid").is_some());
    until("its content", || daemon.server() == Some(server));
    signal(monitor, "KILL");
    until("the server's number", || daemon.monitor() == server);
    stops(&daemon);
}

#[test]
fn a_host_in_the_foreground_puts_back_each_of_its_files() {
    let daemon = Daemon::new(ECHO);
    let mut host = foreground(&daemon);
    for end in [".sock", ".pid"] {
        fs::remove_file(daemon.runtime_file(end).expect("a file")).expect("it is removed");
        until("its return", || daemon.runtime_file(end).is_some());
        until("its answer", || daemon.server() == Some(host.id()));
    }
    stops(&daemon);
    assert_eq!(host.wait().expect("it is our child").code(), Some(0));
}

#[test]
fn the_links_to_a_pid_file_elsewhere_are_put_back() {
    let daemon = Daemon::new(&format!("Worker::configure(#{{ pid_file: \"here.pid\" }});\n{ECHO}"));
    daemon.start();
    let server = daemon.server().expect("a server");
    fs::remove_dir_all(daemon.path("run/rhost")).expect("the folder");
    until("its return", || daemon.server() == Some(server));
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert!(!daemon.path("here.pid").exists() && daemon.runtime_file("").is_none());
}

#[test]
fn files_that_have_become_anothers_are_left_alone_at_the_end() {
    let daemon = Daemon::new(ECHO);
    let mut host = foreground(&daemon);
    let (pid, socket) =
        (daemon.runtime_file(".pid").unwrap(), daemon.runtime_file(".sock").unwrap());
    fs::remove_file(&socket).expect("it is removed");
    let another = UnixListener::bind(&socket).expect("the path is free");
    fs::write(daemon.path("another"), "precious").expect("a file");
    fs::rename(daemon.path("another"), &pid).expect("it is replaced");
    signal(host.id(), "TERM");
    assert_eq!(host.wait().expect("it is our child").code(), Some(0));
    assert_eq!(fs::read_to_string(&pid).expect("another's file"), "precious");
    assert!(socket.exists());
    drop(another);
    fs::remove_file(pid).expect("it is removed");
}

#[test]
fn a_monitor_leaves_a_socket_that_somebody_listens_on() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let socket = daemon.runtime_file(".sock").expect("a socket");
    fs::remove_file(&socket).expect("it is removed");
    let _another = UnixListener::bind(&socket).expect("the path is free");
    let monitor = daemon.monitor();
    signal(monitor, "TERM");
    until("the end", || daemon.runtime_file(".pid").is_none());
    assert!(socket.exists());
}

#[test]
fn what_is_no_socket_beside_the_pid_file_stays_and_is_told() {
    let daemon = Daemon::new(ECHO);
    for name in ["here.pid.sock", "here.pid.sock.new"] {
        fs::write(daemon.path(name), "precious").expect("a file");
        let said = daemon.rhost("start", &["-d", "--pid-file", "here.pid"]);
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(
            said.err.contains(&format!("/{name} is there already, and is no socket")),
            "{}",
            said.err
        );
        assert_eq!(fs::read_to_string(daemon.path(name)).expect("it is there"), "precious");
        fs::remove_file(daemon.path(name)).expect("it is removed");
    }
}
