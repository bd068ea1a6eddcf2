//! The way back: an expression as rhai evaluates it, with the operands' values where they must not be evaluated twice.

use super::{Operands, Outcome, operand::Operand};
use rhai::{Dynamic, EvalContext, Expr, ImmutableString, Namespace};

/// See the module.
pub(super) struct Detour {
    expression: Expr,
    /// The variables that stand for operands, with the operand's number.
    held: Vec<(ImmutableString, usize)>,
}

impl Detour {
    /// `parts` gives the places of the operands in an expression, and then that of the variable, if there is one, which rhai
    /// looks up when it has evaluated them, and may change.
    pub(super) fn new(
        expression: &Expr,
        operands: &[Operand],
        parts: impl FnOnce(&mut Expr) -> Vec<&mut Expr>,
    ) -> Self {
        let mut expression = expression.clone();
        let mut held = Vec::new();
        if !operands.iter().all(Operand::is_repeatable) {
            for (number, part) in parts(&mut expression).into_iter().enumerate() {
                match (operands.get(number), &*part) {
                    (Some(operand), _) if operand.is_constant() => (),
                    (Some(_), _) => {
                        // (no script can have such a name)
                        let name: ImmutableString = format!("operand {number}").into();
                        *part = by_name(&name, part);
                        held.push((name, number));
                    }
                    // (what is held moves the places of others)
                    (None, Expr::Variable(variable, ..)) => {
                        let name = variable.1.clone();
                        *part = by_name(&name, part);
                    }
                    (None, _) => (),
                }
            }
        }
        Self { expression, held }
    }

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
        let value = context.eval_expression_tree(&(&self.expression).into());
        context.scope_mut().rewind(variables);
        value
    }
}

/// The variable of that name, wherever it lies.
fn by_name(name: &ImmutableString, at: &Expr) -> Expr {
    Expr::Variable(Box::new((None, name.clone(), Namespace::NONE, 0)), None, at.position())
}
