//! Where the lines of a daemon go: to the files that are named, whatever becomes of those, and all of them.

use crate::support::{
    client::Client,
    daemon::{Daemon, ECHO, Said, signal},
    wait::until,
};
use std::fs;

fn configured(options: &str) -> String {
    format!("Worker::configure(#{{ {options} }});\n{ECHO}")
}

#[test]
fn prints_follow_their_file_when_it_is_renamed_or_removed() {
    let daemon = Daemon::new(&configured("stdout_file: \"out\", log_file: \"log\""));
    let mut client = Client::connect(daemon.start());
    let read = |name: &str| fs::read_to_string(daemon.path(name)).unwrap_or_default();
    client.ask("print");
    until("the print", || read("out") == "printed\n");
    fs::rename(daemon.path("out"), daemon.path("out.old")).expect("it is put aside");
    fs::rename(daemon.path("log"), daemon.path("log.old")).expect("it is put aside");
    client.ask("print");
    until("the new file", || read("out") == "printed\n");
    fs::remove_file(daemon.path("out")).expect("it is removed");
    client.ask("print");
    until("the next file", || read("out") == "printed\n");
    assert_eq!(read("out.old"), "printed\n");
    assert_eq!(daemon.rhost("reload", &[]).code, Some(0));
    until("the log", || read("log").contains("reloaded"));
    // What the server says on its standard error goes there, too.
    let server = daemon.server().expect("a server");
    let stderr = fs::read_link(format!("/proc/{server}/fd/2")).expect("it has one");
    assert_eq!(stderr, fs::canonicalize(daemon.path("out")).expect("the file"));
}

#[test]
fn a_new_server_prints_to_the_file_of_that_name() {
    let daemon = Daemon::new(&configured("stdout_file: \"out\""));
    daemon.start();
    fs::rename(daemon.path("out"), daemon.path("out.old")).expect("it is put aside");
    let server = daemon.server().expect("a server");
    signal(server, "KILL");
    until("a new server", || daemon.server().is_some_and(|new| new != server));
    let said = daemon.rhost("status", &["--json"]);
    let status: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let address = status["workers"][0]["address"].as_str().expect("an address");
    let address = address.trim_start_matches("text://").parse().expect("a socket");
    Client::connect(address).ask("print");
    until("the print", || fs::read_to_string(daemon.path("out")).is_ok_and(|t| t == "printed\n"));
}

#[test]
fn a_file_for_prints_that_cannot_be_opened_again_is_told_once_and_taken_when_it_can() {
    let daemon = Daemon::new(&configured("stdout_file: \"folder/out\""));
    fs::create_dir(daemon.path("folder")).expect("a folder");
    let mut client = Client::connect(daemon.start());
    fs::rename(daemon.path("folder"), daemon.path("moved")).expect("it is moved");
    for _ in 0..3 {
        client.ask("print");
    }
    let read = |name: &str| fs::read_to_string(daemon.path(name)).unwrap_or_default();
    until("the prints", || read("moved/out").matches("printed").count() == 3);
    until("the complaint", || daemon.log().contains("cannot be opened again"));
    fs::create_dir(daemon.path("folder")).expect("a folder");
    client.ask("print");
    until("the print", || read("folder/out") == "printed\n");
    let log = daemon.log();
    assert_eq!(
        log.matches("folder/out: it was put aside and cannot be opened again").count(),
        1,
        "{log}"
    );
}

#[test]
fn thousands_of_lines_of_one_handler_all_get_into_the_file() {
    const PRINTS: &str = "let worker = Worker(\"text://127.0.0.1:0\");\nworker.name = \"echo\";\n\
        worker.on_message = |connection, line| {
            for n in 0..20000 { print(`line ${n}`); }
            connection.send(line);
        };\n";
    for (options, file) in [("log_file: \"lines\"", "lines"), ("stdout_file: \"lines\"", "lines")] {
        let daemon = Daemon::new(&format!(
            "Worker::configure(#{{ {options}, log_file_max_size: 100000000 }});\n{PRINTS}"
        ));
        let mut client = Client::connect(daemon.start());
        assert_eq!(client.ask("go"), "go");
        let lines = || fs::read_to_string(daemon.path(file)).unwrap_or_default();
        until("the last line", || lines().contains("line 19999\n"));
        let text = lines();
        let numbers = text.lines().filter_map(|line| line.rsplit_once("line ")?.1.parse().ok());
        let numbers: Vec<u32> = numbers.collect();
        assert!(numbers.iter().copied().eq(0..20000), "{} lines", numbers.len());
        let said = daemon.rhost("status", &["--json"]);
        let status: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(status["lost_log_lines"], 0);
    }
}

#[test]
fn many_lines_at_once_fill_log_files_no_further_than_they_may_be() {
    let daemon = Daemon::new(
        "Worker::configure(#{ log_file: \"log\", log_file_max_size: 4000 });\n\
         let worker = Worker(\"text://127.0.0.1:0\");\nworker.name = \"echo\";\n\
         worker.on_message = |connection, line| {
            for n in 0..200 { print(`line ${n}`); }
            connection.send(line);
         };",
    );
    let mut client = Client::connect(daemon.start());
    client.ask("go");
    until("the last line", || {
        fs::read_to_string(daemon.path("log")).is_ok_and(|text| text.contains("line 199\n"))
    });
    for name in ["log", "log.1", "log.2"] {
        let size = fs::metadata(daemon.path(name)).expect("it is there").len();
        assert!(size <= 4000 && (name == "log" || size > 3800), "{name}: {size}");
    }
}

#[test]
fn relative_names_begin_at_the_script_wherever_the_command_is_typed() {
    let options = "stdout_file: \"out\", log_file: \"log\", pid_file: \"here.pid\", \
                   session: #{ store: \"file\", path: \"sessions\" }";
    let daemon = Daemon::new(&configured(options));
    fs::create_dir(daemon.path("else")).expect("a folder");
    let elsewhere = |arguments: &[&str]| {
        let mut command = daemon.command(arguments);
        Said::from(command.current_dir(daemon.path("else")).output().expect("it runs"))
    };
    let said = elsewhere(&["start", "-d", "../main.rhai"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let said = elsewhere(&["restart", "../main.rhai"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for name in ["out", "log", "here.pid", "here.pid.sock", "sessions"] {
        assert!(daemon.path(name).exists(), "{name}");
    }
    assert_eq!(daemon.rhost("restart", &[]).code, Some(0), "from its own folder as well");
    let left = fs::read_dir(daemon.path("else")).expect("the folder").count();
    assert_eq!(left, 0, "nothing is where the command was typed");
    assert_eq!(elsewhere(&["stop", "../main.rhai"]).code, Some(0));
}
