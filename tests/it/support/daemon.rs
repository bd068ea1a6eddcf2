//! Daemons in folders of their own, and what commands say about them.

use crate::support::process::{listed, rhost};
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Output},
    thread,
};

/// A service that answers, and stops or prints when it is told to.
pub const ECHO: &str = r#"
let worker = Worker("text://127.0.0.1:0");
worker.name = "echo";
worker.on_message = |connection, line| {
    if line == "stop" { Worker::stop_all(3); }
    if line == "print" { print("printed"); }
    connection.send(`${line} 1`);
};
"#;

/// A folder with a script, `main.rhai`, and a runtime directory of its own. Dropping it ends what was started there.
pub struct Daemon {
    folder: tempfile::TempDir,
}

/// What a command said and its code.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Daemon {
    pub fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let daemon = Self { folder };
        fs::create_dir(daemon.path("run")).expect("the runtime directory");
        daemon.save(script);
        daemon
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// In one step: whoever reads it meanwhile, a server that is started again, must not find half of it.
    pub fn save(&self, script: &str) {
        fs::write(self.path("main.rhai~"), script).expect("the script");
        fs::rename(self.path("main.rhai~"), self.path("main.rhai")).expect("the script");
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rhost();
        command.args(arguments).current_dir(self.folder.path());
        command.env("XDG_RUNTIME_DIR", self.path("run"));
        command
    }

    /// `rhost COMMAND main.rhai OPTIONS`, to its end.
    pub fn rhost(&self, command: &str, options: &[&str]) -> Said {
        let arguments = [&[command, "main.rhai"], options].concat();
        Said::from(self.command(&arguments).output().expect("rhost can be run"))
    }

    /// `rhost start -d main.rhai`; gives where `echo` listens.
    pub fn start(&self) -> SocketAddr {
        let said = self.rhost("start", &["-d"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let table: Vec<String> = said.out.lines().map(str::to_owned).collect();
        listed(&table, "echo")
    }

    /// The one file of the runtime directory that ends so.
    pub fn runtime_file(&self, end: &str) -> Option<PathBuf> {
        let files = fs::read_dir(self.path("run/rhost")).ok()?;
        files.map(|f| f.expect("a file").path()).find(|p| p.to_string_lossy().ends_with(end))
    }

    /// The process that the pid file names.
    pub fn monitor(&self) -> u32 {
        let file = self.runtime_file(".pid").expect("a pid file");
        let text = fs::read_to_string(file).expect("the pid file");
        text.lines().next().expect("a line").parse().expect("a number")
    }

    /// The process that serves, if it answers.
    pub fn server(&self) -> Option<u32> {
        let said = self.rhost("status", &["--json"]);
        let status: serde_json::Value = serde_json::from_str(&said.out).ok()?;
        status["pid"].as_u64().map(|pid| pid as u32)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("main.log")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the log\n{}", self.log());
        }
        let server = self.server();
        if matches!(self.rhost("stop", &["--timeout", "5"]).code, Some(0 | 3)) {
            return;
        }
        for pid in self.runtime_file(".pid").map(|_| self.monitor()).into_iter().chain(server) {
            signal(pid, "KILL");
        }
    }
}

/// Sends a signal: `KILL`, `USR1`.
pub fn signal(pid: u32, name: &str) {
    let kill = Command::new("kill").args(["-s", name, &pid.to_string()]).status();
    assert!(kill.expect("kill can be run").success());
}

/// Is there such a process?
pub fn is_alive(pid: u32) -> bool {
    // (one that nobody has waited for has no command line any more)
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}
