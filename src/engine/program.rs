//! One compiled generation: an engine, the files, and what their top levels left behind.

use crate::engine::{
    Config,
    call::{
        allowance, catches,
        handler::{Body, Handler},
        progress::Progress,
    },
    compile::{
        host_modules::HostModules,
        modules::{Modules, Unit},
        retouch::Retoucher,
        sources::Sources,
    },
    diagnostics::report::{Hints, Report, Sources as Texts},
    fast_path::{self, Finder},
    globals::Globals,
    internals::ANONYMOUS,
    is_timeout,
    lint::{Finding, Found, Problem},
    natives::Natives,
    reload::{
        changes::Changes,
        fillings::Filled,
        generations::Generations,
        meaning::Meaning,
        relink::{self, Names},
        toplevel::{Key, TopLevel},
    },
    values::{absent, this_methods},
};
use crate::error::{Fault, FaultKind};
use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, FnPtr, ImmutableString, OptimizationLevel,
    Scope,
};
use std::{
    any::TypeId,
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    rc::Rc,
};

/// What the host offers to scripts, registered into every generation's engine.
pub(crate) trait Api {
    /// What scripts can import besides files.
    fn modules(&self) -> HostModules;

    /// Functions and types. Gives the types that are references by themselves.
    fn register(&self, engine: &mut Engine, natives: &mut Natives) -> Vec<TypeId>;

    /// Getters and setters of these property names, for all types that have properties.
    fn register_properties(
        &self,
        engine: &mut Engine,
        natives: &mut Natives,
        names: &BTreeSet<ImmutableString>,
    );
}

/// How a generation begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// 1 at the first start.
    pub(crate) generation: u64,
    /// Run every initialiser, instead of taking over what lives?
    pub(crate) is_fresh: bool,
}

impl Start {
    /// The very first.
    pub(crate) const FIRST: Self = Self { generation: 1, is_fresh: false };
}

/// A generation of the script.
pub(crate) struct Program {
    /// 1 at the first start.
    pub(crate) generation: u64,
    pub(crate) engine: Engine,
    natives: Rc<Natives>,
    progress: Progress,
    pub(crate) modules: Rc<Modules>,
    /// A newer generation serves; this one only ends what it began.
    pub(crate) retired: Cell<bool>,
    /// Does it run every initialiser, instead of taking over what lives?
    pub(crate) is_fresh: bool,
    colour: bool,
    optimizes: bool,
    top_level: OnceCell<Rc<TopLevel>>,
    bodies: RefCell<HashMap<(ImmutableString, ImmutableString, usize), Rc<Body>>>,
    script_functions: OnceCell<HashSet<String>>,
}

impl Program {
    /// Parses everything and prepares the engine. Nothing runs yet.
    pub(crate) fn compile<A: Api>(
        api: &A,
        config: &Config,
        sources: Sources,
        start: Start,
        generations: &Rc<Generations>,
    ) -> Result<Rc<Self>, Fault> {
        Self::compile_as(api, config, sources, start, generations, OptimizationLevel::default())
    }

    /// Parses everything as it is written, to be looked at and not to be run.
    pub(crate) fn parse<A: Api>(
        api: &A,
        config: &Config,
        sources: Sources,
        generations: &Rc<Generations>,
    ) -> Result<Rc<Self>, Fault> {
        let plain = OptimizationLevel::None;
        Self::compile_as(api, config, sources, Start::FIRST, generations, plain)
    }

