//! `rhost restart`: what cannot be started stops nothing, and what is started is started as it was.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, Said, signal},
    process::free_port,
    wait::until,
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::net::UnixListener,
    process::{Command, Stdio},
    thread,
};

/// The script with something configured.
fn configured(options: &str) -> String {
    format!("Worker::configure(#{{ {options} }});\n{ECHO}")
}

fn mkfifo(daemon: &Daemon, name: &str) {
    let made = Command::new("mkfifo").arg(daemon.path(name)).status();
    assert!(made.expect("mkfifo can be run").success());
}

#[test]
fn a_restart_that_could_not_start_stops_nothing() {
    let daemon = Daemon::new(ECHO);
    let mut client = Client::connect(daemon.start());
    let server = daemon.server().expect("a server");
    mkfifo(&daemon, "pipe");
    fs::create_dir(daemon.path("folder")).unwrap();
    for (script, part) in [
        ("let x = ;".to_owned(), "main.rhai:1:9"),
        (configured("log_file: \"none/log\""), "none/log: No such file"),
        (configured("log_file: \"folder\""), "folder: Is a directory"),
        (configured("stdout_file: \"none/out\""), "none/out: No such file"),
        (configured("pid_file: \"none/pid\""), "none/pid: No such file"),
        (configured("pid_file: \"pipe\""), "pipe is not a pid file: it is no plain file"),
        (configured("pid_file: \"one\", log_file: \"one\""), "/one is the pid file"),
        (configured("metrics: \"here\""), "main.rhai:1:"),
        (format!("{ECHO}worker.user = \"nobody-of-that-name\";"), "nobody-of-that-name"),
    ] {
        daemon.save(&script);
        let said = daemon.rhost("restart", &[]);
        assert_eq!(said.code, Some(1), "{script}: {}", said.err);
        assert!(said.err.contains(part), "no `{part}` in\n{}", said.err);
        let monitor = format!("nothing was stopped: main.rhai (pid {}) goes on", daemon.monitor());
        assert!(said.err.contains(&monitor), "{}", said.err);
        assert_eq!(daemon.server(), Some(server), "{script}");
        assert_eq!(client.ask("a"), "a 1", "{script}");
    }
    assert!(!daemon.path("one").exists(), "looking creates nothing");
}

#[test]
fn a_restart_whose_addresses_are_taken_stops_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let port = free_port();
    let own = format!("127.0.0.1:{port}");
    let script = ECHO.replace("127.0.0.1:0", &own);
    let file = |daemon: &Daemon| daemon.path("a.sock").display().to_string();
    let daemon = Daemon::new(&script);
    let somebody = UnixListener::bind(daemon.path("a.sock")).unwrap();
    let mut client = Client::connect(daemon.start());
    let server = daemon.server().expect("a server");
    for (script, part) in [
        (
            format!("Worker::configure(#{{ metrics: \"{taken}\" }});\n{script}"),
            format!("cannot serve metrics on {taken}: Address already in use"),
        ),
        (
            script.replace(&own, &taken.to_string()),
            format!("cannot listen on text://{taken}: the address is already in use by another"),
        ),
        (format!("{script}Worker(\"text://{taken}\");"), "in use by another program".into()),
        (format!("{script}Worker(\"unix://{}\");", file(&daemon)), "in use by another".into()),
        (
            format!("{script}Worker(\"unix:///nowhere/a.sock\");"),
            "cannot listen on unix:///nowhere/a.sock: there is no such folder".into(),
        ),
    ] {
        daemon.save(&script);
        let said = daemon.rhost("restart", &[]);
        assert_eq!(said.code, Some(1), "{script}: {}", said.err);
        assert!(said.err.contains(&part), "no `{part}` in\n{}", said.err);
        assert!(said.err.contains("nothing was stopped: main.rhai"), "{}", said.err);
        assert_eq!(daemon.server(), Some(server), "{script}");
        assert_eq!(client.ask("a"), "a 1", "{script}");
    }
    drop(somebody);
}

