//! Descriptors that run out (Workerman's K13): clients wait, and the host stays reachable.

use crate::support::{
    client::Client,
    daemon::Daemon,
    process::listed,
    wait::{PATIENCE, until},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

const TEXT: &str = "text://127.0.0.1:0";

/// The real program with few descriptors. Dropping it ends it.
struct Program {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Program {
    fn start(script: &str, descriptors: u32, folder: &std::path::Path) -> Self {
        let path = folder.join("main.rhai");
        fs::write(&path, script).expect("the script");
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -n {descriptors} && exec \"$@\""), "sh"])
            .arg(env!("CARGO_BIN_EXE_rhost"))
            .args(["run", "--no-watch"])
            .arg(&path)
            .env("NO_COLOR", "1")
            .env("XDG_RUNTIME_DIR", folder)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// The next line with `text`; those before it are added to `seen`.
    #[track_caller]
    fn line(&self, text: &str, seen: &mut Vec<String>) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(e) => panic!("no line with `{text}`: {e}\n{}", seen.join("\n")),
            }
        }
    }

    /// Processor time so far.
    fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("running");
        let fields: Vec<&str> =
            stat.rsplit(')').next().expect("a name").split_whitespace().collect();
        let ticks: u64 =
            fields[11].parse::<u64>().expect("user") + fields[12].parse::<u64>().expect("system");
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn when_descriptors_run_out_accepting_pauses_and_resumes() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(
        &format!("let w = Worker(\"{TEXT}\"); w.on_message = |c, line| c.send(line);"),
        40,
        folder.path(),
    );
    let mut seen = Vec::new();
    let line = program.line("text://", &mut seen);
    let address = line.split("text://").nth(1).and_then(|rest| rest.split(' ').next());
    let address: SocketAddr = address.expect("an address").parse().expect("an ip and a port");
    let mut clients = Vec::new();
    // (the kernel completes connections that nobody accepts)
    for _ in 0..60 {
        let mut client = Client::connect(address);
        client.send("hello\n");
        clients.push(client);
    }
    let complaint = program.line("cannot accept", &mut seen);
    assert!(
        complaint.contains("accepting is paused") && complaint.contains("ulimit -n"),
        "{complaint}"
    );
    assert_eq!(clients[0].line(), "hello");
    let before = program.cpu();
    let began = Instant::now();
    // Those that are in are served as ever, and the pause costs next to nothing.
    while began.elapsed() < Duration::from_millis(1000) {
        assert_eq!(clients[0].ask("again"), "again");
        thread::sleep(Duration::from_millis(50));
    }
    let spent = program.cpu() - before;
    assert!(
        spent < Duration::from_millis(300),
        "{spent:?} of processor time in {:?}",
        began.elapsed()
    );
    clients.last_mut().expect("sixty").expect_silence();
    // Room again: those who waited are served.
    let mut waiting = clients.split_off(50);
    drop(clients);
    for client in &mut waiting {
        assert_eq!(client.line(), "hello");
    }
    // It is called well when it has gone well for a while, and somebody comes.
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert_eq!(Client::connect(address).ask("hello"), "hello");
        match program.lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) if line.contains("accepting again") => break,
            Ok(line) => seen.push(line),
            Err(_) => assert!(Instant::now() < deadline, "never called well: {seen:?}"),
        }
    }
    let complaints = seen.iter().filter(|l| l.contains("cannot accept")).count();
    assert_eq!(complaints, 0, "one line for one pause\n{}", seen.join("\n"));
}

#[test]
fn when_clients_have_all_descriptors_commands_reloads_and_metrics_still_work() {
    let script = |answer: &str| {
        format!(
            r#"
import "answers" as answers;
Worker::configure(#{{ metrics: "127.0.0.1:0" }});
let worker = Worker("{TEXT}");
worker.name = "echo";
worker.count = 2;
worker.on_message = |connection, line| connection.send(answers::{answer}());
"#
        )
    };
    let daemon = Daemon::new(&script("old"));
    let answers = "fn old() { \"old\" } fn fresh() { \"fresh\" }";
    fs::write(daemon.path("answers.rhai"), answers).expect("the module");
    let line = format!("ulimit -n 128 && exec {} start -d main.rhai", env!("CARGO_BIN_EXE_rhost"));
    let mut start = Command::new("sh");
    start
        .args(["-c", &line])
        .current_dir(daemon.path(""))
        .env("XDG_RUNTIME_DIR", daemon.path("run"));
    let said = start.output().expect("sh can be run");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let table =
        String::from_utf8_lossy(&said.stdout).lines().map(str::to_owned).collect::<Vec<_>>();
    let address = listed(&table, "echo");
    let mut clients: Vec<Client> = (0..150).map(|_| Client::connect(address)).collect();
    until("accepting is paused", || daemon.log().contains("accepting is paused"));
    assert_eq!(clients[0].ask("a"), "old");
    clients.last_mut().expect("one").send("who is late\n");
    let pid = daemon.server().expect("status is answered");
    let open = || fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count();
    // (a quarter is kept; each isolate and the command that just ended may have one of it)
    assert!((96..=100).contains(&open()), "{} descriptors", open());
    assert_eq!(daemon.rhost("connections", &[]).code, Some(0));
    daemon.save(&script("fresh"));
    let said = daemon.rhost("reload", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(clients[0].ask("a"), "fresh");
    let log = daemon.log();
    let metrics = log.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    let mut scraper = Client::connect(metrics.expect("an address").parse().expect("ip and port"));
    scraper.send("GET /metrics HTTP/1.1\r\nHost: metrics\r\n\r\n");
    assert!(scraper.rest().starts_with(b"HTTP/1.1 200 OK"));
    // Room again, for whoever waited.
    let mut late = clients.pop().expect("one");
    clients.truncate(1);
    assert_eq!(late.line(), "fresh");
    assert_eq!(daemon.log().matches("accepting is paused").count(), 1, "{}", daemon.log());
    let said = daemon.rhost("stop", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
}
