//! A callback together with the program it belongs to, and the cheapest way to call it: its body is lifted out of the
//! program once and evaluated in a scope that has the parameters already. That is half the cost of rhai's own call.
#![allow(deprecated)] // (volatile parts of rhai)

use super::{coroutine::Runner, modules::Unit, program::Program};
use rhai::{
    ASTNode, Caches, Dynamic, EvalAltResult, EvalContext, Expr, FnPtr, GlobalRuntimeState,
    ImmutableString, Scope, Stmt, StmtBlock,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Arguments that a callback can be offered.
pub(crate) const MAX_ARGS: usize = 3;

/// The arguments of one call; those that the callback does not take are ignored.
pub(crate) type Args = [Dynamic; MAX_ARGS];

/// Scopes kept for the next call of the same body. Fixed: more are only needed by handlers that wait.
const MAX_SCOPES: usize = 16;

/// A function's body, ready to be evaluated.
pub(crate) struct Body {
    pub(super) expression: Expr,
    params: Vec<ImmutableString>,
    unit: Rc<Unit>,
    scopes: RefCell<Vec<Scope<'static>>>,
    /// The number that `Handler::place` was given.
    place: Cell<u64>,
}

impl Body {
    pub(super) fn lift(unit: &Rc<Unit>, name: &str, params: usize) -> Option<Self> {
        let def = unit.ast.iter_fn_def().find(|d| d.name == name && d.params.len() == params)?;
        // (rhai's own filter while cloning does not filter; `retain_functions` does)
        let mut one = unit.ast.clone_functions_only();
        one.retain_functions(|_, _, n, k| n == name && k == params);
        let mut statements: Vec<Stmt> = Vec::new();
        one.walk(&mut |path: &[ASTNode]| {
            if let [ASTNode::Stmt(statement)] = path {
                statements.push((*statement).clone());
            }
            true
        });
        let (start, end) = (def.body.start_position(), def.body.end_position());
        Some(Self {
            expression: Expr::Stmt(Box::new(StmtBlock::new(statements, start, end))),
            params: def.params.to_vec(),
            unit: unit.clone(),
            scopes: RefCell::default(),
            place: Cell::new(0),
        })
    }

    fn scope(&self) -> Scope<'static> {
        if let Some(scope) = self.scopes.borrow_mut().pop() {
            return scope;
        }
        let mut scope = Scope::new();
        for name in &self.params {
            scope.push_dynamic(name.as_str(), Dynamic::UNIT);
        }
        scope
    }

    /// Evaluates the body. The arguments are moved in and out again, so that a connection's boxed handle is made once.
    fn call(
        &self,
        program: &Program,
        held: &[Dynamic],
        args: &mut Args,
        state: &mut GlobalRuntimeState,
        caches: &mut Caches,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut scope = self.scope();
        for (name, value) in self.params.iter().zip(held) {
            if let Some(slot) = scope.get_mut(name) {
                *slot = value.clone();
            }
        }
        let own = &self.params[held.len()..];
        for (name, value) in own.iter().zip(args.iter_mut()) {
            if let Some(slot) = scope.get_mut(name) {
                *slot = std::mem::take(value);
            }
        }
        let result = EvalContext::new(&program.engine, state, caches, &mut scope, None)
            .eval_expression_tree(&(&self.expression).into());
        for (name, value) in own.iter().zip(args.iter_mut()) {
            if let Some(slot) = scope.get_mut(name) {
                *value = std::mem::take(slot);
                // A parameter that an inner closure captured has become a shared cell.
                if value.is_shared() {
                    *value = std::mem::take(value).flatten();
                }
            }
        }
        for name in &self.params[..held.len()] {
            if let Some(slot) = scope.get_mut(name) {
                *slot = Dynamic::UNIT;
            }
        }
        if self.scopes.borrow().len() < MAX_SCOPES && scope.len() == self.params.len() {
            self.scopes.borrow_mut().push(scope);
        }
        result.or_else(|e| match *e {
            EvalAltResult::Return(value, _) => Ok(value),
            other => Err(other.into()),
        })
    }
}

/// A callback that can be called. Cheap to share; knows nothing of what it is called for.
pub(crate) struct Handler {
    program: Rc<Program>,
    body: Rc<Body>,
    f: FnPtr,
}

impl Handler {
    pub(super) fn new(program: Rc<Program>, body: Rc<Body>, f: FnPtr) -> Self {
        Self { program, body, f }
    }

    pub(crate) fn program(&self) -> &Rc<Program> {
        &self.program
    }

    /// What scripts see when they read the callback.
    pub(crate) fn fn_ptr(&self) -> &FnPtr {
        &self.f
    }

    /// How many arguments it takes, without those that it brings along.
    pub(crate) fn takes(&self) -> usize {
        self.body.params.len() - self.f.curry().len()
    }

    /// The file it stands in.
    pub(crate) fn file(&self) -> &str {
        &self.body.unit.file
    }

    fn line(&self) -> Option<usize> {
        let Expr::Stmt(block) = &self.body.expression else { return None };
        block.position().line()
    }

    /// `push.rhai:18`: where it stands.
    pub(crate) fn location(&self) -> String {
        match self.line() {
            Some(line) => format!("{}:{line}", self.file()),
            None => self.file().to_owned(),
        }
    }

    /// A number for where it stands, not 0. `number` makes it from file and line (0: not known), and is asked once.
    pub(crate) fn place(&self, number: impl FnOnce(&str, usize) -> u64) -> u64 {
        if self.body.place.get() == 0 {
            self.body.place.set(number(self.file(), self.line().unwrap_or_default()));
        }
        self.body.place.get()
    }
}

/// One call, on its way to a coroutine.
pub(crate) struct Job {
    pub(crate) handler: Rc<Handler>,
    pub(crate) args: Args,
}

/// What came of it.
pub(crate) struct Done {
    pub(crate) result: Result<Dynamic, Box<EvalAltResult>>,
    pub(crate) args: Args,
}

/// What a coroutine keeps from call to call: rhai's caches and a copy of the state of each file of one program.
#[derive(Default)]
pub(crate) struct Calls {
    program: Option<Rc<Program>>,
    units: Vec<(Rc<Unit>, GlobalRuntimeState, Caches)>,
}

impl Runner for Calls {
    type Job = Job;
    type Done = Done;

    fn run(&mut self, job: Job) -> Done {
        let Job { handler, mut args } = job;
        let program = &handler.program;
        if !self.program.as_ref().is_some_and(|known| Rc::ptr_eq(known, program)) {
            self.units.clear();
            self.program = Some(program.clone());
        }
        let unit = &handler.body.unit;
        let known = self.units.iter().position(|(u, ..)| Rc::ptr_eq(u, unit));
        let at = known.unwrap_or_else(|| {
            let state = unit.state.borrow().clone();
            let state = state.unwrap_or_else(|| program.engine.new_global_runtime_state());
            self.units.push((unit.clone(), state, Caches::new()));
            self.units.len() - 1
        });
        let (_, state, caches) = &mut self.units[at];
        let result = handler.body.call(program, handler.f.curry(), &mut args, state, caches);
        if program.retired.get() {
            *self = Self::default();
        }
        Done { result, args }
    }
}
