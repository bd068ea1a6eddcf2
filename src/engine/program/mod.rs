//! One compiled generation: an engine, the files, and what their top levels left behind.

mod api;
pub(crate) mod build;
mod callbacks;
pub(crate) mod config;
pub(crate) mod generations;
pub(crate) mod handler;
mod reports;

pub(crate) use api::{Api, Start};
use config::Config;
use generations::Generations;

use crate::{
    engine::{
        call::{
            allowance,
            coroutine::{guarded, restart_clock},
            progress::Progress,
        },
        compile::{
            modules::{Modules, TopLevels},
            sources::Sources,
        },
        fast_path::body::Body,
        globals::Globals,
        natives::Natives,
        program::build::build,
        reload::{edition::Edition, toplevel::TopLevel},
        values::{absent, this_methods},
    },
    error::Fault,
};
use rhai::{AST, ASTNode, Engine, Expr, ImmutableString, OptimizationLevel, Scope};
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    rc::{Rc, Weak},
};

/// A generation of the script.
pub(crate) struct Program {
    /// What reloads have to know of it.
    pub(crate) edition: Rc<Edition>,
    pub(crate) engine: Engine,
    natives: Rc<Natives>,
    progress: Progress,
    pub(crate) modules: Rc<Modules>,
    /// A newer generation serves; this one only ends what it began.
    pub(crate) retired: Cell<bool>,
    /// The isolate's programs, this one among them, which is why it does not own them.
    generations: Weak<Generations>,
    /// Are reports coloured?
    pub(in crate::engine) colour: bool,
    optimizes: bool,
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
        let others: Weak<Generations> = Rc::downgrade(generations);
        let modules = Modules::new(sources, Globals::new(&main), api.modules(), others);
        let mut natives = Natives::default();
        let mut engine = build(config, &modules, &mut natives);
        engine.set_optimization_level(optimization);
        let handles = api.register(&mut engine, &mut natives);
        this_methods::register(&mut engine, &handles);
        modules.globals.set_handles(handles);
        if let Some(register) = &config.register {
            let registered = guarded(|| natives.extend(&mut engine, |engine| register(engine)));
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
            edition: Rc::new(Edition::new(generation, start.is_fresh, modules.clone())),
            engine,
            natives: Rc::new(natives),
            progress: Progress::new(&config.kill),
            modules,
            retired: Cell::new(false),
            generations: Rc::downgrade(generations),
            colour: config.colour,
            optimizes: config.optimizes,
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
        let previous = previous.map(|previous| previous.edition.clone());
        let generations = self.generations.clone();
        let older = move || generations.upgrade().map_or_else(Vec::new, |all| all.editions());
        let globals = self.modules.globals.clone();
        let Edition { generation, is_fresh, .. } = *self.edition;
        let top_level = TopLevel::new(globals, generation, previous, older, is_fresh);
        self.edition.begin(&top_level);
        self.modules.run_by(top_level.clone());
        restart_clock();
        let unit = self.modules.main();
        let entered = allowance::enter(0);
        let ran = guarded(|| {
            self.modules.units.borrow().iter().for_each(|unit| top_level.note_names(unit));
            let ran = top_level.run(&self.modules, &self.engine, &unit, &mut Scope::new());
            ran.and_then(|()| self.modules.build_rest(&self.engine))
        });
        allowance::leave(entered);
        top_level.close_journal();
        top_level.restore();
        let top_level = self.edition.ended(top_level);
        let ran = ran.map_err(|text| {
            let file = &unit.file;
            Fault::panic(format!(
                "a function of the host panicked at the top level of {file}: {text}"
            ))
        })?;
        ran.map_err(|e| self.fault(&e, &unit.file, "at the top level"))?;
        Ok(top_level)
    }

    /// The number that people see: 0 at the first start.
    pub(crate) fn number(&self) -> i64 {
        self.edition.generation as i64 - 1
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.modules.sources
    }

    /// Where the main script lies.
    pub(crate) fn directory(&self) -> PathBuf {
        self.modules.sources.main().parent().unwrap_or(Path::new("")).to_owned()
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
