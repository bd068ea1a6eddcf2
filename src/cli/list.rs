//! `rhost list`: what runs on this machine, for its user, and for root of all users. What was left behind by a host that is
//! gone is told apart.

use super::{
    arguments::Command,
    client::{Client, PATIENCE},
    exit::{Exit, Failure},
    manner::{Manner, command_of},
    place::{self, Folder},
    running::{Running, name_of},
    table::{aligned, cells, duration, or_dash},
    terminal::print,
    wire::{Answer, Request},
};
use rhost::Status;
use rustix::process::geteuid;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
};

const COLUMNS: [&str; 8] =
    ["script", "user", "pid", "mode", "running for", "connections", "listening", "state"];

/// What a host is doing, as far as a look from outside can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Running,
    /// It holds its place and does not answer.
    Silent,
    /// It is gone, and its files are not.
    Stale,
}

/// A row. What is not known is null.
#[derive(Serialize)]
struct Host {
    state: State,
    script: Option<String>,
    user: String,
    pid_file: PathBuf,
    /// The process that the pid file names: of a daemon its monitor.
    pid: Option<u32>,
    /// The one that serves.
    server: Option<u32>,
    daemon: Option<bool>,
    watch: Option<bool>,
    /// Seconds.
    uptime: Option<u64>,
    generation: Option<u64>,
    connections: Option<u64>,
    listening: Vec<String>,
}

pub fn list(json: bool) -> Result<u8, Failure> {
    let places: Vec<(PathBuf, u32)> = places().into_iter().collect();
    let mut hosts: Vec<Host> = thread::scope(|scope| {
        // Those that do not answer are waited for at the same time.
        let look = |(file, user): (PathBuf, u32)| scope.spawn(move || look(&file, user));
        let looks: Vec<_> = places.into_iter().map(look).collect();
        looks.into_iter().filter_map(|look| look.join().ok()).collect()
    });
    hosts.sort_by(|one, other| {
        let key = |host: &Host| (host.state == State::Stale, host.script.clone(), host.pid);
        key(one).cmp(&key(other))
    });
    match json {
        true => {
            let text = serde_json::to_string_pretty(&hosts);
            print(&(text.map_err(|e| Failure::system("list", e))? + "\n"));
        }
        false => print(&table(&hosts)),
    }
    let silent: Vec<String> = hosts.iter().filter(|h| h.state == State::Silent).map(name).collect();
    match silent.is_empty() {
        true => Ok(0),
        false => {
            let text = format!("no answer from {}", silent.join(", "));
            Err(Failure::new(Exit::Silent, text))
        }
    }
}

/// Each pid file once, however many names lead to it, and whose it is.
fn places() -> BTreeMap<PathBuf, u32> {
    let own = Folder { path: place::folder_path(), user: geteuid().as_raw() };
    let mut all = BTreeMap::new();
    for folder in place::folders_of_others().into_iter().chain([own]) {
        let is_own = folder.user == geteuid().as_raw();
        for entry in fs::read_dir(&folder.path).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            if path.extension().is_none_or(|end| end != "pid") {
                continue;
            }
            let file = match folder.led_to(&name) {
                Some(file) => file,
                // A link that leads nowhere was left behind, too.
                None if is_own => path,
                None => continue,
            };
            all.insert(file, folder.user);
        }
    }
    all
}

fn look(pid_file: &Path, user: u32) -> Host {
    let mut host = Host {
        state: State::Stale,
        script: None,
        user: name_of(user),
        pid_file: pid_file.to_owned(),
        pid: None,
        server: None,
        daemon: None,
        watch: None,
        uptime: None,
        generation: None,
        connections: None,
        listening: Vec::new(),
    };
    let Ok(Some(running)) = Running::find(pid_file) else { return host };
    host.state = State::Silent;
    host.pid = running.pid();
    host.script = host.pid.and_then(script_of);
    let client = Client::new(running, name(&host));
    match client.ask(&Request::Status, PATIENCE) {
        Ok(Answer::Status(status)) => host.know(*status),
        // It has ended meanwhile.
        Err(failure) if failure.exit == Exit::NotRunning => host.state = State::Stale,
        _ => return host,
    }
    if let Some(manner) = Manner::of(&client) {
        (host.daemon, host.watch) = (Some(manner.daemon), Some(manner.watch));
    }
    host
}

impl Host {
    fn know(&mut self, status: Status) {
        self.state = State::Running;
        self.server = Some(status.pid);
        self.uptime = Some(status.uptime as u64);
        self.generation = Some(status.generation);
        self.connections = Some(status.isolates.iter().map(|isolate| isolate.connections).sum());
        let bound = status.workers.into_iter().filter_map(|worker| worker.address);
        self.listening = bound.collect();
        for address in status.isolates.into_iter().flat_map(|isolate| isolate.listening) {
            if !self.listening.contains(&address) {
                self.listening.push(address);
            }
        }
        self.script = Some(status.script);
    }
}

/// The script that a process was started for.
fn script_of(pid: u32) -> Option<String> {
    let file = match command_of(pid)? {
        Command::Run { serving, .. } => serving.file,
        Command::Start(start) | Command::Restart { start, .. } => start.serving.file,
        Command::Monitor(plan) | Command::Server(plan) => plan.file,
        _ => return None,
    };
    let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    Some(folder.join(file).display().to_string())
}

/// The script, or its file where that is all that is known.
fn name(host: &Host) -> String {
    host.script.clone().unwrap_or_else(|| host.pid_file.display().to_string())
}

fn table(hosts: &[Host]) -> String {
    if hosts.is_empty() {
        return "nothing runs\n".to_owned();
    }
    let mut rows = vec![cells(&COLUMNS)];
    rows.extend(hosts.iter().map(|host| {
        let mode = match host.daemon {
            Some(true) => "daemon",
            Some(false) => "foreground",
            None => "-",
        };
        let number = |number: Option<u64>| number.map_or("-".to_owned(), |n| n.to_string());
        let state = match host.state {
            State::Running => "[running]",
            State::Silent => "[no answer]",
            State::Stale => "[gone, left its files]",
        };
        vec![
            name(host),
            host.user.clone(),
            number(host.pid.map(u64::from)),
            mode.to_owned(),
            host.uptime.map_or("-".to_owned(), duration),
            number(host.connections),
            or_dash(&host.listening.join(" ")),
            state.to_owned(),
        ]
    }));
    aligned(&rows)
}
