//! A callback together with the program it belongs to, and the cheapest way to call it: its body is lifted out of the
//! program once and evaluated in a scope that has the parameters already. That is half the cost of rhai's own call.

use crate::engine::{
    call::coroutine::{self, Runner},
    compile::modules::Unit,
    fast_path::Shortcut,
    internals::{
        evaluate::{self, Caches, State},
        positions::start,
        tree,
    },
    program::Program,
    reload::rerun,
};
use rhai::{
    Dynamic, Engine, EvalAltResult, EvalContext, Expr, FnPtr, ImmutableString, Position, Scope,
    Stmt, StmtBlock,
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

/// Arguments that a callback can be offered.
pub(crate) const MAX_ARGS: usize = 3;

/// The arguments of one call; those that the callback does not take are ignored.
pub(crate) type Args = [Dynamic; MAX_ARGS];

/// Frames kept for the next call of the same body. Fixed: more are only needed by handlers that wait, and by recursion.
const MAX_FRAMES: usize = 16;

/// A function's body, ready to be evaluated.
pub(crate) struct Body {
    code: OnceCell<Code>,
    params: Vec<ImmutableString>,
    unit: Rc<Unit>,
    line: Option<usize>,
    /// (in boxes: a frame is large, and is moved out and in with every call)
    #[allow(clippy::vec_box)]
    frames: RefCell<Vec<Box<Frame>>>,
    /// May what was found for a call be found for the next? Not where functions import others.
    keeps_caches: bool,
    /// The number that `Handler::place` was given.
    place: Cell<u64>,
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
    /// The body of that function, and its statements, of which `set` makes what is evaluated.
    pub(in crate::engine) fn lift(
        unit: &Rc<Unit>,
        name: &str,
        params: usize,
        keeps_caches: bool,
    ) -> Option<(Self, Expr)> {
        let plain = unit.functions(name, params).find(|def| def.this_type.is_none());
        let def = plain.or_else(|| unit.functions(name, params).next())?;
        let start = def.body.start_position();
        let mut expression = tree::body(def);
        unit.marks.mark(def, &mut expression);
        let body = Self {
            code: OnceCell::new(),
            params: def.params.to_vec(),
            unit: unit.clone(),
            line: start.line(),
            keeps_caches,
            frames: RefCell::default(),
            place: Cell::new(0),
        };
        Some((body, expression))
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
    ) -> Result<Dynamic, Box<EvalAltResult>> {
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
            Code::Block(Expr::Stmt(block)) if rerun::begins() => {
                self.call_noted(block, &mut context)
            }
            Code::Block(block) => evaluate::expression(&mut context, block),
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
}

impl Body {
    /// Evaluates statement by statement, so that it is known which of them does what.
    fn call_noted(
        &self,
        block: &StmtBlock,
        context: &mut EvalContext,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let tokens = &self.unit.tokens;
        let statements = block.statements();
        let range =
            |at: usize| tokens.between(start(&statements[at]), statements.get(at + 1).map(start));
        rerun::body(&self.unit, (0..statements.len()).map(range).collect());
        let mut value = Dynamic::UNIT;
        for (at, statement) in statements.iter().enumerate() {
            rerun::statement(at);
            value = evaluate::statement(context, statement)?;
        }
        Ok(value)
    }
}

/// A callback that can be called. Cheap to share; knows nothing of what it is called for.
pub(crate) struct Handler {
    program: Rc<Program>,
    body: Rc<Body>,
    f: FnPtr,
}

impl Handler {
    pub(in crate::engine) fn new(program: Rc<Program>, body: Rc<Body>, f: FnPtr) -> Self {
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

    /// `push.rhai:18`: where it stands.
    pub(crate) fn location(&self) -> String {
        match self.body.line {
            Some(line) => format!("{}:{line}", self.file()),
            None => self.file().to_owned(),
        }
    }

    /// The line where it stands, if that is known.
    pub(crate) fn position(&self) -> Position {
        let line = self.body.line.and_then(|line| u16::try_from(line).ok());
        line.filter(|line| *line > 0).map_or(Position::NONE, |line| Position::new(line, 1))
    }

    /// A number for where it stands, not 0. `number` makes it from file and line (0: not known), and is asked once.
    pub(crate) fn place(&self, number: impl FnOnce(&str, usize) -> u64) -> u64 {
        if self.body.place.get() == 0 {
            self.body.place.set(number(self.file(), self.body.line.unwrap_or_default()));
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

/// What a coroutine keeps from call to call: a copy of the state of each file of one program.
#[derive(Default)]
pub(crate) struct Calls {
    program: Option<Rc<Program>>,
    units: Vec<(Rc<Unit>, State)>,
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
            let state = state.unwrap_or_else(|| evaluate::new_state(&program.engine));
            self.units.push((unit.clone(), state));
            self.units.len() - 1
        });
        let (_, state) = &mut self.units[at];
        let own = &mut args[..handler.takes()];
        let before = rerun::note(coroutine::tag());
        let result = handler.body.call(&program.engine, handler.f.curry(), own, state);
        rerun::note(before);
        if program.retired.get() {
            *self = Self::default();
        }
        Done { result, args }
    }
}
