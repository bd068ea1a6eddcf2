//! `key in table`, and whatever else is a function of the host with its arguments.

use super::{Finder, MAX_OPERANDS, Outcome, callee::Callee, detour::Detour, operand::Operand};
use rhai::{Dynamic, EvalContext, Expr, FnCallExpr, Position};

/// See the module.
pub(in crate::engine) struct Call {
    callee: Callee,
    arguments: Vec<Operand>,
    detour: Detour,
}

impl Call {
    pub(super) fn of(call: &FnCallExpr, position: Position, finder: &Finder) -> Option<Self> {
        let first = call.args.first()?;
        if call.args.len() > MAX_OPERANDS {
            return None;
        }
        let callee = Callee::of(call.name.clone(), position, finder)?;
        let arguments: Vec<_> = call.args.iter().map(|e| Operand::of(e, finder)).collect();
        let expression = Expr::FnCall(Box::new(call.clone()), position);
        // (rhai lets a function change its first argument)
        let place = matches!(first, Expr::Variable(..)).then_some(0);
        let detour = Detour::new(&expression, &arguments, place, |e| match e {
            Expr::FnCall(call, _) => call.args.iter_mut().collect(),
            _ => Vec::new(),
        });
        Some(Self { callee, arguments, detour })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut values = Operand::arguments(&self.arguments, context)?;
        if let Some((first, others)) = values.split_first_mut()
            && let Some(native) = self.callee.find(first, others)
        {
            return self.callee.call(&native, context, first, others);
        }
        self.detour.take(context, values)
    }
}
