//! Finds, without running anything, objects of the top level that are given the same text where each must have its own.

use rhai::{AST, EvalAltResult, Expr, Position, Stmt};
use std::collections::HashMap;

/// What must differ, and what is said if it does not.
pub(crate) struct Distinct<'a> {
    /// The function that makes the objects.
    pub(crate) made_by: &'a str,
    /// Their property.
    pub(crate) property: &'a str,
    /// For a text that another object has: what is wrong, given the text and where the other was given it.
    pub(crate) text: &'a dyn Fn(&str, &str) -> String,
}

impl Distinct<'_> {
    /// Every object that is given a text which one before it has. Only what certainly happens is looked at: variables
    /// and assignments that stand in no block.
    pub(super) fn twice(&self, top_level: &AST, file: &str) -> Vec<(Position, EvalAltResult)> {
        // (a variable of the same name may hold another object later on)
        let mut objects: HashMap<&str, usize> = HashMap::new();
        let mut given: HashMap<&str, (usize, Position)> = HashMap::new();
        let mut found = Vec::new();
        for (at, statement) in top_level.statements().iter().enumerate() {
            match statement {
                Stmt::Var(x, ..) => match &x.1 {
                    Expr::FnCall(call, _) if call.name == self.made_by => {
                        objects.insert(x.0.name.as_str(), at);
                    }
                    _ => drop(objects.remove(x.0.name.as_str())),
                },
                Stmt::Assignment(x) => {
                    let Some((variable, position)) = self.target(&x.1.lhs) else { continue };
                    let (Expr::StringConstant(text, _), Some(object)) =
                        (&x.1.rhs, objects.get(variable))
                    else {
                        continue;
                    };
                    // (an object that is given another text has the one before no more)
                    given.retain(|_, (owner, _)| owner != object);
                    let (owner, first) = *given.entry(text).or_insert((*object, position));
                    if owner != *object && !text.is_empty() {
                        let place = format!("{file}:{}", first.line().unwrap_or_default());
                        let text = (self.text)(text, &place);
                        found.push((position, EvalAltResult::ErrorRuntime(text.into(), position)));
                    }
                }
                _ => (),
            }
        }
        found
    }

    /// The variable whose property an assignment sets, if it is the one that matters.
    fn target<'b>(&self, target: &'b Expr) -> Option<(&'b str, Position)> {
        let Expr::Dot(x, ..) = target else { return None };
        match (&x.lhs, &x.rhs) {
            (Expr::Variable(variable, ..), Expr::Property(property, at))
                if property.2 == self.property =>
            {
                Some((variable.1.as_str(), *at))
            }
            _ => None,
        }
    }
}
