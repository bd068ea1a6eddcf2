//! What is known of the types of values, as far as it is written out.

use super::rules::Kind;
use rhai::Expr;
use std::collections::HashMap;

/// What one reading of a file saw of the types of its variables and parameters. Whatever is given values of several types,
/// or of one that is not known, has none.
#[derive(Default)]
pub(super) struct Kinds {
    /// Of what is assigned later than with the declaration.
    variables: HashMap<usize, Kind>,
    /// By function and number of the parameter.
    parameters: HashMap<String, Vec<Kind>>,
    /// How names of functions begin that are computed: what these are given is not known.
    computed: Vec<String>,
}

impl Kinds {
    /// The type of a variable whose first value has this type.
    pub(super) fn variable(&self, id: usize, first: Kind) -> Kind {
        self.variables.get(&id).map_or(first, |later| both(*later, first))
    }

    pub(super) fn parameter(&self, function: &str, at: usize) -> Kind {
        if self.computed.iter().any(|beginning| function.starts_with(beginning)) {
            return None;
        }
        self.parameters.get(function)?.get(at).copied().flatten()
    }

    /// A variable is given another value.
    pub(super) fn assigned(&mut self, id: usize, kind: Kind) {
        self.variables.entry(id).and_modify(|known| *known = both(*known, kind)).or_insert(kind);
    }

    /// A function whose name begins so is called, with whatever.
    pub(super) fn computed(&mut self, beginning: &str) {
        self.computed.push(beginning.to_owned());
    }

    /// A function is called with arguments of these types.
    pub(super) fn called(&mut self, function: &str, given: &[Kind]) {
        match self.parameters.get_mut(function) {
            Some(known) => {
                known.truncate(given.len());
                known.iter_mut().zip(given).for_each(|(known, kind)| *known = both(*known, *kind));
            }
            None => drop(self.parameters.insert(function.to_owned(), given.to_vec())),
        }
    }
}

fn both(one: Kind, other: Kind) -> Kind {
    one.filter(|kind| Some(*kind) == other)
}

/// The type of a value that is written out.
pub(super) fn literal(e: &Expr) -> Kind {
    Some(match e {
        Expr::Unit(_) => "()",
        Expr::BoolConstant(..) => "bool",
        Expr::IntegerConstant(..) => "int",
        Expr::FloatConstant(..) => "float",
        Expr::CharConstant(..) => "char",
        Expr::StringConstant(..) | Expr::InterpolatedString(..) => "string",
        Expr::Array(..) => "array",
        Expr::Map(..) => "map",
        _ => return None,
    })
}

/// The type of what a function of rhai's own gives.
pub(super) fn native(name: &str) -> Kind {
    matches!(name, "blob").then_some("blob")
}

/// The type of what an operator gives.
pub(super) fn operator(name: &str, given: &[Kind]) -> Kind {
    match (name, given) {
        ("==" | "!=" | "<" | ">" | "<=" | ">=" | "in" | "!in" | "!", _) => Some("bool"),
        ("+", [Some("string"), _] | [_, Some("string")]) => Some("string"),
        ("+", [Some("array"), _]) => Some("array"),
        ("+" | "-" | "*" | "/" | "%", [Some("int"), Some("int")]) => Some("int"),
        _ => None,
    }
}
