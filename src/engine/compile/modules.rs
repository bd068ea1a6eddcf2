//! The files of one generation: parsed once, run when they are imported, found again by name. `import` looks for
//! modules of the host (`std/…`) first, then for files beside the importing one.

use crate::engine::{
    compile::{
        closures::{Closure, closures, run_in},
        host_modules::{HostModules, NativeModule},
        marks::Marks,
        meaning::Meanings,
        sources::Sources,
        tokens::{Tokens, opens},
    },
    globals::Globals,
    internals::{
        evaluate::{self, Caches, State},
        positions::{place, position},
        tree,
    },
    nearest::nearest,
    outcome::Outcome,
    values::script_files::ScriptFiles,
};
use rhai::{
    AST, ASTFlags, ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, Expr, ImmutableString,
    Module, ModuleResolver, NativeCallContext, Position, Scope, ScriptFuncDef, Shared, Stmt, Token,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    path::{Path, PathBuf},
    rc::{Rc, Weak},
};

/// Files that one program may consist of. Fixed: an import that makes imports without end stops here.
const MAX_UNITS: usize = 1_000;

/// One file.
pub(crate) struct Unit {
    /// The name that people and rhai see.
    pub(crate) file: ImmutableString,
    path: PathBuf,
    pub(crate) text: Rc<str>,
    /// What was parsed.
    pub(crate) ast: AST,
    /// What runs.
    pub(in crate::engine) runs: AST,
    pub(in crate::engine) marks: Marks,
    pub(crate) tokens: Tokens,
    pub(crate) closures: Vec<Rc<Closure>>,
    /// Imports, constants and functions of the file after its top level ran: what its functions need when they are called.
    pub(crate) state: RefCell<Option<State>>,
}

impl Unit {
    /// The numbers of parameters of the functions of that name in this file.
    pub(crate) fn arities(&self, name: &str) -> Vec<usize> {
        let same_name = self.ast.iter_fn_def().filter(|def| def.name == name);
        same_name.map(|def| def.params.len()).collect()
    }

    /// The functions of that name with so many parameters. More than one: they are methods of different types.
    pub(in crate::engine) fn functions(
        &self,
        name: &str,
        params: usize,
    ) -> impl Iterator<Item = &Shared<ScriptFuncDef>> {
        self.ast.iter_fn_def().filter(move |def| def.name == name && def.params.len() == params)
    }

    /// Has it a function that is called by that name and so many arguments alone?
    pub(in crate::engine) fn has_function(&self, name: &str, params: usize) -> bool {
        let mut found = self.functions(name, params);
        found.next().is_some_and(|def| def.this_type.is_none()) && found.next().is_none()
    }
}

/// Runs the top level of a file. What it leaves behind is in the unit, in the scope and among the globals then.
pub(in crate::engine) trait TopLevels {
    fn run(
        &self,
        modules: &Modules,
        engine: &Engine,
        unit: &Rc<Unit>,
        scope: &mut Scope<'static>,
    ) -> Outcome<()>;
}

/// Other programs, which may know closures that this one does not.
pub(crate) trait OtherPrograms {
    /// Calls the closure of that name. `None`: none of them knows it.
    fn call_closure(
        &self,
        name: &str,
        args: &mut [&mut Dynamic],
        is_method: bool,
        level: usize,
    ) -> Option<Outcome<Dynamic>>;
}

/// All files of one generation, and the resolver that finds them.
pub(crate) struct Modules {
    pub(crate) sources: Sources,
    pub(crate) globals: Rc<Globals>,
    /// What scripts can import besides files.
    pub(in crate::engine) host: HostModules,
    /// The isolate's programs, this one among them (which is why it does not own them).
    others: Weak<dyn OtherPrograms>,
    pub(crate) units: RefCell<Vec<Rc<Unit>>>,
    /// What runs the top levels.
    runner: RefCell<Option<Rc<dyn TopLevels>>>,
    /// Modules whose top level has run, by path.
    built: RefCell<HashMap<PathBuf, Rc<Module>>>,
    /// Modules whose top level is running, to find cycles.
    building: RefCell<Vec<PathBuf>>,
    /// What the files say, as far as a reload has asked.
    pub(in crate::engine) meanings: Meanings,
    /// How so many files import others; every body that is lifted asks.
    imports: Cell<Option<(usize, Imports)>>,
}

