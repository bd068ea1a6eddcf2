//! What signals do to a serving process.

use super::{
    exit::{Exit, Failure},
    notify,
    tenancy::Tenancy,
};
use rhost::HostHandle;
use rustix::process::{Pid, getppid};
use std::{
    sync::{Arc, Weak},
    thread,
    time::Duration,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::interval,
};

/// How often a daemon's server looks whether its monitor is still there. Fixed: no signal says so.
const MONITOR_POLL: Duration = Duration::from_secs(1);

/// INT, TERM and HUP stop in order, QUIT lets connections end by themselves first, USR1 and USR2 reload. Two that stop end
/// the process at once, unless the first was QUIT: then the second one stops in order.
pub fn obey(handle: HostHandle, tenancy: Option<&Arc<Tenancy>>) -> Result<(), Failure> {
    let tenancy = tenancy.map_or(Weak::new(), Arc::downgrade);
    let runtime = runtime()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    let obey = async move {
        let mut is_stopping = false;
        loop {
            match signals.next().await {
                Wanted::Reload => {
                    notify::reloading();
                    handle.reload();
                }
                _ if is_stopping => {
                    if let Some(tenancy) = tenancy.upgrade() {
                        tenancy.give_back();
                    }
                    std::process::exit(i32::from(Exit::Failed as u8));
                }
                Wanted::StopGracefully => {
                    tracing::info!("stopping when the connections have ended");
                    notify::stopping();
                    handle.stop_gracefully(0);
                }
                Wanted::Stop => {
                    tracing::info!("stopping");
                    notify::stopping();
                    is_stopping = true;
                    handle.stop(0);
                }
            }
        }
    };
    spawn("signals", move || runtime.block_on(obey))
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