    fn compile_as<A: Api>(
        api: &A,
        config: &Config,
        sources: Sources,
        start: Start,
        generations: &Rc<Generations>,
        optimization: OptimizationLevel,
    ) -> Result<Rc<Self>, Fault> {
        let generation = start.generation;
        let main = sources.display(sources.main());
        let main_path = sources.main().to_owned();
        let text = sources
            .text(&main_path)
            .map_err(|why| Fault::plain(format!("cannot read {}: {why}", main_path.display())))?;
        // An editor that empties the file before it writes would otherwise close every worker.
        if generation > 1 && text.trim().is_empty() {
            return Err(Fault::plain(format!("{main} is empty")));
        }
        let modules = Modules::new(sources, Globals::new(&main), api.modules(), generations);
        let mut natives = Natives::default();
        let mut engine = crate::engine::build(config, &modules, &mut natives);
        engine.set_optimization_level(optimization);
        let handles = api.register(&mut engine, &mut natives);
        this_methods::register(&mut engine, &handles);
        modules.globals.set_handles(handles);
        if let Some(register) = &config.register {
            let registered = crate::engine::call::coroutine::guarded(|| {
                natives.extend(&mut engine, |engine| register(engine))
            });
            registered.map_err(|text| {
                Fault::panic(format!("the embedder's registration panicked: {text}"))
            })?;
        }
        let parsed = modules.parse(&engine, &main_path);
        if parsed.is_ok() {
            let names =
                modules.units.borrow().iter().flat_map(|u| property_names(&u.ast)).collect();
            absent::register_properties(&mut engine, &mut natives, &names);
            api.register_properties(&mut engine, &mut natives, &names);
        }
        let program = Rc::new(Self {
            generation,
            engine,
            natives: Rc::new(natives),
            progress: Progress::new(&config.kill),
            modules,
            retired: Cell::new(false),
            is_fresh: start.is_fresh,
            colour: config.colour,
            optimizes: config.optimizes,
            top_level: OnceCell::new(),
            bodies: RefCell::default(),
            script_functions: OnceCell::new(),
        });
        match parsed {
            Ok(_) => Ok(program),
            Err(error) => Err(program.fault(&error, &main, "")),
        }
    }

    /// Runs the top level of the main file, and of all that it imports. Whatever comes of it, the living program
    /// `previous` is as it was before.
    pub(crate) fn declare(&self, previous: Option<Rc<Program>>) -> Result<&TopLevel, Fault> {
        let globals = self.modules.globals.clone();
        let top_level = TopLevel::new(globals, self.generation, previous, self.is_fresh);
        *self.modules.top_level.borrow_mut() = Some(top_level.clone());
        crate::engine::call::coroutine::restart_clock();
        let unit = self.modules.main();
        let entered = allowance::enter(0);
        let ran = crate::engine::call::coroutine::guarded(|| {
            self.modules
                .units
                .borrow()
                .iter()
                .for_each(|unit| top_level.note_names(&self.modules, unit));
            let ran = top_level.run(&self.modules, &self.engine, &unit, &mut Scope::new());
            ran.and_then(|()| self.modules.build_rest(&self.engine))
        });
        allowance::leave(entered);
        top_level.close_journal();
        top_level.restore();
        let top_level = self.top_level.get_or_init(|| top_level);
        let ran = ran.map_err(|text| {
            let file = &unit.file;
            Fault::panic(format!(
                "a function of the host panicked at the top level of {file}: {text}"
            ))
        })?;
        ran.map_err(|e| self.fault(&e, &unit.file, "at the top level"))?;
        Ok(top_level)
    }

    /// The reload is accepted: the state that lives on is this program's from now on. Gives what happened to values.
    pub(crate) fn accept_state(&self) -> Changes {
        self.top_level.get().map_or_else(Changes::default, |t| t.accept(&self.modules))
    }

    /// Where the statement of the top level stands that took longest.
    pub(crate) fn slowest(&self) -> Option<String> {
        self.top_level.get()?.slowest()
    }

    /// What would happen to values.
    pub(crate) fn preview_state(&self) -> Changes {
        self.top_level.get().map_or_else(Changes::default, |t| t.preview(&self.modules))
    }

    /// What the top level has put into a map or an array, if that is one.
    pub(crate) fn inventory(&self, value: &Dynamic) -> Filled {
        self.top_level.get().map_or(Filled::Other, |t| t.inventory(&self.modules, value))
    }

    /// Merges what the top level has put into `new` into what lives on. `filled` is what the one before has put there, and
    /// what this one has. A dry run only tells of it.
    pub(crate) fn merge(
        &self,
        name: &str,
        filled: (&Filled, &Filled),
        new: &Dynamic,
        living: &Dynamic,
        is_dry: bool,
    ) -> Changes {
        let top_level = self.top_level.get();
        top_level.map_or_else(Changes::default, |t| t.merge(name, filled, new, living, is_dry))
    }

    /// Is a living value still what a run of before has put there?
    pub(super) fn is_untouched(&self, put: &Filled, living: &Dynamic) -> bool {
        self.top_level.get().is_some_and(|t| t.is_untouched(put, living))
    }

    pub(super) fn filled(&self, key: &Key) -> Option<Filled> {
        self.top_level.get().and_then(|t| t.filled(key))
    }

    pub(crate) fn with_names<T>(&self, file: &str, f: impl FnOnce(&Names) -> T) -> Option<T> {
        self.top_level.get().and_then(|t| t.with_names(file, f))
    }

