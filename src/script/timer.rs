//! `Timer`: calls a handler after some time, once or again and again. A repeating timer keeps its rhythm (it does not
//! drift), skips ticks that it missed, and never overlaps with itself.

mod ended;

use self::ended::EndedTimer;
use super::{
    ctx::{Ctx, Occasion},
    value::{Outcome, error, function, seconds, waiting},
};
use crate::{
    engine::{
        call::coroutine,
        program::handler::{Args, Handler},
        values::ref_array::RefArray,
    },
    net::stats::Stats,
    runtime::{namespace::Namespace, registry::Registry},
};
use rhai::{Array, Dynamic, NativeCallContext};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};
use tokio::{
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};

/// The shortest rhythm of a repeating timer. Fixed: the clock's grain; `0` means every turn at that grain.
const MIN_INTERVAL: Duration = Duration::from_millis(1);

/// Timers of one isolate. Fixed: a script that makes more has lost its ids.
const MAX_TIMERS: usize = 1_000_000;

/// Timers that have ended and whose ids are kept for the next generation. Fixed: a start that makes more, one after the
/// other, holds the ids of few.
const MAX_ENDED: usize = 10_000;

/// The generation whose `on_worker_start` is running now; 0 in any other code. It is the tag that handlers are called with.
pub(crate) fn asking_generation() -> u64 {
    coroutine::tag()
}

struct Timer {
    handler: RefCell<Rc<Handler>>,
    interval: Cell<Duration>,
    repeats: Cell<bool>,
    /// The generation that asked for it: by its top level or `on_worker_start`; 0 if it was made by an event.
    asked_by: Cell<u64>,
    /// How many timers of the isolate had started when it had; 0 until the top level that declared it is accepted.
    number: Cell<u64>,
    /// `None` until then.
    task: RefCell<Option<AbortHandle>>,
}

/// All timers of an isolate.
pub(crate) struct Timers {
    stats: Arc<Stats>,
    living: RefCell<BTreeMap<u64, Rc<Timer>>>,
    /// Timers that the running top level has declared. Those that continue a living one have its id already, so that
    /// variables which hold it stay right.
    declared: RefCell<BTreeMap<u64, Rc<Timer>>>,
    /// Timers of the last generations that handlers have deleted, or that have rung and do not repeat.
    ended: RefCell<BTreeMap<u64, EndedTimer>>,
    last_id: Cell<u64>,
    /// How many timers have started.
    started: Cell<u64>,
}

impl Timers {
    pub(crate) fn new(stats: Arc<Stats>) -> Self {
        Self {
            stats,
            living: RefCell::default(),
            declared: RefCell::default(),
            ended: RefCell::default(),
            last_id: Cell::new(0),
            started: Cell::new(0),
        }
    }

    /// How many live.
    pub(crate) fn len(&self) -> usize {
        self.living.borrow().len()
    }

    /// How many the top level that just ran has declared.
    pub(crate) fn declared(&self) -> usize {
        self.declared.borrow().len()
    }

    fn add(
        &self,
        ctx: &Rc<Ctx>,
        handler: Rc<Handler>,
        interval: Duration,
        repeats: bool,
    ) -> Outcome<u64> {
        if self.len() + self.declared() >= MAX_TIMERS {
            return Err(error(format!(
                "there are {MAX_TIMERS} timers already: delete those that are done"
            )));
        }
        let generation = asking_generation();
        let continued = match ctx.is_declaring() {
            true => {
                self.continued(&handler, interval, repeats, handler.program().edition.generation)
            }
            false => self.continued(&handler, interval, repeats, generation),
        };
        let lives = |id: &u64| self.living.borrow().contains_key(id);
        if let Some(id) = continued.filter(|id| !ctx.is_declaring() && lives(id)) {
            self.rebind(ctx, id, handler, interval, repeats, generation);
            return Ok(id);
        }
        let id = continued.unwrap_or_else(|| {
            self.last_id.set(self.last_id.get() + 1);
            self.last_id.get()
        });
        let timer = Rc::new(Timer {
            handler: RefCell::new(handler),
            interval: Cell::new(interval),
            repeats: Cell::new(repeats),
            asked_by: Cell::new(generation),
            number: Cell::new(0),
            task: RefCell::default(),
        });
        if ctx.is_declaring() {
            self.declared.borrow_mut().insert(id, timer);
        } else {
            self.start(ctx, id, timer);
        }
        Ok(id)
    }

