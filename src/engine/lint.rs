//! Finds, without running anything, what would fail when it runs: names that nothing defines, functions that do not take
//! that many arguments, callbacks that no event has or that want more than they are given, closures that all see the last
//! value of a loop.

use super::{
    KEYWORDS,
    closures::ANONYMOUS,
    distinct::Distinct,
    loops,
    modules::{Modules, Unit},
    program::Program,
};
use crate::error::Fault;
use rhai::{AST, ASTNode, EvalAltResult, Expr, FnCallExpr, FnPtr, Position, Stmt};
use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

/// How many arguments the closure is given that is the last argument of such a function of the host's modules.
const GIVEN: [(&str, &str, usize); 12] = [
    ("std/router", "get", 1),
    ("std/router", "post", 1),
    ("std/router", "put", 1),
    ("std/router", "patch", 1),
    ("std/router", "delete", 1),
    ("std/router", "any", 1),
    ("std/router", "route", 1),
    ("std/router", "group", 1),
    ("std/router", "before", 1),
    ("std/router", "after", 2),
    ("std/router", "on_error", 2),
    ("std/router", "not_found", 1),
];

/// What the host knows of callbacks.
pub(crate) struct Rules<'a> {
    /// How many arguments a callback of this name is offered; `None`: there is no such event.
    pub(crate) offered: &'a dyn Fn(&str) -> Option<usize>,
    /// What is wrong with a name that looks like a callback's and is of no event; `None`: it is a setting.
    pub(crate) unknown: &'a dyn Fn(&str) -> Option<String>,
    /// What must not be the same twice.
    pub(crate) distinct: Distinct<'a>,
}

/// Names with the numbers of parameters they exist with.
type Arities = HashMap<String, HashSet<usize>>;

/// All findings of a program, in the order of its files and lines.
pub(crate) fn lint(program: &Program, rules: &Rules<'_>) -> Vec<Fault> {
    let mut natives = Arities::new();
    let listed = |info: rhai::FuncInfo| {
        Some((qualified(&info.namespace, &info.metadata.name), info.metadata.num_params))
    };
    for (name, params) in program.engine.collect_fn_metadata(None, listed, true) {
        natives.entry(name).or_default().insert(params);
    }
    // (the host has one that only says so)
    natives.remove("exit");
    let units = program.modules.units.borrow().clone();
    let mut faults = Vec::new();
    for unit in &units {
        let mut found = Lint::of(&program.modules, unit, rules, &natives).run();
        found.sort_by_key(|(at, _)| (at.line(), at.position()));
        faults.extend(found.iter().map(|(_, error)| program.fault(error, &unit.file, "")));
    }
    faults
}

struct Lint<'a> {
    modules: &'a Modules,
    unit: &'a Rc<Unit>,
    rules: &'a Rules<'a>,
    natives: &'a Arities,
    functions: Arities,
    /// Top-level variables and constants.
    variables: HashSet<String>,
    /// What `import … as` names in this file, and the files; none if that is only known when it runs.
    imports: HashMap<String, Option<Rc<Unit>>>,
    found: Vec<(Position, EvalAltResult)>,
}