    pub(crate) fn variable(&self, key: &Key) -> Option<Meaning> {
        self.top_level.get().and_then(|t| t.variable(key))
    }

    /// Makes a callback callable. `file`: where it was set; a function's name is looked for there first, then in the main
    /// file. `offered`: how many arguments it will be given. The error says what is wrong with it.
    pub(crate) fn handler(
        self: &Rc<Self>,
        f: &FnPtr,
        file: Option<&str>,
        offered: usize,
    ) -> Result<Handler, String> {
        let renewed = self.renew(f);
        let f = renewed.as_ref().unwrap_or(f);
        let name = f.fn_name();
        let held = f.curry().len();
        let units = self.modules.units.borrow().clone();
        let preferred = units.iter().filter(|u| Some(u.file.as_str()) == file);
        let mut wrong = None;
        for unit in preferred.chain(units.iter()) {
            let mut arities = unit.arities(name);
            arities.sort_unstable_by(|a, b| b.cmp(a));
            let fits = arities.iter().find(|n| (held..=held + offered).contains(*n));
            if let Some(params) = fits {
                let body = self.body(unit, name, *params)?;
                return Ok(Handler::new(self.clone(), body, f.clone()));
            }
            if let Some(first) = arities.first() {
                let def =
                    unit.ast.iter_fn_def().find(|d| d.name == name && d.params.len() == *first);
                wrong = wrong.or(def.map(|d| d.params[held.min(d.params.len())..].join(", ")));
            }
        }
        let shown = if f.is_anonymous() { "this closure".to_owned() } else { format!("`{name}`") };
        Err(match wrong {
            Some(params) => {
                format!("{shown} takes ({params}) but is given {offered} argument(s) at most")
            }
            None if f.is_anonymous() => "this closure belongs to a program that is gone".to_owned(),
            None => format!("there is no function {shown} in this script"),
        })
    }

    fn body(&self, unit: &Rc<Unit>, name: &str, params: usize) -> Result<Rc<Body>, String> {
        let key = (unit.file.clone(), name.into(), params);
        if let Some(body) = self.bodies.borrow().get(&key) {
            return Ok(body.clone());
        }
        let imports = self.modules.imports();
        let (body, mut expression) = Body::lift(unit, name, params, imports.are_at_top)
            .ok_or_else(|| format!("`{name}` has no body of its own"))?;
        let body = Rc::new(body);
        // Before it is rewritten, which wants those of the functions that it calls: it may call itself.
        self.bodies.borrow_mut().insert(key, body.clone());
        let script_functions = self.script_functions();
        let finder = Finder {
            natives: &self.natives,
            globals: &self.modules.globals,
            function: &|name, params| {
                let is_callable = unit.has_function(name, params);
                let body = is_callable.then(|| self.body(unit, name, params).ok()).flatten();
                body.as_ref().map(Rc::downgrade)
            },
            progress: &self.progress,
            is_script_function: &|name| script_functions.contains(name),
        };
        if self.modules.globals.catches() {
            catches::begin_with_a_look(&mut expression);
        }
        Retoucher::new(&unit.tokens, &unit.marks.this_methods).expression(&mut expression);
        // A file that is not known yet may have functions of any name.
        if self.optimizes && imports.are_written_out {
            fast_path::optimize(&mut expression, &finder);
        } else {
            unit.marks.replace_calls(&mut expression);
        }
        body.set(expression);
        Ok(body)
    }

    fn script_functions(&self) -> &HashSet<String> {
        self.script_functions.get_or_init(|| {
            let units = self.modules.units.borrow();
            units.iter().flat_map(|u| u.ast.iter_functions().map(|f| f.name.to_string())).collect()
        })
    }

    /// Does this program know a closure of that name, its own or one that it continues?
    pub(crate) fn knows(&self, name: &str) -> bool {
        let units = self.modules.units.borrow();
        let known = |file: &str| self.with_names(file, |n| n.current(name).is_some());
        units.iter().any(|unit| known(&unit.file) == Some(true))
    }

    /// Is there a closure that `older` could run and this program cannot?
    pub(super) fn abandons(&self, older: &Program) -> bool {
        let units = older.modules.units.borrow();
        let lost = |file: &str| older.with_names(file, |n| n.all().any(|name| !self.knows(name)));
        units.iter().any(|unit| lost(&unit.file) == Some(true))
    }

    /// Did a variable start anew that closures of before may have captured?
    pub(crate) fn resets(&self) -> bool {
        self.top_level.get().is_some_and(|t| t.has_anew())
    }

