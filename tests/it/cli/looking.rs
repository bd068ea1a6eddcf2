//! `rhost list` and `rhost logs`: what runs, and what it says.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, Said, signal},
    process::free_port,
    wait::until,
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

fn list(daemon: &Daemon, options: &[&str]) -> Said {
    Said::from(daemon.command(&[&["list"], options].concat()).output().expect("rhost can be run"))
}

fn listed(daemon: &Daemon) -> Vec<Value> {
    let said = list(daemon, &["--json"]);
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}{}", said.out, said.err))
}

#[test]
fn a_machine_on_which_nothing_runs_has_an_empty_list() {
    let daemon = Daemon::new(ECHO);
    let said = list(&daemon, &[]);
    assert_eq!((said.code, &*said.out), (Some(0), "nothing runs\n"));
    assert!(listed(&daemon).is_empty());
    assert_eq!(daemon.runtime_file(""), None, "whoever looks leaves nothing");
}

#[test]
fn daemons_and_hosts_in_the_foreground_are_listed_with_what_they_do() {
    let daemon = Daemon::new(&format!("Worker::configure(#{{ pid_file: \"here.pid\" }});\n{ECHO}"));
    let address = daemon.start();
    let mut client = Client::connect(address);
    assert_eq!(client.ask("a"), "a 1");
    fs::write(daemon.path("second.rhai"), "Worker(\"text://127.0.0.1:0\");").expect("a script");
    let mut command = daemon.command(&["run", "--no-watch", "second.rhai"]);
    let mut second = command.stderr(Stdio::null()).spawn().expect("rhost can be run");
    until("two of them", || {
        let all = listed(&daemon);
        all.len() == 2 && all.iter().all(|host| host["state"] == "running")
    });
    let all = listed(&daemon);
    let main = &all[0];
    assert!(main["script"].as_str().is_some_and(|s| s.ends_with("/main.rhai")), "{main}");
    assert_eq!(
        main["pid"].as_u64(),
        fs::read_to_string(daemon.path("here.pid")).unwrap().trim().parse().ok()
    );
    assert_eq!(main["server"].as_u64(), daemon.server().map(u64::from));
    assert_eq!((&main["daemon"], &main["watch"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!((&main["connections"], &main["generation"]), (&1.into(), &0.into()));
    assert_eq!(main["listening"], serde_json::json!([format!("text://{address}")]));
    assert_eq!(
        (all[1]["daemon"].as_bool(), all[1]["pid"].as_u64()),
        (Some(false), Some(second.id().into()))
    );
    let table = list(&daemon, &[]).out;
    let row =
        |name: &str| table.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(
        row("main.rhai").contains("daemon") && row("main.rhai").contains(&address.to_string()),
        "{table}"
    );
    assert!(
        row("second.rhai").contains("foreground") && row("second.rhai").ends_with("[running]"),
        "{table}"
    );
    signal(second.id(), "TERM");
    assert_eq!(second.wait().expect("it is our child").code(), Some(0));
}

#[test]
fn files_that_were_left_behind_are_told_apart_from_hosts_that_run() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let (monitor, server) = (daemon.monitor(), daemon.server().expect("a server"));
    signal(monitor, "KILL");
    signal(server, "KILL");
    until("the end", || daemon.rhost("status", &[]).code == Some(3));
    let all = listed(&daemon);
    assert_eq!((all.len(), &all[0]["state"], &all[0]["pid"]), (1, &"stale".into(), &Value::Null));
    let said = list(&daemon, &[]);
    assert_eq!(said.code, Some(0));
    assert!(said.out.contains("[gone, left its files]"), "{}", said.out);
    assert!(daemon.runtime_file(".pid").is_some(), "looking removes nothing");
}

#[test]
fn a_host_that_does_not_answer_is_listed_and_the_exit_code_says_so() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    let server = daemon.server().expect("a server");
    signal(server, "STOP");
    let said = list(&daemon, &[]);
    signal(server, "CONT");
    assert_eq!(said.code, Some(7), "{}", said.out);
    let row = said.out.lines().find(|line| line.contains("main.rhai")).expect("a row");
    assert!(row.ends_with("[no answer]"), "{row}");
    assert!(said.err.contains("no answer from ") && said.err.contains("main.rhai"), "{}", said.err);
}

/// `rhost logs -f`, killed when it is dropped.
struct Following {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Following {
    fn start(daemon: &Daemon, options: &[&str]) -> Self {
        let mut command = daemon.command(&[&["logs", "main.rhai", "-f"], options].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("rhost can be run");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, lines }
    }

    /// The next line with that text. (A test that waits in vain is ended by whoever runs it.)
    fn line(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).expect("text"), 0, "it has ended");
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const COUNTS: &str = r#"
Worker::configure(#{ log_file: "log", log_file_max_size: 2000 });
let worker = Worker("text://127.0.0.1:0");
worker.name = "echo";
worker.on_message = |connection, line| { print(`number ${line}`); connection.send(line); };
"#;

#[test]
fn the_log_of_a_daemon_is_shown_and_followed_over_rotations() {
    let daemon = Daemon::new(COUNTS);
    let mut client = Client::connect(daemon.start());
    client.ask("first");
    until("the line", || daemon.rhost("logs", &[]).out.contains("number first\n"));
    assert!(daemon.rhost("logs", &[]).out.contains("listening on text://"));
    let mut following = Following::start(&daemon, &[]);
    following.line("number first");
    // (so many that the file is put aside several times between two looks)
    for n in 0..100 {
        client.ask(&n.to_string());
    }
    for n in 0..100 {
        assert!(following.line("number ").ends_with(&format!("number {n}\n")), "{n}");
    }
    assert!(daemon.path("log.3").exists());
    // It goes on with the next start of the daemon.
    assert_eq!(daemon.rhost("restart", &[]).code, Some(0));
    following.line("runs main.rhai");
}

#[test]
fn the_last_lines_of_a_log_are_shown_and_a_log_that_was_emptied_goes_on() {
    let daemon = Daemon::new(&COUNTS.replace("2000", "2000000"));
    let mut client = Client::connect(daemon.start());
    for n in 0..20 {
        client.ask(&n.to_string());
    }
    until("the lines", || daemon.rhost("logs", &[]).out.contains("number 19\n"));
    for (wanted, lines) in [("0", 0), ("1", 1), ("3", 3)] {
        let said = daemon.rhost("logs", &["-n", wanted]);
        assert_eq!((said.code, said.out.lines().count()), (Some(0), lines), "{}", said.out);
        assert!(lines == 0 || said.out.ends_with("number 19\n"), "{}", said.out);
    }
    assert_eq!(daemon.rhost("logs", &["-n", "1000"]).out, daemon.rhost("logs", &[]).out);
    let mut following = Following::start(&daemon, &["-n", "1"]);
    following.line("number 19");
    fs::write(daemon.path("log"), "").expect("it is emptied");
    client.ask("next");
    following.line("number next");
}

#[test]
fn a_daemon_that_has_ended_has_left_its_log() {
    let daemon = Daemon::new(ECHO);
    let none = daemon.rhost("logs", &[]);
    assert_eq!(none.code, Some(3));
    assert!(none.err.contains("main.rhai is not running, and has left no log"), "{}", none.err);
    daemon.start();
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    let said = daemon.rhost("logs", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("told to stop"), "{}", said.out);
    let missing = Said::from(daemon.command(&["logs", "none.rhai"]).output().unwrap());
    assert_eq!(missing.code, Some(3), "{}", missing.err);
}

#[test]
fn a_host_that_keeps_no_log_says_where_its_lines_go() {
    let daemon = Daemon::new(ECHO);
    let mut command = daemon.command(&["run", "main.rhai"]);
    let mut host = command.stderr(Stdio::null()).spawn().expect("rhost can be run");
    until("serving", || daemon.server() == Some(host.id()));
    let said = daemon.rhost("logs", &[]);
    assert_eq!((said.code, &*said.out), (Some(1), ""));
    assert!(
        said.err.contains(&format!("runs in the foreground (pid {})", host.id())),
        "{}",
        said.err
    );
    signal(host.id(), "TERM");
    host.wait().expect("it is our child");
    let nowhere =
        Daemon::new(&format!("Worker::configure(#{{ log_file: \"/dev/null\" }});\n{ECHO}"));
    nowhere.start();
    let said = nowhere.rhost("logs", &[]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("/dev/null, which keeps nothing"), "{}", said.err);
}

#[test]
fn the_log_of_a_daemon_whose_server_hangs_is_shown_all_the_same() {
    let daemon = Daemon::new(&ECHO.replace("127.0.0.1:0", &format!("127.0.0.1:{}", free_port())));
    daemon.start();
    let server = daemon.server().expect("a server");
    signal(server, "STOP");
    let elsewhere = daemon.path("run");
    let mut command = daemon.command(&["logs", "../main.rhai"]);
    let said = Said::from(command.current_dir(elsewhere).output().expect("it runs"));
    signal(server, "CONT");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("runs main.rhai"), "{}", said.out);
}

#[test]
fn a_terminal_is_not_steered_by_a_log_and_a_pipe_gets_it_as_it_is() {
    let daemon = Daemon::new(ECHO);
    daemon.start();
    until("its last line", || daemon.log().contains("listening on"));
    fs::write(daemon.path("main.log"), b"one\x1b[2Jtwo\t\xff\n").expect("the log");
    let mut command = daemon.command(&["logs", "main.rhai"]);
    assert_eq!(command.output().expect("it runs").stdout, b"one\x1b[2Jtwo\t\xff\n");
    let line = format!("{} logs main.rhai", env!("CARGO_BIN_EXE_rhost"));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).current_dir(daemon.path(""));
    let shown =
        terminal.env("XDG_RUNTIME_DIR", daemon.path("run")).output().expect("script runs").stdout;
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains("one?[2Jtwo\t") && !shown.contains('\u{1b}'), "{shown:?}");
}