impl Modules {
    pub(crate) fn new(
        sources: Sources,
        globals: Rc<Globals>,
        host: HostModules,
        others: Weak<dyn OtherPrograms>,
    ) -> Rc<Self> {
        Rc::new(Self {
            sources,
            globals,
            host,
            others,
            units: RefCell::default(),
            runner: RefCell::default(),
            built: RefCell::default(),
            building: RefCell::default(),
            meanings: Meanings::default(),
            imports: Cell::new(None),
        })
    }

    /// Top levels are run by this from now on.
    pub(in crate::engine) fn run_by(&self, runner: Rc<dyn TopLevels>) {
        *self.runner.borrow_mut() = Some(runner);
    }

    pub(crate) fn main(&self) -> Rc<Unit> {
        self.units.borrow()[0].clone()
    }

    pub(crate) fn unit(&self, file: &str) -> Option<Rc<Unit>> {
        self.units.borrow().iter().find(|u| u.file == file).cloned()
    }

    /// Parses a file, once, and all that it imports by a fixed name.
    pub(crate) fn parse(&self, engine: &Engine, path: &Path) -> Outcome<Rc<Unit>> {
        if let Some(unit) = self.units.borrow().iter().find(|u| u.path == path) {
            return Ok(unit.clone());
        }
        if self.units.borrow().len() >= MAX_UNITS {
            return Err(format!("a program has at most {MAX_UNITS} files").into());
        }
        let text: Rc<str> = match self.host.text(path) {
            Some(text) => text.into(),
            None => Rc::from(&*self.sources.text(path)?),
        };
        let file: ImmutableString = self.sources.display(path).into();
        let (compiled, tokens) = Tokens::of(|| engine.compile(&*text));
        let mut ast = compiled.map_err(|e| {
            let parsing = EvalAltResult::ErrorParsing(*e.0, e.1);
            Box::new(EvalAltResult::ErrorInModule(file.to_string(), parsing.into(), Position::NONE))
        })?;
        if let Some((constant, at)) = assigned_constant(&ast, &tokens) {
            let error = EvalAltResult::ErrorAssignmentToConstant(constant, at).into();
            return Err(in_module(&file, error));
        }
        ast.set_source(file.clone());
        self.globals.note_captures(&ast);
        let marks = Marks::new(&ast, &self.globals);
        let runs = marks.runs(&ast, &tokens);
        let mut closures = closures(&ast, &tokens);
        run_in(&mut closures, &runs);
        let unit = Rc::new(Unit {
            file,
            path: path.to_owned(),
            text,
            ast,
            runs,
            marks,
            tokens,
            closures,
            state: RefCell::default(),
        });
        self.units.borrow_mut().push(unit.clone());
        for import in imports(&unit.ast) {
            let wanted = self.locate(Some(&unit.path), &import);
            if self.host.native(&import).is_some() {
                continue;
            }
            // A file that is missing is told about when its `import` runs, with the place.
            if self.host.has(&import) || self.sources.text(&wanted).is_ok() {
                self.parse(engine, &wanted)?;
            }
        }
        Ok(unit)
    }

    /// How the files that are known import others.
    pub(in crate::engine) fn imports(&self) -> Imports {
        let units = self.units.borrow();
        if let Some((known, found)) = self.imports.get()
            && known == units.len()
        {
            return found;
        }
        let mut found = Imports { are_at_top: true, are_written_out: true };
        for unit in units.iter() {
            unit.ast.walk(&mut |path: &[ASTNode]| {
                if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last() {
                    let is_at_top =
                        path.len() == 1
                            && unit.ast.statements().iter().any(
                                |s| matches!(s, Stmt::Import(_, at) if *at == path[0].position()),
                            );
                    found.are_at_top &= is_at_top;
                    found.are_written_out &= matches!(import.0, Expr::StringConstant(..));
                }
                true
            });
        }
        self.imports.set(Some((units.len(), found)));
        found
    }

    /// Where an import of `from` leads.
    fn locate(&self, from: Option<&Path>, import: &str) -> PathBuf {
        if self.host.has(import) {
            return PathBuf::from(import);
        }
        let base =
            from.or(Some(self.sources.main())).and_then(Path::parent).unwrap_or(Path::new("."));
        let mut path = base.join(import);
        if path.extension().is_none() {
            path.set_extension("rhai");
        }
        path.canonicalize().unwrap_or(path)
    }

