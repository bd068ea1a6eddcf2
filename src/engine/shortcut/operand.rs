//! A part of an expression whose value is needed before the expression's own.

use super::{Finder, Outcome, Shortcut};
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
    Local(Local, Rc<Globals>),
    /// A variable that the function does not declare.
    Free(ImmutableString, Rc<Globals>),
    Constant(Dynamic),
    Shortcut(Rc<Shortcut>),
    Evaluation,
}

/// Where a variable of the running function lies: so many places before the newest, from 1.
#[derive(Clone)]
pub(super) struct Local {
    name: ImmutableString,
    places: usize,
}

impl Local {
    /// The variable.
    pub(super) fn variable<'a>(&self, context: &'a EvalContext) -> Option<&'a Dynamic> {
        // (`iter_raw` runs from the newest entry back)
        context.scope().iter_raw().nth(self.places - 1).map(|(.., value)| value)
    }

    /// The same to change, unless it is a constant.
    pub(super) fn slot<'a>(&self, context: &'a mut EvalContext) -> Option<&'a mut Dynamic> {
        context.scope_mut().get_mut(&self.name)
    }
}

impl Operand {
    pub(super) fn of(expression: &Expr, finder: &Finder) -> Self {
        let way = match expression {
            Expr::Variable(variable, short, _) if variable.2.is_empty() => {
                let (name, globals) = (variable.1.clone(), finder.globals.clone());
                let places = short.map(|n| n.get().into()).or(variable.0.map(|n| n.get()));
                match places {
                    Some(places) => Way::Local(Local { name, places }, globals),
                    None => Way::Free(name, globals),
                }
            }
            other => match (Shortcut::behind(other), other.get_literal_value(None)) {
                (Some(shortcut), _) => Way::Shortcut(shortcut),
                (_, Some(value)) => Way::Constant(value),
                _ => Way::Evaluation,
            },
        };
        Self { expression: expression.clone(), way }
    }

    /// Can it be evaluated again, and nothing else happens?
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self.way, Way::Evaluation | Way::Shortcut(_))
    }

    pub(super) fn is_constant(&self) -> bool {
        matches!(self.way, Way::Constant(_))
    }

    /// The variable of the running function that it is.
    pub(super) fn local(&self) -> Option<&Local> {
        match &self.way {
            Way::Local(local, _) => Some(local),
            _ => None,
        }
    }

    /// Is it a variable of the running function that a closure has captured?
    pub(super) fn is_captured(&self, context: &EvalContext) -> bool {
        let variable = self.local().and_then(|local| local.variable(context));
        variable.is_some_and(Dynamic::is_shared)
    }

    /// Its value, as a call gets it.
    #[inline]
    pub(super) fn value(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        let found = match &self.way {
            Way::Constant(value) => return Ok(value.clone()),
            Way::Shortcut(shortcut) => return shortcut.evaluate(context).map(Dynamic::flatten),
            Way::Local(local, globals) => local.variable(context).and_then(|v| globals.read(v)),
            Way::Free(name, globals) => globals.free(context, name),
            Way::Evaluation => None,
        };
        match found {
            Some(value) => Ok(value),
            None => context.eval_expression_tree(&(&self.expression).into()).map(Dynamic::flatten),
        }
    }

    /// The values of some, in their order.
    pub(super) fn values(operands: &[Self], context: &mut EvalContext) -> Outcome<super::Operands> {
        let mut values = super::Operands::new_const();
        for operand in operands {
            values.push(operand.value(context)?);
        }
        Ok(values)
    }

    /// The same for the arguments of a function: if the first is a variable, it is read when the others have been
    /// evaluated.
    pub(super) fn arguments(
        operands: &[Self],
        context: &mut EvalContext,
    ) -> Outcome<super::Operands> {
        let Some((first, others)) = operands.split_first() else { return Ok(<_>::default()) };
        if matches!(first.expression, Expr::Variable(..)) && !others.iter().all(Self::is_repeatable)
        {
            let mut values = Self::values(others, context)?;
            values.insert(0, first.value(context)?);
            return Ok(values);
        }
        Self::values(operands, context)
    }
}
