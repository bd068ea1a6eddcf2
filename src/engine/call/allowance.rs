//! What one handler may make anew: the bytes that it has allocated since it began and that nobody has freed, across its
//! waits, and without what others make meanwhile. The allocator counts for the whole thread; whoever lets a handler run says
//! when it begins and ends to do so.
//!
//! Nobody knows who made what somebody frees. What others free on balance while a handler waits is taken for its own, up to
//! all that it has made: a handler that lives for days and whose values are used up by others holds nothing, and must not
//! be ended for what it made long ago. So nobody is ended unless the thread's memory has really grown by as much as a
//! handler may make.
//!
//! A handler that is past its limit gets an ordinary error where it next reads a variable, which has a place in the script
//! and a chain of calls. Whoever catches that error, or reads no variables, is ended: that cannot be caught, but rhai only
//! tells the place of the outermost call.
//!
//! # Memory is counted by the allocator, depth is looked at
//!
//! What a handler makes is the difference of one number of its thread, which the allocator adds to; each operation
//! compares it. No function that makes values has to know of it, but for those that make many times as much as they
//! are given, which ask before. Past the limit, the next variable that is read is an error, which has a place and a
//! chain of calls; whoever catches it is ended. Rhai drops, copies and compares nested values by recursion, so a
//! handler's stack has 256 MiB of address space behind what calls may use, and whenever half a megabyte or more has
//! been allocated it is looked how deep the variables at hand are nested. Containers by reference are dropped in a
//! row and may be as deep as there is memory.

use crate::{
    allocator::{self, allocated},
    engine::call::{nesting::Nesting, stacks},
};
use rhai::{Dynamic, EvalAltResult, EvalContext, Position};
use std::cell::Cell;

/// How the message of a handler that is past its limit ends.
const MARK: &str = "(handler_memory)";

/// Operations that a handler past its limit may still run until it reads a variable. Fixed: few, as each may double what
/// there is.
const GRACE: u8 = 8;

/// Bytes that a thread allocates between two looks at how deep its values are nested. Fixed: some 10 000 arrays of one
/// value, or a thousand maps.
const LOOK_EVERY: i64 = 512 << 10;

/// The part of a stack that values may need which come into being between two looks: a level takes at least a quarter of
/// its stack in memory.
const PART_OF_STACK: usize = 8;

/// Bytes for each value that a look sees, after which the next look comes. Fixed: so a look costs little beside the making
/// of what it looks at.
const LOOK_PER_VALUE: i64 = 16;

/// Where a handler stands that is past its limit.
#[derive(Clone, Copy, PartialEq)]
enum Over {
    Not,
    /// It may run so many operations until it reads a variable.
    Seen(u8),
    /// It has had the error.
    Told,
}

/// What stands for no limit.
const NO_LIMIT: i64 = i64::MAX;

struct Meter {
    /// Bytes that a handler of this thread may make; `NO_LIMIT` as many as there are.
    limit: Cell<i64>,
    /// The same of the code that runs now.
    running: Cell<i64>,
    /// What the thread will have allocated when the running handler is at its limit.
    limit_at: Cell<i64>,
    over: Cell<Over>,
    /// What it will have allocated when its values are looked at next.
    look_at: Cell<i64>,
    /// How long that is after the last look, bytes.
    step: Cell<i64>,
    /// Has a look been due since before the running handler began?
    is_late: Cell<bool>,
    /// The smaller of both, which is all that an operation asks for.
    alert_at: Cell<i64>,
    /// Is there something to be done where the next variable is read?
    is_pending: Cell<bool>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            limit: Cell::new(NO_LIMIT),
            running: Cell::new(NO_LIMIT),
            limit_at: Cell::new(NO_LIMIT),
            over: Cell::new(Over::Not),
            look_at: Cell::new(LOOK_EVERY),
            step: Cell::new(LOOK_EVERY),
            is_late: Cell::new(false),
            alert_at: Cell::new(LOOK_EVERY),
            is_pending: Cell::new(false),
        }
    };
}

impl Meter {
    fn set_alert(&self) {
        let at = match self.over.get() {
            Over::Told => i64::MIN,
            _ => self.limit_at.get().min(self.look_at.get()),
        };
        self.alert_at.set(at);
    }