#[test]
fn what_the_running_host_holds_itself_is_no_hindrance() {
    let (port, metrics) = (free_port(), free_port());
    let script = ECHO.replace("127.0.0.1:0", &format!("127.0.0.1:{port}"));
    let daemon = Daemon::new("");
    let file = daemon.path("a.sock").display().to_string();
    let script = format!(
        "Worker::configure(#{{ metrics: \"127.0.0.1:{metrics}\" }});\n{script}Worker(\"unix://{file}\");"
    );
    daemon.save(&script);
    daemon.start();
    let first = daemon.server();
    // (another interface of a port that it has)
    daemon.save(&script.replace(&format!("127.0.0.1:{port}"), &format!("0.0.0.0:{port}")));
    let said = daemon.rhost("restart", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(daemon.server().is_some() && daemon.server() != first);
    assert!(daemon.path("a.sock").exists());
}

#[test]
fn a_pid_file_that_another_script_holds_is_not_restarted_to() {
    let (one, other) = (Daemon::new(ECHO), Daemon::new(ECHO));
    one.start();
    other.start();
    let taken = other.runtime_file(".pid").expect("a pid file");
    one.save(&configured(&format!("pid_file: \"{}\"", taken.display())));
    let said = one.rhost("restart", &[]);
    assert_eq!(said.code, Some(4), "{}", said.err);
    assert!(said.err.contains(&format!("in use (pid {})", other.monitor())), "{}", said.err);
    assert_eq!(one.rhost("status", &[]).code, Some(0));
    assert_eq!(other.rhost("status", &[]).code, Some(0));
}

#[test]
fn a_restart_repeats_how_it_was_started() {
    let daemon = Daemon::new(ECHO);
    let options = ["-d", "--watch", "--log-format", "json", "--pid-file", "my.pid"];
    let said = daemon.rhost("start", &options);
    assert!(said.code == Some(0) && said.out.contains("watching: "), "{}{}", said.out, said.err);
    let first = daemon.server();
    // (it would not return if it served in the foreground)
    let said = daemon.rhost("restart", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("watching: save the script to reload it."), "{}", said.out);
    assert!(daemon.server().is_some() && daemon.server() != first);
    assert!(daemon.path("my.pid").exists(), "it stays where it was put");
    for line in daemon.log().lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    // What is said counts.
    assert_eq!(daemon.rhost("restart", &["--log-format", "text"]).code, Some(0));
    until("a line of text", || daemon.log().contains("INFO rhost"));
}

#[test]
fn a_pid_file_can_be_moved_by_a_restart() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let first = daemon.server();
    let said = daemon.rhost("restart", &["--pid-file", "my.pid"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(daemon.path("my.pid").exists());
    assert!(daemon.server().is_some() && daemon.server() != first);
}

#[test]
fn a_daemon_whose_server_is_gone_is_restarted_as_a_daemon() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    daemon.save("let x = ;");
    signal(server, "KILL");
    until("a long pause", || daemon.log().contains("starting it again in 1600 ms"));
    daemon.save(ECHO);
    let said = daemon.rhost("restart", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_ne!(daemon.monitor(), monitor);
    assert!(daemon.server().is_some());
}

#[test]
fn a_restart_of_what_is_dead_says_that_it_serves_in_the_foreground() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    signal(monitor, "KILL");
    signal(server, "KILL");
    until("nothing runs", || daemon.rhost("status", &[]).code == Some(3));
    let mut restart = daemon.command(&["restart", "main.rhai"]);
    let mut restart = restart.stderr(Stdio::piped()).spawn().expect("rhost can be run");
    let mut said = BufReader::new(restart.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert!(line.contains("main.rhai was not running"), "{line}");
    assert!(line.contains("`rhost restart main.rhai -d` makes it a daemon"), "{line}");
    until("it serves", || daemon.server().is_some());
    assert_eq!(daemon.monitor(), restart.id(), "in the foreground");
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(restart.wait().expect("it is our child").code(), Some(0));
    // A daemon that is wanted needs no word about it.
    let said = daemon.rhost("restart", &["-d"]);
    assert_eq!((said.code, said.err.contains("foreground")), (Some(0), false), "{}", said.err);
}

#[test]
fn restarts_at_the_same_time_take_turns() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let first = daemon.server();
    let said: Vec<Said> = thread::scope(|scope| {
        let restarts: Vec<_> =
            (0..4).map(|_| scope.spawn(|| daemon.rhost("restart", &["-d"]))).collect();
        restarts.into_iter().map(|restart| restart.join().expect("no panic")).collect()
    });
    for said in said {
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    }
    assert!(daemon.server().is_some() && daemon.server() != first);
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert_eq!(daemon.rhost("status", &[]).code, Some(3), "only one was left");
    assert_eq!(daemon.runtime_file(""), None);
}
