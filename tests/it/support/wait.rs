//! How long tests wait, and how they wait for what no event tells of.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How long anything that should happen may take. Only tests that fail wait for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// About one second, on a machine that does much else.
pub const SOON: Duration = Duration::from_secs(3);

/// How long a read waits to show that nothing comes.
pub const SILENCE: Duration = Duration::from_millis(120);

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Waits until it is so. `what` says in a few words what is waited for.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    until_some(what, || is_so().then_some(()));
}

/// Waits until there is something, and gives it.
#[track_caller]
pub fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: that never happened");
        thread::sleep(PAUSE);
    }
}

/// Held by tests that compute for seconds: side by side they would take each other's time, and that of tests which measure
/// some.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An older form, which does not say what is waited for.
#[allow(dead_code)]
#[track_caller]
pub fn eventually(is_so: impl FnMut() -> bool) {
    until("what is waited for", is_so);
}