    /// The timer that an earlier generation asked for, this one has not yet, and goes on in such a new one: of the same
    /// closure or function, and if there are several, of the same interval and the first in order. A closure that has
    /// no predecessor may continue a timer whose own has no successor. One that has ended is another timer then, with the
    /// same id, since variables that were initialised with it live on.
    fn continued(
        &self,
        handler: &Handler,
        interval: Duration,
        repeats: bool,
        generation: u64,
    ) -> Option<u64> {
        let (living, ended) = (self.living.borrow(), self.ended.borrow());
        let declared = self.declared.borrow();
        let program = handler.program();
        let is_free = |id: &u64, asked_by: u64| {
            (1..generation).contains(&asked_by) && !declared.contains_key(id)
        };
        let living =
            living.iter().filter(|(id, t)| is_free(id, t.asked_by.get())).map(|(id, t)| {
                let same_time = t.repeats.get() == repeats && t.interval.get() == interval;
                (*id, same_time, program.heir(&t.handler.borrow()))
            });
        let ended = ended.iter().filter(|(id, t)| is_free(id, t.asked_by)).map(|(id, t)| {
            let same_time = t.repeats == repeats && t.interval == interval;
            (*id, same_time, program.edition.heir_of(t.generation, &t.file, &t.name))
        });
        let ranked = living.chain(ended).filter_map(|(id, same_time, heir)| {
            let rank = match (heir.as_deref() == Some(handler.fn_ptr().fn_name()), same_time) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) if heir.is_none() => 2,
                _ => return None,
            };
            Some((rank, id))
        });
        ranked.min().map(|(_, id)| id)
    }

    /// A timer that lives runs this handler from now on. Its rhythm goes on, unless that is another one now.
    fn rebind(
        &self,
        ctx: &Rc<Ctx>,
        id: u64,
        handler: Rc<Handler>,
        interval: Duration,
        repeats: bool,
        generation: u64,
    ) {
        let Some(timer) = self.living.borrow().get(&id).cloned() else { return };
        timer.asked_by.set(generation);
        let old = ctx.origin(&timer.handler.borrow());
        let successor = handler.program().carry_over(&old, &handler, 0).map(Rc::new);
        if let Some(successor) = &successor {
            let pair = (handler.fn_ptr().clone(), successor.fn_ptr().clone());
            ctx.carried.borrow_mut().push(pair);
        }
        drop(timer.handler.replace(successor.unwrap_or(handler)));
        if (timer.interval.get(), timer.repeats.get()) != (interval, repeats) {
            timer.interval.set(interval);
            timer.repeats.set(repeats);
            if let Some(task) = timer.task.borrow_mut().take() {
                task.abort();
            }
            self.start(ctx, id, timer);
        }
    }

    fn start(&self, ctx: &Rc<Ctx>, id: u64, timer: Rc<Timer>) {
        let task = tokio::task::spawn_local(run(ctx.clone(), id, timer.clone()));
        *timer.task.borrow_mut() = Some(task.abort_handle());
        if timer.number.get() == 0 {
            self.started.set(self.started.get() + 1);
            timer.number.set(self.started.get());
        }
        self.ended.borrow_mut().remove(&id);
        self.living.borrow_mut().insert(id, timer);
        self.stats.timers.set(self.len() as u64);
    }

    /// The top level is accepted as this generation: what it declared starts, or continues what lives.
    pub(crate) fn accept(&self, ctx: &Rc<Ctx>, generation: u64) {
        for (id, timer) in self.declared.take() {
            if self.living.borrow().contains_key(&id) {
                let handler = timer.handler.borrow().clone();
                let (interval, repeats) = (timer.interval.get(), timer.repeats.get());
                self.rebind(ctx, id, handler, interval, repeats, generation);
            } else {
                timer.asked_by.set(generation);
                self.start(ctx, id, timer);
            }
        }
    }

    /// The top level was rejected.
    pub(crate) fn forget_declared(&self) {
        drop(self.declared.take());
    }

    /// Ends the timers that earlier generations asked for and this one did not. Gives how many.
    pub(crate) fn end_unasked(&self, generation: u64) -> usize {
        let living = self.living.borrow();
        let stale = |t: &Timer| (1..generation).contains(&t.asked_by.get());
        let gone: Vec<u64> = living.iter().filter(|(_, t)| stale(t)).map(|(id, _)| *id).collect();
        drop(living);
        for id in &gone {
            self.del(*id, false);
        }
        self.ended.borrow_mut().retain(|_, timer| timer.asked_by >= generation);
        gone.len()
    }

    /// How many have started so far, whether they live or not.
    pub(crate) fn started(&self) -> u64 {
        self.started.get()
    }

    /// How many would go on, and how many the top level that has just run would add.
    pub(crate) fn preview(&self) -> (usize, usize) {
        let (living, declared) = (self.living.borrow(), self.declared.borrow());
        (living.len(), declared.keys().filter(|id| !living.contains_key(id)).count())
    }

    /// How many live that were among the first so many that have started, and how many that were not. One that a handler has
    /// ended is another one when it starts again, with the same id.
    pub(crate) fn count(&self, first: u64) -> (usize, usize) {
        let living = self.living.borrow();
        let new = living.values().filter(|timer| timer.number.get() > first).count();
        (living.len() - new, new)
    }

    fn del(&self, id: u64, declaring: bool) -> bool {
        let declared = self.declared.borrow_mut().remove(&id);
        // A top level that may still be rejected must not end what lives.
        let timer = if declaring { None } else { self.forget(id) };
        if let Some(task) = timer.as_ref().and_then(|t| t.task.borrow_mut().take()) {
            task.abort();
        }
        timer.is_some() || declared.is_some()
    }

    fn forget(&self, id: u64) -> Option<Rc<Timer>> {
        let timer = self.living.borrow_mut().remove(&id);
        self.stats.timers.set(self.len() as u64);
        timer.iter().for_each(|timer| self.note_ended(id, timer));
        timer
    }

    fn note_ended(&self, id: u64, timer: &Timer) {
        let mut ended = self.ended.borrow_mut();
        if timer.asked_by.get() > 0 && ended.len() < MAX_ENDED {
            ended.insert(id, EndedTimer::of(timer));
        }
    }

    /// Every handler that timers hold, to be replaced by those of a new generation.
    pub(crate) fn replace_handlers(&self, with: impl Fn(&Rc<Handler>) -> Option<Rc<Handler>>) {
        let timers: Vec<_> = self.living.borrow().values().cloned().collect();
        for timer in timers {
            let old = timer.handler.borrow().clone();
            if let Some(new) = with(&old) {
                drop(timer.handler.replace(new));
            }
        }
    }

    /// Every handler that timers hold.
    pub(crate) fn handlers(&self) -> Vec<Rc<Handler>> {
        self.living.borrow().values().map(|t| t.handler.borrow().clone()).collect()
    }

    /// Ends all.
    pub(crate) fn clear(&self) {
        drop(self.declared.take());
        let ended = self.living.take();
        self.stats.timers.set(0);
        for (id, timer) in ended {
            self.note_ended(id, &timer);
            if let Some(task) = timer.task.borrow_mut().take() {
                task.abort();
            }
        }
    }
}

