//! Root and the daemons that others have started. Root runs these tests; for others they say that they are skipped.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, Said},
    process::free_port,
};
use std::{
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt, fs::chown, process::CommandExt},
    process::Command,
};

/// Who starts the daemons. Fixed by Debian, and everywhere else nobody that matters.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root sees the daemons of others");
    }
    is_root
}

/// A command as it is without a session: by the folder for temporary files, which is one of the test's own.
fn command(daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut command = daemon.command(arguments);
    command.env("TMPDIR", daemon.path("tmp"));
    command
}

fn of_nobody(daemon: &Daemon, arguments: &[&str]) -> Said {
    let mut command = command(daemon, arguments);
    command.env_remove("XDG_RUNTIME_DIR").uid(NOBODY).gid(NOBODY);
    Said::from(command.output().expect("rhost can be run"))
}

fn of_root(daemon: &Daemon, arguments: &[&str]) -> Said {
    Said::from(command(daemon, arguments).output().expect("rhost can be run"))
}

/// A daemon that nobody, the user, has started.
fn daemon() -> Daemon {
    let daemon = Daemon::new(&ECHO.replace("127.0.0.1:0", &format!("127.0.0.1:{}", free_port())));
    fs::create_dir(daemon.path("tmp")).expect("a folder");
    fs::set_permissions(daemon.path("tmp"), Permissions::from_mode(0o1777)).expect("it is ours");
    fs::set_permissions(daemon.path(""), Permissions::from_mode(0o755)).expect("it is ours");
    chown(daemon.path(""), Some(NOBODY), Some(NOBODY)).expect("we are root");
    let said = of_nobody(&daemon, &["start", "-d", "main.rhai"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    daemon
}

#[test]
fn root_finds_the_daemon_of_another_user_with_every_command() {
    if !is_root() {
        return;
    }
    let daemon = daemon();
    let status = of_root(&daemon, &["status", "main.rhai"]);
    assert_eq!(status.code, Some(0), "{}", status.err);
    assert_eq!(of_root(&daemon, &["connections", "main.rhai"]).code, Some(0));
    assert_eq!(of_root(&daemon, &["reload", "main.rhai"]).code, Some(0));
    let logs = of_root(&daemon, &["logs", "main.rhai"]);
    assert!(logs.out.contains("runs main.rhai"), "{}", logs.err);
    let list = of_root(&daemon, &["list", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&list.out).expect("JSON");
    assert_eq!((&all[0]["user"], &all[0]["state"]), (&"nobody".into(), &"running".into()), "{all}");
    let stop = of_root(&daemon, &["stop", "main.rhai"]);
    assert_eq!(stop.code, Some(0), "{}", stop.err);
    assert!(stop.out.contains("of user nobody) is stopping"), "{}", stop.out);
    assert_eq!(of_nobody(&daemon, &["status", "main.rhai"]).code, Some(3));
}

#[test]
fn what_root_cannot_start_because_another_user_runs_it_is_told() {
    if !is_root() {
        return;
    }
    let daemon = daemon();
    for arguments in
        [&["start", "-d", "main.rhai"][..], &["start", "main.rhai"], &["run", "main.rhai"]]
    {
        let said = of_root(&daemon, arguments);
        assert_eq!(said.code, Some(1), "{arguments:?}");
        assert!(said.err.contains("main.rhai is running already (pid "), "{}", said.err);
        assert!(
            said.err.contains("of user nobody): `rhost stop main.rhai` stops that"),
            "{}",
            said.err
        );
    }
    let said = of_root(&daemon, &["restart", "main.rhai"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("restart it as nobody") && said.err.contains("nothing was stopped"),
        "{}",
        said.err
    );
    assert_eq!(of_nobody(&daemon, &["stop", "main.rhai"]).code, Some(0));
}

#[test]
fn another_user_leads_root_to_nobody_elses_files_and_processes() {
    if !is_root() {
        return;
    }
    let daemon = daemon();
    // The user forges: a link to a file of root's, and the number of a process of root's.
    let folder = daemon.path(&format!("tmp/rhost-{NOBODY}"));
    let name = fs::read_dir(&folder).expect("the folder").flatten();
    let name = name
        .map(|f| f.path())
        .find(|p| p.extension().is_some_and(|e| e == "pid"))
        .expect("a pid file");
    let monitor = fs::read_to_string(&name).expect("a number");
    fs::write(&name, format!("{}\n", std::process::id())).expect("we are root");
    let held = fs::File::open(&name).expect("we have it open, as if it had been passed to us");
    let said = of_root(&daemon, &["list", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(
        all[0]["pid"],
        serde_json::Value::Null,
        "root does not take our number for that host"
    );
    drop(held);
    fs::write(&name, monitor).expect("we are root");
    assert_eq!(of_nobody(&daemon, &["stop", "main.rhai"]).code, Some(0));
    fs::write(daemon.path("of-root"), "1\n").expect("a file");
    std::os::unix::fs::symlink(daemon.path("of-root"), &name).expect("a link");
    assert_eq!(of_root(&daemon, &["status", "main.rhai"]).code, Some(3));
    let said = of_root(&daemon, &["list", "--json"]);
    assert_eq!(said.out.trim(), "[]");
}

#[test]
fn a_user_does_not_see_the_daemons_of_root() {
    if !is_root() {
        return;
    }
    let daemon = daemon();
    assert_eq!(of_nobody(&daemon, &["stop", "main.rhai"]).code, Some(0));
    Client::connect(daemon.start());
    assert_eq!(of_nobody(&daemon, &["status", "main.rhai"]).code, Some(3));
    assert_eq!(of_nobody(&daemon, &["list", "--json"]).out.trim(), "[]");
}
