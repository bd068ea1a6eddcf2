//! How handlers are called, and what becomes of those that fail.

use super::{Ctx, Occasion, Wish};
use crate::{
    engine::{
        self,
        coroutine::Failure,
        handler::{Args, Done, Handler, Job},
    },
    error::{Fault, FaultKind},
    script::policy::Policy,
};
use rhai::{Dynamic, EvalAltResult};
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    time::Instant,
};

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
        if self.pool.is_full() {
            self.pool.room().await;
        }
        let job = Job { handler: handler.clone(), args: std::mem::take(args) };
        // (so that the host sees where it stands while it keeps this thread busy)
        let at = handler.place(|file, line| self.stats.place(file, line));
        let began = self.stats.measures().then(Instant::now);
        let mut running = self.pool.run(job, tag);
        let done = poll_fn(|cx| {
            self.turns.enter(at);
            let polled = Pin::new(&mut running).poll(cx);
            self.turns.leave();
            polled
        })
        .await;
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
        Err(self.fault(&handler, why, occasion()))
    }

    /// What is to be told of a handler that threw, or failed otherwise. (Apart from the way of those that do not.)
    #[cold]
    fn fault(
        &self,
        handler: &Handler,
        why: Result<Box<EvalAltResult>, Failure>,
        occasion: Occasion,
    ) -> Box<Fault> {
        let Occasion { what, connection } = occasion;
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
