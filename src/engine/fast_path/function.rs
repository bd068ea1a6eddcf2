//! A call of a function of the same file by its name: its lifted body is evaluated as a handler's is.

use super::{Finder, MAX_OPERANDS, Outcome, operand::Operand};
use crate::engine::{
    call::{
        handler::Body,
        overflow::{Call, Overflow},
        progress::Progress,
    },
    internals::evaluate,
    limits::MAX_EXPRESSION_DEPTH,
};
use rhai::{
    Array, Dynamic, EvalAltResult, EvalContext, FnCallExpr, ImmutableString, Map, Position,
};
use std::rc::Weak;

/// See the module.
pub(in crate::engine) struct FunctionCall {
    name: ImmutableString,
    /// The first argument, if it is a variable: rhai looks it up last.
    variable: Option<Operand>,
    /// The others.
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
        let mut operands: Vec<_> =
            call.args.iter().map(|e| Operand::of(e, finder.globals)).collect();
        let has_variable = operands.first().is_some_and(Operand::is_variable);
        let variable = has_variable.then(|| operands.remove(0));
        Some(Self {
            name: call.name.clone(),
            variable,
            operands,
            position,
            body,
            progress: finder.progress.clone(),
        })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut values = Operand::values(&self.operands, context)?;
        for (operand, value) in self.operands.iter().zip(&mut values) {
            // What is copied out of a variable is no constant.
            if !operand.is_variable() {
                make_writable(value, MAX_EXPRESSION_DEPTH);
            }
        }
        if let Some(variable) = &self.variable {
            values.insert(0, variable.value(context)?);
        }
        let engine = context.engine();
        let state = evaluate::state_mut(context);
        if state.level >= engine.max_call_levels() {
            return Err(Overflow::at(self.position));
        }
        // Rhai may not come to look itself: a body can be nothing but shortcuts.
        state.num_operations += 1;
        if let Some(why) = self.progress.end(state.num_operations) {
            return Err(EvalAltResult::ErrorTerminated(why, self.position).into());
        }
        let body = self.body.upgrade().expect("a program keeps the bodies of its functions");
        state.level += 1;
        let result = body.call(engine, &[], &mut values, state);
        state.level -= 1;
        result.map_err(|error| self.inside(error, state.source.as_deref().unwrap_or_default()))
    }

    /// The error as a caller sees it.
    fn inside(&self, mut error: Box<EvalAltResult>, file: &str) -> Box<EvalAltResult> {
        let (name, file, position) = (self.name.to_string(), file.to_owned(), self.position);
        if !error.is_system_exception() && !matches!(*error, EvalAltResult::Exit(..)) {
            return EvalAltResult::ErrorInFunctionCall(name, file, error, position).into();
        }
        if !Overflow::passes(&mut error, Call { name, file, position }) {
            error.set_position(position);
        }
        error
    }
}

/// A parameter can be assigned to, with all that is in it, whatever it was made from; a copy of a constant can. Constants
/// get into a map or an array by what is written, and that is not nested deeper than so many `levels`.
fn make_writable(value: &mut Dynamic, levels: usize) {
    if value.is_shared() || levels == 0 {
        return;
    }
    if value.is_read_only() {
        *value = value.clone();
    } else if value.is_array() {
        if let Some(mut values) = value.write_lock::<Array>() {
            values.iter_mut().for_each(|value| make_writable(value, levels - 1));
        }
    } else if value.is_map()
        && let Some(mut entries) = value.write_lock::<Map>()
    {
        entries.values_mut().for_each(|value| make_writable(value, levels - 1));
    }
}
