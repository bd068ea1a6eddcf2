//! Pooled stackful coroutines: a handler runs on a stack of its own, so that a host function which has to wait can
//! suspend it in the middle. All of the crate's unsafe code is here; nothing of scripts or sockets may enter.
#![allow(unsafe_code)]

use crate::engine::{
    call::{
        allowance::{self, Made},
        stacks,
        turns::Turns,
    },
    reload::rerun,
};
use corosensei::{
    Coroutine, CoroutineResult, Yielder,
    stack::{DefaultStack, Stack},
};
use rustix::mm::{Advice, madvise};
use std::{
    cell::{Cell, RefCell},
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    ptr,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Bytes of a handler's stack that its calls may use; more comes behind, for what rhai does with deep values. Fixed: 64 call
/// levels of the hungriest form need 1 MiB; pages that are never touched cost address space only.
const STACK: usize = 1 << 20;

/// Bytes behind that in which something stands if they were ever used. Fixed: more than one call leaves out.
const TIDE_MARK: usize = 4 << 10;

/// Bytes that a native function may still use when a script is stopped because its stack runs out. Fixed.
const MARGIN: usize = 128 << 10;

/// Handlers that may be suspended at once in one isolate; further events wait. Fixed: each stack is two memory mappings,
/// and the kernel's default allows a process 65 530 of them.
pub(crate) const MAX_FIBERS: usize = 8_000;

/// Finished coroutines kept for the next event. Fixed.
const MAX_IDLE: usize = 64;

/// What runs on the stacks: keeps what it likes between jobs.
pub(crate) trait Runner: Default + 'static {
    type Job: 'static;
    type Done: 'static;
    fn run(&mut self, job: Self::Job) -> Self::Done;
}

enum In<J> {
    Run(J),
    Wake,
}

enum Out<D> {
    Done(D),
    Waiting,
}

type Body<R> = Coroutine<In<<R as Runner>::Job>, Out<<R as Runner>::Done>, ()>;

struct Fiber<R: Runner> {
    body: Body<R>,
    /// Below this address the stack counts as used up.
    stack_end: usize,
    /// The lowest address of what calls may use.
    script_end: usize,
    /// What its job has made anew.
    made: Made,
}

impl<R: Runner> Fiber<R> {
    /// Was the stack used beyond what calls may use? Then it is not kept: memory once used is not given back.
    fn is_soaked(&self) -> bool {
        let words = TIDE_MARK / size_of::<usize>();
        let below = self.script_end - TIDE_MARK;
        // SAFETY: this is a part of the coroutine's own stack, which is mapped and which nobody writes to as long as it is
        // suspended; what was never written to reads as 0.
        (0..words).any(|word| unsafe { ptr::read_volatile((below as *const usize).add(word)) } != 0)
    }
}

/// A running coroutine's way back to whoever resumed it.
trait Suspend {
    fn suspend_here(&self);
}

impl<J, D> Suspend for Yielder<In<J>, Out<D>> {
    fn suspend_here(&self) {
        let back = self.suspend(Out::Waiting);
        debug_assert!(matches!(back, In::Wake), "a waiting coroutine is given no second job");
    }
}

/// What the code that runs now may ask for. Each value by itself: every handler sets all of it, twice.
struct Current {
    yielder: Cell<Option<*const dyn Suspend>>,
    waker: Cell<*const Waker>,
    tag: Cell<u64>,
    /// When the clock of `ran_too_long` was first asked since the last resume.
    asked: Cell<Option<Instant>>,
    /// Where the stack counts as used up. (Every operation of a script asks.)
    stack_end: Cell<usize>,
    /// What the coroutine that was suspended last waits in.
    waits_in: Cell<&'static str>,
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            yielder: Cell::new(None),
            waker: Cell::new(ptr::null()),
            tag: Cell::new(0),
            asked: Cell::new(None),
            stack_end: Cell::new(0),
            waits_in: Cell::new(""),
        }
    };
    /// Handlers that are suspended.
    static SUSPENDED: Cell<usize> = const { Cell::new(0) };
    /// What others see of the code that runs on this thread.
    static TURNS: RefCell<Arc<Turns>> = RefCell::default();
}

/// The code that runs now is not in a handler, so that there is nothing to suspend.
#[derive(Debug)]
pub(crate) struct MayNotWait;

/// Suspends the running handler until the future is ready; other work goes on meanwhile. `what` names the function that
/// waits, for whoever looks.
pub(crate) fn wait<F: Future>(what: &'static str, future: F) -> Result<F::Output, MayNotWait> {
    let yielder = CURRENT.with(|current| current.yielder.get());
    let Some(yielder) = yielder else { return Err(MayNotWait) };
    let mut future = pin!(future);
    loop {
        // SAFETY: the waker belongs to whoever resumed this coroutine, who goes on after this only.
        let waker = unsafe { &*CURRENT.with(|current| current.waker.get()) };
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(waker)) {
            return Ok(value);
        }
        let suspended = Suspended::new();
        let noted = rerun::note(0);
        CURRENT.with(|current| current.waits_in.set(what));
        // SAFETY: the yielder lives on the stack of the coroutine that runs this very line.
        unsafe { (*yielder).suspend_here() };
        rerun::note(noted);
        drop(suspended);
        CURRENT.with(|current| current.yielder.set(Some(yielder)));
    }
}

