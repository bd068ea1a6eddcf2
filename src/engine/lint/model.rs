//! One file as the checks see it: its variables with their uses, its functions, calls and properties. Made by `walk`.

use super::{
    rules::{Judge, Kind, Rules},
    source::Definition,
};
use crate::engine::compile::modules::{Modules, Unit};
use rhai::{Expr, FnCallExpr, Position, Stmt};
use std::collections::{HashMap, HashSet};

/// Where a variable is in [`File::variables`].
pub(super) type VariableId = usize;

/// Where a function is in [`File::functions`].
pub(super) type FunctionId = usize;

/// The top level, which is the first of the functions.
pub(super) const TOP_LEVEL: FunctionId = 0;

/// A file.
pub(super) struct File<'a> {
    pub(super) unit: &'a Unit,
    pub(super) variables: Vec<Variable<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) calls: Vec<Call<'a>>,
    pub(super) accesses: Vec<Access<'a>>,
    pub(super) indexes: Vec<Index<'a>>,
    /// The names of entries in maps that are written out.
    pub(super) keys: Vec<&'a str>,
    /// Variables of other files that are used, by name.
    pub(super) exports: Vec<&'a str>,
    /// Functions that are named without being called.
    pub(super) references: Vec<Reference<'a>>,
    /// How names of functions begin that are computed, such as `on_` of `Fn("on_" + x)`. An empty one begins all names.
    pub(super) computed: Vec<&'a str>,
    /// Names of variables that nothing defines.
    pub(super) unknown: Vec<(&'a str, FunctionId, Position)>,
    /// Every list of statements.
    pub(super) blocks: Vec<&'a [Stmt]>,
    /// Every import: where it stands, and its name, if that is written out.
    pub(super) imports: Vec<(Position, Option<&'a str>)>,
    /// Texts in double quotes that have the name of a variable in `${…}`.
    pub(super) templates: Vec<(Position, &'a str)>,
    /// Texts in backticks that have an escape which only double quotes know.
    pub(super) escapes: Vec<(Position, &'static str)>,
}

/// How a variable comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Let,
    Constant,
    Parameter,
    Loop,
    Caught,
}

/// A variable, a constant or a parameter.
pub(super) struct Variable<'a> {
    pub(super) name: &'a str,
    /// None for parameters, which rhai keeps no place of.
    pub(super) at: Position,
    pub(super) origin: Origin,
    /// Can every function of the file see it?
    pub(super) is_global: bool,
    pub(super) kind: Kind,
    pub(super) initial: Option<&'a Expr>,
    pub(super) uses: Vec<Use>,
}

/// A place where a variable is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) function: FunctionId,
    pub(super) at: Position,
    pub(super) how: How,
    /// Is an error in it caught?
    pub(super) is_tried: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Read,
    /// Another value is put into it.
    Assign,
    /// What it holds is changed in place.
    Change,
}

/// The top level, a named function or a closure.
pub(super) struct Function<'a> {
    /// Rhai's name for it; empty for the top level.
    pub(super) name: &'a str,
    /// None for the top level.
    pub(super) definition: Option<&'a Definition>,
    /// Where a closure is made; `None` for all others.
    pub(super) parent: Option<FunctionId>,
    pub(super) role: Role<'a>,
    pub(super) parameters: Vec<VariableId>,
}

/// What becomes of a function that is used as a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role<'a> {
    /// Not known.
    Value,
    /// It is assigned to a callback: the object's variable, and the callback's name.
    Callback { owner: Option<VariableId>, kind: Kind, name: &'a str, at: Position },
    /// A call that calls it is given it; with how many arguments it will, if that is known.
    Argument { function: String, offered: Option<usize>, at: Position },
}

/// A named function that is used as a value.
pub(super) struct Reference<'a> {
    pub(super) name: &'a str,
    pub(super) function: FunctionId,
    pub(super) role: Role<'a>,
    pub(super) written: Written,
}

/// How a function is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// `name`.
    Name,
    /// `"name"`, which may be a text that only reads so.
    Text,
    /// `Fn("name")`.
    Pointer,
}

