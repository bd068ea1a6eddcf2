//! A real host on real sockets for one test: a script in a folder of its own, free ports, and events to wait for.

// Older names of what has moved.
#[allow(unused_imports)]
pub use crate::support::wait::{PATIENCE, SOON, eventually};
use crate::support::{client::Client, clock::Clock, findings, wait::SILENCE, websocket::WebSocket};
use rhost::{Fault, Host, HostEvent, HostHandle, Level, Record, Reloaded};
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// How long reloads that were asked for may take to be done, when nothing tells which was the last.
const SETTLED: Duration = Duration::from_millis(300);

/// How long a handler may run: more than by default, for a debug build on a machine that does much else.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(20);

/// Log lines, and whoever waits for one.
type Log = Arc<(Mutex<Vec<Record>>, Condvar)>;

/// A running host. Dropping it stops it; a failing test prints the script and the log.
pub struct TestHost {
    folder: tempfile::TempDir,
    script: String,
    handle: HostHandle,
    thread: Option<thread::JoinHandle<Result<u8, rhost::Error>>>,
    events: mpsc::Receiver<HostEvent>,
    /// (as the script wrote it, where it listens)
    addresses: Vec<(String, String)>,
    log: Log,
    disturbance: Option<Disturbance>,
    clock: Clock,
}

/// With `RHOST_TEST_RELOADS` set, the script is reloaded all the time while a test talks to it: whatever holds for a
/// script must hold for one that is being reloaded. Ends with the first edit of the test's own.
struct Disturbance {
    end: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Disturbance {
    /// Time between two reloads.
    const PAUSE: Duration = Duration::from_millis(20);

    fn wanted(handle: &HostHandle) -> Option<Self> {
        std::env::var_os("RHOST_TEST_RELOADS")?;
        let end = Arc::new(AtomicBool::new(false));
        let (ended, handle) = (end.clone(), handle.clone());
        let thread = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                handle.reload();
                thread::sleep(Self::PAUSE);
            }
        });
        Some(Self { end, thread })
    }
}

impl TestHost {
    /// Ends the reloads that disturb, and forgets their events.
    fn calm_down(&mut self) {
        let Some(disturbance) = self.disturbance.take() else { return };
        disturbance.end.store(true, Ordering::Relaxed);
        disturbance.thread.join().expect("no panic");
        // What was asked for before this has its event before this one's.
        self.handle.reload();
        thread::sleep(SETTLED);
        while let Ok(event) = self.events.try_recv() {
            self.note(&event);
        }
    }

    /// Starts a script and waits until it serves. Addresses should end in `:0`.
    pub fn start(script: &str) -> Self {
        Self::try_start(script, &[]).unwrap_or_else(|e| panic!("{e}\n--- script\n{script}"))
    }

    /// The same, with more files beside the script: (name, text).
    pub fn start_with(script: &str, files: &[(&str, &str)]) -> Self {
        Self::try_start(script, files).unwrap_or_else(|e| panic!("{e}\n--- script\n{script}"))
    }

    /// The same for scripts that may be refused.
    pub fn try_start(script: &str, files: &[(&str, &str)]) -> Result<Self, rhost::Error> {
        Self::try_start_as(script, files, |builder| builder.handler_timeout(HANDLER_TIMEOUT))
    }

    /// The same with options of the host, which has its own defaults otherwise.
    pub fn try_start_as(
        script: &str,
        files: &[(&str, &str)],
        options: impl FnOnce(rhost::HostBuilder) -> rhost::HostBuilder,
    ) -> Result<Self, rhost::Error> {
        let (mut started, checked) = Self::begin_as(script, files, options)?;
        match started.wait_for(|event| matches!(event, HostEvent::Started { .. })) {
            Some(_) => {
                findings::assert_silence(&checked);
                started.disturbance = Disturbance::wanted(&started.handle);
                Ok(started)
            }
            None => Err(started.start_error()),
        }
    }

    /// Starts a script that may take long for it, and waits for nothing.
    pub fn begin(script: &str) -> Self {
        let (begun, _) = Self::begin_as(script, &[], |builder| builder).expect("a script");
        begun
    }

