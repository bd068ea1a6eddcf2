//! What a reload costs: latency with 1000 open connections and a script of 500 lines, memory over 10 000 reloads, and
//! memory when each reload leaves a closure of an open connection without a successor. `--quick` makes a tenth of the
//! reloads. Run by `scripts/bench reload`; prints figures for people.

use rhost::{CountingAllocator, Host, HostEvent, HostHandle, Reloaded};
use std::{
    error::Error,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::PathBuf,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// The allocator of the command.
#[global_allocator]
static ALLOCATOR: CountingAllocator<mimalloc::MiMalloc> =
    CountingAllocator::new(mimalloc::MiMalloc);

/// Open connections while latency is measured, and during all reloads of the memory runs.
const CONNECTIONS: usize = 1_000;

/// Lines of the script.
const LINES: usize = 500;

/// How long files must be quiet before they are read: the default of `rhost run`.
const SETTLE: Duration = Duration::from_millis(50);

/// Reloads whose latency is measured.
const ROUNDS: usize = 100;

/// Reloads of the memory runs, and those before memory counts.
const MANY: usize = 10_000;
const MANY_ORPHANS: usize = 2_000;
const WARM: usize = 100;

/// `--quick` divides the reloads of the memory runs by this.
const QUICK: usize = 10;

type Failure = Box<dyn Error>;

/// A script of `LINES` lines: handlers, functions, state. A connection that sends `own` gets a handler that stands in a
/// function which no other version has.
fn script(version: usize) -> String {
    let mut text = String::from(
        "let worker = Worker(\"text://127.0.0.1:0\");\nworker.seen = #{};\nlet total = 0;\n",
    );
    let _ = writeln!(
        text,
        "fn own_{version}(connection) {{\n    connection.on_message = |c, line| c.send(`own {version} ${{line}}`);\n}}\n\
         worker.on_message = |connection, data| {{\n    total += 1;\n    if data == \"own\" {{ own_{version}(connection); }}\n    \
         connection.send(`{version} ${{data}}`);\n}};"
    );
    for n in 0..(LINES - 15) / 5 {
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

    /// Asks, and fails if the answer is another.
    fn expect(&mut self, line: &str, wanted: &str) -> Result<(), Failure> {
        writeln!(self.write, "{line}")?;
        let mut answer = String::new();
        self.read.read_line(&mut answer)?;
        let is_right = answer.trim_end() == wanted;
        if is_right { Ok(()) } else { Err(format!("`{answer}` instead of `{wanted}`").into()) }
    }
}

/// A host of that script, with its open connections.
struct Server {
    folder: tempfile::TempDir,
    handle: HostHandle,
    events: Receiver<HostEvent>,
    running: thread::JoinHandle<Result<u8, rhost::Error>>,
    address: String,
    clients: Vec<Client>,
}

impl Server {
    fn start(is_watched: bool) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("main.rhai");
        fs::write(&path, script(0))?;
        let (sender, events) = mpsc::channel();
        let host = Host::builder()
            .script(&path)
            .watch(is_watched)
            .settle(SETTLE)
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
        let address = address.trim_start_matches("text://").to_owned();
        let mut server = Self { folder, handle, events, running, address, clients: Vec::new() };
        for _ in 0..CONNECTIONS {
            let mut client = server.connect()?;
            client.expect("hello", "0 hello")?;
            server.clients.push(client);
        }
        Ok(server)
    }

    fn connect(&self) -> Result<Client, Failure> {
        Client::connect(&self.address)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("main.rhai")
    }

    fn wait_for_reload(&self) -> Result<Reloaded, Failure> {
        for event in &self.events {
            match event {
                HostEvent::Reloaded(report) => return Ok(report),
                HostEvent::ReloadRejected(fault) => return Err(fault.text.into()),
                _ => (),
            }
        }
        Err("the host ended".into())
    }

    /// Reloads without the time to settle.
    fn reload(&self, version: usize) -> Result<Reloaded, Failure> {
        fs::write(self.path(), script(version))?;
        self.handle.reload();
        self.wait_for_reload()
    }

    fn stop(self) -> Result<(), Failure> {
        self.handle.stop(0);
        self.running.join().map_err(|_| "the host panicked")??;
        Ok(())
    }
}

fn resident_kib() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmRSS")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// From the save to the answer of the new code, in its parts.
fn latency() -> Result<(), Failure> {
    let mut server = Server::start(true)?;
    let (mut settle, mut serving, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    for version in 1..=ROUNDS {
        let saved = Instant::now();
        fs::write(server.path(), script(version))?;
        let took = server.wait_for_reload()?.took;
        let settled = Instant::now() - took;
        server.clients[version % CONNECTIONS].expect("x", &format!("{version} x"))?;
        settle.push(settled - saved);
        serving.push(took);
        answered.push(settled.elapsed());
    }
    println!("reload of {LINES} lines with {CONNECTIONS} connections, medians of {ROUNDS}:");
    println!("  settle    {:6.1} ms  from the save until the files are read", median(settle));
    println!("  reload    {:6.1} ms  from then until the new code serves", median(serving));
    println!("  answered  {:6.1} ms  from then until the new code has answered", median(answered));
    server.stop()
}

/// Edits alone.
fn memory(many: usize) -> Result<(), Failure> {
    let server = Server::start(false)?;
    let mut early = 0;
    for version in 1..=many {
        server.reload(version)?;
        if version == WARM {
            early = resident_kib()?;
        }
    }
    let end = resident_kib()?;
    println!(
        "{many} reloads: resident memory {early} KiB after the first {WARM}, {end} KiB at the end"
    );
    server.stop()
}

/// Edits that each leave one connection with a closure that the script does not have any more, until it closes.
fn orphans(many: usize) -> Result<(), Failure> {
    let server = Server::start(false)?;
    let (mut early, mut most) = (0, 0);
    for version in 1..=many {
        let mut client = server.connect()?;
        let before = version - 1;
        client.expect("own", &format!("{before} own"))?;
        let left = server.reload(version)?.leftovers.len();
        if left == 0 {
            return Err(format!("version {version} left no closure behind").into());
        }
        client.expect("x", &format!("own {before} x"))?;
        most = most.max(left);
        if version == WARM {
            early = resident_kib()?;
        }
    }
    let end = resident_kib()?;
    println!(
        "{many} reloads that each leave a closure behind: resident memory {early} KiB after the first {WARM}, {end} KiB \
         at the end; at most {most} left behind at once"
    );
    server.stop()
}

fn main() -> Result<(), Failure> {
    // (a plain `cargo bench` runs every program there is; this one takes a minute)
    if !std::env::args().any(|a| a == "--measure") {
        println!("run scripts/bench reload");
        return Ok(());
    }
    let part = if std::env::args().any(|a| a == "--quick") { QUICK } else { 1 };
    latency()?;
    memory(MANY / part)?;
    orphans(MANY_ORPHANS / part)
}
