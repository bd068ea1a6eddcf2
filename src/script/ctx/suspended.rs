//! A handler that waits, after it was started by somebody who is no future.

use super::{Called, Ctx, Occasion};
use crate::{
    engine::{
        call::coroutine::{self, Running},
        program::handler::{Args, Calls, Handler},
    },
    error::Fault,
    net::waiting::Ticket,
};
use rhai::Dynamic;
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
    time::Instant,
};

/// See the module.
pub(crate) struct Suspended {
    handler: Rc<Handler>,
    stage: Stage,
}

enum Stage {
    /// There was no stack for it.
    Queued { args: Args, tag: u64 },
    Running {
        running: Running<Calls>,
        began: Option<Instant>,
        /// Its place among those that wait.
        ticket: Ticket,
    },
}

impl Suspended {
    pub(super) fn without_stack(handler: Rc<Handler>, args: Args, tag: u64) -> Box<Self> {
        Box::new(Self { handler, stage: Stage::Queued { args, tag } })
    }

    pub(super) fn new(
        handler: Rc<Handler>,
        running: Running<Calls>,
        began: Option<Instant>,
        ticket: Ticket,
    ) -> Box<Self> {
        Box::new(Self { handler, stage: Stage::Running { running, began, ticket } })
    }

    /// Waits for its end; its arguments are moved back.
    pub(crate) async fn end(
        mut self: Box<Self>,
        ctx: &Ctx,
        args: &mut Args,
        occasion: impl Fn() -> Occasion,
    ) -> Result<Dynamic, Box<Fault>> {
        loop {
            let (running, began, ticket) = match &mut self.stage {
                Stage::Running { running, began, ticket } => (running, *began, ticket),
                Stage::Queued { args: own, tag } => {
                    ctx.pool.room().await;
                    let called = poll_fn(|cx| {
                        let handler = self.handler.clone();
                        Poll::Ready(ctx.start(handler, own, *tag, cx.waker(), &occasion))
                    });
                    match called.await {
                        Called::Ended(result) => {
                            *args = std::mem::take(own);
                            return result;
                        }
                        Called::Waits(suspended) => self = suspended,
                    }
                    continue;
                }
            };
            let place = ctx.place(&self.handler);
            let done = poll_fn(|cx| {
                ctx.turns.enter(place);
                let polled = Pin::new(&mut *running).poll(cx);
                ctx.turns.leave();
                if polled.is_pending() {
                    ticket.waits_in(coroutine::waits_in());
                }
                polled
            })
            .await;
            return ctx.ended(&self.handler, done, began, args, occasion);
        }
    }
}