    /// Lets the running code make so much, of which it has made a part already, when so much is allocated.
    #[inline(always)]
    fn allow(&self, bytes: i64, made: i64, now: i64) {
        self.running.set(bytes);
        self.limit_at.set(bytes.saturating_add(now - made));
    }

    /// Sees to it that looks come as often as they should, but none is due for ever where no variable is read.
    fn renew_look(&self, now: i64) {
        let ahead = self.look_at.get().saturating_sub(now);
        if ahead > self.step.get() {
            // What was freed meanwhile is no reason to look later.
            self.look_at.set(now + self.step.get());
        } else if ahead < 0 {
            // A look that became due in one handler has all of the next one.
            if self.is_late.replace(true) {
                self.is_late.set(false);
                self.look_at.set(now + self.step.get());
            }
        }
    }

    fn excess(&self) -> String {
        format!("it has made more than {} anew {MARK}", bytes(self.running.get()))
    }
}

/// 256 MiB, as people read it.
fn bytes(n: i64) -> String {
    match n {
        n if n >= 1 << 20 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 && n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        n => format!("{n} bytes"),
    }
}

/// Was a script ended because it made too much?
pub(crate) fn is_excess(error: &EvalAltResult) -> bool {
    match error.unwrap_inner() {
        EvalAltResult::ErrorTerminated(why, _) | EvalAltResult::ErrorRuntime(why, _) => {
            why.as_immutable_string_ref().is_ok_and(|why| why.ends_with(MARK))
        }
        _ => false,
    }
}

/// A limit as options give it, where 0 is none.
fn limit(bytes: u64) -> i64 {
    i64::try_from(bytes).ok().filter(|bytes| *bytes > 0).unwrap_or(NO_LIMIT)
}

/// Handlers of this thread that begin from now on may make so much; 0 is without a limit.
pub(crate) fn set_limit(bytes: u64) {
    METER.with(|meter| meter.limit.set(limit(bytes)));
}

/// The code that runs now may make so much more; 0 is without a limit. What it has made so far does not count.
pub(crate) fn set_running_limit(bytes: u64) {
    METER.with(|meter| {
        meter.allow(limit(bytes), 0, allocated());
        meter.set_alert();
    });
}

/// What has to be restored when the code has run that was let in.
pub(in crate::engine) struct Outer {
    running: i64,
    limit_at: i64,
    over: Over,
    entered: i64,
}

/// What a handler has made, between its turns.
#[derive(Clone, Copy, Default)]
pub(in crate::engine) struct Made {
    /// Bytes, of what is not freed.
    bytes: i64,
    /// What the thread had allocated when its turn ended.
    left_at: i64,
}

impl Made {
    /// After a turn in which it has made so many bytes `more` than before. Who frees what others made may not make more.
    #[inline]
    pub(in crate::engine) fn after_turn(before: i64, more: i64) -> Self {
        Self { bytes: (before + more).max(0), left_at: allocated() }
    }

    /// Bytes that are left of it when it goes on.
    #[inline]
    pub(in crate::engine) fn left(self) -> i64 {
        let of_others = allocated() - self.left_at;
        (self.bytes + of_others.min(0)).max(0)
    }
}

/// Code runs from now on that has made so much already.
#[inline]
pub(in crate::engine) fn enter(made: i64) -> Outer {
    METER.with(|meter| {
        let entered = allocated();
        let outer = Outer {
            running: meter.running.get(),
            limit_at: meter.limit_at.get(),
            over: meter.over.get(),
            entered,
        };
        meter.over.set(Over::Not);
        meter.allow(meter.limit.get(), made, entered);
        meter.renew_look(entered);
        meter.alert_at.set(meter.limit_at.get().min(meter.look_at.get()));
        outer
    })
}

/// It waits, or has ended; gives what it made meanwhile. That does not count for whoever let it in.
#[inline]
pub(in crate::engine) fn leave(outer: Outer) -> i64 {
    METER.with(|meter| {
        let made = allocated() - outer.entered;
        meter.running.set(outer.running);
        meter.limit_at.set(outer.limit_at.saturating_add(made));
        meter.over.set(outer.over);
        meter.set_alert();
        made
    })
}

/// After how many bytes it is to be looked again when so many values were seen.
fn look_after(seen: usize) -> i64 {
    let most = i64::try_from(stacks::reserve() / PART_OF_STACK).unwrap_or(LOOK_EVERY);
    let least = LOOK_EVERY.min(most);
    let after = i64::try_from(seen).map_or(most, |seen| seen.saturating_mul(LOOK_PER_VALUE));
    after.clamp(least, most)
}

