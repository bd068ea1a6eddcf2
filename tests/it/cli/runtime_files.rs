//! Where a running script is found: pid files, links and sockets, hostile ones among them, and what is left of them.

use crate::support::{
    daemon::{Daemon, ECHO, Said},
    process::Process,
    wait::until,
};
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{self, File},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, symlink},
        net::UnixListener,
    },
    process::Command,
    time::{Duration, Instant},
};

/// The script with something configured.
fn configured(options: &str) -> String {
    format!("Worker::configure(#{{ {options} }});\n{ECHO}")
}

fn run(daemon: &Daemon, arguments: &[&str]) -> Said {
    Said::from(daemon.command(arguments).output().expect("rhost can be run"))
}

#[test]
fn a_start_that_fails_leaves_nothing_behind() {
    for options in ["stdout_file: \"none/out\"", "log_file: \"none/log\"", "stdout_file: \".\""] {
        let daemon = Daemon::new(&configured(options));
        let said = daemon.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(1), "{options}");
        assert_eq!(daemon.runtime_file(""), None, "{options}");
        assert_eq!(daemon.rhost("status", &[]).code, Some(3), "{options}");
        // The next try is not told that it is running already.
        daemon.save(ECHO);
        daemon.start();
    }
}

#[test]
fn a_path_that_no_file_can_have_is_refused_where_it_stands() {
    for name in ["pid_file", "log_file", "stdout_file"] {
        for (path, shown) in [("", "\"\""), ("a\\x00b", "a")] {
            let daemon = Daemon::new(&configured(&format!("{name}: \"{path}\"")));
            let said = daemon.rhost("start", &["-d"]);
            assert_eq!(said.code, Some(1), "{name}");
            let says = format!("{name} is the path of a file, not ");
            assert!(said.err.contains(&says) && said.err.contains(shown), "{}", said.err);
            assert!(said.err.contains("main.rhai:1:"), "{}", said.err);
        }
    }
}

#[test]
fn a_file_with_two_tasks_is_refused() {
    for (options, says) in [
        ("pid_file: \"x\", log_file: \"x\"", "log_file x is the pid file"),
        ("pid_file: \"x\", stdout_file: \"./x\"", "stdout_file ./x is the pid file"),
        ("pid_file: \"x\", log_file: \"x.sock\"", "log_file x.sock is the control socket"),
        ("pid_file: \"main.log\"", "log_file main.log is the pid file"),
        ("log_file: \"main.rhai\"", "log_file main.rhai is the script"),
    ] {
        let daemon = Daemon::new(&configured(options));
        let said = daemon.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(1), "{options}");
        assert!(said.err.contains(says), "{}", said.err);
        assert!(!daemon.path("x").exists() && daemon.runtime_file("").is_none(), "{options}");
    }
}

#[test]
fn what_is_no_plain_file_is_no_pid_file_and_holds_nobody_up() {
    let daemon = Daemon::new(ECHO);
    assert!(Command::new("mkfifo").arg(daemon.path("pipe")).status().unwrap().success());
    fs::write(daemon.path("target"), "").unwrap();
    symlink("target", daemon.path("link")).unwrap();
    fs::create_dir(daemon.path("folder")).unwrap();
    let _socket = UnixListener::bind(daemon.path("socket")).unwrap();
    let began = Instant::now();
    for (name, what) in [
        ("pipe", "no plain file"),
        ("link", "a symbolic link"),
        ("folder", "no plain file"),
        ("socket", "no plain file"),
    ] {
        for command in ["start", "stop", "status", "reload", "restart"] {
            let said = daemon.rhost(command, &["--pid-file", name]);
            assert_eq!(said.code, Some(1), "{command} {name}: {}", said.err);
            let says = format!("{name} is not a pid file: it is {what}");
            assert!(said.err.contains(&says), "{command}: {}", said.err);
        }
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(fs::read(daemon.path("target")).unwrap(), b"", "nothing was written through it");
}

#[test]
fn a_log_that_is_a_pipe_without_a_reader_is_refused() {
    for name in ["log_file", "stdout_file"] {
        let daemon = Daemon::new(&configured(&format!("{name}: \"pipe\"")));
        assert!(Command::new("mkfifo").arg(daemon.path("pipe")).status().unwrap().success());
        let said = daemon.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(1), "{name}");
        assert!(said.err.contains(&format!("{name} pipe: No such device")), "{}", said.err);
    }
}

