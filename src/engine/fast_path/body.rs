//! A function's body, lifted out of its program once and evaluated in a scope that has the parameters already. That is half
//! the cost of rhai's own call.
//!
//! # Handlers are called past Rhai's own call
//!
//! The body is lifted out once and evaluated in a scope that has the parameters already, which costs half. It needs
//! Rhai's internals, hence its exact version in `Cargo.toml`.

use super::{Outcome, Shortcut};
use crate::engine::{
    internals::{
        evaluate::{self, Caches, State},
        positions::start,
    },
    values::witness::{Witness, witness},
};
use rhai::{
    Dynamic, Engine, EvalAltResult, EvalContext, Expr, ImmutableString, Scope, Stmt, StmtBlock,
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

/// Frames kept for the next call of the same body. Fixed: more are only needed by handlers that wait, and by recursion.
const MAX_FRAMES: usize = 16;

/// See the module.
pub(crate) struct Body {
    code: OnceCell<Code>,
    pub(in crate::engine) params: Vec<ImmutableString>,
    /// The file it stands in, and the line.
    pub(in crate::engine) file: ImmutableString,
    pub(in crate::engine) line: Option<usize>,
    /// (in boxes: a frame is large, and is moved out and in with every call)
    #[allow(clippy::vec_box)]
    frames: RefCell<Vec<Box<Frame>>>,
    /// May what was found for a call be found for the next? Not where functions import others.
    keeps_caches: bool,
    /// The number that `Handler::place` was given.
    pub(in crate::engine) place: Cell<u64>,
}

/// What is evaluated.
enum Code {
    /// A single one, which declares no variables and needs no block around it.
    Shortcut(Rc<Shortcut>),
    Block(Expr),
}

/// What one running call of a body needs.
struct Frame {
    /// The parameters, then what the body declares.
    scope: Scope<'static>,
    caches: Caches,
}

impl Body {
    /// One without code, which `set` gives it.
    pub(in crate::engine) fn new(
        params: Vec<ImmutableString>,
        file: ImmutableString,
        line: Option<usize>,
        keeps_caches: bool,
    ) -> Self {
        Self {
            code: OnceCell::new(),
            params,
            file,
            line,
            frames: RefCell::default(),
            keeps_caches,
            place: Cell::new(0),
        }
    }

    /// Sets what is evaluated.
    pub(in crate::engine) fn set(&self, expression: Expr) {
        let single = match &expression {
            Expr::Stmt(block) => match block.statements() {
                [Stmt::Expr(only)] => Shortcut::behind(only),
                _ => None,
            },
            _ => None,
        };
        self.code.get_or_init(|| single.map_or(Code::Block(expression), Code::Shortcut));
    }

    fn frame(&self) -> Box<Frame> {
        self.frames.borrow_mut().pop().unwrap_or_else(|| {
            let mut scope = Scope::new();
            for name in &self.params {
                scope.push_dynamic(name.as_str(), Dynamic::UNIT);
            }
            Box::new(Frame { scope, caches: Caches::new() })
        })
    }

    /// Evaluates the body. The arguments `own`, which follow those that a closure brings along, are moved in and out again,
    /// so that a connection's boxed handle is made once. Those that come from a script were made writable before.
    pub(in crate::engine) fn call(
        &self,
        engine: &Engine,
        held: &[Dynamic],
        own: &mut [Dynamic],
        state: &mut State,
    ) -> Outcome<Dynamic> {
        let code = self.code.get().expect("a body is set before it is called");
        let mut frame = self.frame();
        let scope = &mut frame.scope;
        let (for_held, for_own) = self.params.split_at(held.len());
        for (name, value) in for_held.iter().zip(held) {
            if let Some(slot) = scope.get_mut(name) {
                *slot = value.clone();
            }
        }
        for (name, value) in for_own.iter().zip(own.iter_mut()) {
            if let Some(slot) = scope.get_mut(name) {
                std::mem::swap(slot, value);
            }
        }
        let mut context = evaluate::context(engine, state, &mut frame.caches, scope);
        let result = match code {
            Code::Shortcut(shortcut) => shortcut.evaluate(&mut context),
            Code::Block(block) => self.evaluate(block, &mut context),
        };
        // A parameter that a constant was assigned to cannot be set again.
        let mut is_clean = scope.len() == self.params.len();
        for name in for_held {
            match scope.get_mut(name) {
                Some(slot) => *slot = Dynamic::UNIT,
                None => is_clean = false,
            }
        }
        for (name, value) in for_own.iter().zip(own.iter_mut()) {
            let Some(slot) = scope.get_mut(name) else {
                is_clean = false;
                continue;
            };
            std::mem::swap(slot, value);
            // A parameter that an inner closure captured has become a shared cell.
            if value.is_shared() {
                *value = std::mem::take(value).flatten();
            }
        }
        if !self.keeps_caches {
            frame.caches = Caches::new();
        }
        if is_clean && self.frames.borrow().len() < MAX_FRAMES {
            self.frames.borrow_mut().push(frame);
        }
        result.or_else(|e| match *e {
            EvalAltResult::Return(value, _) => Ok(value),
            other => Err(other.into()),
        })
    }

    #[inline(always)]
    fn evaluate(&self, block: &Expr, context: &mut EvalContext) -> Outcome<Dynamic> {
        match (witness(), block) {
            (Some(witness), Expr::Stmt(block)) if witness.begins() => {
                self.evaluate_noted(witness, block, context)
            }
            _ => evaluate::expression(context, block),
        }
    }

    /// Evaluates statement by statement, so that it is known which of them does what.
    #[cold]
    fn evaluate_noted(
        &self,
        witness: &dyn Witness,
        block: &StmtBlock,
        context: &mut EvalContext,
    ) -> Outcome<Dynamic> {
        let statements = block.statements();
        witness.body(&self.file, &statements.iter().map(start).collect::<Vec<_>>());
        let mut value = Dynamic::UNIT;
        for (at, statement) in statements.iter().enumerate() {
            witness.statement(at);
            value = evaluate::statement(context, statement)?;
        }
        Ok(value)
    }
}
