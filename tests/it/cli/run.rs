//! `rhost run` as its users meet it.

use crate::support::process::{Process, rhost, rhost_with, run_to_end};
use std::{
    fs,
    io::Read,
    net::TcpListener,
    process::{Output, Stdio},
    time::Duration,
};

const ECHO: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "echo";
worker.on_message = |connection, line| {
    if line == "stop" { Worker::stop_all(3); }
    if line == "print" { print("printed"); }
    connection.send(`${line} 1`);
};
"#;

/// Where the script stops the host.
const STOP_LINE: usize = 5;

/// Its exit code, and what it wrote to stderr.
fn outcome(output: &Output) -> (i32, String) {
    assert!(output.stdout.is_empty(), "{:?}", String::from_utf8_lossy(&output.stdout));
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    (output.status.code().unwrap(), stderr)
}

#[test]
fn the_banner_says_what_runs_where() {
    let script =
        format!("{ECHO}\nlet second = Worker(\"tcp://127.0.0.1:0\");\nsecond.count = 2;\n");
    let process = Process::run(&script);
    let lines = process.lines();
    assert!(lines[0].starts_with("rhost ") && lines[0].ends_with(" runs main.rhai"), "{lines:?}");
    let cells = |n: usize| lines[n].split_whitespace().collect::<Vec<_>>();
    assert_eq!(cells(1), ["proto", "user", "worker", "listen", "count", "state"]);
    assert_eq!((cells(2)[2], &cells(2)[4..]), ("echo", &["1", "[OK]"][..]), "{lines:?}");
    assert!(!cells(2)[3].ends_with(":0"), "{lines:?}");
    assert_eq!((cells(3)[2], &cells(3)[4..]), ("-", &["2", "[OK]"][..]), "{lines:?}");
    assert_eq!(lines[2].find("text://"), lines[3].find("tcp://"), "columns are aligned");
    assert_eq!(lines[4], "watching: save the script to reload it. Ctrl-C stops.");
    assert_eq!(process.tcp("echo").ask("hi"), "hi 1");
}

#[test]
fn handlers_run_as_they_are_written_if_the_environment_says_so() {
    const LINE: &str = "RHOST_OPTIMIZE=0: handlers run as they are written";
    let says_so = |value: &str| {
        let process = Process::run_as(ECHO, |command| command.env("RHOST_OPTIMIZE", value));
        assert_eq!(process.tcp("echo").ask("hi"), "hi 1");
        process.lines().iter().any(|line| line.contains(LINE))
    };
    assert_eq!(["0", "1", ""].map(says_so), [true, false, false]);
    let help = String::from_utf8(rhost_with(&["run", "--help"]).stdout).unwrap();
    assert!(help.contains("RHOST_OPTIMIZE=0"), "{help}");
}

#[test]
fn interrupt_terminate_and_hangup_stop_in_order_within_a_second() {
    for signal in ["INT", "TERM", "HUP"] {
        let script = format!("{ECHO}worker.on_worker_stop = |worker| {{ print(\"goodbye\"); }};\n");
        let mut process = Process::run(&script);
        let mut client = process.tcp("echo");
        assert_eq!(client.ask("hi"), "hi 1");
        process.signal(signal);
        let (status, took) = process.ended();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(took < Duration::from_secs(1), "{signal}: {took:?}");
        client.expect_end();
        process.wait_for_line("goodbye");
    }
}

#[test]
fn quit_stops_and_two_of_it_too() {
    for signals in [&["QUIT"][..], &["QUIT", "INT"]] {
        let mut process = Process::run(ECHO);
        signals.iter().for_each(|signal| process.signal_if_there(signal));
        assert_eq!(process.ended().0.code(), Some(0), "{signals:?}");
    }
}

#[test]
fn user_signals_reload_and_close_nothing() {
    for signal in ["USR1", "USR2"] {
        let process = Process::run_as(ECHO, |command| command.arg("--no-watch"));
        let mut client = process.tcp("echo");
        process.save("main.rhai", &ECHO.replace("} 1`", "} 2`"));
        process.signal(signal);
        process.wait_for_line("reloaded main.rhai, generation 1, ");
        assert_eq!(client.ask("a"), "a 2");
    }
}

