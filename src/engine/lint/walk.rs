//! Goes through a file as a reader does, block by block, with the variables in sight: makes its [`File`].
//!
//! A closure is read where it is made, so that what it captures is the variable itself. A file is read twice: what the
//! first reading says of the types of variables is known in the second.

mod chains;
mod expressions;

pub(super) use expressions::closure;

use super::{
    kinds::Kinds,
    model::{
        File, Function, FunctionId, How, Origin, Reference, Role, TOP_LEVEL, Use, Variable,
        VariableId, Written,
    },
    rules::{Judge, Kind, Rules},
    source::{Definition, Source},
};
use crate::engine::{compile::modules::Modules, internals::ANONYMOUS};
use chains::options;
use rhai::{ASTFlags, BinaryExpr, Expr, ImmutableString, Position, Stmt, StmtBlock};
use std::collections::{HashMap, HashSet};

/// Reads a file.
pub(super) fn read<'a>(
    source: &'a Source,
    modules: &'a Modules,
    rules: &'a Rules,
    judge: &'a dyn Judge,
) -> File<'a> {
    let (_, kinds) = Walk::new(source, modules, rules, judge, Kinds::default()).run();
    Walk::new(source, modules, rules, judge, kinds).run().0
}

/// A chain of `.name` and `[index]` on its way from the left to the right.
#[derive(Clone, Copy)]
struct Link {
    kind: Kind,
    root: Option<VariableId>,
    /// Is this the variable itself?
    is_direct: bool,
}

/// What an assignment puts where a chain ends.
#[derive(Clone, Copy)]
struct Put<'a> {
    value: &'a Expr,
    is_plain: bool,
}

struct Walk<'a> {
    source: &'a Source,
    modules: &'a Modules,
    rules: &'a Rules,
    judge: &'a dyn Judge,
    file: File<'a>,
    definitions: HashMap<&'a str, &'a Definition>,
    /// Closures that were read.
    closures: HashSet<String>,
    globals: HashMap<&'a str, VariableId>,
    /// What a module is called in this file, with the name that the file of the module has.
    aliases: HashMap<&'a str, ImmutableString>,
    /// Variables in sight, the innermost last.
    sight: Vec<VariableId>,
    /// Uses of names that nothing in sight has: the top level may define them further down.
    open: Vec<(&'a str, Use)>,
    function: FunctionId,
    block: usize,
    tried: usize,
    known: Kinds,
    seen: Kinds,
}

impl<'a> Walk<'a> {
    fn new(
        source: &'a Source,
        modules: &'a Modules,
        rules: &'a Rules,
        judge: &'a dyn Judge,
        known: Kinds,
    ) -> Self {
        let file = File {
            unit: &source.unit,
            variables: Vec::new(),
            functions: Vec::new(),
            calls: Vec::new(),
            accesses: Vec::new(),
            indexes: Vec::new(),
            keys: Vec::new(),
            exports: Vec::new(),
            references: Vec::new(),
            computed: Vec::new(),
            unknown: Vec::new(),
            blocks: Vec::new(),
            imports: Vec::new(),
            templates: Vec::new(),
            escapes: Vec::new(),
        };
        let definitions = source.definitions.iter().map(|d| (d.def.name.as_str(), d)).collect();
        Self {
            source,
            modules,
            rules,
            judge,
            file,
            definitions,
            closures: HashSet::new(),
            globals: HashMap::new(),
            aliases: HashMap::new(),
            sight: Vec::new(),
            open: Vec::new(),
            function: TOP_LEVEL,
            block: 0,
            tried: 0,
            known,
            seen: Kinds::default(),
        }
    }

    fn run(mut self) -> (File<'a>, Kinds) {
        let (unit, source) = (self.file.unit, self.source);
        self.file.functions.push(Function {
            name: "",
            definition: None,
            parent: None,
            role: Role::Value,
            parameters: Vec::new(),
        });
        // A function may use a module that is imported further down.
        for statement in unit.ast.statements() {
            if let Stmt::Import(x, _) = statement {
                self.note_import(&x.0, x.1.name.as_str());
            }
        }
        self.statements(unit.ast.statements(), false);
        self.sight.clear();
        let named = |d: &&Definition| !d.def.name.starts_with(ANONYMOUS);
        for definition in source.definitions.iter().filter(named) {
            self.enter(definition, None, Role::Value, 0);
            self.sight.clear();
        }
        for (name, used) in std::mem::take(&mut self.open) {
            let Use { function, at, .. } = used;
            match self.globals.get(name) {
                Some(variable) => {
                    self.file.variables[*variable].uses.push(used);
                    // A function runs later and finds it, but a closure takes it along when it is made.
                    let root = self.file.around(function).last();
                    if root.is_none_or(|root| root == TOP_LEVEL) {
                        self.file.unknown.push((name, function, at));
                    }
                }
                None if self.definitions.contains_key(name) => {
                    let (role, written) = (Role::Value, Written::Name);
                    self.file.references.push(Reference { name, function, role, written });
                }
                None => self.file.unknown.push((name, function, at)),
            }
        }
        (self.file, self.seen)
    }

