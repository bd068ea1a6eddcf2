//! What a process is started with: signals that are ignored, descriptors that happen to be open, scripts that come through a
//! pipe, a working directory that is gone.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, Said, signal},
    process::rhost,
    wait::until,
};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::{
        fd::OwnedFd,
        unix::{net::UnixListener, process::CommandExt},
    },
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Runs a line of shell in the daemon's folder. `$RHOST` is the program.
fn shell(daemon: &Daemon, line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(daemon.path("")).stdin(Stdio::null());
    command.env("RHOST", env!("CARGO_BIN_EXE_rhost")).env("XDG_RUNTIME_DIR", daemon.path("run"));
    command.env_remove("RUST_LOG");
    command
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    for name in ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2"] {
        let daemon = Daemon::new(ECHO);
        let line = format!("trap '' {name}; exec $RHOST run --no-watch main.rhai");
        let host = shell(&daemon, &line).stderr(Stdio::null()).spawn();
        let mut host = host.expect("sh can be run");
        until("serving", || daemon.server() == Some(host.id()));
        signal(host.id(), name);
        let said = daemon.rhost("reload", &[]);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        // (had the signal been heard, this would be the second or the last)
        assert!(said.out.contains("generation 1, "), "{name}: {}", said.out);
        assert!(daemon.rhost("status", &[]).out.contains("1 reloads"), "{name}");
        signal(host.id(), if name == "TERM" { "INT" } else { "TERM" });
        assert_eq!(host.wait().expect("it is our child").code(), Some(0), "{name}");
    }
}

#[test]
fn nohup_lets_a_host_live_through_the_end_of_its_session() {
    let daemon = Daemon::new(ECHO);
    let mut command = Command::new("nohup");
    command.args([env!("CARGO_BIN_EXE_rhost"), "run", "main.rhai"]).current_dir(daemon.path(""));
    command.env("XDG_RUNTIME_DIR", daemon.path("run")).stdin(Stdio::null());
    let host = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut host = host.expect("nohup can be run");
    until("serving", || daemon.server() == Some(host.id()));
    signal(host.id(), "HUP");
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0), "it lives");
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(host.wait().expect("it is our child").code(), Some(0));
}

