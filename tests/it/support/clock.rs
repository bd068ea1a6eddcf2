//! A clock that tests move, so that time limits, heartbeats and timers are not waited for.
//!
//! Everything in an isolate that waits for time does so by tokio, whose feature `test-util` can move its clock; only tests
//! build with it. What `HostBuilder::register` is given runs on each isolate's thread, within its event loop, and starts a
//! task there that moves that loop's clock on demand. Between two moves the time is real.
//!
//! Real at all times are `timestamp()`, the watchdog of handlers, and what the host does outside of isolates: restarts,
//! stops, the watching of files.

use crate::support::wait::PATIENCE;
use rhost::HostBuilder;
use std::{
    cell::Cell,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};
use tokio::{
    sync::mpsc as mailbox,
    task::yield_now,
    time::{advance, pause, resume},
};

/// How far one step goes, and how far where the way is long. Between two of them all that is due runs, so that timers of this
/// interval and more tick as often as they should.
const STEP: Duration = Duration::from_millis(10);
const LONG_STEP: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(10);

/// How often all others have their turn behind a step: the timer that wakes a handler, the handler, and what sends its
/// answer.
const TURNS: usize = 4;

thread_local! {
    /// Does this isolate's task run? (Each reload makes an engine anew.)
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// An order to move on, and who waits for that.
type Order = (Duration, mpsc::Sender<()>);

/// The clocks of all isolates of a host.
#[derive(Clone, Default)]
pub struct Clock {
    isolates: Arc<Mutex<Vec<mailbox::UnboundedSender<Order>>>>,
}

impl Clock {
    /// Gives each isolate the task that moves its clock.
    pub fn install(&self, builder: HostBuilder) -> HostBuilder {
        let isolates = self.isolates.clone();
        builder.register(move |_| {
            // (the rehearsal of a start has no event loop)
            if tokio::runtime::Handle::try_current().is_ok() && !RUNS.replace(true) {
                let (orders, mailbox) = mailbox::unbounded_channel();
                isolates.lock().expect("the isolates").push(orders);
                tokio::task::spawn_local(obey(mailbox));
            }
        })
    }

    /// Lets so much time pass in every isolate; when this returns, all that is due has run.
    pub fn advance(&self, by: Duration) {
        let (done, all_done) = mpsc::channel();
        let mut isolates = self.isolates.lock().expect("the isolates");
        // (an isolate that has ended takes no orders)
        isolates.retain(|isolate| isolate.send((by, done.clone())).is_ok());
        let count = isolates.len();
        assert!(count > 0, "no isolate runs");
        drop((isolates, done));
        let moved = (0..count).filter(|_| all_done.recv_timeout(PATIENCE).is_ok()).count();
        assert!(moved > 0, "no isolate has moved its clock");
    }
}

/// Moves this isolate's clock as it is told to.
async fn obey(mut orders: mailbox::UnboundedReceiver<Order>) {
    while let Some((by, done)) = orders.recv().await {
        // (what peers have sent before is read first)
        turns().await;
        let (most, mut left) = (if by < LONG { STEP } else { LONG_STEP }, by);
        while !left.is_zero() {
            let step = left.min(most);
            pause();
            advance(step).await;
            resume();
            turns().await;
            left -= step;
        }
        let _ = done.send(());
    }
}

async fn turns() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}