    /// Where an import of `file` leads. The error says why it leads nowhere.
    pub(crate) fn find(&self, file: &str, import: &str) -> Result<PathBuf, String> {
        let from = self.unit(file).map(|unit| unit.path.clone());
        let path = self.locate(from.as_deref(), import);
        if self.host.has(import) {
            return Ok(path);
        }
        match self.sources.text(&path) {
            Ok(_) => Ok(path),
            Err(_) if import.starts_with("std/") => {
                let known: Vec<_> = self.host.names().collect();
                let near = nearest(import, known.iter().copied());
                let near = near.map(|near| format!(": did you mean `{near}`?"));
                Err(format!(
                    "there is no module `{import}` in this host{}",
                    near.unwrap_or_else(|| format!(": known are {}", known.join(", ")))
                ))
            }
            Err(why) => Err(format!("cannot import `{import}`: {}: {why}", path.display())),
        }
    }

    /// The native module of the host that such an import means.
    pub(in crate::engine) fn native(&self, import: &str) -> Option<&Rc<NativeModule>> {
        self.host.native(import)
    }

    /// The file that such an import leads to, if it was parsed.
    pub(crate) fn imported(&self, file: &str, import: &str) -> Option<Rc<Unit>> {
        let path = self.find(file, import).ok()?;
        self.units.borrow().iter().find(|unit| unit.path == path).cloned()
    }

    fn load(
        &self,
        engine: &Engine,
        from: Option<&str>,
        import: &str,
        pos: Position,
    ) -> Outcome<Rc<Module>> {
        if let Some(native) = self.native(import) {
            return Ok(native.module.clone());
        }
        let path = self
            .find(from.unwrap_or_default(), import)
            .map_err(|why| EvalAltResult::ErrorRuntime(why.into(), pos))?;
        if let Some(module) = self.built.borrow().get(&path) {
            return Ok(module.clone());
        }
        let shown = self.sources.display(&path);
        if self.building.borrow().contains(&path) {
            let why = format!("import cycle: {shown} is being imported already");
            return Err(EvalAltResult::ErrorRuntime(why.into(), pos).into());
        }
        self.building.borrow_mut().push(path.clone());
        let built = self.parse(engine, &path).and_then(|unit| self.build(engine, &unit));
        self.building.borrow_mut().pop();
        let module = Rc::new(built.map_err(|e| match *e {
            EvalAltResult::ErrorInModule(file, inner, at) if at.is_none() => {
                EvalAltResult::ErrorInModule(file, inner, pos).into()
            }
            other => Box::new(EvalAltResult::ErrorInModule(shown, other.into(), pos)),
        })?);
        self.built.borrow_mut().insert(path, module.clone());
        Ok(module)
    }

    /// Builds the modules that only functions import: their state belongs to the program as well, and a fault in them is
    /// better known now than at the first call.
    pub(crate) fn build_rest(&self, engine: &Engine) -> Outcome<()> {
        let units = self.units.borrow().clone();
        for unit in units.iter().skip(1) {
            if !self.built.borrow().contains_key(&unit.path) {
                let module = self.build(engine, unit).map_err(|e| in_module(&unit.file, e))?;
                self.built.borrow_mut().insert(unit.path.clone(), Rc::new(module));
            }
        }
        Ok(())
    }

    /// Runs a module's top level with the host's own state and globals, and makes the module that importers see.
    fn build(&self, engine: &Engine, unit: &Rc<Unit>) -> Outcome<Module> {
        let runner = self.runner.borrow().clone().ok_or("no program is running")?;
        let mut scope = Scope::new();
        runner.run(self, engine, unit, &mut scope)?;
        self.globals.uncover(&mut scope);
        // What ran is not run again: the module is made from the functions, the imports (each is built by now) and the
        // constants as literals.
        let mut statements: Vec<Stmt> = unit
            .ast
            .statements()
            .iter()
            .filter(|s| matches!(s, Stmt::Import(..)))
            .cloned()
            .collect();
        for statement in unit.ast.statements() {
            if let Stmt::Var(x, flags, pos) = statement
                && flags.contains(ASTFlags::CONSTANT)
            {
                let value = scope.get(&x.0.name).cloned().unwrap_or(Dynamic::UNIT);
                let literal = Expr::DynamicConstant(Box::new(value), *pos);
                let variable = Box::new((x.0.clone(), literal, None));
                statements.push(Stmt::Var(variable, ASTFlags::CONSTANT, *pos));
            }
        }
        let functions = tree::library(&unit.runs).clone();
        evaluate::module(engine, &mut scope, &tree::program(statements, functions, &unit.file))
    }