impl<'a> Lint<'a> {
    fn of(
        modules: &'a Modules,
        unit: &'a Rc<Unit>,
        rules: &'a Rules<'a>,
        natives: &'a Arities,
    ) -> Self {
        let mut functions = Arities::new();
        for f in unit.ast.iter_functions() {
            functions.entry(f.name.to_string()).or_default().insert(f.params.len());
        }
        let variables = unit.ast.statements().iter().filter_map(|s| match s {
            Stmt::Var(x, ..) => Some(x.0.name.to_string()),
            _ => None,
        });
        let variables = variables.collect();
        let mut imports = HashMap::new();
        unit.ast.walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Stmt(Stmt::Import(x, _))) = path.last() {
                let file = match &x.0 {
                    Expr::StringConstant(import, _) => modules.imported(&unit.file, import),
                    _ => None,
                };
                imports.insert(x.1.name.to_string(), file);
            }
            true
        });
        Self { modules, unit, rules, natives, functions, variables, imports, found: Vec::new() }
    }

    fn run(mut self) -> Vec<(Position, EvalAltResult)> {
        let mut top_level = self.unit.ast.clone();
        top_level.clear_functions();
        self.walk(&top_level, &HashSet::new());
        self.found.extend(self.rules.distinct.twice(&top_level, &self.unit.file));
        for def in self.unit.ast.iter_fn_def() {
            let mut one = self.unit.ast.clone_functions_only();
            one.retain_functions(|_, _, name, params| {
                def.name == name && def.params.len() == params
            });
            let params = def.params.iter().map(ToString::to_string).collect();
            self.walk(&one, &params);
        }
        self.found
    }

    /// Looks at one function's body, or at the top level.
    fn walk(&mut self, ast: &AST, params: &HashSet<String>) {
        for (name, at) in loops::shared_by_all_turns(ast) {
            let text = format!(
                "all closures made in this loop share its variable `{name}` and will see its last value: write \
                 `let x = {name};` in the loop and use `x` in the closure"
            );
            self.found.push((at, EvalAltResult::ErrorRuntime(text.into(), at)));
        }
        ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::FnCall(call, at))) => self.call(call, *at, false),
                Some(ASTNode::Expr(Expr::FnCall(call, at))) => self.call(call, *at, false),
                Some(ASTNode::Expr(Expr::MethodCall(call, at))) => self.call(call, *at, true),
                Some(ASTNode::Expr(Expr::Variable(x, short, at))) => {
                    let name = x.1.as_str();
                    let known = short.is_some()
                        || x.0.is_some()
                        || !x.2.is_empty()
                        || params.contains(name)
                        || self.variables.contains(name);
                    if !known {
                        let error = EvalAltResult::ErrorVariableNotFound(name.to_owned(), *at);
                        self.found.push((*at, error));
                    }
                }
                Some(ASTNode::Stmt(Stmt::Import(x, at))) => {
                    if let Expr::StringConstant(import, _) = &x.0
                        && let Err(why) = self.modules.find(&self.unit.file, import)
                    {
                        self.found.push((*at, EvalAltResult::ErrorRuntime(why.into(), *at)));
                    }
                }
                Some(ASTNode::Stmt(Stmt::Assignment(x))) => {
                    if let Some((name, at)) = property(&x.1.lhs) {
                        self.callback(name, at, &x.1.rhs);
                    }
                }
                _ => (),
            }
            true
        });
    }

    fn call(&mut self, call: &FnCallExpr, at: Position, is_method: bool) {
        let name = call.name.as_str();
        if call.is_qualified() {
            return self.qualified_call(call, at);
        }
        if call.op_token.is_some() || KEYWORDS.contains(&name) || name.starts_with(ANONYMOUS) {
            return;
        }
        let given = call.args.len();
        let takes = |arities: &Arities, n: usize| arities.get(name).is_some_and(|a| a.contains(&n));
        // (a method's object is a native function's first argument, and a script function's `this`)
        let native = if is_method { given + 1 } else { given };
        if !takes(&self.functions, given) && !takes(self.natives, native) {
            let signature = format!("{name} ({})", vec!["_"; given].join(", "));
            self.found.push((at, EvalAltResult::ErrorFunctionNotFound(signature, at)));
        }
    }

    /// `module::function(…)`.
    fn qualified_call(&mut self, call: &FnCallExpr, at: Position) {
        let module = call.namespace.root();
        if call.namespace.path.len() > 1 {
            return; // (what a module imports itself is its own business)
        }
        let (name, given) = (qualified(module, &call.name), call.args.len());
        if let Some(Some(unit)) = self.imports.get(module)
            && let Some((.., offered)) =
                GIVEN.iter().find(|(file, f, _)| unit.file == *file && call.name == *f)
            && let Some(problem) = call.args.last().and_then(|f| self.misfit(&name, f, *offered))
        {
            self.found.push((at, EvalAltResult::ErrorRuntime(problem.into(), at)));
        }
        let exists = match self.imports.get(module) {
            Some(Some(unit)) => unit.arities(&call.name).contains(&given),
            Some(None) => true,
            None if self.natives.keys().any(|n| n.starts_with(&qualified(module, ""))) => {
                self.natives.get(&name).is_some_and(|a| a.contains(&given))
            }
            None => {
                let error = EvalAltResult::ErrorModuleNotFound(module.to_owned(), at);
                self.found.push((at, error));
                true
            }
        };
        if !exists {
            let signature = format!("{name} ({})", vec!["_"; given].join(", "));
            self.found.push((at, EvalAltResult::ErrorFunctionNotFound(signature, at)));
        }
    }

    /// `object.on_something = value`.
    fn callback(&mut self, name: &str, at: Position, value: &Expr) {
        if !name.starts_with("on_") {
            return;
        }
        let problem = match (self.rules.offered)(name) {
            None => (self.rules.unknown)(name),
            Some(offered) => self.misfit(name, value, offered),
        };
        if let Some(problem) = problem {
            self.found.push((at, EvalAltResult::ErrorRuntime(problem.into(), at)));
        }
    }

    /// What is wrong with a callback that is offered so many arguments.
    fn misfit(&self, name: &str, value: &Expr, offered: usize) -> Option<String> {
        let (function, held) = match value {
            Expr::StringConstant(function, _) => (function.to_string(), 0),
            value => closure(value).map(|(f, held)| (f.fn_name().to_owned(), held))?,
        };
        let defs = || self.unit.ast.iter_fn_def().filter(|d| d.name == function);
        let own = |d: &rhai::ScriptFuncDef| d.params.get(held..).unwrap_or_default().join(", ");
        if defs().any(|d| d.params.len().saturating_sub(held) <= offered) {
            return None;
        }
        let what = if function.starts_with(ANONYMOUS) { "this closure" } else { &function };
        Some(match defs().next() {
            Some(d) => format!(
                "{name}: {what} takes ({}) but is given {offered} argument(s) at most",
                own(d)
            ),
            None => format!("{name}: there is no function `{function}` in this file"),
        })
    }
}

/// A function's name as it is written in a call.
fn qualified(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// The last property of `a.b.c`, where an assignment goes to.
fn property(target: &Expr) -> Option<(&str, Position)> {
    match target {
        Expr::Dot(x, ..) => property(&x.rhs),
        Expr::Property(x, at) => Some((x.2.as_str(), *at)),
        _ => None,
    }
}

/// The closure that an expression makes, and how many variables it captures.
fn closure(value: &Expr) -> Option<(FnPtr, usize)> {
    match value {
        // (a closure that captures only constants is one with them already)
        Expr::DynamicConstant(value, _) => {
            let f = value.clone().try_cast::<FnPtr>()?;
            let held = f.curry().len();
            Some((f, held))
        }
        Expr::FnCall(call, _) if call.name == "curry" => {
            let (first, captured) = call.args.split_first()?;
            Some((closure(first)?.0, captured.len()))
        }
        Expr::Stmt(block) => match block.statements() {
            // (captured variables are made shared first)
            [.., Stmt::Expr(inner)] => closure(inner),
            [.., Stmt::FnCall(call, at)] => closure(&Expr::FnCall(call.clone(), *at)),
            _ => None,
        },
        _ => None,
    }
}
