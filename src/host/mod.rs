//! The host: starts isolates for a script, keeps them running the newest accepted generation, and stops them.

mod answers;
mod board;
mod builder;
mod busy_watch;
mod checker;
mod code;
mod coming;
mod connections;
mod deployment;
mod ending;
mod event;
mod first_start;
mod handle;
mod identity;
mod machine;
mod metrics;
mod metrics_server;
mod past;
mod place;
mod publishing;
mod reading;
mod reload;
mod reload_pace;
mod reloaded;
mod restart;
mod spawner;
mod start_under_way;
mod status;
mod supervisor;
mod switched;
mod wanted_reload;

pub use crate::isolate::ConnectionStatus;
pub use builder::HostBuilder;
pub use connections::{Connections, MissingIsolate};
pub use event::{Checked, HostEvent, WorkerInfo};
pub use handle::{HostHandle, ReloadOptions, ReloadOutcome};
pub use reloaded::Reloaded;
pub use start_under_way::StartUnderWay;
pub use status::{Busy, Cut, IsolateStatus, LastReload, Status, WaitingHandler, WorkerStatus};

use crate::error::Error;
use board::Board;
use builder::HostConfig;
use handle::Order;
use std::sync::{Arc, mpsc};
use supervisor::Supervisor;

/// A host for one script. Made with [`Host::builder`].
///
/// ```
/// use rhost::{Host, HostEvent};
/// use std::{io::{BufRead, BufReader, Write}, net::TcpStream, sync::mpsc, thread};
///
/// let folder = std::env::temp_dir().join(format!("rhost-doc-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// let script = folder.join("twice.rhai");
/// std::fs::write(&script, r#"
///     let worker = Worker("text://127.0.0.1:0");
///     worker.on_message = |connection, line| connection.send(twice(line));
///     Worker::run_all();
/// "#)?;
///
/// let (events, happened) = mpsc::channel();
/// let host = Host::builder()
///     .script(&script)
///     .register(|engine| {
///         // The script may call this as if it were its own.
///         engine.register_fn("twice", |text: &str| format!("{text}{text}"));
///     })
///     .on_event(move |event| drop(events.send(event)))
///     .build()?;
/// let handle = host.handle();
/// let running = thread::spawn(move || host.run());
///
/// let address = happened.iter().find_map(|event| match event {
///     HostEvent::Started { workers, .. } => workers[0].address.clone(),
///     _ => None,
/// }).ok_or("the host did not start")?;
/// let mut client = TcpStream::connect(address.trim_start_matches("text://"))?;
/// client.write_all(b"ha\n")?;
/// let mut answer = String::new();
/// BufReader::new(client).read_line(&mut answer)?;
/// assert_eq!(answer, "haha\n");
///
/// handle.stop(0);
/// assert_eq!(running.join().map_err(|_| "the host panicked")??, 0);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Host {
    config: HostConfig,
    handle: HostHandle,
    orders: mpsc::Receiver<Order>,
}

impl Host {
    /// Options for a new host.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    fn new(config: HostConfig) -> Self {
        let (sender, orders) = mpsc::channel();
        let board = Arc::new(Board::new(&config.script, config.lost_log_lines.clone()));
        let stop_timeout = config.stop_timeout;
        let handle = HostHandle { orders: sender, stopping: Arc::default(), board, stop_timeout };
        Self { config, handle, orders }
    }

    /// A handle that reaches this host while it runs.
    pub fn handle(&self) -> HostHandle {
        self.handle.clone()
    }

    /// Runs the script until it is stopped, and gives the exit code that was asked for. Blocks the calling thread.
    ///
    /// # Errors
    ///
    /// If the script cannot be read, does not compile, throws at its top level or in its first `on_worker_start`, or if
    /// an address cannot be listened on. The error's text is meant for people. Errors after the start end nothing.
    pub fn run(self) -> Result<u8, Error> {
        let HostHandle { orders, stopping, board, .. } = self.handle;
        let started = Supervisor::start(self.config, orders, stopping, board);
        started.and_then(|host| host.run(&self.orders)).or_else(|error| {
            // Whoever stopped it before it had started does not want to hear that it did not start.
            let stop = self.orders.try_iter().find_map(|order| match order {
                Order::Stop(code) => Some(code),
                _ => None,
            });
            stop.ok_or(error)
        })
    }
}
