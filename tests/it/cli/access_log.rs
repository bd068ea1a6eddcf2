//! The access log of a daemon: in its log as JSON, and in a file of its own.

use crate::support::{answer::ask, client::Client, daemon::Daemon, process::listed, wait::until};
use serde_json::Value;
use std::{fs, net::SocketAddr};

fn script(configure: &str) -> String {
    format!(
        "{configure}
        let worker = Worker(\"http://127.0.0.1:0\");
        worker.name = \"web\";
        worker.access_log = true;
        worker.on_message = |connection, request| connection.send(\"hello\");"
    )
}

fn start(daemon: &Daemon, options: &[&str]) -> SocketAddr {
    let said = daemon.rhost("start", &[&["-d"], options].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let table: Vec<String> = said.out.lines().map(str::to_owned).collect();
    listed(&table, "web")
}

#[test]
fn a_json_log_has_the_fields_of_a_request() {
    let daemon = Daemon::new(&script(""));
    let address = start(&daemon, &["--log-format", "json"]);
    ask(&mut Client::connect(address), "GET", "/a?b=\"c\"", &["User-Agent: x\"y\\z"]);
    until("a line", || daemon.log().contains("user_agent"));
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("user_agent")).expect("a line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    for (name, value) in [
        ("worker", "web"),
        ("client", "127.0.0.1"),
        ("method", "GET"),
        ("path", "/a?b=\"c\""),
        ("protocol", "HTTP/1.1"),
        ("user_agent", "x\"y\\z"),
    ] {
        assert_eq!(line[name], value, "{line}");
    }
    assert_eq!((&line["status"], &line["bytes"]), (&200.into(), &5.into()), "{line}");
    assert!(line["seconds"].as_f64().is_some_and(|seconds| seconds < 5.0), "{line}");
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
}

#[test]
fn a_file_of_its_own_has_nothing_but_lines_that_every_tool_reads() {
    let daemon = Daemon::new("");
    let file = daemon.path("access.log");
    daemon.save(&script(&format!("Worker::configure(#{{ access_log_file: {file:?} }});")));
    let address = start(&daemon, &[]);
    let mut client = Client::connect(address);
    for path in ["/one", "/two"] {
        ask(&mut client, "GET", path, &[]);
    }
    let read = || fs::read_to_string(&file).unwrap_or_default();
    until("two lines", || read().lines().count() == 2);
    let text = read();
    for (line, path) in text.lines().zip(["/one", "/two"]) {
        assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
        assert!(
            line.contains(&format!("+0000] \"GET {path} HTTP/1.1\" 200 5 \"-\" \"-\" 0.")),
            "{line}"
        );
    }
    assert!(!daemon.log().contains("GET /one"), "{}", daemon.log());
    assert_eq!(daemon.rhost("stop", &[]).code, Some(0));
    daemon.save(&script("Worker::configure(#{ access_log_file: \"nowhere/access.log\" });"));
    let refused = daemon.rhost("start", &["-d"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("access_log_file nowhere/access.log"), "{}", refused.err);
}