#[test]
fn json_log_lines_parse_and_name_worker_and_place() {
    let process =
        Process::run_to("listening on", ECHO, |command| command.args(["--log-format", "json"]));
    let line = process.wait_for_line("listening on");
    let address = line.split("text://").nth(1).unwrap().split(' ').next().unwrap();
    crate::support::client::Client::connect(address.parse().unwrap()).ask("print");
    process.wait_for_line("printed");
    for line in process.lines() {
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert!(line["timestamp"].is_string() && line["level"] == "INFO", "{line}");
        if line["message"] == "printed" {
            assert_eq!(
                (&line["worker"], &line["location"]),
                (&"echo".into(), &"main.rhai:6".into())
            );
        }
    }
}

#[test]
fn systemd_is_told_of_each_stage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(crate::support::wait::PATIENCE)).unwrap();
    let heard = || {
        let mut buffer = [0; 200];
        let length = socket.recv(&mut buffer).expect("a notice");
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let mut process = Process::run_as(ECHO, |command| command.env("NOTIFY_SOCKET", &path));
    assert_eq!(heard(), "READY=1");
    process.signal("USR1");
    assert!(heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(heard(), "READY=1");
    process.signal("TERM");
    assert_eq!(heard(), "STOPPING=1");
    assert_eq!(process.ended().0.code(), Some(0));
}

#[test]
fn a_second_signal_ends_at_once() {
    // A handler that neither waits nor ends keeps the stop from getting on.
    let script = format!(
        "{ECHO}Worker::configure(#{{ stop_timeout: 60 }});\n\
         worker.on_worker_stop = |worker| {{ print(\"stuck\"); loop {{}} }};\n"
    );
    let mut process = Process::run(&script);
    process.signal("INT");
    process.wait_for_line("stuck");
    // (what comes sooner is the same order)
    std::thread::sleep(Duration::from_millis(500));
    assert!(process.is_running());
    process.signal("INT");
    let (status, took) = process.ended();
    assert_eq!(status.code(), Some(1));
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn an_edit_on_disk_reloads_and_says_so() {
    let process = Process::run(ECHO);
    let mut client = process.tcp("echo");
    assert_eq!(client.ask("a"), "a 1");
    process.save("main.rhai", &ECHO.replace("} 1`", "} 2`"));
    process.wait_for_line("reloaded main.rhai, generation 1, ");
    assert_eq!(client.ask("a"), "a 2");
    process.save("main.rhai", &ECHO.replace("} 1`", "} 3"));
    process.wait_for_line("reload rejected: generation 1 goes on serving");
    assert_eq!(client.ask("a"), "a 2");
}

#[test]
fn no_watch_does_not_reload() {
    let process = Process::run_as(ECHO, |command| command.arg("--no-watch"));
    assert_eq!(process.lines().last().unwrap(), "Ctrl-C stops.");
    let mut client = process.tcp("echo");
    process.save("main.rhai", &ECHO.replace("} 1`", "} 2`"));
    client.expect_silence();
    assert_eq!(client.ask("a"), "a 1");
    assert!(!process.lines().iter().any(|l| l.contains("reloaded")));
}

#[test]
fn stop_all_gives_the_exit_code() {
    let mut process = Process::run(ECHO);
    process.tcp("echo").send("stop\n");
    assert_eq!(process.ended().0.code(), Some(3));
    let lines = process.lines();
    let line = lines.iter().find(|line| line.contains("stopping")).expect("who stopped it");
    let column = ECHO.lines().nth(STOP_LINE - 1).and_then(|l| l.find("stop_all")).expect("it") + 1;
    assert!(line.contains(&format!("main.rhai:{STOP_LINE}:{column}")), "{line}");
    assert!(line.contains("Worker::stop_all(3)"), "{line}");
}

#[test]
fn start_errors_are_one_clear_message_and_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("text://{}", taken.local_addr().unwrap());
    let cases = [
        ("let x = ;".to_owned(), vec!["main.rhai:1:9", "let x = ;", "^"]),
        ("\nthrow \"no\";".into(), vec!["main.rhai:2:1", "no"]),
        ("Worker(\"gopher://127.0.0.1:1\");".into(), vec!["main.rhai:1:1", "gopher", "websocket"]),
        ("Worker(\"text://127.0.0.1:70000\");".into(), vec!["main.rhai:1:1", "70000"]),
        (format!("Worker(\"{address}\");"), vec![&address[7..], "in use"]),
        (
            "let w = Worker(\"text://127.0.0.1:0\");\nw.on_worker_start = |w| { throw \"no\"; };"
                .into(),
            vec!["main.rhai:2:27", "on_worker_start"],
        ),
    ];
    for (script, said) in cases {
        let (code, stderr) = outcome(&run_to_end(&script));
        assert_eq!(code, 1, "{script}: {stderr}");
        assert_eq!(stderr.matches("rhost: ").count(), 1, "more than one message: {stderr}");
        assert!(!stderr.contains('\u{1b}') && !stderr.contains("panicked"), "{stderr}");
        for part in said {
            assert!(stderr.contains(part), "{script}: no `{part}` in\n{stderr}");
        }
    }
}

#[test]
fn a_script_that_is_missing_or_a_folder_is_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.rhai");
    let (code, stderr) = outcome(&rhost_with(&["run", missing.to_str().unwrap()]));
    assert_eq!(code, 1);
    assert!(stderr.contains("missing.rhai") && stderr.contains("No such file"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let (code, stderr) = outcome(&rhost_with(&["run", folder.path().to_str().unwrap()]));
    assert_eq!(code, 1);
    assert!(stderr.contains("it is a directory"), "{stderr}");
    let binary = folder.path().join("binary.rhai");
    fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    let (code, stderr) = outcome(&rhost_with(&["run", binary.to_str().unwrap()]));
    assert_eq!(code, 1);
    assert!(stderr.contains("not UTF-8"), "{stderr}");
}

#[test]
fn a_script_without_workers_and_timers_ends_with_0() {
    let (code, stderr) = outcome(&run_to_end("print(1 + 1);"));
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("main.rhai:1: 2"), "{stderr}");
}

#[test]
fn wrong_usage_is_code_2() {
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["run"],
        &["run", "--frob", "a"],
        &["run", "--settle", "x", "a"],
    ] {
        let (code, stderr) = outcome(&rhost_with(arguments));
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert!(stderr.contains("--help"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn help_and_version_are_code_0_on_stdout() {
    let help = rhost_with(&["--help"]);
    assert!(help.status.success() && help.stderr.is_empty());
    assert!(String::from_utf8(help.stdout).unwrap().contains("run"));
    let version = rhost_with(&["--version"]);
    assert!(version.status.success());
    assert_eq!(
        String::from_utf8(version.stdout).unwrap().trim(),
        concat!("rhost ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn print_goes_to_stderr_with_worker_and_place() {
    let process = Process::run(ECHO);
    process.tcp("echo").ask("print");
    let line = process.wait_for_line("printed");
    assert!(line.ends_with("INFO [echo] main.rhai:6: printed"), "{line}");
}

#[test]
fn rust_log_filters_the_log() {
    let process = Process::run_as(ECHO, |command| command.env("RUST_LOG", "warn"));
    assert_eq!(process.tcp("echo").ask("print"), "print 1");
    assert!(!process.lines().iter().any(|l| l.contains("printed")));
}

/// Runs the command in a terminal of its own, made by `script`, and gives what it wrote there.
fn in_a_terminal(environment: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.rhai"), "let x = ;").unwrap();
    let line = format!("{environment} {} run main.rhai", env!("CARGO_BIN_EXE_rhost"));
    let output = std::process::Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("XDG_RUNTIME_DIR", folder.path())
        .current_dir(folder.path())
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .expect("`script` of util-linux is there");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn colour_is_for_terminals_without_no_color() {
    let coloured = in_a_terminal("");
    assert!(coloured.contains("\u{1b}[") && coloured.contains("main.rhai:1:9"), "{coloured}");
    assert!(in_a_terminal("NO_COLOR=").contains("\u{1b}["), "empty counts as unset");
    let plain = in_a_terminal("NO_COLOR=1");
    assert!(!plain.contains('\u{1b}') && plain.contains("main.rhai:1:9"), "{plain}");
}

#[test]
fn closed_standard_streams_do_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let script = ECHO.replace("127.0.0.1:0", &format!("127.0.0.1:{port}"));
    fs::write(folder.path().join("main.rhai"), script).unwrap();
    let mut command = rhost();
    command.args(["run", "main.rhai"]).current_dir(folder.path());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // (its banner comes when it listens)
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_exact(&mut [0; 5]).unwrap();
    drop((stderr, child.stdin.take(), child.stdout.take()));
    let mut client = crate::support::client::Client::connect(([127, 0, 0, 1], port).into());
    for _ in 0..3 {
        assert_eq!(client.ask("print"), "print 1");
    }
    assert!(child.try_wait().unwrap().is_none());
    client.send("stop\n");
    assert_eq!(child.wait().unwrap().code(), Some(3));
}
