//! How a function waits: the handler that called it is suspended, and the isolate goes on with other work.

use super::outcome::{Outcome, error};
use crate::engine::call::coroutine::{self, MayNotWait};
use rhai::EvalAltResult;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, spawn_blocking},
};

/// Pieces of work that run beside the isolates of a process at once; further ones wait for their turn. Fixed: enough for
/// files on slow disks, and few enough that the memory of password hashes (19 MiB each) stays below 1 GiB.
const MAX_BESIDE: usize = 32;

static BESIDE: Semaphore = Semaphore::const_new(MAX_BESIDE);

/// The error of what waits where nothing can. `what` names it.
pub(crate) fn not_here(what: &str) -> Box<EvalAltResult> {
    error(format!(
        "{what} waits, and only handlers may wait: not the top level; start there what waits in `on_worker_start` or by \
         `Timer::delay(seconds, || …)`"
    ))
}

/// Suspends the running handler until the future is ready. `what` names it where nothing can wait.
pub(crate) fn waiting<F: Future>(what: &'static str, future: F) -> Outcome<F::Output> {
    coroutine::wait(what, future).map_err(|_| not_here(what))
}

/// Runs `work` on another thread and suspends the running handler until it is done. `what` names it where nothing can
/// wait, and in the error of work that panicked.
///
/// When the handler is ended while it waits, work that has not begun never begins, and work that runs is told so by its
/// [`Cancelled`]; what it gives is dropped.
pub(crate) fn beside<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce(&Cancelled) -> T + Send + 'static,
) -> Outcome<T> {
    run_beside(what, work).unwrap_or_else(|_| Err(not_here(what)))
}

/// Runs `work` as [`beside`] does in a handler, and at once at the top level, which stops until it is done.
pub(crate) fn beside_or_at_once<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce(&Cancelled) -> T + Send + 'static,
) -> Outcome<T> {
    match coroutine::may_wait() {
        true => beside(what, work),
        false => Ok(work(&Cancelled::default())),
    }
}

fn run_beside<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce(&Cancelled) -> T + Send + 'static,
) -> Result<Outcome<T>, MayNotWait> {
    coroutine::wait(what, async move {
        // The permit goes with the work, which may go on when nobody waits for it any more.
        let permit = BESIDE.acquire().await.map_err(|_| error(format!("{what} was stopped")))?;
        let cancelled = Cancelled::default();
        let seen = cancelled.clone();
        let handle = spawn_blocking(move || {
            let done = work(&seen);
            drop(permit);
            done
        });
        let mut running = Running { handle, cancelled };
        let done = (&mut running.handle).await;
        done.map_err(|why| error(format!("{what} failed in the host: {why}")))
    })
}

/// Tells work that runs beside an isolate whether anybody still waits for it.
#[derive(Clone, Default)]
pub(crate) struct Cancelled(Arc<AtomicBool>);

impl Cancelled {
    /// Returns whether the handler that waited has ended. Work that loops asks this now and then.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Work that a handler waits for. Dropping it cancels the work.
struct Running<T> {
    handle: JoinHandle<T>,
    cancelled: Cancelled,
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.cancelled.0.store(true, Ordering::Relaxed);
        self.handle.abort();
    }
}
