//! A part of an expression whose value is needed before the expression's own.

use super::{Finder, Outcome};
use crate::engine::globals::Globals;
use rhai::{Dynamic, EvalContext, Expr, ImmutableString};
use std::rc::Rc;

/// See the module.
pub(super) struct Operand {
    expression: Expr,
    way: Way,
}

/// How its value is found.
enum Way {
    /// A variable or parameter of the function.
    Local(ImmutableString),
    /// A variable that the function does not declare.
    Free(ImmutableString, Rc<Globals>),
    Constant(Dynamic),
    Evaluation,
}

impl Operand {
    pub(super) fn of(expression: &Expr, finder: &Finder) -> Self {
        let way = match expression {
            Expr::Variable(variable, short, _) if variable.2.is_empty() => {
                let is_local = short.is_some() || variable.0.is_some();
                match is_local {
                    true => Way::Local(variable.1.clone()),
                    false => Way::Free(variable.1.clone(), finder.globals.clone()),
                }
            }
            constant => constant.get_literal_value(None).map_or(Way::Evaluation, Way::Constant),
        };
        Self { expression: expression.clone(), way }
    }

    /// Can it be evaluated again, and nothing else happens?
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self.way, Way::Evaluation)
    }

    pub(super) fn is_constant(&self) -> bool {
        matches!(self.way, Way::Constant(_))
    }

    /// The name of the variable of the running function that it is.
    pub(super) fn local(&self) -> Option<&str> {
        match &self.way {
            Way::Local(name) => Some(name),
            _ => None,
        }
    }

    /// Its value, as a call gets it.
    pub(super) fn value(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let found = match &self.way {
            Way::Constant(value) => return Ok(value.clone()),
            // (captured ones are rhai's, and may have to be waited for)
            Way::Local(name) => context.scope().get(name).filter(|v| !v.is_shared()).cloned(),
            Way::Free(name, globals) => globals.free(context, name).filter(|v| !v.is_shared()),
            Way::Evaluation => None,
        };
        match found {
            Some(value) => Ok(value),
            None => context.eval_expression_tree(&(&self.expression).into()).map(Dynamic::flatten),
        }
    }
}
