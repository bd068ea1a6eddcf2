//! Shorter ways for what handlers do most: reading along a chain of handles and calling a method at its end, calling a
//! function of the host, calling a function of the same file. A body that is lifted out of its program has such
//! expressions replaced by these, which rhai evaluates as custom syntax. Each knows the expression that it stands for and
//! goes back to it when a value is of a kind that it does not know; what rhai would do happens then, neither twice nor
//! in another order. Two things that rhai does are left out, and nobody will miss them: handles are not written back to
//! where they came from when a method has run, which would undo what others did meanwhile; and a constant, or a handle
//! from the top level, that is put into a plain map does not make that map a constant.
//!
//! # Lifted bodies have shortcuts
//!
//! Lifted bodies have shortcuts (`engine/fast_path`). Rhai walks a body as a tree and looks every function up by
//! the hash of its name and the types of its values, copies handles on the way along `worker.table[key].send(x)`
//! and writes them back behind it. In a lifted body such chains, calls of the host's functions and calls of the
//! file's own functions are nodes of ours, which Rhai evaluates as custom syntax: they find the function by types
//! that they remember, and write nothing back, because handles are references. Where a value is of any other kind
//! they go back to the expression as it was written; nothing is evaluated twice. It makes the push example a third
//! cheaper and the echo's call half as dear. A compiler of our own for whole functions would save as much again,
//! and be a second Rhai to keep like the first. `tests/it/engine/shortcuts.rs` holds handlers against the top
//! level, which Rhai evaluates alone. With `HostBuilder::optimize(false)` there are none, and
//! `tests/it/engine/both_ways` holds both against each other.

pub(in crate::engine) mod body;
mod call;
mod callee;
mod chain;
mod detour;
mod function;
mod operand;
mod optimize;
mod tails;

use crate::engine::{
    call::{allowance, progress::Progress},
    globals::Globals,
    internals::{evaluate, nodes},
    natives::Natives,
    outcome::Outcome,
};
use body::Body;
use call::Call;
use chain::Chain;
use function::FunctionCall;
pub(in crate::engine) use optimize::optimize;
use rhai::{Dynamic, Engine, EvalContext, Expr, FnArgsVec, FnCallExpr, Position};
use std::rc::{Rc, Weak};

/// What rhai knows them by. Nobody can write that in a script.
pub(in crate::engine) const KEY: &str = "\u{1}";

/// Functions that change a variable whatever it holds; others change what a reference refers to.
pub(in crate::engine) const OF_VARIABLES: [&str; 2] = ["take", "set_tag"];

/// Operands that one shortcut has at most; an expression with more is left as it is. Fixed: they lie on the stack.
const MAX_OPERANDS: usize = 4;

/// The values of a shortcut's operands.
type Operands = FnArgsVec<Dynamic>;

/// What is needed to find shortcuts in the body of a function.
pub(in crate::engine) struct Finder<'a> {
    pub(in crate::engine) natives: &'a Rc<Natives>,
    pub(in crate::engine) globals: &'a Rc<Globals>,
    /// The body of the function of that name and number of parameters in the same file, if there is one that can be called
    /// by its name alone.
    pub(in crate::engine) function: &'a dyn Fn(&str, usize) -> Option<Weak<Body>>,
    pub(in crate::engine) progress: &'a Progress,
    /// Has any function of a script that name?
    pub(in crate::engine) is_script_function: &'a dyn Fn(&str) -> bool,
}

impl Finder<'_> {
    /// Replaces an expression by its shortcut, if there is one, which stands at `at` for those who tell of it. What it
    /// consists of has been looked at already.
    pub(in crate::engine) fn replace(&self, expression: &mut Expr, at: Position) {
        let found = match expression {
            Expr::Dot(..) | Expr::Index(..) => Chain::of(expression, self).map(Shortcut::Chain),
            Expr::FnCall(call, position) => self.call(call, *position),
            _ => None,
        };
        if let Some(found) = found {
            *expression = found.into_expression(at);
        }
    }

    fn call(&self, call: &FnCallExpr, position: Position) -> Option<Shortcut> {
        // Operators have ways of their own for what they mostly are for.
        let is_name = call.name.starts_with(char::is_alphabetic);
        if !is_name || call.is_qualified() || call.capture_parent_scope {
            return None;
        }
        if (self.is_script_function)(&call.name) {
            return FunctionCall::of(call, position, self).map(Shortcut::Function);
        }
        Call::of(call, position, self).map(Shortcut::Call)
    }

    /// May that name mean a function that the table does not know?
    pub(in crate::engine) fn is_foreign(&self, name: &str) -> bool {
        (self.is_script_function)(name) || self.natives.is_foreign(name)
    }
}

/// See the module.
pub(in crate::engine) enum Shortcut {
    Chain(Chain),
    Call(Call),
    Function(FunctionCall),
    /// What a function says, written otherwise.
    Body(Expr),
}

impl Shortcut {
    /// The shortcut that an expression has been replaced by.
    pub(in crate::engine) fn behind(expression: &Expr) -> Option<Rc<Self>> {
        let (state, _) = nodes::parts(expression)?;
        state.read_lock::<Placed>().map(|placed| placed.0.clone())
    }

    /// A call of a function that may change its first argument, if that may be a variable of the top level.
    pub(in crate::engine) fn of_variable(
        call: &FnCallExpr,
        position: Position,
        globals: &Rc<Globals>,
        is_top_level: bool,
    ) -> Option<Self> {
        Call::with(None, call, position, globals, is_top_level).map(Shortcut::Call)
    }

    pub(in crate::engine) fn into_expression(self, at: Position) -> Expr {
        nodes::node(KEY, self.placed(at), None, at)
    }

    /// What rhai keeps of it.
    pub(in crate::engine) fn placed(self, at: Position) -> Dynamic {
        let placed: Placed = (Rc::new(self), at);
        Dynamic::from(placed)
    }

    #[inline]
    pub(in crate::engine) fn evaluate(&self, context: &mut EvalContext) -> Outcome<Dynamic> {
        match self {
            Shortcut::Chain(chain) => chain.evaluate(context),
            Shortcut::Call(call) => call.evaluate(context),
            Shortcut::Function(call) => call.evaluate(context),
            Shortcut::Body(body) => evaluate::expression(context, body),
        }
    }
}

/// A shortcut as rhai keeps it, and where it stands.
type Placed = (Rc<Shortcut>, Position);

/// Lets the engine evaluate shortcuts.
pub(in crate::engine) fn install(engine: &mut Engine) {
    nodes::install(engine, KEY, |context, _, state| {
        let placed = state.read_lock::<Placed>();
        let (shortcut, position) = &*placed.expect("the state of a shortcut is the shortcut");
        // Rhai asks nobody for the variables that a shortcut reads.
        if allowance::is_pending() {
            allowance::attend(context, None, *position)?;
        }
        shortcut.evaluate(context)
    });
}
