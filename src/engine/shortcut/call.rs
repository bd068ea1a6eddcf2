//! `key in table`, and whatever else is a function of the host with its arguments.

use super::{
    Finder, MAX_OPERANDS, Operands, Outcome, callee::Callee, detour::Detour, operand::Operand,
};
use rhai::{Dynamic, EvalContext, Expr, FnCallExpr, Position};

/// See the module.
pub(in crate::engine) struct Call {
    callee: Callee,
    operands: Vec<Operand>,
    /// Is the first argument a variable? It is looked up when the others have been evaluated, for rhai lets the function
    /// change it.
    has_variable: bool,
    detour: Detour,
}

impl Call {
    pub(super) fn of(call: &FnCallExpr, position: Position, finder: &Finder) -> Option<Self> {
        if call.args.is_empty() || call.args.len() > MAX_OPERANDS {
            return None;
        }
        let callee = Callee::of(call.name.clone(), position, finder)?;
        let has_variable = matches!(call.args[0], Expr::Variable(..));
        let mut operands: Vec<_> = call.args.iter().map(|e| Operand::of(e, finder)).collect();
        operands.rotate_left(usize::from(has_variable));
        let expression = Expr::FnCall(Box::new(call.clone()), position);
        let others = operands.len() - usize::from(has_variable);
        let detour = Detour::new(&expression, &operands[..others], |e| {
            let Expr::FnCall(call, _) = e else { return Vec::new() };
            let mut parts: Vec<_> = call.args.iter_mut().collect();
            parts.rotate_left(usize::from(has_variable));
            parts
        });
        Some(Self { callee, operands, has_variable, detour })
    }

    pub(super) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let mut operands = Operands::default();
        for (operand, value) in self.operands.iter().zip(&mut operands) {
            *value = operand.value(context)?;
        }
        let given = &mut operands[..self.operands.len()];
        if self.has_variable {
            given.rotate_right(1);
        }
        let called = match given {
            [a] => self.callee.call(context, &mut [a]),
            [a, b] => self.callee.call(context, &mut [a, b]),
            [a, b, c] => self.callee.call(context, &mut [a, b, c]),
            [a, b, c, d] => self.callee.call(context, &mut [a, b, c, d]),
            _ => None,
        };
        if let Some(value) = called {
            return value;
        }
        if self.has_variable {
            given.rotate_left(1);
        }
        self.detour.take(context, &mut operands)
    }
}