#[test]
fn nobody_else_can_lock_the_pid_file() {
    let daemon = Daemon::new(ECHO);
    // One that others may open, and that somebody has locked.
    let file = File::create(daemon.path("my.pid")).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o644)).unwrap();
    flock(&file, FlockOperation::LockShared).unwrap();
    let said = daemon.rhost("start", &["-d", "--pid-file", "my.pid"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(fs::metadata(daemon.path("my.pid")).unwrap().mode() & 0o777, 0o600);
    assert_eq!(daemon.rhost("start", &["-d", "--pid-file", "my.pid"]).code, Some(4));
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
}

#[test]
fn a_pid_file_alone_is_enough_for_commands() {
    let daemon = Daemon::new(ECHO);
    assert_eq!(daemon.rhost("start", &["-d", "--pid-file", "my.pid"]).code, Some(0));
    fs::remove_file(daemon.path("main.rhai")).unwrap();
    for command in ["status", "connections", "stop"] {
        let said = run(&daemon, &[command, "--pid-file", "my.pid"]);
        assert_eq!(said.code, Some(0), "{command}: {}", said.err);
    }
    let said = run(&daemon, &["stop", "--pid-file", "my.pid"]);
    assert_eq!((said.code, said.err.as_str()), (Some(3), "rhost: my.pid is not running\n"));
    assert_eq!(run(&daemon, &["stop"]).code, Some(2));
}

#[test]
fn a_script_is_found_by_the_path_that_it_was_started_by() {
    let daemon = Daemon::new("");
    for version in ["one", "two"] {
        fs::create_dir(daemon.path(version)).unwrap();
        fs::write(daemon.path(version).join("app.rhai"), ECHO).unwrap();
    }
    symlink("one", daemon.path("current")).unwrap();
    let started = run(&daemon, &["start", "-d", "current/app.rhai"]);
    assert_eq!(started.code, Some(0), "{}", started.err);
    assert_eq!(run(&daemon, &["status", "one/app.rhai"]).code, Some(0), "by the file itself");
    fs::remove_file(daemon.path("current")).unwrap();
    symlink("two", daemon.path("current")).unwrap();
    assert_eq!(run(&daemon, &["status", "current/app.rhai"]).code, Some(0), "led elsewhere");
    assert_eq!(run(&daemon, &["start", "-d", "current/app.rhai"]).code, Some(4));
    fs::remove_file(daemon.path("current")).unwrap();
    let stopped = run(&daemon, &["stop", "current/app.rhai"]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.err);
    assert_eq!(daemon.runtime_file(""), None, "the links are gone too");
}

#[test]
fn a_script_whose_folder_is_gone_can_be_stopped() {
    let daemon = Daemon::new(ECHO);
    fs::create_dir(daemon.path("app")).unwrap();
    fs::write(daemon.path("app/app.rhai"), ECHO).unwrap();
    assert_eq!(run(&daemon, &["start", "-d", "app/app.rhai"]).code, Some(0));
    fs::remove_dir_all(daemon.path("app")).unwrap();
    assert_eq!(run(&daemon, &["status", "app/app.rhai"]).code, Some(0));
    assert_eq!(run(&daemon, &["stop", "app/app.rhai"]).code, Some(0));
    let said = run(&daemon, &["stop", "app/app.rhai"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("app/app.rhai is not running, and there is no such file"));
    assert_eq!(daemon.runtime_file(""), None);
}

#[test]
fn a_working_directory_that_is_gone_is_told() {
    let daemon = Daemon::new(ECHO);
    let line = format!("rmdir \"$PWD\" && exec {} stop main.rhai", env!("CARGO_BIN_EXE_rhost"));
    fs::create_dir(daemon.path("gone")).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(daemon.path("gone"));
    let said = Said::from(command.env("XDG_RUNTIME_DIR", daemon.path("run")).output().unwrap());
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("main.rhai: the working directory is gone"), "{}", said.err);
}

#[test]
fn a_name_may_be_as_long_as_names_may_be() {
    let daemon = Daemon::new(ECHO);
    for name in ["n".repeat(250), "ü".repeat(125)] {
        let script = format!("{name}.rhai");
        fs::write(daemon.path(&script), ECHO).unwrap();
        let started = run(&daemon, &["start", "-d", &script]);
        assert_eq!(started.code, Some(0), "{}", started.err);
        assert_eq!(run(&daemon, &["status", &script]).code, Some(0));
        assert_eq!(run(&daemon, &["restart", &script]).code, Some(0));
        assert_eq!(run(&daemon, &["stop", &script]).code, Some(0));
    }
    assert_eq!(daemon.runtime_file(""), None);
}

#[test]
fn a_runtime_folder_of_a_long_name_keeps_nobody_from_serving_in_the_foreground() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("l".repeat(120));
    fs::create_dir(&long).unwrap();
    let process = Process::run_as(ECHO, |command| command.env("XDG_RUNTIME_DIR", &long));
    process.wait_for_line("commands cannot reach this host: control socket");
    assert_eq!(process.tcp("echo").ask("a"), "a 1");
    let daemon = Daemon::new(ECHO);
    let mut command = daemon.command(&["start", "-d", "main.rhai"]);
    let said = Said::from(command.env("XDG_RUNTIME_DIR", &long).output().unwrap());
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("control socket ") && said.err.contains("shorter"), "{}", said.err);
}

#[test]
fn a_second_signal_leaves_no_files() {
    let script = "Worker::configure(#{ stop_timeout: 60 });\nlet worker = Worker();\n\
        worker.on_worker_stop = |w| { print(\"stuck\"); loop {} };";
    let mut process = Process::run(script);
    let files = || fs::read_dir(process.path("rhost")).unwrap().count();
    until("the control socket", || files() == 2);
    process.signal("INT");
    process.wait_for_line("stuck");
    // (what comes sooner is the same order)
    std::thread::sleep(Duration::from_millis(500));
    process.signal("INT");
    assert_eq!(process.ended().0.code(), Some(1));
    assert_eq!(fs::read_dir(process.path("rhost")).unwrap().count(), 0);
}

#[test]
fn a_host_in_the_foreground_is_reached_by_its_link() {
    let process = Process::run(ECHO);
    symlink(process.path("main.rhai"), process.path("link.rhai")).unwrap();
    let mut command = crate::support::process::rhost();
    command.args(["stop", "link.rhai"]).current_dir(process.path(""));
    let said = Said::from(command.env("XDG_RUNTIME_DIR", process.path("")).output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(std::net::TcpStream::connect(process.socket("echo")).is_err());
}
