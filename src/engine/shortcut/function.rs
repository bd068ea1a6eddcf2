//! A call of a function of the same file by its name: its lifted body is evaluated as a handler's is.

use super::{Finder, MAX_OPERANDS, Outcome, operand::Operand};
use crate::engine::{MAX_CALL_LEVELS, handler::Body, progress::Progress};
use rhai::{Dynamic, EvalAltResult, EvalContext, FnCallExpr, ImmutableString, Position};
use std::rc::Weak;

/// See the module.
pub(in crate::engine) struct FunctionCall {
    name: ImmutableString,
    operands: Vec<Operand>,
    position: Position,
    body: Weak<Body>,
    progress: Progress,
}

impl FunctionCall {
    pub(super) fn of(call: &FnCallExpr, position: Position, finder: &Finder) -> Option<Self> {
        if call.args.len() > MAX_OPERANDS {
            return None;
        }
        let body = (finder.function)(&call.name, call.args.len())?;
        let operands = call.args.iter().map(|e| Operand::of(e, finder)).collect();
        Some(Self {
            name: call.name.clone(),
            operands,
            position,
            body,
            progress: finder.progress.clone(),
        })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut operands = Operand::arguments(&self.operands, context)?;
        let engine = context.engine();
        let state = context.global_runtime_state_mut();
        if state.level >= MAX_CALL_LEVELS {
            return Err(EvalAltResult::ErrorStackOverflow(self.position).into());
        }
        // (rhai may not come to look itself: a body can be nothing but shortcuts)
        state.num_operations += 1;
        if let Some(why) = self.progress.end(state.num_operations) {
            return Err(EvalAltResult::ErrorTerminated(why, self.position).into());
        }
        let body = self.body.upgrade().expect("a program keeps the bodies of its functions");
        state.level += 1;
        let result = body.call(engine, &[], &mut operands, state);
        state.level -= 1;
        result.map_err(|error| self.inside(error, state.source.as_deref().unwrap_or_default()))
    }

    /// The error as a caller sees it.
    fn inside(&self, mut error: Box<EvalAltResult>, file: &str) -> Box<EvalAltResult> {
        if error.is_system_exception() || matches!(*error, EvalAltResult::Exit(..)) {
            error.set_position(self.position);
            return error;
        }
        let (name, file) = (self.name.to_string(), file.to_owned());
        EvalAltResult::ErrorInFunctionCall(name, file, error, self.position).into()
    }
}