/// A call of a function or method.
pub(super) struct Call<'a> {
    pub(super) expr: &'a FnCallExpr,
    /// The name with the module that it is of, `std/router::get`, `Timer::add`, or alone.
    pub(super) name: String,
    pub(super) at: Position,
    pub(super) function: FunctionId,
    pub(super) block: usize,
    /// Is an error in it caught?
    pub(super) is_tried: bool,
    /// The object, if it is a method.
    pub(super) object: Option<Kind>,
    /// The variable that holds the object, or what it is a part of.
    pub(super) root: Option<VariableId>,
    pub(super) kinds: Vec<Kind>,
    /// The variable that is the first argument.
    pub(super) first: Option<VariableId>,
}

/// A property that is read or assigned.
pub(super) struct Access<'a> {
    pub(super) name: &'a str,
    pub(super) at: Position,
    pub(super) function: FunctionId,
    pub(super) block: usize,
    /// The type of the object.
    pub(super) kind: Kind,
    pub(super) root: Option<VariableId>,
    /// Is the object that variable itself?
    pub(super) is_direct: bool,
    /// What is assigned to it, if that is so and it is not changed by an operator.
    pub(super) value: Option<&'a Expr>,
    pub(super) is_assigned: bool,
    /// Is an error in it caught?
    pub(super) is_tried: bool,
    /// Is it a statement by itself, which does nothing?
    pub(super) is_idle: bool,
    /// Is a variable in sight that has this name too?
    pub(super) is_variable: bool,
}

/// `object[…]`.
pub(super) struct Index<'a> {
    /// The type of the object.
    pub(super) kind: Kind,
    /// What stands in the brackets, if it is a text.
    pub(super) name: Option<&'a str>,
    pub(super) is_assigned: bool,
}

/// A whole program.
pub(super) struct Model<'a> {
    pub(super) modules: &'a Modules,
    pub(super) rules: &'a Rules,
    pub(super) judge: &'a dyn Judge,
    pub(super) files: Vec<File<'a>>,
    /// Names of native functions with their numbers of parameters.
    pub(super) natives: HashMap<String, HashSet<usize>>,
    /// The properties that texts have.
    pub(super) of_texts: HashSet<String>,
    /// Names of entries and properties that any file reads.
    pub(super) read: HashSet<&'a str>,
    /// Names of entries and properties that any file writes.
    pub(super) written: HashSet<&'a str>,
}

impl Model<'_> {
    /// Does any file use a function of that name as a value?
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.files.iter().any(|file| {
            file.references.iter().any(|reference| reference.name == name)
                || file.computed.iter().any(|beginning| name.starts_with(beginning))
        })
    }
}

impl<'a> File<'a> {
    /// Is the function a closure?
    pub(super) fn is_closure(&self, function: FunctionId) -> bool {
        self.functions[function].parent.is_some()
    }

    /// The named functions of that name.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = FunctionId> {
        (1..self.functions.len())
            .filter(move |f| self.functions[*f].name == name && !self.is_closure(*f))
    }

    /// The function and all closures around it, from the inside out.
    pub(super) fn around(&self, function: FunctionId) -> impl Iterator<Item = FunctionId> {
        std::iter::successors(Some(function), |f| self.functions[*f].parent)
    }

    /// The variable's first argument of its initialiser, if that is a call with a text.
    pub(super) fn made_with(&self, variable: VariableId) -> Option<&'a str> {
        match self.variables[variable].initial? {
            Expr::FnCall(call, _) => match call.args.first()? {
                Expr::StringConstant(text, _) => Some(text.as_str()),
                _ => None,
            },
            _ => None,
        }
    }

    /// For each function those that it calls, and the closures that it makes.
    pub(super) fn inner(&self) -> HashMap<FunctionId, Vec<FunctionId>> {
        let mut named: HashMap<(&str, usize), Vec<FunctionId>> = HashMap::new();
        let mut inner: HashMap<FunctionId, Vec<FunctionId>> = HashMap::new();
        for (id, function) in self.functions.iter().enumerate() {
            let parameters = function.parameters.len();
            match function.parent {
                Some(parent) => inner.entry(parent).or_default().push(id),
                None => named.entry((function.name, parameters)).or_default().push(id),
            }
        }
        for call in self.calls.iter().filter(|call| call.expr.namespace.is_empty()) {
            let called = named.get(&(call.expr.name.as_str(), call.expr.args.len()));
            inner.entry(call.function).or_default().extend(called.into_iter().flatten());
        }
        inner
    }
}