    /// `push.rhai:18`: where a closure stands.
    pub(crate) fn place(&self, name: &str) -> String {
        let units = self.modules.units.borrow();
        let place = |unit: &Rc<Unit>| {
            let (line, _) = self.with_names(&unit.file, |n| n.place(name)).flatten()?;
            Some(format!("{}:{line}", unit.file))
        };
        units.iter().find_map(place).unwrap_or_default()
    }

    /// What a closure of an earlier generation is now, if it goes on.
    pub(crate) fn renew(&self, f: &FnPtr) -> Option<FnPtr> {
        let globals = &self.modules.globals;
        let units = self.modules.units.borrow();
        let renew = |file: &str| {
            let is_anew = |name: &str| self.top_level.get().is_some_and(|t| t.is_anew(file, name));
            let global = |name: &str| globals.get(Some(file), name);
            self.with_names(file, |names| names.rebind(f, &global, &is_anew))
        };
        f.is_anonymous()
            .then(|| units.iter().find_map(|unit| renew(&unit.file).flatten()))
            .flatten()
    }

    /// Has another closure now the name that living values hold of one which goes on?
    pub(crate) fn has_taken_names(&self) -> bool {
        let units = self.modules.units.borrow();
        units.iter().any(|unit| self.with_names(&unit.file, Names::has_taken) == Some(true))
    }

    /// A callback that lived before this generation, by the name that its closure has now, if its own name is another's.
    pub(crate) fn give_back(&self, f: &FnPtr) -> Option<FnPtr> {
        let globals = &self.modules.globals;
        let units = self.modules.units.borrow();
        units.iter().find_map(|unit| {
            let file = unit.file.as_str();
            let is_anew = |name: &str| self.top_level.get().is_some_and(|t| t.is_anew(file, name));
            let global = |name: &str| globals.get(Some(file), name);
            self.with_names(file, |names| names.give_back(f, &global, &is_anew)).flatten()
        })
    }

    /// What a callback is called in this program, if it goes on.
    pub(crate) fn heir(&self, old: &Handler) -> Option<ImmutableString> {
        self.heir_of(old.program().generation, old.file(), old.fn_ptr().fn_name())
    }

    /// The same for a closure or function of that generation that is known by its name.
    pub(crate) fn heir_of(
        &self,
        generation: u64,
        file: &str,
        name: &str,
    ) -> Option<ImmutableString> {
        match name.starts_with(ANONYMOUS) {
            true => {
                // Also while its top level runs.
                let running = self.modules.top_level.borrow();
                running.as_ref()?.heir(generation, file, name)
            }
            false => Some(name.into()),
        }
    }

    /// A callback of an earlier generation as one of this generation, if it goes on.
    pub(crate) fn adopt(self: &Rc<Self>, old: &Handler, offered: usize) -> Option<Handler> {
        let name = old.fn_ptr().fn_name();
        // Without an heir its name may be that of another one now, which reads the same and stands where it stood.
        let heir = self.heir(old)?;
        let moved = |names: &Names| names.moved(old.fn_ptr(), &heir);
        let moved = self.with_names(old.file(), moved).flatten().filter(|_| heir != name);
        self.handler(moved.as_ref().unwrap_or(old.fn_ptr()), Some(old.file()), offered).ok()
    }

    /// A callback that replaces `old`: where it is the same closure, edited or not, it keeps what that one captured, as
    /// far as the text that initialises the captured variables is what it was.
    pub(crate) fn succeed(
        self: &Rc<Self>,
        old: &Handler,
        new: &Handler,
        offered: usize,
    ) -> Option<Handler> {
        if self.is_fresh {
            return None;
        }
        let file = new.file();
        let heir = self.heir(old).filter(|_| old.fn_ptr().is_anonymous())?;
        if heir != new.fn_ptr().fn_name() {
            return None;
        }
        let closure = |program: &Program, name: &str| {
            let unit = program.modules.unit(file)?;
            unit.closures.iter().find(|c| c.name == name).cloned()
        };
        let before = closure(&old.program().clone(), old.fn_ptr().fn_name())?;
        let after = closure(self, new.fn_ptr().fn_name())?;
        let top_level = self.top_level.get()?;
        let says = |program: &Program, range| {
            let unit = program.modules.unit(file);
            unit.map_or_else(Meaning::default, |unit| program.modules.meaning(&unit, range))
        };
        let is_same =
            |before, now| top_level.continues(&says(self, now), &says(old.program(), before));
        let f = relink::carry_captures(old.fn_ptr(), &before, new.fn_ptr(), &after, &is_same);
        self.handler(&f, Some(file), offered).ok()
    }

