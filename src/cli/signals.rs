//! What signals do to a serving process.

use super::{
    exit::{Exit, Failure},
    notify,
    tenancy::Tenancy,
};
use nix::sys::signal::{SigSet, Signal as Sent};
use rhost::HostHandle;
use rustix::process::{Pid, getppid};
use std::{
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::interval,
};

/// How often a daemon's server looks whether its monitor is still there. Fixed: no signal says so.
const MONITOR_POLL: Duration = Duration::from_secs(1);

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
        // (there is no such signal that could be refused)
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
/// the process at once, unless the first was QUIT: then the second one stops in order. What was held is heard.
pub fn obey(handle: HostHandle, tenancy: Option<&Arc<Tenancy>>) -> Result<(), Failure> {
    let tenancy = tenancy.map_or(Weak::new(), Arc::downgrade);
    let runtime = runtime()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    release();
    let obey = async move {
        let (mut stopping, mut draining): (Option<Instant>, Option<Instant>) = (None, None);
        loop {
            match signals.next().await {
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

/// Takes the monitor's place in the pid file when it is gone, so that signals find us.
pub fn outlive_the_monitor(tenancy: &Arc<Tenancy>) -> Result<(), Failure> {
    let tenancy = Arc::downgrade(tenancy);
    let runtime = runtime()?;
    let monitor: Option<Pid> = getppid();
    let watch = async move {
        let mut tick = interval(MONITOR_POLL);
        while getppid() == monitor {
            tick.tick().await;
        }
        tracing::warn!("the monitor is gone: nobody starts this server again if it dies");
        if let Some(tenancy) = tenancy.upgrade() {
            let _ = tenancy.adopt();
        }
    };
    spawn("monitor", move || runtime.block_on(watch))
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

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    quit: Signal,
    user1: Signal,
    user2: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|e| Failure::system("cannot listen for signals", e));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            quit: listen(SignalKind::quit())?,
            user1: listen(SignalKind::user_defined1())?,
            user2: listen(SignalKind::user_defined2())?,
        })
    }

    async fn next(&mut self) -> Wanted {
        tokio::select! {
            _ = self.interrupt.recv() => Wanted::Stop,
            _ = self.terminate.recv() => Wanted::Stop,
            _ = self.hangup.recv() => Wanted::Stop,
            _ = self.quit.recv() => Wanted::StopGracefully,
            _ = self.user1.recv() => Wanted::Reload,
            _ = self.user2.recv() => Wanted::Reload,
        }
    }
}
