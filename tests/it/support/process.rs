//! The real binary as a child process: what it prints, signals to it, and how it ends.

use crate::support::{client::Client, wait::PATIENCE};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Lines of stderr so far, and whoever waits for one.
type Lines = Arc<(Mutex<Vec<String>>, Condvar)>;

/// A running `rhost run main.rhai` in a folder of its own. Dropping it kills it; a failing test prints what it said.
pub struct Process {
    folder: tempfile::TempDir,
    child: Child,
    lines: Lines,
}

/// Where the worker of that name listens, as the start-up table says.
pub fn listed(table: &[String], worker: &str) -> SocketAddr {
    for line in table {
        // (proto, user, worker, listen, count, state)
        let cells: Vec<&str> = line.split_whitespace().collect();
        if cells.len() == 6 && cells[2] == worker && cells[5] == "[OK]" {
            let (_, address) = cells[3].split_once("://").expect("an address");
            return address.parse().expect("an ip and a port");
        }
    }
    panic!("no worker {worker} in {table:?}");
}

/// A port that was free a moment ago, and that nobody gets by chance: it lies below those that the kernel hands out, and no
/// other test of this run is given it.
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        // (runs beside each other begin elsewhere)
        let at = std::process::id() * 101 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = (FIRST + at % COUNT) as u16;
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

/// `rhost` with a clean environment.
pub fn rhost() -> Command {
    // (what the tests' own starter ignores, a host in the foreground would ignore as well)
    let mut command = Command::new("env");
    command.args(["--default-signal", env!("CARGO_BIN_EXE_rhost")]);
    command.env_remove("RUST_LOG").env_remove("NO_COLOR").env_remove("NOTIFY_SOCKET");
    command.env_remove("RHOST_OPTIMIZE");
    command.env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command
}

/// Runs `rhost` to its end with these arguments.
pub fn rhost_with(arguments: &[&str]) -> Output {
    rhost().args(arguments).output().expect("rhost can be run")
}

/// Runs `rhost run main.rhai` with this script to its end.
pub fn run_to_end(script: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("main.rhai"), script).expect("the script");
    rhost().arg("run").arg("main.rhai").current_dir(folder.path()).output().expect("rhost runs")
}

impl Process {
    /// Starts it and waits until it serves.
    pub fn run(script: &str) -> Self {
        Self::run_as(script, |command| command)
    }

    /// The same with more arguments or another environment.
    pub fn run_as(script: &str, options: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        Self::run_to("Ctrl-C stops.", script, options)
    }

    /// The same, and waits for a line with that text.
    pub fn run_to(
        text: &str,
        script: &str,
        options: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("main.rhai"), script).expect("the script");
        let mut command = rhost();
        command.args(["run", "main.rhai"]).current_dir(folder.path()).stderr(Stdio::piped());
        command.env("XDG_RUNTIME_DIR", folder.path());
        let mut child = options(&mut command).spawn().expect("rhost can be run");
        let lines = Lines::default();
        let stderr = child.stderr.take().expect("stderr is piped");
        let sink = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sink.0.lock().expect("the lines").push(line);
                sink.1.notify_all();
            }
        });
        let process = Self { folder, child, lines };
        process.wait_for_line(text);
        process
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A file of the script's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the script's folder.
    pub fn save(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file can be written");
    }

    /// The same in one step, so that nobody reads half of it.
    pub fn save_at_once(&self, name: &str, text: &str) {
        let unfinished = self.path(&format!("{name}~"));
        fs::write(&unfinished, text).expect("the file can be written");
        fs::rename(unfinished, self.path(name)).expect("the file can be renamed");
    }

    /// What it has written to stderr.
    pub fn lines(&self) -> Vec<String> {
        self.lines.0.lock().expect("the lines").clone()
    }

    /// Waits for a line that contains `text`.
    pub fn wait_for_line(&self, text: &str) -> String {
        let (lines, changed) = &*self.lines;
        let deadline = Instant::now() + PATIENCE;
        let mut lines = lines.lock().expect("the lines");
        loop {
            if let Some(line) = lines.iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(lines);
                panic!("no line with `{text}`");
            }
            lines = changed.wait_timeout(lines, left).expect("the lines").0;
        }
    }

    /// Where the worker of that name listens (`-` without one), as the banner says.
    pub fn socket(&self, worker: &str) -> SocketAddr {
        listed(&self.lines(), worker)
    }

    /// A plain TCP client of that worker.
    pub fn tcp(&self, worker: &str) -> Client {
        Client::connect(self.socket(worker))
    }

    /// What a command such as `status` answers about it.
    pub fn command(&self, name: &str) -> serde_json::Value {
        let mut command = rhost();
        command.args([name, "main.rhai", "--json"]).current_dir(self.folder.path());
        command.env("XDG_RUNTIME_DIR", self.folder.path());
        let said = command.output().expect("rhost can be run");
        serde_json::from_slice(&said.stdout).expect("JSON")
    }

    /// Sends a signal: `INT`, `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status();
        assert!(kill.expect("kill can be run").success());
    }

    /// The same, though it may have ended.
    pub fn signal_if_there(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, &self.pid().to_string()]).stderr(Stdio::null());
        kill.status().expect("kill can be run");
    }

    /// Waits for its end, and says how long that took.
    pub fn ended(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Is it still there?
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Bytes of its memory that are resident.
    pub fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("/proc");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        let kib = line.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok());
        kib.expect("a number of KiB") * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- stderr of rhost");
            self.lines().iter().for_each(|line| eprintln!("{line}"));
        }
    }
}