/// Returns whether the code that runs now may wait: whether it is a handler.
pub(crate) fn may_wait() -> bool {
    CURRENT.with(|current| current.yielder.get()).is_some()
}

/// Counts a handler as suspended, also when its stack is unwound there.
struct Suspended;

impl Suspended {
    fn new() -> Self {
        SUSPENDED.set(SUSPENDED.get() + 1);
        Self
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        SUSPENDED.set(SUSPENDED.get() - 1);
    }
}

/// Is any handler but the running one in the middle of something?
pub(crate) fn others_wait() -> bool {
    SUSPENDED.get() > 0
}

/// What the handler waits in that was suspended last.
pub(crate) fn waits_in() -> &'static str {
    CURRENT.with(|current| current.waits_in.get())
}

/// The tag that the running handler was started with; 0 outside of handlers.
pub(crate) fn tag() -> u64 {
    CURRENT.with(|current| current.tag.get())
}

/// Is the running handler's stack nearly used up?
#[inline(always)]
pub(crate) fn stack_is_low() -> bool {
    let here = 0u8;
    (std::hint::black_box(&raw const here) as usize)
        < CURRENT.with(|current| current.stack_end.get())
}

/// Code of this thread runs in these turns from now on, with their limit.
pub(crate) fn set_turns(turns: Arc<Turns>) {
    allowance::set_limit(turns.memory());
    TURNS.set(turns);
}

/// See [`set_turns`].
pub(crate) fn turns() -> Arc<Turns> {
    TURNS.with_borrow(Arc::clone)
}

/// Has the running code used more than that since it was resumed? Gives the limit then. The clock starts with the first
/// question, which spares short handlers from reading it.
pub(crate) fn ran_too_long() -> Option<Duration> {
    let Some(since) = CURRENT.with(|current| current.asked.get()) else {
        CURRENT.with(|current| current.asked.set(Some(Instant::now())));
        return None;
    };
    let limit = TURNS.with_borrow(|turns| turns.limit());
    (!limit.is_zero() && since.elapsed() > limit).then_some(limit)
}

/// Starts that clock anew for code that runs outside of handlers.
pub(crate) fn restart_clock() {
    CURRENT.with(|current| current.asked.set(None));
    TURNS.with_borrow(|turns| turns.begin_anew());
}

/// Why a job gave no result.
pub(crate) enum Failure {
    /// A native function panicked, with this message.
    Panic(String),
    /// The system gave no memory for another stack.
    NoStack,
}

/// What came of a job that was started.
pub(crate) enum Started<R: Runner> {
    /// It never waited.
    Ended(Result<R::Done, Failure>),
    Waits(Running<R>),
}

/// What came of resuming a coroutine.
enum Resumed<R: Runner> {
    Ended(Result<R::Done, Failure>),
    Waits(Fiber<R>),
}

/// The coroutines of one isolate.
pub(crate) struct Pool<R: Runner> {
    idle: RefCell<Vec<Fiber<R>>>,
    /// Jobs that run or wait.
    busy: Cell<usize>,
    /// Did a job run so long that it asked for the clock?
    long: Cell<bool>,
    /// How many wait for room.
    waiting: Cell<usize>,
    /// Completion when a job ends while somebody does.
    freed: Notify,
}

impl<R: Runner> Default for Pool<R> {
    fn default() -> Self {
        Self {
            idle: RefCell::default(),
            busy: Cell::new(0),
            long: Cell::new(false),
            waiting: Cell::new(0),
            freed: Notify::new(),
        }
    }
}

impl<R: Runner> Pool<R> {
    /// Is there no room for another job now?
    pub(crate) fn is_full(&self) -> bool {
        self.busy.get() >= MAX_FIBERS
    }

    /// Waits until there is.
    pub(crate) async fn room(&self) {
        while self.is_full() {
            self.waiting.set(self.waiting.get() + 1);
            self.freed.notified().await;
            self.waiting.set(self.waiting.get() - 1);
        }
    }

    /// Runs a job until it ends or has to wait; what it waits for is told to `waker`, which is that of the task that will poll
    /// it then.
    pub(crate) fn start(self: &Rc<Self>, job: R::Job, tag: u64, waker: &Waker) -> Started<R> {
        let idle = self.idle.borrow_mut().pop();
        let Some(fiber) = idle.or_else(spawn) else {
            return Started::Ended(Err(Failure::NoStack));
        };
        self.busy.set(self.busy.get() + 1);
        match self.resume(fiber, In::Run(job), tag, waker) {
            Resumed::Ended(done) => {
                self.one_less();
                Started::Ended(done)
            }
            Resumed::Waits(fiber) => {
                Started::Waits(Running { pool: self.clone(), fiber: Some(fiber), tag })
            }
        }
    }