    /// Calls a closure of this program, if it knows one of that name; as a method the first argument is its `this`.
    /// `engine` is the program's.
    pub(in crate::engine) fn call_closure(
        &self,
        engine: &Engine,
        name: &str,
        args: &mut [&mut Dynamic],
        is_method: bool,
        level: usize,
    ) -> Option<Outcome<Dynamic>> {
        let params = args.len() - usize::from(is_method);
        let state = self.units.borrow().iter().find_map(|unit| {
            let state = unit.state.borrow();
            let lib = state.as_ref()?.lib.first()?;
            let has = lib.iter_script_fn_info().any(|(_, _, n, k, _)| n == name && k == params);
            has.then(|| state.clone()).flatten()
        });
        let mut state = state?;
        state.level = level;
        let (mut caches, mut scope) = (Caches::new(), Scope::new());
        let mut inner = evaluate::context(engine, &mut state, &mut caches, &mut scope);
        Some(evaluate::call(&mut inner, name, is_method, args))
    }
}

impl ScriptFiles for Modules {
    fn is_at_dot(&self, call: &NativeCallContext) -> bool {
        let unit = call.call_source().and_then(|file| self.unit(file));
        unit.is_some_and(|unit| {
            let tokens = unit.tokens.from(place(call.call_position()));
            matches!(tokens.first(), Some((Token::Period | Token::Elvis, _)))
        })
    }

    fn at_index(
        &self,
        call: &NativeCallContext,
        mut error: Box<EvalAltResult>,
    ) -> Box<EvalAltResult> {
        let bracket = place(call.call_position());
        let unit = call.call_source().and_then(|file| self.unit(file));
        let behind = unit.and_then(|unit| match unit.tokens.from(bracket) {
            [(bracket, _), (_, index), ..] if opens(bracket) => Some(*index),
            _ => None,
        });
        if let Some(behind) = behind.and_then(position) {
            error.set_position(behind);
        }
        error
    }

    fn call_foreign_closure(
        &self,
        name: &str,
        args: &mut [&mut Dynamic],
        is_method: bool,
        ctx: &EvalContext,
    ) -> Option<Outcome<Dynamic>> {
        let level = ctx.call_level() + 1;
        self.call_closure(ctx.engine(), name, args, is_method, level)
            .or_else(|| self.others.upgrade()?.call_closure(name, args, is_method, level))
    }
}

/// See [`Modules::imports`].
#[derive(Clone, Copy)]
pub(in crate::engine) struct Imports {
    /// No function and no block imports anything.
    pub(in crate::engine) are_at_top: bool,
    /// All of them by a fixed name.
    pub(in crate::engine) are_written_out: bool,
}

/// The resolver is a handle to the modules of its generation.
pub(crate) struct Resolver(pub(crate) Rc<Modules>);

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        pos: Position,
    ) -> Outcome<Shared<Module>> {
        self.0.load(engine, source, path, pos)
    }
}

/// An error of a module's top level, with the module's name.
fn in_module(file: &str, error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorInModule(file.to_owned(), error, Position::NONE).into()
}

/// A constant of which a part is assigned to, and where. Rhai has put its value in its place there, and would panic when it
/// came to it.
fn assigned_constant(ast: &AST, tokens: &Tokens) -> Option<(String, Position)> {
    fn is_place(target: &Expr) -> bool {
        match target {
            Expr::Variable(..) | Expr::ThisPtr(..) => true,
            Expr::Dot(x, ..) | Expr::Index(x, ..) => is_place(&x.lhs),
            _ => false,
        }
    }
    let mut found = None;
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Assignment(x))) = path.last()
            && !is_place(&x.1.lhs)
        {
            found = Some(x.1.lhs.start_position());
        }
        found.is_none()
    });
    let at = found?;
    let name = match tokens.from(place(at)).first() {
        Some((Token::Identifier(name), _)) => name.to_string(),
        _ => String::new(),
    };
    Some((name, at))
}

/// The names of all imports whose name is written out.
fn imports(ast: &AST) -> Vec<String> {
    let mut names = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
            && let Expr::StringConstant(name, _) = &import.0
        {
            names.push(name.to_string());
        }
        true
    });
    names
}
