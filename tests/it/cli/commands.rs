//! What commands and signals do when something is in their way: strangers on the control socket, busy handlers, readers that
//! have seen enough.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, Said, signal},
    process::Process,
    wait::{PATIENCE, until},
};
use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A user that is not us.
const NOBODY: u32 = 65534;

fn state_of(pid: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("/proc");
    let (_, rest) = stat.rsplit_once(") ").expect("a state");
    rest.chars().next().expect("a state")
}

#[test]
fn a_hundred_who_ask_nothing_keep_no_command_from_its_answer() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let socket = daemon.runtime_file(".sock").expect("a control socket");
    let silent: Vec<_> = (0..100).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    for _ in 0..3 {
        let said = daemon.rhost("status", &[]);
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
    drop(silent);
}

#[test]
fn a_request_has_one_deadline_however_small_its_pieces_are() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let mut slow = UnixStream::connect(daemon.runtime_file(".sock").unwrap()).unwrap();
    slow.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let began = Instant::now();
    loop {
        // (a piece each time that nothing was answered)
        let sent = slow.write_all(b" ");
        match slow.read(&mut [0; 100]) {
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock && sent.is_ok() => (),
            _ => break,
        }
        assert!(began.elapsed() < PATIENCE, "it is read for ever");
    }
    assert!(began.elapsed() > Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(daemon.rhost("status", &[]).code, Some(0));
}

#[test]
fn a_socket_of_somebody_else_is_not_believed() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can make a socket of somebody else");
        return;
    }
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let socket = daemon.runtime_file(".sock").expect("a control socket");
    let folder = Path::new(socket.parent().expect("a folder"));
    let path = socket.display();
    fs::write(daemon.path("other.rhai"), format!("Worker(\"unix://{path}\");")).unwrap();
    let open = |mode| {
        for path in [&daemon.path(""), &daemon.path("run"), folder] {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
    };
    fs::rename(&socket, daemon.path("kept")).unwrap();
    open(0o777);
    // (the program may be where only root can run it)
    fs::copy(env!("CARGO_BIN_EXE_rhost"), daemon.path("rhost")).unwrap();
    let mut command = Command::new(daemon.path("rhost"));
    command.args(["run", "other.rhai"]).current_dir(daemon.path("")).uid(NOBODY).gid(NOBODY);
    command.env("XDG_RUNTIME_DIR", "/nowhere").stdin(Stdio::null()).stderr(Stdio::null());
    let mut other = command.spawn().expect("rhost can be run");
    until("the other socket", || socket.exists());
    open(0o700);
    let said = daemon.rhost("status", &[]);
    other.kill().unwrap();
    other.wait().unwrap();
    fs::rename(daemon.path("kept"), &socket).unwrap();
    assert_eq!(said.code, Some(7), "{}", said.err);
    assert!(said.err.contains("its control socket belongs to user 65534"), "{}", said.err);
}

