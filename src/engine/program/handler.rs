//! A callback together with the program it belongs to, and what a coroutine keeps to call it.

use crate::engine::{
    call::{
        coroutine::{self, Runner},
        noting,
    },
    compile::modules::Unit,
    fast_path::body::Body,
    internals::evaluate::{self, State},
    program::Program,
};
use rhai::{Dynamic, EvalAltResult, FnPtr, Position};
use std::rc::Rc;

/// Arguments that a callback can be offered.
pub(crate) const MAX_ARGS: usize = 3;

/// The arguments of one call; those that the callback does not take are ignored.
pub(crate) type Args = [Dynamic; MAX_ARGS];

/// A callback that can be called. Cheap to share; knows nothing of what it is called for.
pub(crate) struct Handler {
    program: Rc<Program>,
    unit: Rc<Unit>,
    body: Rc<Body>,
    f: FnPtr,
}

impl Handler {
    pub(in crate::engine) fn new(
        program: Rc<Program>,
        unit: Rc<Unit>,
        body: Rc<Body>,
        f: FnPtr,
    ) -> Self {
        Self { program, unit, body, f }
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
        &self.body.file
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
        let unit = &handler.unit;
        let known = self.units.iter().position(|(u, ..)| Rc::ptr_eq(u, unit));
        let at = known.unwrap_or_else(|| {
            let state = unit.state.borrow().clone();
            let state = state.unwrap_or_else(|| evaluate::new_state(&program.engine));
            self.units.push((unit.clone(), state));
            self.units.len() - 1
        });
        let (_, state) = &mut self.units[at];
        let own = &mut args[..handler.takes()];
        let before = noting::note(coroutine::tag());
        let result = handler.body.call(&program.engine, handler.f.curry(), own, state);
        noting::note(before);
        if program.retired.get() {
            *self = Self::default();
        }
        Done { result, args }
    }
}
