//! Values that say when scripts have let go of them.

use crate::support::wait::PATIENCE;
use rhost::HostBuilder;
use std::sync::{Arc, mpsc};

/// What `guard()` gives to a script: the last clone that goes sends a message.
#[derive(Clone)]
struct Guard {
    _alive: Arc<Alive>,
}

struct Alive(mpsc::Sender<()>);

impl Drop for Alive {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// The test's end.
pub struct Guards {
    gone: mpsc::Sender<()>,
    freed: mpsc::Receiver<()>,
}

impl Guards {
    pub fn new() -> Self {
        let (gone, freed) = mpsc::channel();
        Self { gone, freed }
    }

    /// Gives scripts `guard()`, which makes one, and `touch(guard)`, so that a closure can hold it.
    pub fn register(&self, builder: HostBuilder) -> HostBuilder {
        let gone = self.gone.clone();
        builder.register(move |engine| {
            let gone = gone.clone();
            engine.register_type_with_name::<Guard>("Guard");
            engine.register_fn("guard", move || Guard { _alive: Alive(gone.clone()).into() });
            engine.register_fn("touch", |_: Guard| ());
        })
    }

    /// Waits until one is gone.
    pub fn expect_freed(&self, when: &str) {
        self.freed.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("not freed {when}"));
    }

    /// None has gone since the last that was waited for.
    pub fn expect_held(&self, when: &str) {
        assert!(self.freed.try_recv().is_err(), "freed {when}");
    }
}
