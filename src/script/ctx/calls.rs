//! How handlers are called, and what becomes of those that fail.

use super::{Ctx, Occasion, Suspended, Wish};
use crate::{
    engine::{
        self,
        call::coroutine::{self, Failure, MAX_FIBERS, Started},
        program::handler::{Args, Done, Handler, Job},
    },
    error::{Fault, FaultKind},
    log::Level,
    net::waiting::{Crowding, Ticket, Waiter},
    script::policy::Policy,
};
use rhai::{Dynamic, EvalAltResult};
use std::{
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    time::Instant,
};

/// What came of a call.
pub(crate) enum Called {
    Ended(Result<Dynamic, Box<Fault>>),
    /// The handler has to wait, or there is no stack for it now.
    Waits(Box<Suspended>),
}

impl Ctx {
    /// Calls a handler on a coroutine. `tag` says for whom (see `timer::asking_generation`); `occasion` says, for a
    /// report, what for. Arguments are moved in and out. An error has been reported.
    pub(crate) async fn call(
        &self,
        handler: Rc<Handler>,
        args: &mut Args,
        tag: u64,
        occasion: impl Fn() -> Occasion,
    ) -> Result<Dynamic, Box<Fault>> {
        let result = self.try_call(handler, args, tag, occasion).await;
        result.inspect_err(|fault| self.own_up(fault))
    }

    /// Reports the fault of a script, and does what its worker wants to be done then.
    pub(crate) fn own_up(&self, fault: &Fault) {
        self.report(fault.clone());
        let served = self.served.borrow();
        self.exit_if(served.as_ref().map(|w| w.core().settings.on_script_error.get()));
    }

    /// The same for callers that have something better to do with a fault than to log it.
    pub(crate) async fn try_call(
        &self,
        handler: Rc<Handler>,
        args: &mut Args,
        tag: u64,
        occasion: impl Fn() -> Occasion,
    ) -> Result<Dynamic, Box<Fault>> {
        let called = poll_fn(|cx| {
            Poll::Ready(self.start(handler.clone(), args, tag, cx.waker(), &occasion))
        });
        match called.await {
            Called::Ended(result) => result,
            Called::Waits(suspended) => suspended.end(self, args, occasion).await,
        }
    }

    /// The same for a caller that is no future itself as long as the handler does not wait; `waker` is that of its task.
    pub(crate) fn start(
        &self,
        handler: Rc<Handler>,
        args: &mut Args,
        tag: u64,
        waker: &Waker,
        occasion: impl Fn() -> Occasion,
    ) -> Called {
        if self.pool.is_full() {
            return Called::Waits(Suspended::without_stack(handler, std::mem::take(args), tag));
        }
        let began = self.stats.measures().then(Instant::now);
        let job = Job { handler: handler.clone(), args: std::mem::take(args) };
        self.turns.enter(self.place(&handler));
        let started = self.pool.start(job, tag, waker);
        self.turns.leave();
        match started {
            Started::Ended(done) => {
                Called::Ended(self.ended(&handler, done, began, args, occasion))
            }
            Started::Waits(running) => {
                let ticket = self.note_waiting(&handler, occasion());
                Called::Waits(Suspended::new(handler, running, began, ticket))
            }
        }
    }

    /// A handler has been suspended for the first time: whoever looks sees it until it has ended.
    fn note_waiting(&self, handler: &Handler, occasion: Occasion) -> Ticket {
        let Occasion { event, worker, connection, is_gone, request: _ } = occasion;
        let waiter = Waiter {
            place: self.place(handler),
            event,
            worker,
            connection,
            is_gone,
            waits_in: coroutine::waits_in(),
            since: Instant::now(),
            generation: handler.program().number(),
        };
        let (ticket, crowding) = Ticket::take(&self.stats.waiting, waiter, MAX_FIBERS);
        if let Some(crowding) = crowding {
            self.tell_of_crowd(crowding);
        }
        ticket
    }

    #[cold]
    fn tell_of_crowd(&self, crowding: Crowding) {
        let waiting = &self.stats.waiting;
        let (level, count, room) = match crowding {
            Crowding::Half => {
                (Level::Warn, waiting.count(), format!("there is room for {MAX_FIBERS}"))
            }
            Crowding::Full => {
                let room = "that is all there is room for: further events wait until one ends";
                (Level::Error, waiting.count(), room.to_owned())
            }
        };
        let most = waiting.most_at();
        let most = most.and_then(|(place, count)| Some((self.stats.name_of(place)?, count)));
        let most =
            most.map_or(String::new(), |(place, n)| format!("; most of them ({n}) at {place}"));
        self.say(level, format!("{count} handlers wait at once, {room}{most}"));
    }

    /// Where a handler stands, for the host, which sees it while that keeps this thread busy.
    pub(super) fn place(&self, handler: &Handler) -> u64 {
        handler.place(|file, line| self.stats.place(file, line))
    }

    /// What came of a handler that has ended; its arguments are moved back.
    pub(super) fn ended(
        &self,
        handler: &Handler,
        done: Result<Done, Failure>,
        began: Option<Instant>,
        args: &mut Args,
        occasion: impl Fn() -> Occasion,
    ) -> Result<Dynamic, Box<Fault>> {
        if let Some(began) = began {
            self.stats.latency.observe(began.elapsed());
        }
        let why = match done {
            Ok(Done { result, args: back }) => {
                *args = back;
                match result {
                    Ok(value) => return Ok(value),
                    Err(error) => Ok(error),
                }
            }
            Err(failure) => Err(failure),
        };
        Err(self.fault(handler, why, occasion()))
    }

    /// What is to be told of a handler that threw, or failed otherwise. (Apart from the way of those that do not.)
    #[cold]
    fn fault(
        &self,
        handler: &Handler,
        why: Result<Box<EvalAltResult>, Failure>,
        occasion: Occasion,
    ) -> Box<Fault> {
        let (connection, what) = (occasion.connection, occasion);
        let fault = match why {
            Ok(error) => {
                let program = handler.program();
                let note = format!("in {what}, generation {}", program.number());
                program.fault(&error, handler.file(), &note)
            }
            Err(Failure::Panic(text)) => {
                let (text, at) = (engine::panicked(text), handler.location());
                Fault::panic(format!("a function of the host panicked in {what}, {at}: {text}"))
            }
            Err(Failure::NoStack) => {
                let text = format!("no memory for another waiting handler: {what} was not run");
                Fault { kind: FaultKind::Script, ..Fault::plain(text) }
            }
        };
        let faults = &self.stats.faults;
        match fault.kind {
            FaultKind::Timeout => faults.timeout.add(1),
            FaultKind::Memory => faults.memory.add(1),
            FaultKind::Panic => faults.panic.add(1),
            FaultKind::Script | FaultKind::Host => faults.script.add(1),
        }
        let generation = u64::try_from(handler.program().number()).ok();
        Box::new(Fault { generation, connection, ..fault })
    }

    /// Asks for the end of this isolate, and a new one in its place, if that is what an error costs.
    pub(crate) fn exit_if(&self, policy: Option<Policy>) {
        if policy == Some(Policy::Exit) && !self.exits.replace(true) {
            self.wish(Wish::Restart { isolate: self.isolate, died: None });
        }
    }
}