    /// A callback that has no predecessor, with the captured variables of those that were made beside it and have one:
    /// `carried` holds these before and after `succeed`.
    pub(crate) fn share(
        self: &Rc<Self>,
        new: &Handler,
        carried: &[(FnPtr, FnPtr)],
        offered: usize,
    ) -> Option<Handler> {
        self.handler(&relink::share_carried(new.fn_ptr(), carried), Some(new.file()), offered).ok()
    }

    /// The number that people see: 0 at the first start.
    pub(crate) fn number(&self) -> i64 {
        self.generation as i64 - 1
    }

    /// What is initialised by the code that runs now, which stands there.
    pub(crate) fn meaning_at(&self, file: &str, at: rhai::Position) -> Meaning {
        let running = self.modules.top_level.borrow();
        running.as_ref().map_or_else(Meaning::default, |t| t.meaning_at(&self.modules, file, at))
    }

    /// Does an initialiser say what it said in the program before?
    pub(crate) fn continues(&self, meaning: &Meaning, older: &Meaning) -> bool {
        self.top_level.get().is_some_and(|t| t.continues(meaning, older))
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.modules.sources
    }

    /// Where the main script lies.
    pub(crate) fn directory(&self) -> PathBuf {
        self.modules.sources.main().parent().unwrap_or(Path::new("")).to_owned()
    }

    /// A report for people. `file`: where the outermost code stands; `note`: what was being done.
    pub(crate) fn fault(&self, error: &EvalAltResult, file: &str, note: &str) -> Fault {
        let texts = self.texts();
        let mut report = self.report(error, file, &texts);
        if !note.is_empty() {
            report = report.with_note(note);
        }
        Fault {
            kind: match error {
                error if is_timeout(error) => FaultKind::Timeout,
                error if allowance::is_excess(error) => FaultKind::Memory,
                _ => FaultKind::Script,
            },
            location: report.location(),
            title: report.title.clone(),
            text: report.render(&texts, self.colour),
            generation: u64::try_from(self.number()).ok(),
            connection: None,
        }
    }

    /// What the lint has found in a file, for people.
    pub(super) fn finding(&self, file: &str, found: Found, texts: &Texts) -> Finding {
        let Found { code, at, problem } = found;
        let mut report = match problem {
            Problem::Error(error) => self.report(&error, file, texts),
            Problem::Said { message, help } => Report::said(message, help, file, at),
        };
        report.code = Some(code);
        let text = report.render(texts, self.colour);
        let Report { title: message, file, line, column, help, .. } = report;
        let source = line.checked_sub(1).and_then(|at| texts.get(&file)?.lines().nth(at));
        let line_text = source.unwrap_or_default().to_owned();
        Finding { code, file, line, column, message, help, text, line_text }
    }

    fn report(&self, error: &EvalAltResult, file: &str, texts: &Texts) -> Report {
        let units = self.modules.units.borrow();
        let earlier = |name: &str| {
            let known = |file: &str| self.with_names(file, |n| n.current(name).is_some());
            units.iter().find(|u| known(&u.file) == Some(true)).map(|u| u.file.to_string())
        };
        let asts = units.iter().map(|u| &u.ast).collect();
        let (engine, host) = (&self.engine, &self.modules.host);
        let hints = Hints { engine, asts, sources: texts, earlier: &earlier, host };
        Report::of(error, file, &hints)
    }

    /// The text of every file that was read, by the name that people see.
    pub(super) fn texts(&self) -> Texts {
        let units = self.modules.units.borrow();
        let mut texts: Texts = units.iter().map(|u| (u.file.to_string(), u.text.clone())).collect();
        // A file that does not parse is no unit, and it is the one that must be shown.
        for (path, _) in self.modules.sources.files() {
            if let Ok(text) = self.modules.sources.text(&path) {
                let shown = self.modules.sources.display(&path);
                texts.entry(shown).or_insert_with(|| Rc::from(&*text));
            }
        }
        texts
    }
}

/// Every property name that a file mentions.
fn property_names(ast: &AST) -> BTreeSet<ImmutableString> {
    let mut names = BTreeSet::new();
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::Property(property, _))) = path.last() {
            names.insert(property.2.clone());
        }
        true
    });
    names
}
