//! Looks after the place of a running host, for as long as it runs: a daemon outlives whoever cleans folders, and its server
//! outlives its monitor.

use super::{exit::Failure, tenancy::Tenancy};
use rustix::process::{Pid, getppid};
use std::{sync::Arc, thread, time::Duration};

/// How often. Fixed: no signal tells of a monitor's end, and a look costs a few system calls.
const LOOK: Duration = Duration::from_millis(500);

/// Puts back pid file and links when they are gone, until the place is given back.
pub fn look_after(tenancy: &Arc<Tenancy>) -> Result<(), Failure> {
    keep(tenancy, None)
}

/// The same in a daemon's server, which takes the monitor's place in the pid file when that is gone, so that signals find
/// us.
pub fn outlive_the_monitor(tenancy: &Arc<Tenancy>) -> Result<(), Failure> {
    keep(tenancy, getppid())
}

fn keep(tenancy: &Arc<Tenancy>, mut monitor: Option<Pid>) -> Result<(), Failure> {
    let tenancy = Arc::downgrade(tenancy);
    let look = move || {
        while let Some(tenancy) = tenancy.upgrade() {
            if monitor.is_some() && getppid() != monitor {
                monitor = None;
                tracing::warn!("the monitor is gone: nobody starts this server again if it dies");
                let _ = tenancy.adopt();
            }
            tenancy.look_after();
            drop(tenancy);
            thread::sleep(LOOK);
        }
    };
    let thread = thread::Builder::new().name("keeper".into()).spawn(look);
    thread.map(drop).map_err(|e| Failure::system("cannot start a thread", e))
}
