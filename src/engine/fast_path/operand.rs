//! A part of an expression whose value is needed before the expression's own.

use super::{Operands, Outcome, Shortcut};
use crate::engine::{
    compile::retouch::node::Node,
    globals::Globals,
    internals::{evaluate, nodes},
};
use rhai::{Dynamic, EvalContext, Expr, ImmutableString};
use std::rc::Rc;

/// See the module.
pub(super) struct Operand {
    expression: Expr,
    way: Way,
}

/// How its value is found.
enum Way {
    /// A variable or parameter of the function: so many places before the newest, from 1.
    Local(usize, ImmutableString, Rc<Globals>),
    /// A variable that the function does not declare.
    Free(ImmutableString, Rc<Globals>),
    Constant(Dynamic),
    Shortcut(Rc<Shortcut>),
    /// A key that may be a number, and how its own value is found.
    Key(Box<Operand>, Rc<Node>),
    Evaluation,
}

impl Operand {
    pub(super) fn of(expression: &Expr, globals: &Rc<Globals>) -> Self {
        let way = match expression {
            Expr::Variable(variable, short, _) if variable.2.is_empty() => {
                let globals = globals.clone();
                let places = short.map(|n| n.get().into()).or(variable.0.map(|n| n.get()));
                let name = variable.1.clone();
                match places {
                    Some(places) => Way::Local(places, name, globals),
                    None => Way::Free(name, globals),
                }
            }
            Expr::Custom(..) if let Some((state, Some(inner))) = nodes::parts(expression) => {
                match Node::behind(state) {
                    Some(node) if matches!(*node, Node::Key(_)) => {
                        Way::Key(Box::new(Self::of(inner, globals)), node)
                    }
                    _ => Way::Evaluation,
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

    pub(super) fn is_constant(&self) -> bool {
        matches!(self.way, Way::Constant(_))
    }

    /// Is it a variable that is no part of a module?
    pub(super) fn is_variable(&self) -> bool {
        matches!(self.way, Way::Local(..) | Way::Free(..))
    }

    /// Is it a variable that the function does not declare?
    pub(super) fn is_free(&self) -> bool {
        matches!(self.way, Way::Free(..))
    }

    /// Shows a variable of the running function, where it lies.
    pub(super) fn local<'a>(&self, context: &'a EvalContext) -> Option<&'a Dynamic> {
        let Way::Local(places, ..) = self.way else { return None };
        // `iter_raw` runs from the newest entry back.
        context.scope().iter_raw().nth(places - 1).map(|(.., value)| value)
    }

    /// The same, for a function that looks at it there. `None` also for a constant.
    pub(super) fn local_mut<'a>(&self, context: &'a mut EvalContext) -> Option<&'a mut Dynamic> {
        // The newest of that name, which is the one that is so many places before the newest of all.
        let Way::Local(_, name, _) = &self.way else { return None };
        context.scope_mut().get_mut(name)
    }

    /// A variable's value, if a copy is as good: handles, and what is small. `None` if rhai has to look.
    pub(super) fn copy(&self, context: &EvalContext) -> Option<Dynamic> {
        match &self.way {
            Way::Local(.., globals) => globals.read(self.local(context)?),
            Way::Free(name, globals) => globals.free(context, name),
            _ => None,
        }
    }

    /// The cell of a variable of the top level, if it is one; one that holds a reference if asked for.
    pub(super) fn cell(&self, context: &EvalContext, of_references: bool) -> Option<Dynamic> {
        match &self.way {
            Way::Local(_, name, globals) => {
                let value = self.local(context).filter(|value| value.is_shared())?;
                globals.own_cell(context.source(), name, Some(value), of_references)
            }
            Way::Free(name, globals) => {
                globals.own_cell(context.source(), name, context.scope().get(name), of_references)
            }
            _ => None,
        }
    }

    /// Its value, as a call gets it.
    pub(super) fn value(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        match &self.way {
            Way::Constant(value) => return Ok(value.clone()),
            Way::Shortcut(shortcut) => return shortcut.evaluate(context).map(Dynamic::flatten),
            Way::Key(key, node) => {
                let key = key.value(context)?;
                return Ok(match &**node {
                    Node::Key(way) if key.is_int() => way.key(key, context),
                    _ => key,
                });
            }
            Way::Local(..) | Way::Free(..) | Way::Evaluation => (),
        }
        match self.copy(context) {
            Some(value) => Ok(value),
            None => evaluate::expression(context, &self.expression).map(Dynamic::flatten),
        }
    }

    /// The values of some, in their order.
    pub(super) fn values(operands: &[Self], context: &mut EvalContext) -> Outcome<Operands> {
        let mut values = Operands::new_const();
        for operand in operands {
            values.push(operand.value(context)?);
        }
        Ok(values)
    }
}
