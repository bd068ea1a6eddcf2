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
    /// `parts` gives the places of all operands in an expression, and of a chain's root behind them. The variable at the
    /// place with number `place` is looked up when the operands have been evaluated, and may be changed.
    pub(super) fn new(
        expression: &Expr,
        operands: &[Operand],
        place: Option<usize>,
        parts: impl FnOnce(&mut Expr) -> Vec<&mut Expr>,
    ) -> Self {
        let mut expression = expression.clone();
        let mut held = Vec::new();
        if !operands.iter().all(Operand::is_repeatable) {
            for (number, part) in parts(&mut expression).into_iter().enumerate() {
                let name = match &*part {
                    // (what is held moves the places of others)
                    Expr::Variable(variable, ..) if Some(number) == place => variable.1.clone(),
                    _ if operands.get(number).is_none_or(Operand::is_constant) => continue,
                    _ => {
                        // (no script can have such a name)
                        let name: ImmutableString = format!("operand {number}").into();
                        held.push((name.clone(), number));
                        name
                    }
                };
                let variable = (None, name, Namespace::NONE, 0);
                *part = Expr::Variable(Box::new(variable), None, part.position());
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
