//! What an isolate has, as a reload counts it.

use super::Report;
use crate::{
    engine::program::Program,
    net::address::Endpoint,
    script::{ctx::Ctx, plan::match_up, worker::Worker},
};
use std::rc::Rc;

/// What is there, if all of it is kept.
pub(super) fn stock(ctx: &Ctx) -> Report {
    let workers = ctx.workers.borrow();
    Report {
        connections: workers.iter().map(|w| w.core().with_connections(|c| c.len())).sum(),
        listeners: workers.iter().filter(|w| w.core().bound().is_some()).count(),
        timers: ctx.timers.len(),
        ..Report::default()
    }
}

/// What every Worker is bound to, one that listens.
pub(super) fn listening(ctx: &Ctx) -> Vec<Endpoint> {
    ctx.workers.borrow().iter().filter_map(|w| Some(w.core().bound()?.endpoint)).collect()
}

/// What serving the prepared program would do, as far as that is known before `on_worker_start`.
pub(super) fn preview(ctx: &Rc<Ctx>, program: &Program, stays: bool) -> Report {
    if stays {
        return stock(ctx);
    }
    let workers = ctx.workers.borrow();
    let mut report = Report { changes: program.edition.preview_state(), ..stock(ctx) };
    (report.timers, report.new_timers) = ctx.timers.preview();
    let declared = ctx.declared.borrow();
    let living: Vec<&Worker> = workers.iter().filter(|w| !w.core().is_inner).collect();
    let old: Vec<_> = living.iter().map(|w| w.core().spec()).collect();
    let new: Vec<_> = declared.iter().map(|w| w.core().spec()).collect();
    for (worker, twin) in declared.iter().zip(match_up(&old, &new)) {
        if let Some(living) = twin.map(|at| living[at]) {
            living.core().continue_properties(&worker.core(), program, &mut report.changes, true);
        }
    }
    report
}
