//! The way back: an expression as rhai evaluates it, with the values that its operands have by then. Also how the operands
//! get out of the expression.

use super::{Operands, Outcome, operand::Operand};
use crate::engine::{globals::Globals, internals::evaluate};
use rhai::{Dynamic, EvalContext, Expr, ImmutableString, Namespace, Position};
use std::rc::Rc;

/// See the module.
pub(super) struct Detour {
    /// With variables in the places of the operands.
    expression: Expr,
    /// The names of these variables, with the operand's number.
    held: Vec<(ImmutableString, usize)>,
}

/// The operands of an expression, while they are found.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) operands: Vec<Operand>,
    held: Vec<(ImmutableString, usize)>,
}

impl Parts {
    /// The next one, which is evaluated before anything else happens. A variable takes its place, which stands at `at` for
    /// those who tell of it.
    pub(super) fn take(&mut self, part: &mut Expr, at: Position, globals: &Rc<Globals>) {
        let operand = Operand::of(part, globals);
        if !operand.is_constant() {
            // No script can have such a name.
            let name: ImmutableString = format!("operand {}", self.operands.len()).into();
            *part = by_name(name.clone(), at);
            self.held.push((name, self.operands.len()));
        }
        self.operands.push(operand);
    }

    /// A variable that is looked up when the operands have been evaluated, and that rhai may change: it stays where it is,
    /// but not at the same distance from the newest. `None`: it is none, or one of a module.
    pub(super) fn leave(part: &mut Expr, globals: &Rc<Globals>) -> Option<Operand> {
        let operand = Operand::of(part, globals);
        if !operand.is_variable() {
            return None;
        }
        if let Expr::Variable(variable, ..) = &*part {
            *part = by_name(variable.1.clone(), part.position());
        }
        Some(operand)
    }

    /// The operands, and the way back by what has become of their expression.
    pub(super) fn finish(self, expression: Expr) -> (Vec<Operand>, Detour) {
        (self.operands, Detour { expression, held: self.held })
    }
}

impl Detour {
    /// Its value.
    pub(super) fn take(
        &self,
        context: &mut EvalContext,
        mut operands: Operands,
    ) -> Outcome<Dynamic> {
        let variables = context.scope().len();
        for (name, number) in &self.held {
            let value = std::mem::take(&mut operands[*number]);
            context.scope_mut().push_dynamic(name.as_str(), value);
        }
        let value = evaluate::expression(context, &self.expression);
        context.scope_mut().rewind(variables);
        value
    }
}

/// The variable of that name, wherever it lies.
fn by_name(name: ImmutableString, at: Position) -> Expr {
    Expr::Variable(Box::new((None, name, Namespace::NONE, 0)), None, at)
}
