//! The starts of one isolate that have not ended: what is told of one that takes long, and how a newer start ends it.

use crate::{
    log::Level,
    net::starting::{LATE, Start},
    script::{
        callback::Event,
        ctx::{Ctx, Wish},
        worker::Worker,
    },
};
use std::{future::Future, pin::pin};
use tokio::{
    task::AbortHandle,
    time::{Instant, timeout},
};

/// See the module.
#[derive(Default)]
pub(crate) struct Starts(Vec<Running>);

/// One of them.
struct Running {
    began: Instant,
    /// Its number in this isolate.
    generation: u64,
    task: AbortHandle,
}

impl Starts {
    /// This task runs that of this generation.
    pub(super) fn add(&mut self, generation: u64, task: AbortHandle) {
        self.0.push(Running { began: Instant::now(), generation, task });
    }

    /// A newer one is about to begin: ends those that take long, as a stop ends handlers. Others may go on, for a handler
    /// ends on the code that it began with.
    pub(super) fn end_late(&mut self, ctx: &Ctx) {
        self.0.retain(|start| !start.task.is_finished());
        for late in self.0.extract_if(.., |start| start.began.elapsed() >= LATE) {
            late.task.abort();
            let running = ctx.stats.starting.running();
            let who = match running.filter(|start| start.generation == late.generation) {
                Some(start) => format!("{} ({})", start.event, start.place),
                None => "the start of an older generation".to_owned(),
            };
            let text = format!("{who} had not returned and was ended: it starts over");
            ctx.say(Level::Warn, text);
        }
    }
}

/// Takes back what was said of a start, however it ends.
struct Completion<'a> {
    ctx: &'a Ctx,
    generation: u64,
}

impl Drop for Completion<'_> {
    fn drop(&mut self) {
        self.ctx.stats.starting.end(self.generation);
    }
}

/// Runs the `on_worker_start` of a worker or its `on_worker_reload`, if it has one, and tells the host when that takes long.
pub(super) async fn watched<T>(
    ctx: &Ctx,
    worker: &Worker,
    event: Event,
    generation: u64,
    accepts: bool,
    start: impl Future<Output = T>,
) -> T {
    let core = worker.core();
    let Some(handler) = core.callbacks.get(event) else { return start.await };
    let settings = &core.settings;
    let mut begun = Start::new(event.name(), core.title(), handler.location(), generation);
    begun.isolate = (settings.count.get() > 1).then(|| settings.id.get());
    begun.accepts = accepts;
    ctx.stats.starting.begin(begun);
    let _told = Completion { ctx, generation };
    let mut start = pin!(start);
    if let Ok(started) = timeout(LATE, start.as_mut()).await {
        return started;
    }
    ctx.stats.starting.is_late(generation);
    ctx.wish(Wish::StartIsLate);
    start.await
}