/// The task of one timer. A tick runs as a task of its own, so that a handler that deletes its timer ends undisturbed.
async fn run(ctx: Rc<Ctx>, id: u64, timer: Rc<Timer>) {
    if !timer.repeats.get() {
        sleep(timer.interval.get()).await;
        ctx.timers.forget(id);
        tokio::task::spawn_local(tick(ctx.clone(), id, timer));
        return;
    }
    let every = timer.interval.get().max(MIN_INTERVAL);
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        // An error means that the tick panicked in the host; the timer goes on all the same.
        let _ = tokio::task::spawn_local(tick(ctx.clone(), id, timer.clone())).await;
    }
}

async fn tick(ctx: Rc<Ctx>, id: u64, timer: Rc<Timer>) {
    let handler = timer.handler.borrow().clone();
    let occasion = || Occasion::of_worker(format!("timer {id}"), ctx.name());
    // An error has been reported.
    let _ = ctx.call(handler, &mut Args::default(), 0, occasion).await;
}

/// `Timer::add(seconds, callback, args, persistent)` and its short forms.
fn add(
    ctx: &Rc<Ctx>,
    call: &NativeCallContext,
    after: &Dynamic,
    callback: Dynamic,
    args: Array,
    repeats: bool,
) -> Outcome<i64> {
    let interval = seconds(after, "a timer's interval")?;
    let f = function(call, "Timer", &callback)?;
    let wants = ctx.handler(call, "Timer", args.len(), f)?;
    // As elsewhere, a callback may take fewer than there are.
    let mut f = wants.fn_ptr().clone();
    for arg in args.into_iter().take(wants.takes()) {
        f.add_curry(arg);
    }
    let handler = ctx.handler(call, "Timer", 0, f)?;
    ctx.timers.add(ctx, handler, interval, repeats).map(|id| id as i64)
}

