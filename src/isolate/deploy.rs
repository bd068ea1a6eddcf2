//! Carries out what a top level declared: what lives goes on under the new program, what is new starts, what was not asked
//! for again ends. Only `on_worker_start` can fail here; whatever else might be refused was refused before.

use super::{
    Reply, Report, Task, leftovers,
    starts::{Starts, watched},
    stock::{listening, stock},
};
use crate::{
    engine::{
        program::{
            Program,
            handler::{Args, Handler},
        },
        reload::{changes::Changes, record, rerun},
    },
    error::Fault,
    log::Level,
    net::conn::Conn,
    script::{
        callback::{Callbacks, Event},
        ctx::{Ctx, Occasion, Wish},
        plan::match_up,
        worker::Worker,
    },
};
use rhai::Dynamic;
use std::{rc::Rc, sync::mpsc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// How often a stopping isolate looks whether its connections are gone.
const STOP_POLL: Duration = Duration::from_millis(5);

/// Serves the prepared program. The answer comes when `on_worker_start` is done.
pub(crate) fn commit(
    ctx: &Rc<Ctx>,
    program: Rc<Program>,
    task: Task,
    reply: Reply<Result<Report, Fault>>,
    starts: &mut Starts,
) {
    *ctx.seat.borrow_mut() = task.seat;
    let served = ctx.served.borrow().clone().filter(|_| task.serves.is_some());
    let is_first = ctx.settled.get() == 0;
    if let Some(worker) = served.as_ref().filter(|_| task.stays) {
        worker.core().settings.count.set(task.count);
        if !is_first {
            starts.end_late(ctx);
            return stay(ctx, worker.clone(), program, reply, starts);
        }
        // Its only start goes on, and listens when it is done.
        ctx.forget_declared();
        let _ = reply.send(Ok(stock(ctx)));
        return;
    }
    starts.end_late(ctx);
    let before = ctx.timers.started();
    leftovers::give_names_back(ctx, &program);
    let mut report = Report { changes: program.edition.accept_state(), ..Report::default() };
    let lives_on = served.zip(task.serves).map(|(worker, (at, _))| (worker, at));
    let workers = merge_workers(ctx, &program, &mut report, lives_on);
    ctx.serve(program.clone());
    ctx.timers.accept(ctx, program.edition.generation);
    let served = task.serves.and_then(|(at, index)| Some((workers.get(at)?.clone(), index)));
    if let Some((worker, index)) = &served {
        worker.core().settings.id.set(*index);
        worker.core().settings.count.set(task.count);
    }
    *ctx.served.borrow_mut() = served.as_ref().map(|(worker, _)| worker.clone());
    ctx.apply_handler_limits();
    replace_callbacks(ctx, |old, offered| {
        let current = Rc::ptr_eq(old.program(), &program);
        if current { None } else { program.rebind(old, offered).map(Rc::new) }
    });
    carry_over_shared(ctx, &program);
    let generation = program.edition.generation;
    let ctx = ctx.clone();
    // Not those of Workers that are gone: they are saying goodbye.
    report.connections =
        ctx.workers.borrow().iter().map(|w| w.core().with_connections(|c| c.len())).sum();
    let listened = listening(&ctx);
    let running = tokio::task::spawn_local(async move {
        let worker = served.as_ref().map(|(worker, _)| worker.clone());
        let started = start(&ctx, &program, served, is_first, task.is_last, &mut report).await;
        let listens = listening(&ctx);
        report.listeners = listens.iter().filter(|endpoint| listened.contains(endpoint)).count();
        report.new_listeners = listens.len() - report.listeners;
        (report.timers, report.new_timers) = ctx.timers.count(before);
        report.leftovers = leftovers::find(&ctx, &program);
        ctx.stats.set_leftovers(report.leftovers.clone());
        report.waiting = waiting_on_old_code(&ctx, &program);
        ctx.note_listening();
        if let Err(mpsc::SendError(Err(fault))) = reply.send(started.map(|()| report)) {
            // The host has gone on without this answer.
            ctx.report(fault.clone());
            if !task.is_restart {
                let seated = worker.map_or(Ok(()), |worker| worker.accept_as_seated());
                seated.unwrap_or_else(|e| ctx.report(Fault::plain(e)));
                ctx.wish(Wish::StartFailed { generation: program.edition.generation, fault });
            }
        }
        ctx.wish(Wish::StartEnded);
    });
    starts.add(generation, running.abort_handle());
}

/// A Worker with `reloadable = false` goes on as it is, and is only told that there was a reload.
fn stay(
    ctx: &Rc<Ctx>,
    worker: Worker,
    program: Rc<Program>,
    reply: Reply<Result<Report, Fault>>,
    starts: &mut Starts,
) {
    let generation = program.edition.generation;
    ctx.forget_declared();
    drop(program);
    let ctx = ctx.clone();
    let task = tokio::task::spawn_local(async move {
        // Its address or the number of its isolates may have changed.
        worker.accept_as_seated().unwrap_or_else(|e| ctx.report(Fault::plain(e)));
        let told = run_own_reload(&ctx, &worker, generation).await;
        told.unwrap_or_else(|fault| ctx.report(fault));
        let _ = reply.send(Ok(stock(&ctx)));
        ctx.wish(Wish::StartEnded);
    });
    starts.add(generation, task.abort_handle());
}

/// Runs `on_worker_start`, closes what it did not ask for again, and accepts. A fault in it ends the isolate's first start; in
/// a reload it is the host's sign to go back, and until then everything is kept that the generation before had made:
/// half a start must not close a port.
async fn start(
    ctx: &Rc<Ctx>,
    program: &Rc<Program>,
    served: Option<(Worker, usize)>,
    is_first: bool,
    is_last: bool,
    report: &mut Report,
) -> Result<(), Fault> {
    let Some((worker, _)) = served else {
        forget_origins(ctx);
        end_unasked(ctx, program.edition.generation, report);
        return Ok(());
    };
    let holds = |_: usize, name: &str| worker.core().properties.get(name);
    let clear = |_: usize, name: &_| worker.core().properties.set(name, Dynamic::UNIT);
    let mut note = |ended: Option<(record::Record, Changes)>| {
        if let Some((record, changed)) = ended {
            drop(ctx.started.replace(Rc::new(record)));
            report.changes.add(changed);
        }
    };
    // One that was ended, or overtaken, has done a part of it.
    note(rerun::end(None, true, holds, clear));
    let (event, generation) = (Event::WorkerStart, program.edition.generation);
    rerun::begin(generation, event.name(), &program.edition, ctx.started.borrow().clone());
    let started = run_own(ctx, &worker, event, generation);
    let started = watched(ctx, &worker, event, generation, !is_first, started).await;
    note(rerun::end(Some(generation), started.is_err(), holds, clear));
    if ctx.generations.serving().is_some_and(|serving| !Rc::ptr_eq(&serving, program)) {
        // It waited so long that a newer generation has taken over, with all that is left to do. If that one's start is
        // over already, nobody else ends what this one has asked for late.
        if ctx.settled.get() > program.edition.generation {
            end_unasked(ctx, ctx.settled.get(), report);
        }
        return started;
    }
    carry_over_shared(ctx, program);
    forget_origins(ctx);
    if started.is_ok() {
        end_unasked(ctx, program.edition.generation, report);
    } else if is_first || !is_last {
        return started;
    }
    worker.accept_as_seated().map_err(Fault::plain)?;
    if !is_first && started.is_ok() {
        let reloaded = run_own_reload(ctx, &worker, program.edition.generation).await;
        reloaded.unwrap_or_else(|fault| ctx.report(fault));
    }
    started
}

/// Calls a callback that belongs to a Worker itself, if it is set.
async fn run_own(ctx: &Ctx, worker: &Worker, event: Event, tag: u64) -> Result<(), Fault> {
    let Some(handler) = worker.core().callbacks.get(event) else { return Ok(()) };
    let mut args: Args = [Dynamic::from(worker.clone()), Dynamic::UNIT, Dynamic::UNIT];
    let occasion = || Occasion::of_worker(event.name(), worker.core().title());
    ctx.try_call(handler, &mut args, tag, occasion).await.map(drop).map_err(|fault| *fault)
}

/// Calls `on_worker_reload`.
async fn run_own_reload(ctx: &Ctx, worker: &Worker, generation: u64) -> Result<(), Fault> {
    let reloaded = run_own(ctx, worker, Event::WorkerReload, 0);
    watched(ctx, worker, Event::WorkerReload, generation, true, reloaded).await
}

/// Makes the declared workers one with those that live. Gives the declared ones, in order. `lives_on`: the one that is served,
/// and as which of those it goes on; the host has decided that, also over texts that were never read here.
fn merge_workers(
    ctx: &Rc<Ctx>,
    program: &Program,
    report: &mut Report,
    lives_on: Option<(Worker, usize)>,
) -> Vec<Worker> {
    let declared = ctx.declared.take();
    let living: Vec<Worker> =
        ctx.workers.borrow().iter().filter(|w| !w.core().is_inner).cloned().collect();
    let inner: Vec<Worker> =
        ctx.workers.borrow().iter().filter(|w| w.core().is_inner).cloned().collect();
    let old: Vec<_> = living.iter().map(|w| w.core().spec()).collect();
    let new: Vec<_> = declared.iter().map(|w| w.core().spec()).collect();
    let mut twins = match_up(&old, &new);
    if let Some((served, at)) = lives_on {
        let served = living.iter().position(|w| w.is_same(&served));
        twins.iter_mut().filter(|twin| **twin == served).for_each(|twin| *twin = None);
        twins.iter_mut().skip(at).take(1).for_each(|twin| *twin = served.or(*twin));
    }
    let mut gone = living.clone();
    for (worker, twin) in declared.iter().zip(twins) {
        let Some(living) = twin.map(|at| living[at].clone()) else {
            worker.core().note_filled(program);
            continue;
        };
        living.core().rebind(&worker.core(), program, Some(&mut report.changes));
        worker.alias_to(&living);
        gone.retain(|w| !w.is_same(&living));
    }
    for worker in gone {
        close_worker(&worker);
    }
    *ctx.workers.borrow_mut() = declared.iter().cloned().chain(inner).collect();
    declared
}

/// Stops a Worker that nobody asks for any more; its connections are told that we go away.
fn close_worker(worker: &Worker) {
    let core = worker.core();
    core.go();
    let conns = core.with_connections(|c| c.values().map(|c| c.conn()).collect::<Vec<_>>());
    conns.iter().for_each(|conn| conn.close_after_answer(1001, ""));
}

/// Ends the inner workers and timers that an earlier generation asked for and this one did not.
fn end_unasked(ctx: &Ctx, generation: u64, report: &mut Report) {
    ctx.settled.set(generation);
    report.ended_timers += ctx.timers.end_unasked(generation);
    let stale = |w: &Worker| {
        let core = w.core();
        core.is_inner && (1..generation).contains(&core.asked_by.get())
    };
    let gone: Vec<Worker> = ctx.workers.borrow().iter().filter(|w| stale(w)).cloned().collect();
    ctx.workers.borrow_mut().retain(|w| !stale(w));
    for worker in &gone {
        let connections = worker.core().with_connections(|c| c.len());
        if connections > 0 {
            report.connections = report.connections.saturating_sub(connections);
            let why = format!("inner worker `{}` is not asked for any more", worker.core().title());
            report.closed.push((why, connections));
        }
        report.ended_listeners += 1;
        close_worker(worker);
    }
}

/// The start is over: what it asked for again has what was captured before.
fn forget_origins(ctx: &Ctx) {
    ctx.carried.take();
    drop(ctx.renamed.take());
}

/// Callbacks that were made together share their variables: those that have no predecessor get what the others carried.
fn carry_over_shared(ctx: &Rc<Ctx>, program: &Rc<Program>) {
    let carried = ctx.carried.borrow().clone();
    if carried.is_empty() {
        return;
    }
    replace_callbacks(ctx, |new, offered| {
        let current = Rc::ptr_eq(new.program(), program);
        if current { program.carry_over_shared(new, &carried, offered).map(Rc::new) } else { None }
    });
}

/// Replaces callbacks that the host can reach. `replace` is given each with the number of arguments that it is offered.
fn replace_callbacks(ctx: &Rc<Ctx>, replace: impl Fn(&Rc<Handler>, usize) -> Option<Rc<Handler>>) {
    let replace = |old: &Rc<Handler>, offered| {
        let new = replace(old, offered);
        ctx.renamed.borrow_mut().extend(new.clone().map(|new| (new, old.clone())));
        new
    };
    let replace_all = |callbacks: &Callbacks| {
        for (event, old) in callbacks.all() {
            if let Some(new) = replace(&old, event.offered()) {
                callbacks.set(event, Some(new));
            }
        }
    };
    ctx.timers.replace_handlers(|old| replace(old, 0));
    for core in ctx.every_worker() {
        replace_all(&core.callbacks);
        let connections = core.with_connections(|c| c.values().cloned().collect::<Vec<_>>());
        for connection in connections {
            if let Some(callbacks) = connection.own_callbacks() {
                replace_all(callbacks);
            }
        }
    }
}

/// Handlers that wait and run code of another generation: where they stand, and its number.
fn waiting_on_old_code(ctx: &Ctx, program: &Program) -> Vec<(String, i64)> {
    let others = ctx.stats.waiting.not_of(program.number());
    let name = |place| ctx.stats.name_of(place).unwrap_or_default();
    others.into_iter().map(|(place, generation)| (name(place), generation)).collect()
}

/// Takes no more connections for the worker that is served here. Its sockets are the host's, and those who wait in them are
/// taken by the isolates that go on, or by this one if it does.
pub(crate) fn stand_by(ctx: &Ctx) {
    ctx.served.borrow().iter().for_each(|worker| worker.core().unlisten());
}

/// Stops accepting, and answers when nobody is there any more.
pub(crate) fn drain(ctx: &Rc<Ctx>, reply: Reply<()>) {
    ctx.workers.borrow().iter().for_each(|worker| worker.core().unlisten());
    let ctx = ctx.clone();
    tokio::task::spawn_local(async move {
        while ctx.net.count() > 0 {
            // First a turn of the loop, for what has come and was not read.
            sleep_until(Instant::now() + STOP_POLL).await;
            ctx.net.all().iter().for_each(Conn::end_when_idle);
        }
        let _ = reply.send(());
    });
}

/// Tells every peer goodbye, websockets with this code.
pub(crate) fn close_all(ctx: &Ctx, websocket_code: u16) {
    ctx.net.all().iter().for_each(|conn| conn.close_after_answer(websocket_code, ""));
}

/// Ends everything in order: `on_worker_stop`, no more accepting, goodbye to every peer, `on_close`.
pub(crate) async fn stop(ctx: &Rc<Ctx>, limit: Duration) {
    let deadline = Instant::now() + limit;
    let workers: Vec<Worker> = ctx.workers.borrow().iter().rev().cloned().collect();
    for worker in &workers {
        // A top-level Worker that another isolate serves has not started here.
        let core = worker.core();
        let serves =
            core.is_inner || ctx.served.borrow().as_ref().is_some_and(|w| w.is_same(worker));
        if serves {
            let stopping = run_own(ctx, worker, Event::WorkerStop, 0);
            match tokio::time::timeout_at(deadline, stopping).await {
                Ok(stopped) => stopped.unwrap_or_else(|fault| ctx.report(fault)),
                Err(_) => {
                    let text = "on_worker_stop took too long and was ended";
                    ctx.log.worker(Level::Warn, &core.title(), text);
                }
            }
        }
    }
    workers.iter().for_each(close_worker);
    ctx.timers.clear();
    ctx.net.all().iter().for_each(Conn::give_up_answer);
    close_all(ctx, 1001);
    while ctx.net.count() > 0 && Instant::now() < deadline {
        sleep_until((Instant::now() + STOP_POLL).min(deadline)).await;
    }
    // Who has not gone by now is cut off; `on_close` runs all the same.
    ctx.net.all().iter().for_each(|conn| conn.destroy());
    let patience = Instant::now() + limit / 2;
    while ctx.workers.borrow().iter().any(|w| w.core().with_connections(|c| !c.is_empty()))
        && Instant::now() < patience
    {
        sleep_until(Instant::now() + STOP_POLL).await;
    }
}
