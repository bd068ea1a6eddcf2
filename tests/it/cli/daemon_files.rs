//! What a daemon writes: logs, what scripts print, pid files, and the rights of all of them.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, Said},
    process::listed,
    wait::until,
};
use std::{
    fs,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
};

/// The script with something configured.
fn configured(options: &str) -> String {
    format!("Worker::configure(#{{ {options} }});\n{ECHO}")
}

#[test]
fn no_file_can_be_written_by_others_whatever_the_mask_is() {
    let daemon = Daemon::new(&configured("stdout_file: \"out\""));
    let line = format!("umask 0; exec {} start -d main.rhai", env!("CARGO_BIN_EXE_rhost"));
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(daemon.path(""));
    command.env("XDG_RUNTIME_DIR", daemon.path("run"));
    assert_eq!(Said::from(command.output().unwrap()).code, Some(0));
    let mut seen = 0;
    for folder in [daemon.path(""), daemon.path("run/rhost")] {
        for path in fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()) {
            if path.ends_with("run") || path.ends_with("main.rhai") {
                continue;
            }
            let found = fs::metadata(&path).unwrap();
            let most = if found.file_type().is_socket() { 0o600 } else { 0o644 };
            assert_eq!(found.mode() & 0o777 & !most, 0, "{}: {:o}", path.display(), found.mode());
            seen += 1;
        }
    }
    assert_eq!(seen, 4, "log, output, pid file, socket");
    assert_eq!(fs::metadata(daemon.path("run/rhost")).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn a_runtime_folder_that_others_can_write_to_is_refused() {
    let daemon = Daemon::new(ECHO);
    let folder = daemon.path("run/rhost");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let said = daemon.rhost("start", &["-d"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("only user"), "{}", said.err);
}

#[test]
fn a_script_can_ask_to_be_a_daemon_with_files_of_its_choice() {
    let options =
        "daemonize: true, pid_file: \"my.pid\", log_file: \"my.log\", stdout_file: \"out\"";
    let daemon = Daemon::new(&configured(options));
    let said = daemon.rhost("start", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let table: Vec<String> = said.out.lines().map(str::to_owned).collect();
    assert_eq!(Client::connect(listed(&table, "echo")).ask("print"), "print 1");
    assert!(daemon.path("my.pid").exists() && daemon.path("my.pid.sock").exists());
    until("the print", || fs::read_to_string(daemon.path("out")).unwrap() == "printed\n");
    let log = || fs::read_to_string(daemon.path("my.log")).unwrap();
    until("the line", || log().contains("listening on"));
    assert!(!log().contains("printed"), "{}", log());
    assert_eq!(daemon.rhost("start", &[]).code, Some(4));
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    assert!(!daemon.path("my.pid").exists() && !daemon.path("my.pid.sock").exists());
    assert_eq!(daemon.runtime_file(""), None);
}

#[test]
fn prints_go_to_the_log_without_colours() {
    let daemon = Daemon::new(ECHO);
    Client::connect(daemon.start()).ask("print");
    until("the print", || daemon.log().contains("[echo] main.rhai:6: printed"));
    assert!(!daemon.log().contains('\u{1b}'));
}

#[test]
fn a_log_is_cut_into_pieces_and_old_ones_go() {
    let daemon = Daemon::new(&configured("log_file_max_size: 1000"));
    let mut client = Client::connect(daemon.start());
    for _ in 0..200 {
        client.ask("print");
    }
    until("five old logs", || daemon.path("main.log.5").exists());
    // (lines may still be on their way)
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    for n in 1..=5 {
        let size = fs::metadata(daemon.path(&format!("main.log.{n}"))).unwrap().len();
        assert!((800..=1000).contains(&size), "{n}: {size}");
    }
    assert!(!daemon.path("main.log.6").exists());
}

#[test]
fn a_log_that_was_moved_away_is_begun_anew() {
    let daemon = Daemon::new(ECHO);
    let mut client = Client::connect(daemon.start());
    fs::rename(daemon.path("main.log"), daemon.path("moved")).unwrap();
    client.ask("print");
    until("the print", || daemon.log().contains("printed"));
    assert!(!fs::read_to_string(daemon.path("moved")).unwrap().contains("printed"));
}

#[test]
fn a_full_disk_costs_log_lines_and_says_so() {
    let daemon = Daemon::new(&configured("log_file: \"/dev/full\", stdout_file: \"out\""));
    let mut client = Client::connect(daemon.start());
    for _ in 0..1000 {
        assert_eq!(client.ask("a"), "a 1");
    }
    let said = || fs::read_to_string(daemon.path("out")).unwrap();
    until("the complaint", || said().contains("/dev/full cannot be written"));
    assert!(said().contains("No space left"), "{}", said());
    assert_eq!(said().lines().count(), 1, "once: {}", said());
    let status: serde_json::Value =
        serde_json::from_str(&daemon.rhost("status", &["--json"]).out).expect("JSON");
    assert!(status["lost_log_lines"].as_u64() > Some(0), "{status}");
    assert!(Path::new("/dev/full").exists() && !Path::new("/dev/full.1").exists());
}

#[test]
fn json_logs_of_a_daemon_parse() {
    let daemon = Daemon::new(ECHO);
    let said = daemon.rhost("start", &["-d", "--log-format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    let log = daemon.log();
    assert!(log.lines().count() >= 3, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(line["message"].is_string(), "{line}");
    }
}

#[test]
fn a_pid_file_that_is_something_else_is_left_alone() {
    let daemon = Daemon::new(ECHO);
    let said = daemon.rhost("start", &["-d", "--pid-file", "main.rhai"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(
        said.err.contains("main.rhai is not a pid file: it holds something else"),
        "{}",
        said.err
    );
    assert_eq!(fs::read_to_string(daemon.path("main.rhai")).expect("the script"), ECHO);
}

#[test]
fn what_a_lost_machine_leaves_of_a_pid_file_keeps_nobody_from_starting() {
    let daemon = Daemon::new(ECHO);
    let start = || daemon.rhost("start", &["-d", "--pid-file", "my.pid"]);
    for left in [&b""[..], b"\0\0\0\0\0\0", b"\n", b"4711"] {
        fs::write(daemon.path("my.pid"), left).expect("a file");
        let said = daemon.rhost("status", &["--pid-file", "my.pid"]);
        assert_eq!(said.code, Some(3), "{left:?}: {}", said.err);
        let said = start();
        assert_eq!(said.code, Some(0), "{left:?}: {}", said.err);
        assert_eq!(daemon.rhost("stop", &["--pid-file", "my.pid"]).code, Some(0));
    }
    let image = vec![0; 4096];
    for other in [&b"\0\0x"[..], b"4711\0", &image, &[b'1'; 200]] {
        fs::write(daemon.path("my.pid"), other).expect("a file");
        let said = start();
        assert_eq!(said.code, Some(1), "{other:?}: {}", said.err);
        assert!(said.err.contains("it holds something else"), "{}", said.err);
        assert_eq!(fs::read(daemon.path("my.pid")).expect("the file"), other, "it is left alone");
    }
}

#[test]
fn hosts_with_pid_files_of_the_same_stem_are_told_apart() {
    let (one, two) = (Daemon::new(ECHO), Daemon::new(ECHO));
    let path = |end: &str| one.path(end).to_string_lossy().into_owned();
    let (first, second) = (path("app.one"), path("app.two"));
    assert_eq!(one.rhost("start", &["-d", "--pid-file", &first]).code, Some(0));
    assert_eq!(two.rhost("start", &["-d", "--pid-file", &second]).code, Some(0));
    assert_eq!(one.rhost("stop", &[]).code, Some(0));
    assert_eq!(one.rhost("status", &[]).code, Some(3));
    assert_eq!(two.rhost("status", &[]).code, Some(0));
    assert_eq!(two.rhost("stop", &[]).code, Some(0));
}