#[test]
fn a_daemon_hears_signals_that_its_starter_ignored() {
    let daemon = Daemon::new(ECHO);
    let line = "trap '' HUP INT QUIT; exec $RHOST start -d main.rhai";
    let said = Said::from(shell(&daemon, line).output().expect("sh can be run"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    signal(daemon.monitor(), "HUP");
    until("the end", || daemon.rhost("status", &[]).code == Some(3));
}

#[test]
fn a_daemon_keeps_no_descriptor_of_its_starter() {
    let daemon = Daemon::new(ECHO);
    let line = "exec 9>&1; exec 7</dev/null; $RHOST start -d main.rhai >/dev/null 2>&1";
    let mut child = shell(&daemon, line).stdout(Stdio::piped()).spawn().expect("sh can be run");
    // The pipe ends although the daemon lives on.
    let mut rest = Vec::new();
    child.stdout.take().expect("a pipe").read_to_end(&mut rest).expect("it ends");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    for pid in [daemon.monitor(), daemon.server().expect("a server")] {
        for fd in fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").flatten() {
            let target = fs::read_link(fd.path()).unwrap_or_default();
            let is_standard = ["0", "1", "2"].contains(&&*fd.file_name().to_string_lossy());
            assert!(is_standard || target.as_os_str() != "/dev/null", "{pid}: {:?}", fd.path());
        }
    }
}

#[test]
fn a_daemon_keeps_the_sockets_of_its_service_manager_and_so_does_its_next_server() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = listener.local_addr().expect("an address");
    let daemon = Daemon::new(&ECHO.replace("127.0.0.1:0", &address.to_string()));
    // As systemd does it: the sockets are for the process that it starts, which is not the server.
    let line = "exec 3<&0 </dev/null; exec 9>/dev/null; \
                LISTEN_PID=$$ LISTEN_FDS=1 exec $RHOST start -d main.rhai";
    let mut command = shell(&daemon, line);
    let said = Said::from(command.stdin(OwnedFd::from(listener)).output().expect("sh can be run"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(Client::connect(address).ask("a"), "a 1");
    let server = daemon.server().expect("a server");
    // Who connects while there is no server waits in the socket, which the monitor has.
    signal(server, "KILL");
    let mut early = Client::connect(address);
    assert_eq!(early.ask("a"), "a 1", "the socket has never been closed");
    assert_eq!(Client::connect(address).ask("b"), "b 1");
    until("a new server", || daemon.server().is_some_and(|new| new != server));
}

#[test]
fn sockets_that_are_for_another_process_are_not_taken() {
    let daemon = Daemon::new(ECHO);
    let listener = UnixListener::bind(daemon.path("a.sock")).expect("a socket");
    let line = "exec 3<&0 </dev/null; LISTEN_PID=1 LISTEN_FDS=1 exec $RHOST start -d main.rhai";
    let mut command = shell(&daemon, line);
    let said = Said::from(command.stdin(OwnedFd::from(listener)).output().expect("sh can be run"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!daemon.log().contains("inherited"), "{}", daemon.log());
    let links = fs::read_dir(format!("/proc/{}/fd", daemon.monitor())).expect("it runs").flatten();
    let sockets = links.filter(|fd| {
        fd.file_name() == "3"
            && fs::read_link(fd.path()).is_ok_and(|t| t.to_string_lossy().starts_with("socket"))
    });
    assert_eq!(sockets.count(), 0);
}

/// Starts `rhost COMMAND /dev/stdin` with that script in a pipe.
fn piped(script: &str, arguments: &[&str]) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = rhost();
    command.args(arguments).current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("rhost can be run");
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("it reads");
    Said::from(child.wait_with_output().expect("it ends"))
}

/// Prints, reloads itself once, and ends with 7.
const RELOADS: &str = "\u{feff}let worker = Worker();
worker.on_worker_start = |worker| {
    print(`generation ${worker.generation}`);
    if worker.generation == 0 { Worker::reload(); } else { Worker::stop_all(7); }
};";

#[test]
fn a_script_from_a_pipe_runs_and_is_reloaded() {
    let said = piped(RELOADS, &["run", "/dev/stdin"]);
    assert_eq!(said.code, Some(7), "{}", said.err);
    assert!(said.err.contains("generation 0") && said.err.contains("generation 1"), "{}", said.err);
    assert!(said.err.contains("a script from a pipe has no name to find it by"), "{}", said.err);
    let named = piped(RELOADS, &["start", "/dev/stdin", "--pid-file", "here.pid"]);
    assert_eq!(named.code, Some(7), "{}", named.err);
    assert!(!named.err.contains("cannot reach"), "{}", named.err);
}

#[test]
fn a_script_from_a_pipe_is_checked_and_its_faults_have_a_place() {
    assert_eq!(piped(RELOADS, &["check", "/dev/stdin"]).code, Some(0));
    let said = piped("let x = ;", &["run", "/dev/stdin"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("stdin:1:9"), "{}", said.err);
}

#[test]
fn a_daemon_takes_no_script_from_a_pipe() {
    let said = piped(ECHO, &["start", "-d", "/dev/stdin"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("save the script in a file"), "{}", said.err);
}

#[test]
fn a_pipe_without_a_writer_and_a_device_hold_nobody_up() {
    let daemon = Daemon::new(ECHO);
    assert!(Command::new("mkfifo").arg(daemon.path("pipe")).status().unwrap().success());
    let began = Instant::now();
    for (command, file, says) in [
        ("run", "pipe", "cannot read the pipe pipe: nobody writes to it"),
        ("check", "pipe", "cannot read the pipe pipe: nobody writes to it"),
        ("run", "/dev/zero", "/dev/zero is a device or a socket, and no script"),
    ] {
        let said = Said::from(daemon.command(&[command, file]).output().expect("it runs"));
        assert_eq!(said.code, Some(1), "{command} {file}");
        assert!(said.err.contains(says), "{}", said.err);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_module_that_is_a_pipe_is_refused_and_holds_no_isolate_up() {
    let daemon = Daemon::new("import \"pipe\" as pipe;");
    assert!(Command::new("mkfifo").arg(daemon.path("pipe.rhai")).status().unwrap().success());
    let said = daemon.rhost("run", &[]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("it is a pipe or a device, and no file"), "{}", said.err);
}

#[test]
fn a_script_above_a_working_directory_that_is_gone_runs() {
    let script = "Timer::delay(0.001, || Worker::stop_all(5));";
    let daemon = Daemon::new(script);
    fs::create_dir(daemon.path("gone")).unwrap();
    let line = "cd gone && rmdir ../gone && exec $RHOST run ../main.rhai";
    let said = Said::from(shell(&daemon, line).output().expect("sh can be run"));
    assert_eq!(said.code, Some(5), "{}", said.err);
    assert!(!said.err.contains("log_file"), "{}", said.err);
    assert!(said.err.contains("the working directory is gone"), "{}", said.err);
    fs::create_dir(daemon.path("gone")).unwrap();
    let line = "cd gone && rmdir ../gone && exec $RHOST run ../main.rhai --pid-file x.pid";
    let said = Said::from(shell(&daemon, line).output().expect("sh can be run"));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(
        said.err.contains("x.pid: the working directory is gone; write the whole path"),
        "{}",
        said.err
    );
}

#[test]
fn the_terminal_that_is_closed_ends_a_host_without_nohup() {
    let daemon = Daemon::new(ECHO);
    let mut command = daemon.command(&["run", "main.rhai"]);
    let mut host = command.process_group(0).stderr(Stdio::null()).spawn().expect("it can be run");
    until("serving", || daemon.server() == Some(host.id()));
    signal(host.id(), "HUP");
    assert_eq!(host.wait().expect("it is our child").code(), Some(0));
}
