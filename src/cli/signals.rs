//! What signals do to a serving process.

use super::{
    exit::{Exit, Failure},
    notify,
    tenancy::Tenancy,
};
use nix::sys::signal::{SigSet, Signal as Sent};
use rhost::HostHandle;
use std::{
    fs, io,
    sync::{Arc, Weak},
    task::Poll,
    thread,
    time::{Duration, Instant},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal to stop that comes so soon after the first is the same order: a terminal that closes, a service manager and
/// `kill` of a process group tell a daemon's monitor, which passes it on, and its server at once. Fixed: nobody loses
/// patience faster.
const ECHO: Duration = Duration::from_millis(500);

const STOPS: [Sent; 4] = [Sent::SIGINT, Sent::SIGTERM, Sent::SIGHUP, Sent::SIGQUIT];

const RELOADS: [Sent; 2] = [Sent::SIGUSR1, Sent::SIGUSR2];

/// What they obey waits from now on, in this thread and in all threads and processes that it starts, until they can hear it:
/// before that it would end them. The signal of a file that may not become larger waits for ever, for what cannot be
/// written is told by an error.
pub fn hold() {
    for signals in [&STOPS[..], &RELOADS, &[Sent::SIGXFSZ]] {
        // There is no such signal that could be refused.
        let _ = set(signals).thread_block();
    }
}

/// The process can hear them, or has nothing to lose by them.
pub fn release() {
    let _ = set(&RELOADS).thread_unblock();
    release_stops();
}

/// What reloads may wait still.
pub fn release_stops() {
    let _ = set(&STOPS).thread_unblock();
}

fn set(signals: &[Sent]) -> SigSet {
    signals.iter().copied().collect()
}

/// INT, TERM and HUP stop in order, QUIT lets connections end by themselves first, USR1 and USR2 reload. Two that stop end
/// the process at once, unless the first was QUIT: then the second one stops in order. What was held is heard. What was
/// ignored at the start stays ignored, except by a daemon, which leaves behind whatever its starter had set up.
pub fn obey(
    handle: HostHandle,
    tenancy: Option<&Arc<Tenancy>>,
    is_daemon: bool,
) -> Result<(), Failure> {
    let tenancy = tenancy.map_or(Weak::new(), Arc::downgrade);
    let runtime = runtime()?;
    let mut signals = {
        let _inside = runtime.enter();
        let heard = if is_daemon { Heard::all() } else { Heard::unless_ignored() };
        heard.map_err(|e| Failure::system("cannot listen for signals", e))?
    };
    release();
    let obey = async move {
        let (mut stopping, mut draining): (Option<Instant>, Option<Instant>) = (None, None);
        loop {
            match Wanted::by(signals.next().await) {
                Wanted::Reload => {
                    notify::reloading();
                    handle.reload();
                }
                Wanted::StopGracefully if draining.or(stopping).is_some_and(is_echo) => (),
                Wanted::Stop if stopping.is_some_and(is_echo) => (),
                _ if stopping.is_some() => {
                    if let Some(tenancy) = tenancy.upgrade() {
                        tenancy.give_back();
                    }
                    std::process::exit(i32::from(Exit::Failed as u8));
                }
                Wanted::StopGracefully => {
                    tracing::info!("stopping when the connections have ended");
                    notify::stopping();
                    draining.get_or_insert_with(Instant::now);
                    handle.stop_gracefully(0);
                }
                Wanted::Stop => {
                    tracing::info!("stopping");
                    notify::stopping();
                    stopping = Some(Instant::now());
                    handle.stop(0);
                }
            }
        }
    };
    spawn("signals", move || runtime.block_on(obey))
}

fn is_echo(first: Instant) -> bool {
    first.elapsed() < ECHO
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| Failure::system("cannot listen for signals", e))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = thread::Builder::new().name(name.into()).spawn(run);
    thread.map(drop).map_err(|e| Failure::system("cannot start a thread", e))
}

enum Wanted {
    Stop,
    StopGracefully,
    Reload,
}

impl Wanted {
    fn by(sent: Sent) -> Self {
        match sent {
            Sent::SIGQUIT => Self::StopGracefully,
            sent if is_reload(sent) => Self::Reload,
            _ => Self::Stop,
        }
    }
}

pub fn is_reload(sent: Sent) -> bool {
    RELOADS.contains(&sent)
}

/// Signals that a process of ours hears.
pub struct Heard(Vec<(Sent, Signal)>);

impl Heard {
    /// All that a server understands.
    pub fn all() -> io::Result<Self> {
        Self::but(&SigSet::empty())
    }

    /// The same without those that were ignored when the process started: whoever starts a program so wants it to live
    /// through them, as `nohup` does, and shells for what they start in the background.
    fn unless_ignored() -> io::Result<Self> {
        Self::but(&ignored())
    }

    fn but(ignored: &SigSet) -> io::Result<Self> {
        let wanted = STOPS.into_iter().chain(RELOADS).filter(|sent| !ignored.contains(*sent));
        let listen = |sent: Sent| Ok((sent, signal(SignalKind::from_raw(sent as i32))?));
        Ok(Self(wanted.map(listen).collect::<io::Result<_>>()?))
    }

    /// The next one.
    pub async fn next(&mut self) -> Sent {
        std::future::poll_fn(|context| {
            for (sent, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*sent);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The signals that this process ignores. Where `/proc` does not say, none.
fn ignored() -> SigSet {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    let is_ignored = |sent: &Sent| mask & (1 << (*sent as u32 - 1)) != 0;
    STOPS.into_iter().chain(RELOADS).filter(is_ignored).collect()
}
