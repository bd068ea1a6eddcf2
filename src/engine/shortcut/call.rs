//! `key in table`, and whatever else is a function of the host with its arguments.

use super::{Finder, MAX_OPERANDS, Outcome, callee::Callee, detour::Detour, operand::Operand};
use rhai::{Dynamic, EvalContext, Expr, FnCallExpr, Position};

/// See the module.
pub(in crate::engine) struct Call {
    callee: Callee,
    /// The first argument. If it is a variable, it is looked up when the others have been evaluated, for rhai lets the
    /// function change it.
    first: Operand,
    others: Vec<Operand>,
    detour: Detour,
    is_variable: bool,
}

impl Call {
    pub(super) fn of(call: &FnCallExpr, position: Position, finder: &Finder) -> Option<Self> {
        let (first, others) = call.args.split_first()?;
        if call.args.len() > MAX_OPERANDS {
            return None;
        }
        let callee = Callee::of(call.name.clone(), position, finder)?;
        let is_variable = matches!(first, Expr::Variable(..));
        let operand = |e| Operand::of(e, finder);
        let expression = Expr::FnCall(Box::new(call.clone()), position);
        let evaluated = if is_variable { others } else { &call.args };
        let evaluated: Vec<_> = evaluated.iter().map(operand).collect();
        let detour = Detour::new(&expression, &evaluated, |e| {
            let Expr::FnCall(call, _) = e else { return Vec::new() };
            let mut parts: Vec<_> = call.args.iter_mut().collect();
            parts.rotate_left(usize::from(is_variable));
            parts
        });
        let others = others.iter().map(operand).collect();
        Some(Self { callee, first: operand(first), others, detour, is_variable })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let before = if self.is_variable { None } else { Some(self.first.value(context)?) };
        let mut others = Operand::values(&self.others, context)?;
        let mut first = match before {
            Some(value) => value,
            None => self.first.value(context)?,
        };
        if let Some(native) = self.callee.find(&first, &others) {
            return self.callee.call(&native, context, &mut first, &mut others);
        }
        if !self.is_variable {
            others.insert(0, first);
        }
        self.detour.take(context, others)
    }
}
