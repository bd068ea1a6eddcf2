//! `key in table`, and whatever else is a function of the host with its arguments.

use super::{
    Finder, MAX_OPERANDS, Outcome,
    callee::Callee,
    detour::{Detour, Parts},
    operand::Operand,
};
use rhai::{Dynamic, EvalContext, Expr, FnCallExpr, Position};

/// See the module.
pub(in crate::engine) struct Call {
    callee: Callee,
    /// The first argument, if it is a variable: rhai looks it up last, and lets a function change it.
    variable: Option<Operand>,
    /// The others.
    operands: Vec<Operand>,
    detour: Detour,
}

impl Call {
    pub(super) fn of(call: &FnCallExpr, position: Position, finder: &Finder) -> Option<Self> {
        if call.args.is_empty() || call.args.len() > MAX_OPERANDS {
            return None;
        }
        let callee = Callee::of(call.name.clone(), position, finder)?;
        let (mut call, mut parts) = (call.clone(), Parts::default());
        let variable = Parts::leave(&mut call.args[0], finder);
        for part in call.args.iter_mut().skip(usize::from(variable.is_some())) {
            let at = part.start_position();
            parts.take(part, at, finder);
        }
        let (operands, detour) = parts.finish(Expr::FnCall(Box::new(call), position));
        Some(Self { callee, variable, operands, detour })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut values = Operand::values(&self.operands, context)?;
        let called = match &self.variable {
            Some(variable) => variable
                .copy(context)
                .and_then(|mut first| self.callee.call(context, &mut first, &mut values)),
            None => values
                .split_first_mut()
                .and_then(|(first, others)| self.callee.call(context, first, others)),
        };
        match called {
            Some(value) => value,
            None => self.detour.take(context, values),
        }
    }
}