    /// Reads the body of a function. `captured`: how many of its parameters are variables around it.
    fn enter(
        &mut self,
        definition: &'a Definition,
        parent: Option<FunctionId>,
        role: Role<'a>,
        captured: usize,
    ) {
        let def = &definition.def;
        let name = def.name.as_str();
        let id = self.file.functions.len();
        let given = self.given(&role);
        let definition_of = Some(definition);
        let function =
            Function { name, definition: definition_of, parent, role, parameters: Vec::new() };
        self.file.functions.push(function);
        let (outer, tried) = (self.function, self.tried);
        (self.function, self.tried) = (id, 0);
        let sight = self.sight.len();
        for (at, name) in def.params.iter().skip(captured).enumerate() {
            let called_with = self.known.parameter(&def.name, at);
            let kind = given.get(at).copied().flatten().or(called_with);
            let variable = self.define(name, Position::NONE, Origin::Parameter, kind, None);
            self.file.functions[id].parameters.push(variable);
        }
        self.statements(&definition.statements, true);
        self.sight.truncate(sight);
        (self.function, self.tried) = (outer, tried);
    }

    /// The types of what a function is given that is used so.
    fn given(&self, role: &Role<'a>) -> Vec<Kind> {
        match role {
            Role::Value => Vec::new(),
            Role::Argument { function, .. } => {
                let caller = self.rules.caller(function);
                caller.map_or(Vec::new(), |caller| caller.given.to_vec())
            }
            Role::Callback { owner, kind, name, .. } => {
                let mut given = self.rules.callback(*kind, name).cloned().unwrap_or_default();
                let made_with = owner.and_then(|owner| self.file.made_with(owner));
                for (at, kind) in given.iter_mut().enumerate() {
                    if let (None, Some(text)) = (&kind, made_with) {
                        *kind = self.judge.parameter(name, at, text);
                    }
                }
                given
            }
        }
    }

    fn define(
        &mut self,
        name: &'a str,
        at: Position,
        origin: Origin,
        kind: Kind,
        initial: Option<&'a Expr>,
    ) -> VariableId {
        let id = self.file.variables.len();
        let is_global = self.function == TOP_LEVEL && self.block == 0 && origin != Origin::Loop;
        let is_global = is_global && matches!(origin, Origin::Let | Origin::Constant);
        let kind = if origin == Origin::Parameter { kind } else { self.known.variable(id, kind) };
        self.file.variables.push(Variable {
            name,
            at,
            origin,
            is_global,
            kind,
            initial,
            uses: Vec::new(),
        });
        if is_global {
            self.globals.insert(name, id);
        }
        self.sight.push(id);
        id
    }

    fn find(&self, name: &str) -> Option<VariableId> {
        let in_sight = self.sight.iter().rev().find(|v| self.file.variables[**v].name == name);
        in_sight.or_else(|| self.globals.get(name)).copied()
    }

    /// Notes that a variable is used, and gives it.
    fn touch(&mut self, name: &'a str, at: Position, how: How) -> Option<VariableId> {
        let used = self.used(at, how);
        let found = self.find(name);
        match found {
            Some(variable) => self.file.variables[variable].uses.push(used),
            None => self.open.push((name, used)),
        }
        found
    }

    fn block(&mut self, block: &'a StmtBlock) {
        self.statements(block.statements(), true);
    }

    fn statements(&mut self, statements: &'a [Stmt], is_inner: bool) {
        let (sight, outer) = (self.sight.len(), self.block);
        self.block = self.file.blocks.len();
        self.file.blocks.push(statements);
        for (at, statement) in statements.iter().enumerate() {
            let gives = is_inner && at + 1 == statements.len();
            self.statement(statement, gives);
        }
        if is_inner {
            self.sight.truncate(sight);
        }
        self.block = outer;
    }

