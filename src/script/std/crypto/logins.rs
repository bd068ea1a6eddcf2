//! Where passwords are hashed: beside the isolates, few at a time. Each hash takes 19 MiB and tens of milliseconds of a core,
//! so a flood of logins waits in a row, and beyond some of them is refused at once.

use crate::runtime::{
    outcome::{Outcome, error},
    waiting::waiting,
};
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread::available_parallelism,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Hashes that are made at once, if the machine has as many cores. Fixed: more are not done sooner, and each takes memory.
const MAX_AT_ONCE: usize = 8;

/// Hashes that wait for their turn in the whole process. Fixed: who came after these would wait for more than ten seconds,
/// and has given up by then.
const MAX_WAITING: usize = 1_000;

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(cores.min(MAX_AT_ONCE)))
});

static WAITING: AtomicUsize = AtomicUsize::new(0);

/// A place in the row, given back when it is dropped, also with a handler that is ended while it waits.
struct Place;

impl Place {
    fn take() -> Outcome<Self> {
        let place = Self;
        match WAITING.fetch_add(1, Ordering::Relaxed) < MAX_WAITING {
            true => Ok(place),
            false => Err(error(format!(
                "{MAX_WAITING} passwords wait to be hashed: this one is not taken, try again later"
            ))),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the work in its turn and suspends the handler until it is done.
pub(super) fn run<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Outcome<T> {
    waiting(what, async move {
        let place = Place::take()?;
        let turn = TURNS.clone().acquire_owned().await.map_err(|why| error(why.to_string()))?;
        drop(place);
        let done = spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|why| error(format!("{what}: {why}")))
    })?
}