#[test]
fn watching_ends_quietly_when_nobody_reads_any_more() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let mut command = daemon.command(&["status", "-w", "main.rhai"]);
    let mut watching = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert!(lines.next().is_some_and(|line| line.unwrap().starts_with("rhost ")));
    drop(lines);
    let began = Instant::now();
    while watching.try_wait().unwrap().is_none() {
        if began.elapsed() > PATIENCE {
            watching.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = Said::from(watching.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn every_command_names_the_process_of_the_pid_file() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    assert_ne!(monitor, server);
    let status = daemon.rhost("status", &[]).out;
    assert!(
        status.contains(&format!("  pid {monitor} (server {server})  generation 0")),
        "{status}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&daemon.rhost("status", &["--json"]).out).expect("JSON");
    assert_eq!((&json["pid"], &json["server"]), (&monitor.into(), &server.into()));
    let again = daemon.rhost("start", &["-d"]);
    assert!(again.err.contains(&format!("already running (pid {monitor})")), "{}", again.err);
    let stopped = daemon.rhost("stop", &[]).out;
    assert!(stopped.contains(&format!("(pid {monitor}) is stopping")), "{stopped}");
}

#[test]
fn a_reload_says_what_waits_for_the_next_start() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let options = "pid_file: \"other.pid\", log_file: \"other.log\", stdout_file: \"out\"";
    daemon.save(&format!("Worker::configure(#{{ {options} }});\n{ECHO}"));
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    let says = "`stdout_file`, `pid_file`, `log_file` have changed: that takes effect when the host is started anew";
    until("the warning", || daemon.log().contains(says));
    // What is the same is not told again.
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    until("the reload", || daemon.log().contains("generation 2, "));
    assert_eq!(daemon.log().matches("have changed").count(), 1);
    assert!(!daemon.path("other.pid").exists() && !daemon.path("other.log").exists());
}

#[test]
fn a_reload_is_told_to_programs_and_a_dry_run_changes_nothing() {
    let daemon = Daemon::new(ECHO);
    let mut client = Client::connect(daemon.start());
    client.send("a\n");
    client.line();
    daemon.save(&format!("let added = 1;\nlet timer = Timer::add(60, || added += 1);\n{ECHO}"));
    let said = daemon.rhost("reload", &["--dry-run"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let would = "a reload of main.rhai, as generation 1, would do this: kept 1 connection, 1 listener, 0 timers, 0 values; \
                 new: 1 timer";
    assert!(said.out.contains(would), "{}", said.out);
    let json = |arguments: &[&str]| -> serde_json::Value {
        let said = daemon.rhost("reload", arguments);
        assert_eq!(said.code, Some(0), "{}", said.err);
        serde_json::from_str(&said.out).expect("JSON")
    };
    let would = json(&["--dry-run", "--json"]);
    assert_eq!((&would["dry_run"], &would["new_timers"]), (&true.into(), &1.into()), "{would}");
    let did = json(&["--json"]);
    assert_eq!((&did["dry_run"], &did["generation"]), (&false.into(), &1.into()), "{did}");
    assert_eq!((&did["connections"], &did["new_timers"]), (&1.into(), &1.into()), "{did}");
    daemon.save("let x = ;");
    let said = daemon.rhost("reload", &["--dry-run"]);
    assert_eq!(said.code, Some(6), "{}", said.err);
    assert!(said.err.contains("main.rhai:1"), "{}", said.err);
    assert!(!daemon.log().contains("rejected"), "{}", daemon.log());
}

#[test]
fn a_reload_that_waits_says_for_what() {
    let busy = ECHO.replace("connection.send", "while line == \"spin\" {}\n    connection.send");
    let daemon = Daemon::new(&format!("{busy}worker.handler_timeout = 2;"));
    let mut client = Client::connect(daemon.start());
    client.send("spin\n");
    until("the handler", || daemon.rhost("status", &[]).out.contains("[busy]"));
    let said = daemon.rhost("reload", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains(
            "rhost: waiting for isolate 0 of worker echo, which has been busy at main.rhai:"
        ),
        "{}",
        said.err
    );
}

#[test]
fn a_stop_timeout_that_is_too_long_is_refused_with_the_longest() {
    let daemon = Daemon::new(&format!("Worker::configure(#{{ stop_timeout: 1e10 }});\n{ECHO}"));
    let said = daemon.rhost("start", &["-d"]);
    assert_eq!(said.code, Some(1));
    let says = "stop_timeout is a number of seconds, at most 3200000000 (a hundred years), not ";
    assert!(said.err.contains(says) && said.err.contains("main.rhai:1:"), "{}", said.err);
}

#[test]
fn a_daemon_is_not_suspended() {
    let daemon = Daemon::new(ECHO);
    let mut client = Client::connect(daemon.start());
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    for pid in [monitor, server] {
        signal(pid, "TSTP");
    }
    for _ in 0..3 {
        assert_eq!(client.ask("a"), "a 1");
    }
    assert_ne!(state_of(monitor), 'T');
    assert_ne!(state_of(server), 'T');
}

#[test]
fn a_host_in_the_foreground_is_suspended_and_goes_on() {
    // (as a job of a shell: in a group of its own)
    let mut process = Process::run_as(ECHO, |command| command.process_group(0));
    let mut client = process.tcp("echo");
    process.signal("TSTP");
    until("the suspension", || state_of(process.pid()) == 'T');
    process.signal("CONT");
    assert_eq!(client.ask("b"), "b 1");
    process.signal("TERM");
    assert_eq!(process.ended().0.code(), Some(0));
}

#[test]
fn what_cannot_be_printed_is_told() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    for arguments in [
        vec!["status", "main.rhai"],
        vec!["status", "main.rhai", "--json"],
        vec!["connections", "main.rhai"],
        vec!["reload", "main.rhai"],
        vec!["doc"],
        vec!["stop", "main.rhai"],
    ] {
        let mut command = daemon.command(&arguments);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let said = Said::from(command.stdout(full).output().expect("rhost can be run"));
        assert_eq!(said.code, Some(8), "{arguments:?}: {}", said.err);
        let why = "rhost: what was asked for cannot be printed: No space left on device";
        assert!(said.err.starts_with(why), "{}", said.err);
    }
    assert_eq!(daemon.rhost("status", &[]).code, Some(3), "it was stopped all the same");
}

#[test]
fn a_name_does_not_steer_the_terminal() {
    let named = "worker.name = \"ec\\rho\\x1b[31m\";";
    let script = ECHO.replace("worker.name = \"echo\";", named);
    let slow = "} 1`); if line == \"spin\" { loop {} }";
    let daemon = Daemon::new(&script.replace("} 1`);", slow));
    let started = daemon.rhost("start", &["-d"]);
    assert_eq!(started.code, Some(0), "{}", started.err);
    let address = started.out.split_whitespace().find_map(|word| word.strip_prefix("text://"));
    let mut client = Client::connect(address.expect("an address").parse().unwrap());
    client.send("spin\n");
    until("a busy isolate", || daemon.rhost("status", &[]).out.contains("[busy]"));
    let status = daemon.rhost("status", &[]);
    let connections = daemon.rhost("connections", &[]);
    assert!(connections.err.contains("isolate 0 (ec?ho?[31m) is busy"), "{}", connections.err);
    for text in [&started.out, &status.out, &connections.out, &connections.err] {
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(steers), "{}", text.escape_debug());
    }
    assert!(status.out.contains("ec?ho?[31m"), "{}", status.out);
}
