//! One isolate: a thread with its own programs, sockets and timers, driven by a mailbox. It shares nothing with other
//! isolates that a script could see.

mod connection_status;
pub(crate) mod deploy;
mod leftovers;
mod starts;
mod stock;

pub use connection_status::ConnectionStatus;

use crate::{
    engine::{
        call::{coroutine, stacks, turns::Turns},
        compile::sources::Sources,
        lint::{self, Finding},
        program::{Program, Start, config::Config},
        reload::changes::Changes,
    },
    error::{Fault, FaultKind},
    log::{Level, Log},
    net::{
        budgets::Budgets,
        conn::sweep,
        listen::{ListenHandle, Listeners},
        stats::Stats,
    },
    script::{
        Objects,
        configuration::Configuration,
        ctx::{Ctx, Wish},
        http::Sessions,
        lint_rules::{self, HostJudge},
        plan::{WorkerSpec, titles},
    },
};
use starts::Starts;
use std::{
    rc::Rc,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::mpsc as mailbox,
};

/// The part of a reload's time limit from which on a slow top level is told. Fixed.
const SLOW_PART: u32 = 2;

/// Bytes of an isolate thread's own stack, where top levels run; more comes behind, for what rhai does with deep values.
/// Fixed: 64 call levels need 1 MiB.
const THREAD_STACK: usize = 8 << 20;

/// Websocket code for clients that a hard reload closes: come back (RFC 6455's registry).
const SERVICE_RESTART: u16 = 1012;

/// What an isolate answers to a command.
pub(crate) type Reply<T> = mpsc::Sender<T>;

/// What the host asks of an isolate, in this order: prepare, then commit or abort.
pub(crate) enum Command {
    /// Compile and run the top level, which only declares. The living program goes on.
    Prepare { sources: Sources, start: Start, loud: bool, reply: Reply<Result<Loaded, Fault>> },
    /// Serve what was prepared.
    Commit { task: Task, reply: Reply<Result<Report, Fault>> },
    /// Tell what serving it would do, as far as that is known before `on_worker_start`.
    Preview { stays: bool, reply: Reply<Result<Report, Fault>> },
    /// Forget what was prepared.
    Abort,
    /// Forget what was prepared, take no more connections, and serve those that are there until it is decided whether this
    /// isolate stops or serves on.
    StandBy,
    /// Stop accepting, serve who is there, and answer when the last connection has gone.
    Drain { reply: Reply<()> },
    /// Close every connection.
    CloseAll,
    /// Tell of every open connection.
    Connections { reply: Reply<Vec<ConnectionStatus>> },
    /// Stop accepting, say goodbye, let queues drain for so long at most, and end.
    Stop { limit: Duration, reply: Reply<()> },
}

/// What one isolate has to do in a generation.
pub(crate) struct Task {
    /// Which of the declared workers it serves, and as which of that worker's isolates.
    pub(crate) serves: Option<(usize, usize)>,
    /// How many isolates serve it.
    pub(crate) count: usize,
    /// Does it go on with what it runs, and is only told?
    pub(crate) stays: bool,
    /// Its part of that worker's sockets; none for a worker without address.
    pub(crate) seat: Option<ListenHandle>,
    /// Is it only a new isolate in the place of another, and no reload?
    pub(crate) is_restart: bool,
    /// Will it serve even if its start fails?
    pub(crate) is_last: bool,
}

/// What a top level declared.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) workers: Vec<WorkerSpec>,
    pub(crate) timers: usize,
    pub(crate) configuration: Configuration,
}

/// What a commit kept and what it did not.
#[derive(Clone, Default)]
pub(crate) struct Report {
    /// Those that were there before, and are.
    pub(crate) connections: usize,
    pub(crate) listeners: usize,
    pub(crate) timers: usize,
    pub(crate) new_listeners: usize,
    pub(crate) new_timers: usize,
    pub(crate) ended_listeners: usize,
    pub(crate) ended_timers: usize,
    /// Connections that were closed: why, and how many.
    pub(crate) closed: Vec<(String, usize)>,
    /// What happened to values.
    pub(crate) changes: Changes,
    /// Where closures stand that found no successor and keep an old generation alive, with its number.
    pub(crate) leftovers: Vec<(String, i64)>,
    /// The same of handlers that wait and end on the code of an old generation.
    pub(crate) waiting: Vec<(String, i64)>,
}

