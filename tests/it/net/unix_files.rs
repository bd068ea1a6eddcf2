//! The files of Unix sockets: whose they are, what else may be at their path, and what is done when they are gone.

use crate::support::{client::Client, host::TestHost};
use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
};

fn echo(path: &Path) -> String {
    format!(
        r#"
        let worker = Worker("text://{}");
        worker.on_message = |connection, line| {{
            if line == "leave" {{ worker.unlisten(); }}
            connection.send(line);
        }};
        Worker::run_all();
        "#,
        path.display()
    )
}

#[test]
fn a_socket_that_another_program_bound_at_the_same_path_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let host = TestHost::start(&echo(&path));
    let mut early = Client::connect_unix(&path);
    fs::remove_file(&path).expect("the file");
    let another = UnixListener::bind(&path).expect("the path is free");
    assert_eq!(early.ask("leave"), "leave");
    Client::connect_unix(&path);
    assert!(another.accept().is_ok(), "unlisten() has not removed it");
    assert_eq!(host.stop(), 0);
    Client::connect_unix(&path);
}

#[test]
fn a_socket_of_our_own_goes_with_its_worker() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let host = TestHost::start(&echo(&path));
    assert_eq!(Client::connect_unix(&path).ask("x"), "x");
    assert_eq!(host.stop(), 0);
    assert!(!path.exists());
}

#[test]
fn a_reload_binds_a_socket_again_whose_file_was_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let mut host = TestHost::start(&echo(&path));
    let mut early = Client::connect_unix(&path);
    fs::remove_file(&path).expect("the file");
    host.edit(&format!("{}\n", echo(&path)));
    assert_eq!(Client::connect_unix(&path).ask("new"), "new");
    assert_eq!(early.ask("old"), "old", "who was there stays");
    assert_eq!(host.stop(), 0);
    assert!(!path.exists(), "the new file is ours as well");
}

#[test]
fn what_is_no_socket_at_a_unix_address_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("folder")).expect("a folder");
    fs::write(path("file"), "precious").expect("a file");
    symlink("nowhere", path("link")).expect("a link");
    assert!(Command::new("mkfifo").arg(path("pipe")).status().expect("mkfifo runs").success());
    for (name, what) in [
        ("folder", "is a folder and no socket"),
        ("file", "is a file and no socket"),
        ("link", "is a symbolic link and no socket"),
        ("pipe", "is a pipe and no socket"),
        ("missing/a.sock", "there is no such folder"),
        ("file/a.sock", "there is no such folder"),
    ] {
        let address = format!("unix://{}", path(name).display());
        let error = TestHost::try_start(&format!("Worker(\"{address}\");"), &[]).err();
        let error = error.expect("it cannot be listened on").to_string();
        assert!(error.contains(&format!("cannot listen on {address}: ")), "{error}");
        assert!(error.contains(what) && !error.contains("another program"), "{error}");
    }
    assert_eq!(fs::read_to_string(path("file")).expect("the file"), "precious");
}

#[test]
fn a_unix_address_is_shown_as_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("unix://{}", folder.path().join("a.sock").display());
    let mut host = TestHost::start(&format!(
        "let worker = Worker(\"{address}\");\nworker.on_connect = |connection| print(worker.address);"
    ));
    assert_eq!(host.address(&address), address);
    let status = host.handle().status().expect("a status");
    assert_eq!(status.workers[0].address.as_ref(), Some(&address));
    assert_eq!(status.isolates[0].listening, std::slice::from_ref(&address));
    Client::connect_unix(&folder.path().join("a.sock"));
    assert_eq!(host.wait_for_log("unix://").message, address);
    let taken = TestHost::try_start(&format!("Worker(\"{address}\");"), &[]).err();
    assert!(
        taken.expect("it is taken").to_string().contains(&format!("cannot listen on {address}"))
    );
}

#[test]
fn on_worker_start_knows_the_real_address() {
    let mut host = TestHost::start(
        r#"
        let worker = Worker("text://127.0.0.1:0");
        worker.count = 2;
        worker.on_worker_start = |worker| print(`at ${worker.address}`);
        worker.on_message = |connection, line| {
            if line == "leave" { worker.unlisten(); }
            connection.send(worker.address);
        };
        "#,
    );
    let address = host.address("text://127.0.0.1:0");
    assert_eq!(host.printed(), [format!("at {address}"), format!("at {address}")]);
    let mut client = host.tcp("text://127.0.0.1:0");
    assert_eq!(client.ask("x"), address);
    assert_eq!(client.ask("leave"), "text://127.0.0.1:0", "this isolate does not listen any more");
}

#[test]
fn on_worker_start_knows_where_a_reload_has_moved_its_worker() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| format!("text://{}", folder.path().join(name).display());
    let script = "let worker = Worker(\"ADDRESS\");\nworker.name = \"moves\";\n\
                  worker.on_worker_start = |worker| print(`at ${worker.address}`);";
    let mut host = TestHost::start(&script.replace("ADDRESS", &path("a")));
    host.edit(&script.replace("ADDRESS", &path("b")));
    assert_eq!(host.printed(), [format!("at {}", path("a")), format!("at {}", path("b"))]);
}
