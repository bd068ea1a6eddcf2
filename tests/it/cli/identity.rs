//! `user` and `group`: the real binary becomes somebody else after it has bound everything.

use crate::support::process::{Process, rhost, run_to_end};
use rustix::process::geteuid;
use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    process::Command,
};

/// A user that every system has.
const USER: &str = "nobody";

fn script(address: &str, settings: &str) -> String {
    format!(
        r#"
let worker = Worker("{address}");
{settings}
worker.on_message = |connection, line| connection.send(worker.id);
Worker::run_all();
"#
    )
}

/// What `id` says of the user.
fn id_of_user(flag: &str) -> String {
    let output = Command::new("id").args([flag, USER]).output().expect("id can be run");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// That field of the status of each thread. (A thread that ends meanwhile has none.)
fn of_all_threads(process: &Process, field: &str) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{}/task", process.pid())).expect("/proc");
    let value = |thread: std::io::Result<fs::DirEntry>| {
        let status = fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with(field)).expect("the field");
        Some(line[field.len()..].split_whitespace().collect::<Vec<_>>().join(" "))
    };
    threads.filter_map(value).collect()
}

/// A port below 1024 that nobody uses now. (Other runs of these tests look for one from elsewhere on.)
fn privileged_port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let from = usize::try_from(std::process::id()).expect("a number") % 400;
    (600..1024).cycle().skip(from).take(424).find(free).expect("a port")
}

fn error_of(settings: &str) -> String {
    let output = run_to_end(&script("text://127.0.0.1:0", settings));
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn the_process_becomes_the_user_after_it_has_bound() {
    if !geteuid().is_root() {
        let error = error_of("worker.user = \"nobody\";");
        assert!(error.contains("only root can become another user"), "{error}");
        return;
    }
    let address = format!("text://127.0.0.1:{}", privileged_port());
    let settings = r#"
worker.user = "nobody";
worker.count = 2;
worker.reuse_port = true;
worker.on_worker_start = |worker| print("started");
"#;
    let process = Process::run(&script(&address, settings));
    let (uid, gid) = (id_of_user("-u"), id_of_user("-g"));
    let four = |id: &str| [id; 4].join(" ");
    let threads = of_all_threads(&process, "Uid:");
    assert!(threads.len() >= 3, "{threads:?}");
    assert!(threads.iter().all(|ids| *ids == four(&uid)), "{threads:?}");
    let groups = of_all_threads(&process, "Gid:");
    assert!(groups.iter().all(|ids| *ids == four(&gid)), "{groups:?}");
    let more = of_all_threads(&process, "Groups:");
    assert!(more.iter().all(|groups| *groups == gid), "{more:?}");
    let answers: Vec<_> = (0..40).map(|_| process.tcp("-").ask("?")).collect();
    assert!(["0", "1"].iter().all(|id| answers.iter().any(|answer| answer == id)), "{answers:?}");

    // A reload can bind no more of them, and isolates share those that there are.
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(process.path("."), open).expect("its folder");
    let changed = settings.replace("count = 2", "count = 3").replace("nobody", "root");
    process.save_at_once("main.rhai", &script(&address, &changed));
    process.wait_for_line("user and group are read at start");
    process.wait_for_line("isolates share a socket, for another cannot be bound");
    process.wait_for_line("reloaded main.rhai");
    let answered = (0..40).all(|_| "012".contains(&process.tcp("-").ask("?")));
    assert!(answered);
    assert!(of_all_threads(&process, "Uid:").iter().all(|ids| *ids == four(&uid)));
}

#[test]
fn the_file_of_a_unix_socket_is_given_to_the_user() {
    if !geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sock");
    let settings = "worker.user = \"nobody\"; worker.group = \"root\";";
    let process = Process::run(&script(&format!("text://{}", path.display()), settings));
    let file = fs::metadata(&path).expect("the file");
    assert_eq!((file.uid().to_string(), file.gid()), (id_of_user("-u"), 0));
    assert!(of_all_threads(&process, "Gid:").iter().all(|ids| ids == "0 0 0 0"));
}

#[test]
fn who_is_not_root_cannot_become_somebody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    let file = folder.path().join("main.rhai");
    fs::write(&file, script("text://127.0.0.1:0", "worker.user = \"root\";")).expect("the script");
    // (the build may lie where nobody else may look)
    let program = folder.path().join("rhost");
    fs::copy(rhost().get_program(), &program).expect("the binary");
    let mut command = Command::new(program);
    command.arg("run").arg(file).current_dir("/");
    if geteuid().is_root() {
        let id = |flag| id_of_user(flag).parse().expect("a number");
        command.gid(id("-g")).uid(id("-u"));
    }
    let output = command.output().expect("it runs");
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("only root can become another user or group: start as root"), "{error}");
}

#[test]
fn users_and_groups_that_cannot_be_are_start_errors() {
    for (settings, says) in [
        ("worker.user = \"no-such-user\";", "there is no user `no-such-user`"),
        ("worker.group = \"no-such-group\";", "there is no group `no-such-group`"),
        (
            "worker.user = \"nobody\"; let other = Worker(); other.name = \"o\"; other.user = \"root\";",
            "asks for user `nobody` and worker `o` of main.rhai:3 for `root`: there is one process, so they must agree",
        ),
        ("worker.user = 5;", "user is a string"),
    ] {
        let error = error_of(settings);
        assert!(error.contains(says), "{error}");
    }
}
