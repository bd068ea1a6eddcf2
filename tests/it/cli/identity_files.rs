//! A daemon of root that becomes somebody else: its logs, the files in root's folders, and its script. Root runs these tests;
//! for others they say that they are skipped.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO},
    process::Process,
    wait::until,
};
use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        net::UnixStream,
    },
    process::Command,
};

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can become somebody else");
    }
    is_root
}

/// The user and group of `nobody`.
fn nobody() -> (u32, u32) {
    let id = |flag| {
        let output = Command::new("id").args([flag, "nobody"]).output().expect("id can be run");
        String::from_utf8(output.stdout).unwrap().trim().parse().expect("a number")
    };
    (id("-u"), id("-g"))
}

/// A script that becomes `nobody`, in a folder that everybody may enter and only root may change, with one for logs in it.
fn daemon(options: &str) -> Daemon {
    let configured = format!("Worker::configure(#{{ {options} }});\n");
    let daemon = Daemon::new(&format!("{configured}{ECHO}worker.user = \"nobody\";\n"));
    fs::set_permissions(daemon.path(""), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(daemon.path("logs")).unwrap();
    daemon
}

fn log(daemon: &Daemon) -> String {
    fs::read_to_string(daemon.path("logs/log")).unwrap_or_default()
}

#[test]
fn a_log_that_cannot_be_put_aside_grows_on_and_says_so_once() {
    if !is_root() {
        return;
    }
    let daemon = daemon("log_file: \"logs/log\", log_file_max_size: 1000");
    let mut client = Client::connect(daemon.start());
    let owner = fs::metadata(daemon.path("logs/log")).unwrap();
    assert_eq!((owner.uid(), owner.gid()), nobody());
    for _ in 0..100 {
        client.ask("print");
    }
    until("all prints", || log(&daemon).matches(": printed").count() == 100);
    let complaint = "it is full and cannot be put aside: it grows on";
    until("the complaint", || log(&daemon).contains(complaint));
    assert_eq!(log(&daemon).matches(complaint).count(), 1, "{}", log(&daemon));
    assert_eq!(fs::read_dir(daemon.path("logs")).unwrap().count(), 1);
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(daemon.runtime_file(""), None, "the monitor, which is still root, cleans up");
}

#[test]
fn a_log_in_a_folder_of_the_new_user_is_cut_into_pieces() {
    if !is_root() {
        return;
    }
    let daemon = daemon("log_file: \"logs/log\", log_file_max_size: 1000");
    let (user, group) = nobody();
    chown(daemon.path("logs"), Some(user), Some(group)).unwrap();
    let mut client = Client::connect(daemon.start());
    for _ in 0..200 {
        client.ask("print");
    }
    until("five old logs", || daemon.path("logs/log.5").exists());
    // What the monitor writes does not get in the server's way.
    let server = daemon.server().expect("a server");
    crate::support::daemon::signal(server, "KILL");
    until("a new server", || daemon.server().is_some_and(|new| new != server));
    assert_eq!(fs::metadata(daemon.path("logs/log")).unwrap().uid(), user);
    assert!(!log(&daemon).contains("cannot be"), "{}", log(&daemon));
}

#[test]
fn a_log_that_was_put_aside_by_others_is_found_again_or_told() {
    if !is_root() {
        return;
    }
    let daemon = daemon("log_file: \"logs/log\"");
    let mut client = Client::connect(daemon.start());
    fs::rename(daemon.path("logs/log"), daemon.path("logs/old")).unwrap();
    client.ask("print");
    client.ask("print");
    let old = || fs::read_to_string(daemon.path("logs/old")).unwrap();
    until("the prints", || old().matches(": printed").count() == 2);
    until("the complaint", || old().contains("cannot be opened again"));
    assert_eq!(old().matches("cannot be opened again").count(), 1, "{}", old());
    // As logrotate makes it.
    let (user, group) = nobody();
    fs::write(daemon.path("logs/new"), "").unwrap();
    chown(daemon.path("logs/new"), Some(user), Some(group)).unwrap();
    fs::rename(daemon.path("logs/new"), daemon.path("logs/log")).unwrap();
    client.ask("print");
    until("the print", || log(&daemon).contains(": printed"));
    assert_eq!(old().matches(": printed").count(), 2);
}

#[test]
fn only_what_is_roots_own_and_has_one_name_is_given_away() {
    if !is_root() {
        return;
    }
    let daemon = daemon("log_file: \"logs/log\", stdout_file: \"logs/out\"");
    fs::write(daemon.path("precious"), "").unwrap();
    fs::hard_link(daemon.path("precious"), daemon.path("logs/log")).unwrap();
    std::os::unix::fs::symlink("../precious", daemon.path("logs/out")).unwrap();
    daemon.start();
    assert_eq!(fs::metadata(daemon.path("precious")).unwrap().uid(), 0);
}

#[test]
fn a_script_that_the_new_user_cannot_read_is_told_at_the_start() {
    if !is_root() {
        return;
    }
    let unreadable = "main.rhai cannot be read by the user that this process has become";
    let daemon = daemon("log_file: \"logs/log\"");
    daemon.start();
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    until("the reload", || log(&daemon).contains("reloaded main.rhai"));
    assert!(!log(&daemon).contains(unreadable));
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    fs::set_permissions(daemon.path("main.rhai"), Permissions::from_mode(0o600)).unwrap();
    daemon.start();
    until("the warning", || log(&daemon).contains(unreadable));
    assert_eq!(log(&daemon).matches(unreadable).count(), 1);
    assert_eq!(daemon.rhost("reload", &[]).code, Some(6));
}

#[test]
fn what_a_host_in_the_foreground_leaves_in_roots_folders_fools_nobody() {
    if !is_root() {
        return;
    }
    let mut process = Process::run(&format!("{ECHO}worker.user = \"nobody\";\n"));
    let pid_file = || {
        let files = fs::read_dir(process.path("rhost")).unwrap().map(|f| f.unwrap().path());
        files.into_iter().find(|f| f.extension().is_some_and(|e| e == "pid")).expect("a pid file")
    };
    let pid_file = pid_file();
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{}\n", process.pid()));
    process.signal("TERM");
    assert_eq!(process.ended().0.code(), Some(0));
    assert_eq!(fs::read_to_string(&pid_file).unwrap_or_default(), "");
    let mut command = crate::support::process::rhost();
    command.args(["status", "main.rhai"]).current_dir(process.path(""));
    let status = command.env("XDG_RUNTIME_DIR", process.path("")).status().unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn a_unix_socket_that_stays_in_a_folder_of_root_keeps_no_start_from_it() {
    if !is_root() {
        return;
    }
    let daemon = daemon("");
    let socket = daemon.path("app.sock");
    let script = fs::read_to_string(daemon.path("main.rhai")).unwrap();
    daemon.save(&format!("{script}Worker(\"unix://{}\");\n", socket.display()));
    for _ in 0..2 {
        let started = daemon.rhost("start", &["-d"]);
        assert_eq!(started.code, Some(0), "{}", started.err);
        UnixStream::connect(&socket).expect("somebody listens");
        assert_eq!(daemon.rhost("restart", &[]).code, Some(0));
        UnixStream::connect(&socket).expect("somebody listens");
        assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
        assert!(socket.exists(), "the user cannot remove it");
    }
}
