//! Looks for mistakes in the script that serves, on a thread of its own: nobody waits for it, and it stops nothing. What it
//! finds is told once; after a change only what is new.

use super::{Checked, HostEvent, handle::Order, supervisor::Supervisor};
use crate::{
    engine::{call::coroutine, compile::sources::Sources, lint::Finding, program::config::Config},
    isolate,
    log::{About, Level, Record},
};
use std::{
    collections::HashMap,
    io,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

/// Findings that one look at the script writes to the log. Fixed: whoever has more runs `rhost check`, which lists all.
const MAX_TOLD: usize = 20;

/// Bytes of the thread's stack. Fixed: that of an isolate, whose parser has the same limits.
const STACK: usize = 8 << 20;

/// How long a script that has nothing to do is kept for what the checker says. Fixed: it takes some milliseconds.
const CHECK_PATIENCE: Duration = Duration::from_secs(5);

/// How much the thread lets all others go before it, as `nice` counts. Fixed: on a machine with one processor, too, no client
/// waits for it.
const NICE: i32 = 10;

/// The thread, and what it has told.
pub(super) struct Checker {
    /// Generations to look at; none when the embedder wants no checks.
    wanted: Option<Sender<(u64, Sources)>>,
    /// How many findings of each kind and place were there the last time.
    known: HashMap<Key, usize>,
}

/// By this a finding is known again, wherever its line has gone: code, file, message and the line's text.
type Key = (&'static str, String, String, String);

impl Checker {
    /// Starts the thread. What it finds comes as an order.
    pub(super) fn start(config: &Config, orders: Sender<Order>) -> io::Result<Self> {
        let (wanted, asked) = channel();
        let config = config.clone();
        let look = move || look_for_ever(&config, &asked, &orders);
        thread::Builder::new().name("checker".into()).stack_size(STACK).spawn(look)?;
        Ok(Self { wanted: Some(wanted), known: HashMap::new() })
    }

    /// One that looks at nothing.
    pub(super) fn idle() -> Self {
        Self { wanted: None, known: HashMap::new() }
    }

    /// Asks for a look at what serves now.
    pub(super) fn look(&self, generation: u64, sources: &Sources) {
        if let Some(wanted) = &self.wanted {
            // A thread that is gone says nothing.
            let _ = wanted.send((generation, sources.clone()));
        }
    }

    /// Those that were not there the last time.
    fn news(&mut self, findings: Vec<Finding>) -> Vec<Finding> {
        let before = std::mem::take(&mut self.known);
        let mut new = Vec::new();
        for finding in findings {
            let key = key(&finding);
            let seen = self.known.entry(key.clone()).or_default();
            *seen += 1;
            if *seen > before.get(&key).copied().unwrap_or_default() {
                new.push(finding);
            }
        }
        new
    }
}

/// Messages name other lines: numbers do not count.
fn key(finding: &Finding) -> Key {
    let message = finding.message.chars().filter(|c| !c.is_ascii_digit()).collect();
    (finding.code, finding.file.clone(), message, finding.line_text.trim().to_owned())
}

fn look_for_ever(config: &Config, asked: &Receiver<(u64, Sources)>, orders: &Sender<Order>) {
    // On Linux this is about the calling thread alone; where it is refused, it is as any other.
    let _ = rustix::process::setpriority_process(None, NICE);
    while let Ok(first) = asked.recv() {
        // What has been replaced meanwhile interests nobody.
        let (generation, sources) = asked.try_iter().last().unwrap_or(first);
        // A panic of the embedder's registration has been told of by an isolate.
        let findings = coroutine::guarded(|| isolate::check(config, sources)).unwrap_or_default();
        if orders.send(Order::Checked { generation, findings }).is_err() {
            return;
        }
    }
}

impl Supervisor {
    /// Tells what the checker has found, unless another generation serves by now.
    pub(super) fn checked(&mut self, generation: u64, findings: Vec<Finding>) {
        if generation != self.generation {
            return;
        }
        let total = findings.len();
        let new = self.checker.news(findings);
        let generation = generation.saturating_sub(1);
        for finding in new.iter().take(MAX_TOLD) {
            self.config.log.write(Record {
                level: Level::Warn,
                worker: String::new(),
                location: finding.location(),
                message: finding.text.clone(),
                about: About {
                    finding: Some(finding.code),
                    generation: Some(generation),
                    ..About::default()
                },
            });
        }
        if new.len() > MAX_TOLD {
            let (more, script) = (new.len() - MAX_TOLD, self.config.script.display());
            let text = format!("and {more} more findings: `rhost check {script}` lists them");
            self.config.log.host(Level::Warn, text);
        }
        self.tell(HostEvent::Checked(Checked { generation, new, total }));
    }

    /// For a script that has nothing to do: what is wrong with it may be the reason.
    pub(super) fn await_check(&mut self, orders: &Receiver<Order>) {
        if self.checker.wanted.is_none() {
            return;
        }
        let deadline = Instant::now() + CHECK_PATIENCE;
        while let Ok(order) =
            orders.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            match order {
                Order::Checked { generation, findings } => {
                    return self.checked(generation, findings);
                }
                Order::Stop(_) | Order::StopGracefully(_) => return,
                _ => (),
            }
        }
    }
}