    /// `gives`: is the value of the statement that of its block?
    fn statement(&mut self, statement: &'a Stmt, gives: bool) {
        match statement {
            Stmt::Var(x, flags, at) => {
                let value = &x.1;
                let kind = self.value(value, Role::Value);
                let origin = match flags.contains(ASTFlags::CONSTANT) {
                    true => Origin::Constant,
                    false => Origin::Let,
                };
                let position = if x.0.pos.is_none() { *at } else { x.0.pos };
                let id = self.define(x.0.name.as_str(), position, origin, kind, Some(value));
                if flags.contains(ASTFlags::EXPORTED) {
                    let used = self.used(*at, How::Read);
                    self.file.variables[id].uses.push(used);
                }
            }
            Stmt::Assignment(x) => self.assignment(&x.0, &x.1),
            Stmt::FnCall(call, at) => {
                self.call(call, *at);
            }
            Stmt::Expr(e) => {
                let seen = self.file.accesses.len();
                self.expression(e);
                if !gives
                    && matches!(**e, Expr::Dot(..))
                    && let Some(last) =
                        self.file.accesses.get_mut(seen..).and_then(|a| a.last_mut())
                    && ends_with_property(e, last.at)
                {
                    last.is_idle = true;
                }
            }
            Stmt::Block(block) => self.block(block),
            Stmt::If(x, _) => {
                self.expression(&x.expr);
                self.block(&x.body);
                self.block(&x.branch);
            }
            Stmt::While(x, _) => {
                self.expression(&x.expr);
                self.block(&x.body);
            }
            Stmt::Do(x, ..) => {
                self.block(&x.body);
                self.expression(&x.expr);
            }
            Stmt::For(x, _) => {
                let (variable, counter, flow) = &**x;
                let looped = self.expression(&flow.expr);
                let element = self.rules.elements.iter().find(|(of, _)| Some(*of) == looped);
                let element = element.map(|(_, kind)| *kind);
                let (sight, outer) = (self.sight.len(), self.block);
                self.block = self.file.blocks.len();
                let name = variable.name.as_str();
                self.define(name, variable.pos, Origin::Loop, element, None);
                if let Some(counter) = counter {
                    self.define(counter.name.as_str(), counter.pos, Origin::Loop, None, None);
                }
                self.block(&flow.body);
                self.sight.truncate(sight);
                self.block = outer;
            }
            Stmt::TryCatch(x, _) => {
                self.tried += 1;
                self.block(&x.body);
                self.tried -= 1;
                let sight = self.sight.len();
                if let Expr::Variable(name, _, at) = &x.expr {
                    self.define(name.1.as_str(), *at, Origin::Caught, None, None);
                }
                self.block(&x.branch);
                self.sight.truncate(sight);
            }
            Stmt::Switch(x, _) => {
                self.expression(&x.0);
                for arm in &x.1.expressions {
                    self.expression(&arm.lhs);
                    self.expression(&arm.rhs);
                }
            }
            Stmt::BreakLoop(Some(e), ..) | Stmt::Return(Some(e), ..) => {
                self.value(e, Role::Value);
            }
            Stmt::Import(x, at) => {
                let name = match &x.0 {
                    Expr::StringConstant(name, _) => Some(name.as_str()),
                    other => {
                        self.expression(other);
                        None
                    }
                };
                self.file.imports.push((*at, name));
                self.note_import(&x.0, x.1.name.as_str());
            }
            Stmt::Export(x, at) => {
                self.touch(x.0.name.as_str(), *at, How::Read);
            }
            _ => (),
        }
    }

    fn note_import(&mut self, import: &'a Expr, alias: &'a str) {
        let Expr::StringConstant(import, _) = import else { return };
        if self.modules.native(import).is_some() {
            self.aliases.insert(alias, import.clone());
        } else if let Some(unit) = self.modules.imported(&self.file.unit.file, import) {
            self.aliases.insert(alias, unit.file.clone());
        }
    }

    fn assignment(&mut self, operator: &rhai::OpAssignment, x: &'a BinaryExpr) {
        let put = Put { value: &x.rhs, is_plain: !operator.is_op_assignment() };
        match &x.lhs {
            Expr::Variable(name, _, at) if name.2.is_empty() => {
                let kind = self.value(&x.rhs, Role::Value);
                let variable = self.touch(name.1.as_str(), *at, How::Assign);
                if let (Some(variable), true) = (variable, put.is_plain) {
                    self.seen.assigned(variable, kind);
                }
            }
            Expr::Dot(chain, ..) | Expr::Index(chain, ..) => {
                let is_dot = matches!(x.lhs, Expr::Dot(..));
                self.chain_of(chain, is_dot, options(&x.lhs), Some(put));
            }
            target => {
                self.expression(target);
                self.value(&x.rhs, Role::Value);
            }
        }
    }
}

/// Is the last of a chain the property at that place?
fn ends_with_property(e: &Expr, at: Position) -> bool {
    match e {
        Expr::Dot(x, ..) => ends_with_property(&x.rhs, at),
        Expr::Property(_, position) => *position == at,
        _ => false,
    }
}