    fn resume(
        &self,
        mut fiber: Fiber<R>,
        input: In<R::Job>,
        tag: u64,
        waker: &Waker,
    ) -> Resumed<R> {
        let made = if matches!(input, In::Wake) { fiber.made.left() } else { 0 };
        let (yielder, outer_waker, outer_tag, asked, stack_end) = CURRENT.with(|current| {
            (
                current.yielder.replace(None),
                current.waker.replace(ptr::from_ref(waker)),
                current.tag.replace(tag),
                current.asked.replace(None),
                current.stack_end.replace(fiber.stack_end),
            )
        });
        let entered = allowance::enter(made);
        let resumed = catch_unwind(AssertUnwindSafe(|| fiber.body.resume(input)));
        fiber.made = Made::after_turn(made, allowance::leave(entered));
        let was_long = CURRENT.with(|current| {
            current.yielder.set(yielder);
            current.waker.set(outer_waker);
            current.tag.set(outer_tag);
            current.stack_end.set(stack_end);
            current.asked.replace(asked).is_some()
        });
        if was_long {
            self.long.set(true);
        }
        match resumed {
            Ok(CoroutineResult::Yield(Out::Waiting)) => Resumed::Waits(fiber),
            Ok(CoroutineResult::Yield(Out::Done(done))) => {
                let mut idle = self.idle.borrow_mut();
                if idle.len() < MAX_IDLE && !(was_long && fiber.is_soaked()) {
                    idle.push(fiber);
                }
                Resumed::Ended(Ok(done))
            }
            Ok(CoroutineResult::Return(())) => {
                Resumed::Ended(Err(Failure::Panic("a coroutine ended by itself".into())))
            }
            // The panic costs this coroutine; what it was doing is reported by the caller, with what may help.
            Err(panic) => Resumed::Ended(Err(Failure::Panic(message(&*panic)))),
        }
    }

    fn one_less(&self) {
        let busy = self.busy.get();
        self.busy.set(busy - 1);
        // One that was dropped while it waited still counts, which costs a look.
        if self.waiting.get() > 0 {
            self.freed.notify_one();
        }
    }

    /// Did a job run for long (some thousand operations) since this was last asked?
    pub(crate) fn took_long(&self) -> bool {
        self.long.take()
    }

    /// Drops the coroutines that wait for work, with all that their runners keep.
    pub(crate) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }
}

fn spawn<R: Runner>() -> Option<Fiber<R>> {
    let stack = DefaultStack::new(STACK + stacks::reserve()).ok()?;
    let script_end = stack.base().get() - STACK;
    let stack_end = script_end + MARGIN;
    // SAFETY: the range is that of the stack, and the advice changes nothing but how it is backed. Where it is not known,
    // pages may be larger than they need to be.
    let _ = unsafe {
        let (start, end) = (stack.limit().get(), stack.base().get());
        madvise(start as *mut _, end - start, Advice::LinuxNoHugepage)
    };
    let body = Coroutine::with_stack(stack, |yielder: &Yielder<_, _>, mut input| {
        let mut runner = R::default();
        while let In::Run(job) = input {
            CURRENT.with(|current| current.yielder.set(Some(yielder as &dyn Suspend as *const _)));
            let done = runner.run(job);
            input = yielder.suspend(Out::Done(done));
        }
    });
    Some(Fiber { body, stack_end, script_end, made: Made::default() })
}

/// A job that waits on its coroutine. Dropping it unwinds the coroutine's stack.
pub(crate) struct Running<R: Runner> {
    pool: Rc<Pool<R>>,
    /// None when it has ended.
    fiber: Option<Fiber<R>>,
    tag: u64,
}

impl<R: Runner> Drop for Running<R> {
    fn drop(&mut self) {
        // Its stack first: whoever is told of the room may take its place at once.
        drop(self.fiber.take());
        self.pool.one_less();
    }
}

// Nothing in here is pinned: the coroutine's stack is on the heap.
impl<R: Runner> Unpin for Running<R> {}

impl<R: Runner> Future for Running<R> {
    type Output = Result<R::Done, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(fiber) = self.fiber.take() else {
            return Poll::Ready(Err(Failure::Panic("a coroutine that has ended was asked".into())));
        };
        match self.pool.resume(fiber, In::Wake, self.tag, cx.waker()) {
            Resumed::Ended(done) => Poll::Ready(done),
            Resumed::Waits(fiber) => {
                self.fiber = Some(fiber);
                Poll::Pending
            }
        }
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

/// Runs something of others outside of a coroutine; a panic becomes its text.
pub(crate) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| message(&*panic))
}

#[cfg(test)]
#[path = "coroutine_tests.rs"]
mod tests;