/// Has so much been allocated that somebody has to look closer? For every operation.
#[inline(always)]
pub(in crate::engine) fn is_alerted() -> bool {
    METER.with(|meter| allocated() > meter.alert_at.get())
}

/// Is there something for [`attend`]? For every variable that is read.
#[inline(always)]
pub(in crate::engine) fn is_pending() -> bool {
    METER.with(|meter| meter.is_pending.get())
}

/// Looks closer. Gives the reason if the code has to end here and now.
#[cold]
pub(in crate::engine) fn look() -> Option<Dynamic> {
    METER.with(|meter| {
        let now = allocated();
        if meter.over.get() == Over::Told {
            return Some(meter.excess().into());
        }
        if now > meter.limit_at.get() {
            meter.is_pending.set(true);
            let left = match meter.over.get() {
                Over::Seen(left) => left,
                _ => GRACE,
            };
            let doubled = meter.limit_at.get().saturating_add(meter.running.get());
            if left == 0 || now > doubled {
                return Some(meter.excess().into());
            }
            meter.over.set(Over::Seen(left - 1));
        } else {
            meter.over.set(Over::Not);
        }
        if now > meter.look_at.get() {
            meter.is_pending.set(true);
        }
        None
    })
}

/// Does what is pending, where a variable is read: the error of a handler that is past its limit, or a look at the
/// variables that are to be seen there, of which `named` is one. `position` is where that is, if rhai does not know it.
/// (Of all others that the handler has, the next looks see some. Code that works on `this` alone shows none; rhai walks
/// through all of a `this` that it calls a method of, so that time is up before such a value is deep.)
#[cold]
pub(in crate::engine) fn attend(
    context: &EvalContext,
    named: Option<&Dynamic>,
    position: Position,
) -> Result<(), Box<EvalAltResult>> {
    METER.with(|meter| {
        meter.is_pending.set(false);
        let now = allocated();
        if now > meter.limit_at.get() {
            meter.over.set(Over::Told);
            meter.set_alert();
            return Err(EvalAltResult::ErrorRuntime(meter.excess().into(), position).into());
        }
        if now <= meter.look_at.get() {
            return Ok(());
        }
        let limit = stacks::max_levels();
        let mut nesting = Nesting::new(limit);
        let locals = context.scope().iter_raw().map(|(.., value)| value);
        let too_deep =
            locals.chain(context.this_ptr()).chain(named).any(|value| nesting.is_too_deep(value));
        meter.step.set(look_after(nesting.seen));
        meter.look_at.set(now + meter.step.get());
        meter.is_late.set(false);
        meter.set_alert();
        if too_deep {
            let text = format!("a value is nested deeper than {limit} levels");
            return Err(EvalAltResult::ErrorRuntime(text.into(), position).into());
        }
        Ok(())
    })
}

/// What a function gives, and how many bytes it has allocated that are not freed. Without the host's allocator that is 0.
pub(crate) fn measured<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let before = allocated();
    let result = f();
    (result, usize::try_from(allocated() - before).unwrap_or(0))
}

/// What work for a handler gives that runs on another thread, and how many bytes it has allocated there, less what it has
/// freed of what the handler handed over. [`settle`] counts them where the handler runs.
pub(crate) fn elsewhere<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let before = allocated();
    let result = work();
    (result, allocated() - before)
}

/// Counts what was made and freed elsewhere for the handler of this thread, so that it is not taken for what it keeps.
pub(crate) fn settle(bytes: i64) {
    allocator::settle(bytes);
}

/// Bytes that the running handler may still make.
pub(in crate::engine) fn left() -> usize {
    METER.with(|meter| {
        let left = meter.limit_at.get().saturating_sub(allocated()).max(0);
        usize::try_from(left).unwrap_or(usize::MAX)
    })
}

/// Refuses what would take more than the running handler may still make; `what` names it.
pub(in crate::engine) fn check(more: usize, what: &str) -> Result<(), Box<EvalAltResult>> {
    METER.with(|meter| {
        if more <= left() {
            return Ok(());
        }
        let limit = bytes(meter.running.get());
        let text = format!("{what} would be more than is left of {limit} {MARK}");
        Err(EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into())
    })
}
