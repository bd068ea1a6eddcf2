//! Descriptors of the process: clients may not have the last of them, or nobody could tell the host to stop, or ask what is
//! wrong. Shared by all isolates.

use rustix::process::{Resource, getrlimit};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, RawFd},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Descriptors that clients of workers leave to the host, as far as this is no more than a quarter of them. Fixed: 16 for
/// whoever scrapes metrics, 32 for commands, the rest for files of a reload and what isolates that it starts need.
const RESERVE: u64 = 64;

/// How long accepting must have gone well before it is called well again. Fixed: at the limit, every connection that
/// closes lets one in, and the log is not told of each.
const RECOVERY: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Default)]
pub(super) struct Descriptors {
    /// Had the last that clients may have been taken when it was last looked?
    is_short: AtomicBool,
    /// When accepting last failed, while that has not been called well again.
    failed: Mutex<Option<Instant>>,
}

impl Descriptors {
    /// A client was given the descriptor of this number, the lowest that was free. (If several isolates accept at the same
    /// moment, each of them may take one of the reserve.)
    pub(super) fn took(&self, number: RawFd) {
        if is_reserved(number) {
            self.is_short.store(true, Ordering::Relaxed);
        }
    }

    /// Fails if clients may have no more. `any` is a socket to try it with.
    pub(super) fn check(&self, any: impl AsFd) -> io::Result<()> {
        if !self.is_short.load(Ordering::Relaxed) {
            return Ok(());
        }
        let lowest = any.as_fd().try_clone_to_owned()?;
        if is_reserved(lowest.as_raw_fd()) {
            let limit = limit();
            let text = format!(
                "of {limit} open files, all but {} for the host itself are in use",
                reserve(limit)
            );
            return Err(io::Error::other(text));
        }
        self.is_short.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Accepting went wrong, for whatever reason. Is that news?
    pub(super) fn went_wrong(&self) -> bool {
        self.failed().replace(Instant::now()).is_none()
    }

    /// Accepting went well. Is that news?
    pub(super) fn went_well(&self) -> bool {
        let mut failed = self.failed();
        let is_over = failed.is_some_and(|at| at.elapsed() > RECOVERY);
        if is_over {
            *failed = None;
        }
        is_over
    }

    fn failed(&self) -> MutexGuard<'_, Option<Instant>> {
        // It is one value, whoever panicked.
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many the process may have.
fn limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

fn reserve(limit: u64) -> u64 {
    RESERVE.min(limit / 4)
}

/// Numbers are given out from the lowest on: that one of the last is given means that those before are in use.
fn is_reserved(number: RawFd) -> bool {
    let limit = limit();
    u64::try_from(number).is_ok_and(|number| number >= limit - reserve(limit))
}