/// Suspends the running handler.
pub(crate) fn sleep_for(duration: &Dynamic) -> Outcome<()> {
    let duration = seconds(duration, "sleep")?;
    // The timer is made where the handler waits: the top level has no clock that could ring.
    waiting("sleep", async move { sleep(duration).await })
}

/// Announces the namespace and `sleep`.
pub(crate) fn register(registry: &mut Registry, ctx: &Rc<Ctx>) {
    type Call<'a> = NativeCallContext<'a>;
    type Any = Dynamic;
    let mut timer = Namespace::new("Timer");
    macro_rules! function {
        ($name:expr, |$home:ident $(, $arg:ident : $type:ty)*| $body:expr) => {
            let $home = ctx.clone();
            timer.function($name, move |$($arg: $type),*| $body);
        };
    }
    for (name, repeats) in [("add", true), ("repeat", true), ("delay", false)] {
        function!(name, |home, call: Call, s: Any, f: Any| {
            add(&home, &call, &s, f, vec![], repeats)
        });
        function!(name, |home, call: Call, s: Any, f: Any, args: Array| {
            add(&home, &call, &s, f, args, repeats)
        });
        function!(name, |home, call: Call, s: Any, f: Any, args: RefArray| {
            add(&home, &call, &s, f, args.into(), repeats)
        });
    }
    function!("add", |home, call: Call, s: Any, f: Any, args: Array, persistent: bool| {
        add(&home, &call, &s, f, args, persistent)
    });
    function!("add", |home, call: Call, s: Any, f: Any, args: RefArray, persistent: bool| {
        add(&home, &call, &s, f, args.into(), persistent)
    });
    function!("del", |home, id: i64| {
        u64::try_from(id).is_ok_and(|id| home.timers.del(id, home.is_declaring()))
    });
    function!("del_all", |home| match home.is_declaring() {
        true => home.timers.forget_declared(),
        false => home.timers.clear(),
    });
    timer.waiting("sleep", |s: Any| sleep_for(&s));
    timer.register(registry);
    // In place of rhai's own `sleep`, which would stop the whole isolate.
    registry.waiting("sleep", |s: i64| sleep_for(&s.into()));
    registry.waiting("sleep", |s: f64| sleep_for(&s.into()));
    registry.waiting("sleep", |s: Any| sleep_for(&s));
}