    /// Why it did not start.
    pub fn start_error(&mut self) -> rhost::Error {
        let thread = self.thread.take().expect("a thread");
        thread.join().expect("no panic").expect_err("a start error")
    }

    fn begin_as(
        script: &str,
        files: &[(&str, &str)],
        options: impl FnOnce(rhost::HostBuilder) -> rhost::HostBuilder,
    ) -> Result<(Self, mpsc::Receiver<rhost::Checked>), rhost::Error> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let path = folder.path().join("main.rhai");
        fs::write(&path, script).expect("the script");
        let (sender, events) = mpsc::channel();
        let (found, checked) = mpsc::channel();
        let log = Log::default();
        let sink = log.clone();
        let builder = Host::builder()
            .script(&path)
            .watch(true)
            .settle(Duration::from_millis(20))
            .on_log(move |record| {
                sink.0.lock().expect("the log").push(record);
                sink.1.notify_all();
            })
            .on_event(move |event| {
                if let HostEvent::Checked(checked) = &event {
                    let _ = found.send(checked.clone());
                }
                drop(sender.send(event));
            });
        let clock = Clock::default();
        let host = clock.install(options(builder)).build()?;
        let handle = host.handle();
        let thread = thread::spawn(move || host.run());
        let begun = Self {
            folder,
            script: script.to_owned(),
            handle,
            thread: Some(thread),
            events,
            addresses: Vec::new(),
            log,
            disturbance: None,
            clock,
        };
        Ok((begun, checked))
    }

    /// Waits for an event, and notes the addresses that are told on the way. `None`: the host has ended.
    pub fn wait_for(&mut self, wanted: impl Fn(&HostEvent) -> bool) -> Option<HostEvent> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = match self.events.recv_timeout(left) {
                Ok(event) => event,
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the event did not come"),
            };
            self.note(&event);
            if wanted(&event) {
                return Some(event);
            }
        }
    }

    fn note(&mut self, event: &HostEvent) {
        match event {
            HostEvent::Started { workers, .. } => {
                for worker in workers {
                    let address = worker.address.clone().unwrap_or_default();
                    self.addresses.push((worker.declared.clone(), address));
                }
            }
            HostEvent::Listening { declared, address, .. } => {
                self.addresses.push((declared.clone(), address.clone()));
            }
            _ => (),
        }
    }

    /// Where the newest worker with this declared address listens, `text://127.0.0.1:4711`. Waits until it does.
    pub fn address(&mut self, declared: &str) -> String {
        while !self.addresses.iter().any(|(d, _)| d == declared) {
            let event = self.wait_for(|event| matches!(event, HostEvent::Listening { .. }));
            assert!(event.is_some(), "the host ended");
        }
        let found = self.addresses.iter().rev().find(|(d, _)| d == declared);
        found.expect("just seen").1.clone()
    }

    /// The same as a socket address.
    pub fn socket(&mut self, declared: &str) -> SocketAddr {
        let address = self.address(declared);
        let (_, rest) = address.split_once("://").expect("a scheme");
        rest.parse().expect("an ip and a port")
    }

    /// A plain TCP client of that worker.
    pub fn tcp(&mut self, declared: &str) -> Client {
        Client::connect(self.socket(declared))
    }

    /// A websocket client of that worker, shaken.
    pub fn websocket(&mut self, declared: &str) -> WebSocket {
        WebSocket::connect(self.socket(declared))
    }

    /// Saves another script and waits until it serves.
    pub fn edit(&mut self, script: &str) -> Reloaded {
        self.save("main.rhai", script);
        self.reloaded()
    }

    /// Saves another script and waits until it is rejected.
    pub fn edit_badly(&mut self, script: &str) -> Fault {
        self.save("main.rhai", script);
        self.rejected()
    }

    /// Writes a file of the script's folder.
    pub fn save(&mut self, name: &str, text: &str) {
        self.calm_down();
        if name == "main.rhai" {
            self.script = text.to_owned();
        }
        let path = self.path(name);
        if path.is_symlink() {
            fs::write(path, text).expect("the file can be written");
            return;
        }
        // In one step: a file that is written where it lies is empty for a moment, which a busy machine lets the host see.
        let new = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(new.path(), text).expect("the file can be written");
        if let Err(elsewhere) = new.persist(&path) {
            fs::copy(elsewhere.file.path(), &path).expect("the file can be written");
        }
    }

    /// Waits for an accepted reload.
    pub fn reloaded(&mut self) -> Reloaded {
        let wanted =
            |e: &HostEvent| matches!(e, HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_));
        match self.wait_for(wanted) {
            Some(HostEvent::Reloaded(report)) => report,
            other => panic!("the reload was not accepted: {other:?}"),
        }
    }

    /// Waits for a rejected reload.
    pub fn rejected(&mut self) -> Fault {
        let wanted =
            |e: &HostEvent| matches!(e, HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_));
        match self.wait_for(wanted) {
            Some(HostEvent::ReloadRejected(fault)) => fault,
            other => panic!("the reload was not rejected: {other:?}"),
        }
    }

    /// Nothing is reloaded or rejected for a while.
    pub fn expect_no_reload(&mut self) {
        let deadline = Instant::now() + SILENCE;
        while let Ok(event) = self.events.recv_timeout(deadline - Instant::now().min(deadline)) {
            self.note(&event);
            let reload = matches!(event, HostEvent::Reloaded(_) | HostEvent::ReloadRejected(_));
            assert!(!reload, "unexpected: {event:?}");
        }
    }

    /// Waits for an error in a handler.
    pub fn fault(&mut self) -> Fault {
        match self.wait_for(|e| matches!(e, HostEvent::Fault(_))) {
            Some(HostEvent::Fault(fault)) => fault,
            other => panic!("no fault: {other:?}"),
        }
    }

    /// Lets so many seconds pass in the isolates, without waiting for them. When this returns, all that is due has run:
    /// time limits, heartbeats, timers, handlers that slept.
    pub fn advance(&self, seconds: f64) {
        self.clock.advance(Duration::from_secs_f64(seconds));
    }

    /// Nothing comes to this client, not even the end, while a moment passes in the isolates, which is not waited for. What
    /// has been sent before is handled first.
    #[track_caller]
    pub fn expect_silence(&self, client: &Client) {
        self.clock.advance(SILENCE);
        client.expect_nothing_yet();
    }

    /// A file of the script's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn handle(&self) -> HostHandle {
        self.handle.clone()
    }

    /// The log so far, a record a line.
    pub fn log(&self) -> Vec<Record> {
        self.log.0.lock().expect("the log").clone()
    }

    /// Lines of the log that contain `text`.
    pub fn logged(&self, text: &str) -> usize {
        self.log().iter().filter(|r| r.to_string().contains(text)).count()
    }

    /// Waits for a log line that contains `text`.
    pub fn wait_for_log(&self, text: &str) -> Record {
        let (lines, changed) = &*self.log;
        let deadline = Instant::now() + PATIENCE;
        let mut lines = lines.lock().expect("the log");
        loop {
            if let Some(record) = lines.iter().find(|r| r.to_string().contains(text)) {
                return record.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(lines); // (a poisoned log could not be shown)
                panic!("no log line with `{text}`");
            }
            lines = changed.wait_timeout(lines, left).expect("the log").0;
        }
    }

    /// What the script printed, in order.
    pub fn printed(&self) -> Vec<String> {
        let printed = |r: &Record| r.level == Level::Info && !r.location.is_empty();
        self.log().into_iter().filter(printed).map(|r| r.message).collect()
    }

    /// How many error records the log has.
    pub fn errors(&self) -> usize {
        self.log().iter().filter(|r| r.level == Level::Error).count()
    }

    /// Stops the host in order and gives its exit code.
    pub fn stop(mut self) -> u8 {
        self.handle.stop(0);
        self.ended()
    }

    /// Waits for the host's own end and gives its exit code.
    pub fn ended(&mut self) -> u8 {
        while self.wait_for(|_| false).is_some() {}
        let thread = self.thread.take().expect("still running");
        thread.join().expect("no panic").expect("no error")
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        if let Some(disturbance) = self.disturbance.take() {
            disturbance.end.store(true, Ordering::Relaxed);
        }
        self.handle.stop(0);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if thread::panicking() {
            eprintln!("--- script\n{}\n--- log", self.script);
            for record in self.log() {
                eprintln!("{:?} {record}", record.level);
            }
        }
    }
}