/// The host's end of an isolate.
pub(crate) struct Isolate {
    pub(crate) id: usize,
    /// What it tells of itself at any time.
    pub(crate) stats: Arc<Stats>,
    /// What runs in it right now.
    pub(crate) turns: Arc<Turns>,
    commands: mailbox::UnboundedSender<Command>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Isolate {
    /// Starts the thread. `wishes` takes what its scripts ask of the host.
    pub(crate) fn spawn(
        id: usize,
        config: Config,
        log: Log,
        listeners: Listeners,
        budgets: Budgets,
        sessions: Arc<Sessions>,
        wishes: impl Fn(Wish) + Send + 'static,
    ) -> std::io::Result<Self> {
        let stats = Arc::<Stats>::default();
        let turns = Arc::new(Turns::limited(config.handler_timeout, config.handler_memory));
        let (told, seen) = (stats.clone(), turns.clone());
        let (commands, mailbox) = mailbox::unbounded_channel();
        let thread = thread::Builder::new()
            .name(format!("isolate {id}"))
            .stack_size(THREAD_STACK + stacks::reserve())
            .spawn(move || {
                let wishes: Rc<dyn Fn(Wish)> = Rc::new(wishes);
                let wish = wishes.clone();
                let ctx = || {
                    let wishes = move |wish| wishes(wish);
                    let ctx = Ctx::new(id, log.clone(), listeners, told, seen, &budgets, wishes);
                    *ctx.sessions.borrow_mut() = sessions;
                    ctx
                };
                let ran = coroutine::guarded(|| run(id, &config, &log, ctx, mailbox));
                if let Err(panic) = ran {
                    wish(Wish::Restart { isolate: id, died: Some(panic) });
                }
            })?;
        Ok(Self { id, stats, turns, commands, thread: Some(thread) })
    }

    /// Sends a command. The answer's channel closes without one if the isolate is dead.
    pub(crate) fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> mpsc::Receiver<T> {
        let (reply, answer) = mpsc::channel();
        // A dead isolate drops the command, and with it the reply.
        let _ = self.commands.send(command(reply));
        answer
    }

    /// A way to ask for its connections that does not keep it alive.
    pub(crate) fn inquiry(&self) -> Inquiry {
        Inquiry(self.commands.downgrade())
    }

    pub(crate) fn abort(&self) {
        let _ = self.commands.send(Command::Abort);
    }

    pub(crate) fn stand_by(&self) {
        let _ = self.commands.send(Command::StandBy);
    }

    pub(crate) fn close_all(&self) {
        let _ = self.commands.send(Command::CloseAll);
    }

    /// Waits for the thread's end.
    pub(crate) fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// See [`Isolate::inquiry`].
#[derive(Clone)]
pub(crate) struct Inquiry(mailbox::WeakUnboundedSender<Command>);

impl Inquiry {
    /// Asks. The answer's channel closes without one if the isolate has ended.
    pub(crate) fn connections(&self) -> mpsc::Receiver<Vec<ConnectionStatus>> {
        let (reply, answer) = mpsc::channel();
        if let Some(commands) = self.0.upgrade() {
            let _ = commands.send(Command::Connections { reply });
        }
        answer
    }
}

/// Parses a script and looks for what would fail when it runs. Nothing runs.
pub(crate) fn check(config: &Config, sources: Sources) -> Vec<Finding> {
    let ctx = Ctx::mute(config);
    let generations = ctx.generations.clone();
    match Program::parse(&Objects(ctx), config, sources, &generations) {
        Ok(program) => lint::lint(&program, &lint_rules::rules(), &HostJudge),
        Err(fault) => vec![Finding::of_fault(fault)],
    }
}

/// Runs the top level for what it declares and configures, and lets all of it go.
pub(crate) fn rehearse(config: &Config, sources: Sources) -> Result<Loaded, Fault> {
    let ctx = Ctx::mute(config);
    let mut prepared = None;
    let loaded = prepare(&ctx, config, sources, Start::FIRST, false, &mut prepared);
    forget(&ctx, &mut prepared);
    ctx.clear();
    loaded
}

/// The thread's main function.
fn run(
    id: usize,
    config: &Config,
    log: &Log,
    ctx: impl FnOnce() -> Rc<Ctx>,
    mut mailbox: mailbox::UnboundedReceiver<Command>,
) {
    let runtime =
        match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => runtime,
            Err(e) => {
                return log
                    .host(Level::Error, format!("isolate {id} cannot start its event loop: {e}"));
            }
        };
    runtime.block_on(async move {
        let ctx = ctx();
        ctx.explains.set(config.explains);
        tokio::task::spawn_local(ctx.net.clone().run_flusher());
        tokio::task::spawn_local(sweep::run(ctx.net.clone()));
        tokio::task::spawn_local(leftovers::look_for_ever(ctx.clone()));
        let mut prepared: Option<Rc<Program>> = None;
        let mut starts = Starts::default();
        while let Some(command) = mailbox.recv().await {
            match command {
                Command::Prepare { sources, start, loud, reply } => {
                    forget(&ctx, &mut prepared);
                    let _ = reply.send(prepare(&ctx, config, sources, start, loud, &mut prepared));
                }
                Command::Commit { task, reply } => {
                    if let Some(program) = prepared.take() {
                        deploy::commit(&ctx, program, task, reply, &mut starts);
                    }
                }
                Command::Preview { stays, reply } => {
                    let _ = reply.send(Ok(prepared
                        .as_ref()
                        .map_or_else(Report::default, |p| stock::preview(&ctx, p, stays))));
                }
                Command::Abort => forget(&ctx, &mut prepared),
                Command::StandBy => {
                    forget(&ctx, &mut prepared);
                    deploy::stand_by(&ctx);
                }
                Command::Drain { reply } => deploy::drain(&ctx, reply),
                Command::CloseAll => deploy::close_all(&ctx, SERVICE_RESTART),
                Command::Connections { reply } => {
                    let _ = reply.send(connection_status::all(&ctx));
                }
                Command::Stop { limit, reply } => {
                    deploy::stop(&ctx, limit).await;
                    let _ = reply.send(());
                    break;
                }
            }
        }
        ctx.clear();
    });
}

/// Compiles a script and runs its top level; the host sees that the isolate is busy with the file meanwhile.
fn prepare(
    ctx: &Rc<Ctx>,
    config: &Config,
    sources: Sources,
    start: Start,
    loud: bool,
    prepared: &mut Option<Rc<Program>>,
) -> Result<Loaded, Fault> {
    let file = sources.main().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (limit, rehearsal) = (ctx.turns.limit(), config.rehearsal_timeout);
    let is_limited = start.generation > 1 && !rehearsal.is_zero();
    if is_limited {
        ctx.turns.set_limit(rehearsal);
    }
    let began = Instant::now();
    ctx.turns.enter(ctx.stats.place(&file, 0));
    let loaded = declare(ctx, config, sources, start, loud, prepared);
    ctx.turns.leave();
    if is_limited {
        ctx.turns.set_limit(limit);
    }
    if let Some(program) = prepared.as_ref().filter(|_| loud) {
        tell_if_slow(ctx, program, began.elapsed(), rehearsal);
    }
    loaded.map_err(|fault| explain_limit(fault, is_limited, rehearsal))
}

/// A top level that is nearly too slow for a reload is told with its slowest line, before it is too slow.
fn tell_if_slow(ctx: &Ctx, program: &Program, took: Duration, limit: Duration) {
    if limit.is_zero() || took * SLOW_PART < limit {
        return;
    }
    let place =
        program.edition.slowest().map_or(String::new(), |place| format!(", most of it at {place}"));
    let text = format!(
        "the top level took {} ms{place}: at each reload all clients wait for as long, and one that takes more than {} ms \
         is rejected (rehearsal_timeout). What takes long belongs in on_worker_start",
        took.as_millis(),
        limit.as_millis(),
    );
    ctx.log.host(Level::Warn, text);
}

/// Says which limit ended a top level.
fn explain_limit(mut fault: Fault, is_limited: bool, limit: Duration) -> Fault {
    if is_limited && fault.kind == FaultKind::Timeout {
        fault.text.push_str(&format!(
            "\nA top level may take {} ms for a reload, as all clients wait for it (rehearsal_timeout): what takes long belongs in \
             on_worker_start",
            limit.as_millis()
        ));
    }
    fault
}

fn declare(
    ctx: &Rc<Ctx>,
    config: &Config,
    sources: Sources,
    start: Start,
    loud: bool,
    prepared: &mut Option<Rc<Program>>,
) -> Result<Loaded, Fault> {
    let api = Objects(ctx.clone());
    let program = Program::compile(&api, config, sources, start, &ctx.generations)?;
    ctx.loud.set(loud);
    ctx.configuration.take();
    ctx.generations.declare(Some(program.clone()));
    let declared = program.declare(ctx.generations.serving());
    ctx.generations.declare(None);
    if let Err(fault) = declared.map(drop).and_then(|()| check_roots(ctx)) {
        ctx.forget_declared();
        return Err(fault);
    }
    let specs = || ctx.declared.borrow().iter().map(|w| w.core().spec()).collect::<Vec<_>>();
    for (worker, title) in ctx.declared.borrow().iter().zip(titles(&specs())) {
        worker.core().set_title(title);
    }
    let workers = specs();
    let timers = ctx.timers.declared();
    *prepared = Some(program);
    let configuration = ctx.configuration.borrow().clone();
    Ok(Loaded { workers, timers, configuration })
}

/// A WebServer has something to serve.
fn check_roots(ctx: &Ctx) -> Result<(), Fault> {
    let declared = ctx.declared.borrow();
    let Some(worker) = declared.iter().find(|worker| worker.core().lacks_root()) else {
        return Ok(());
    };
    let title = worker.core().title();
    Err(Fault::plain(format!(
        "the WebServer `{title}` has no root: call add_root(domain, directory)"
    )))
}

/// Drops what the last top level declared, if it was not served.
fn forget(ctx: &Ctx, prepared: &mut Option<Rc<Program>>) {
    if prepared.take().is_some() {
        ctx.forget_declared();
    }
}
