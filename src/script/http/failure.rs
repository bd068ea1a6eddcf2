//! An error of a route's handler, kept as it was thrown: an app may answer it in its own way, and the log still gets the
//! whole report.

use super::{Request, Response, send, uncoloured};
use crate::{
    engine::program::handler::Handler,
    error::Fault,
    net::drivers::http::exchange,
    runtime::registry::Registry,
    script::{
        ctx::Ctx,
        tcp_connection::TcpConnection,
        value::{Outcome, error},
    },
};
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};
use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

/// What a client is told of an error that is not its own.
const FAILED: &str = "the handler of this request failed";

/// The handle.
#[derive(Clone)]
pub(crate) struct Failure(Rc<Inner>);

struct Inner {
    ctx: Rc<Ctx>,
    /// Whose error it is; none of one that the router found.
    handler: Option<Rc<Handler>>,
    request: Option<Request>,
    /// None when it has been thrown again.
    error: RefCell<Option<Box<EvalAltResult>>>,
    fault: OnceCell<Fault>,
}

impl Failure {
    pub(super) fn new(
        ctx: &Rc<Ctx>,
        handler: Option<Rc<Handler>>,
        request: Option<Request>,
        error: Box<EvalAltResult>,
    ) -> Self {
        let (ctx, error, fault) = (ctx.clone(), RefCell::new(Some(error)), OnceCell::new());
        Self(Rc::new(Inner { ctx, handler, request, error, fault }))
    }

    /// The same as a report.
    fn fault(&self) -> &Fault {
        let Inner { ctx, handler, request, error, fault } = &*self.0;
        fault.get_or_init(|| {
            let asked = request.as_ref().map_or("a request".to_owned(), Request::described);
            let program = handler.as_ref().map(|handler| handler.program().clone());
            match (program.or_else(|| ctx.program()), &*error.borrow()) {
                (Some(program), Some(error)) => {
                    let file = handler.as_ref().map(|handler| handler.file().to_owned());
                    let note = format!("for {asked}, generation {}", program.number());
                    program.fault(error, &file.unwrap_or_default(), &note)
                }
                _ => Fault::plain(format!("an error for {asked}")),
            }
        })
    }

    /// Was it thrown by a `throw` of the script, as a message to whoever catches it?
    fn is_thrown(&self) -> bool {
        let innermost_is_runtime = {
            let kept = self.0.error.borrow();
            let mut error = kept.as_deref();
            while let Some(
                EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
                | EvalAltResult::ErrorInModule(_, inner, _),
            ) = error
            {
                error = Some(inner);
            }
            matches!(error, Some(EvalAltResult::ErrorRuntime(..)))
        };
        let program = || self.0.handler.as_ref().map(|handler| handler.program().clone());
        innermost_is_runtime
            && program().is_some_and(|program| {
                program.sources().at(&self.fault().location).is_some_and(|t| t.starts_with("throw"))
            })
    }

    /// The status of the answer, and what it says: the client hears of its own mistakes only.
    fn told(&self) -> (u16, String) {
        let fault = self.fault();
        let refused = self.0.request.as_ref().and_then(|r| r.refused_form(&fault.text));
        refused.unwrap_or_else(|| match self.0.ctx.explains.get() {
            true => (500, uncoloured(&fault.text)),
            false => (500, FAILED.to_owned()),
        })
    }

    /// What `on_error` is given: what was thrown, else a map that tells all of the error.
    fn value(&self) -> Dynamic {
        if self.is_thrown() {
            let kept = self.0.error.borrow();
            let mut error = kept.as_deref();
            loop {
                match error {
                    Some(
                        EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
                        | EvalAltResult::ErrorInModule(_, inner, _),
                    ) => error = Some(inner),
                    Some(EvalAltResult::ErrorRuntime(value, _)) => return value.clone(),
                    _ => break,
                }
            }
        }
        let fault = self.fault();
        let mut parts = fault.location.splitn(3, ':');
        let file = parts.next().unwrap_or_default().to_owned();
        let mut number = || parts.next().and_then(|n| n.parse::<i64>().ok()).unwrap_or(0);
        let (line, column) = (number(), number());
        let mut map = Map::new();
        map.insert("message".into(), fault.title.clone().into());
        map.insert("file".into(), file.into());
        map.insert("line".into(), line.into());
        map.insert("column".into(), column.into());
        map.insert("status".into(), i64::from(self.told().0).into());
        map.insert("report".into(), uncoloured(&fault.text).into());
        map.into()
    }

    /// An answer that tells of it.
    fn answer(&self) -> Outcome<Response> {
        let (status, text) = self.told();
        Response::plain(status, &format!("{text}\n"))
    }

    /// Sends the answer, if nothing was sent, and throws the error again for the log, unless that is not for it: a client's
    /// own mistake, and what the script has thrown for its app and the app has answered. `by_app`: the app has.
    fn settle(
        &self,
        call: &NativeCallContext,
        connection: &TcpConnection,
        answer: &Dynamic,
        by_app: bool,
    ) -> Outcome<()> {
        let has_answer = !answer.is_unit() && !answer.is_bool();
        let is_answered = has_answer && exchange::is_unanswered(&connection.conn());
        if is_answered {
            // An answer that cannot be sent is an error of its own, and must not hide this one.
            send(connection, answer).inspect_err(|_| self.tell())?;
        }
        if is_answered && self.told().0 < 500 {
            return Ok(());
        }
        if is_answered && by_app && self.is_thrown() {
            if answer.read_lock::<Response>().is_some_and(|response| response.status() >= 500) {
                self.tell();
            }
            return Ok(());
        }
        self.raise(call)
    }

    /// A line in the log for an error that is none of the host's any more.
    fn tell(&self) {
        if let Some(request) = &self.0.request {
            request.warn(&self.fault().text);
        }
    }

    fn raise(&self, call: &NativeCallContext) -> Outcome<()> {
        let Some(why) = self.0.error.take() else { return Ok(()) };
        let at = call.call_position();
        Err(match &self.0.handler {
            None => why,
            Some(handler) => {
                let name = handler.fn_ptr().fn_name().to_owned();
                EvalAltResult::ErrorInFunctionCall(name, handler.file().to_owned(), why, at).into()
            }
        })
    }
}

/// One that the router found.
pub(super) fn found(ctx: &Rc<Ctx>, text: &str) -> Failure {
    Failure::new(ctx, None, None, error(text))
}

/// Registers the methods.
pub(super) fn register(registry: &mut Registry) {
    type This<'a> = &'a mut Failure;
    registry
        .class::<Failure>("Failure")
        .method("error", |failure: This| failure.value())
        .method("answer", |failure: This| failure.answer())
        .method("tell", |failure: This| failure.tell())
        .method(
            "settle",
            |call: NativeCallContext,
             failure: This,
             connection: TcpConnection,
             answer: Dynamic,
             by_app: bool| failure.settle(&call, &connection, &answer, by_app),
        )
        .display(|failure| failure.fault().title.clone());
}
