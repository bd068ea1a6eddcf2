//! What a reload costs: `latency` with 1000 open connections and a script of 500 lines, and `memory` over 10 000 reloads.
//! Run by `scripts/bench reload`; prints figures for people.

use rhost::{Host, HostEvent};
use std::{
    error::Error,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// Open connections while latency is measured.
const CONNECTIONS: usize = 1_000;

/// Lines of the script.
const LINES: usize = 500;

/// Reloads whose latency is measured.
const ROUNDS: usize = 100;

/// Reloads of the memory run, and those before memory counts.
const MANY: usize = 10_000;
const WARM: usize = 100;

type Failure = Box<dyn Error>;

/// A script of `LINES` lines: handlers, functions, state.
fn script(version: usize) -> String {
    let mut text = String::from(
        "let worker = Worker(\"text://127.0.0.1:0\");\nworker.seen = #{};\nlet total = 0;\n",
    );
    let _ = writeln!(
        text,
        "worker.on_message = |connection, data| {{ total += 1; connection.send(`{version} ${{data}}`); }};"
    );
    for n in 0..(LINES - 10) / 5 {
        let _ = write!(
            text,
            "fn helper_{n}(a, b) {{\n    let sum = a + b * {n};\n    if sum > 10 {{ worker.seen[`k${{sum}}`] = || sum + {n}; }}\n    sum\n}}\n"
        );
    }
    text.push_str("worker.on_close = |connection| { worker.seen.remove(connection.id); };\nWorker::run_all();\n");
    text
}

/// One client of the host.
struct Client {
    write: TcpStream,
    read: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: &str) -> Result<Self, Failure> {
        let write = TcpStream::connect(address)?;
        write.set_nodelay(true)?;
        write.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { read: BufReader::new(write.try_clone()?), write })
    }

    fn ask(&mut self, line: &str) -> Result<String, Failure> {
        writeln!(self.write, "{line}")?;
        let mut answer = String::new();
        self.read.read_line(&mut answer)?;
        Ok(answer)
    }
}

fn wait_for_reload(events: &Receiver<HostEvent>) -> Result<Duration, Failure> {
    for event in events {
        match event {
            HostEvent::Reloaded(report) => return Ok(report.took),
            HostEvent::ReloadRejected(fault) => return Err(fault.text.into()),
            _ => (),
        }
    }
    Err("the host ended".into())
}

fn resident_kib() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmRSS")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
}

fn main() -> Result<(), Failure> {
    // (a plain `cargo bench` runs every program there is; this one takes a minute)
    if !std::env::args().any(|a| a == "--measure") {
        println!("run scripts/bench reload");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("main.rhai");
    fs::write(&path, script(0))?;
    let (sender, events) = mpsc::channel();
    let host = Host::builder()
        .script(&path)
        .on_log(|_| ())
        .on_event(move |event| drop(sender.send(event)))
        .build()?;
    let handle = host.handle();
    let running = thread::spawn(move || host.run());
    let address = events.iter().find_map(|event| match event {
        HostEvent::Started { workers, .. } => workers[0].address.clone(),
        _ => None,
    });
    let address = address.ok_or("the host did not start")?;
    let address = address.trim_start_matches("text://");
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(address)?;
        client.ask("hello")?;
        clients.push(client);
    }

    let (mut until_serving, mut until_answer) = (Vec::new(), Vec::new());
    for version in 1..=ROUNDS {
        fs::write(&path, script(version))?;
        let began = Instant::now();
        handle.reload();
        let took = wait_for_reload(&events)?;
        let answer = clients[version % CONNECTIONS].ask("x")?;
        until_answer.push(began.elapsed());
        until_serving.push(took);
        if answer != format!("{version} x\n") {
            return Err(format!("version {version} answered {answer}").into());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1000.0
    };
    println!(
        "reload of {LINES} lines with {CONNECTIONS} connections, median of {ROUNDS}: {:.1} ms until serving, \
         {:.1} ms until answered (the settle time of 50 ms before it is not included)",
        median(&mut until_serving),
        median(&mut until_answer)
    );

    let mut early = 0;
    for version in 0..MANY {
        if version == WARM {
            early = resident_kib()?;
        }
        fs::write(&path, script(version))?;
        handle.reload();
        wait_for_reload(&events)?;
    }
    println!(
        "{MANY} reloads: resident memory {early} KiB after the first {WARM}, {} KiB at the end",
        resident_kib()?
    );
    handle.stop(0);
    running.join().map_err(|_| "the host panicked")??;
    Ok(())
}
