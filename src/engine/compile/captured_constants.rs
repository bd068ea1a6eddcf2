//! Constants that closures capture. Rhai makes them variables there, so that a closure could change its copy, for one call and
//! without a word. Where a closure assigns to a part of one, or calls a method of it that may change it, its name is marked,
//! and whoever looks variables up makes it the constant that it is everywhere else.

use crate::engine::{
    compile::marks::Mark,
    internals::{ANONYMOUS, tree},
};
use rhai::{
    AST, ASTFlags, ASTNode, Dynamic, Expr, FlowControl, FnCallExpr, FnPtr, ImmutableString, Map,
    Stmt, StmtBlock,
};
use std::collections::{HashMap, HashSet};

/// Methods that change nothing, and are called on constants most: for others the constant is copied.
const LOOKING: [&str; 40] = [
    "all",
    "bytes",
    "call",
    "chars",
    "contains",
    "curry",
    "ends_with",
    "exists",
    "extract",
    "filter",
    "find",
    "find_map",
    "get",
    "index_of",
    "is_empty",
    "keys",
    "len",
    "map",
    "order",
    "order_by",
    "order_desc",
    "reduce",
    "reduce_rev",
    "some",
    "starts_with",
    "sub_string",
    "tag",
    "to_array",
    "to_blob",
    "to_debug",
    "to_float",
    "to_int",
    "to_json",
    "to_lower",
    "to_map",
    "to_string",
    "to_upper",
    "values",
    "zip",
    "type_of",
];

/// What a name means in a body.
#[derive(Clone, Copy, PartialEq)]
enum Meaning {
    /// A constant that the body declares itself.
    Constant,
    /// One that it has captured.
    Captured,
    Variable,
}

/// The captured constants of each closure of a file.
#[derive(Default)]
pub(in crate::engine) struct CapturedConstants(HashMap<ImmutableString, HashSet<ImmutableString>>);

impl CapturedConstants {
    pub(in crate::engine) fn of(ast: &AST) -> Self {
        if !has_constants(ast) {
            return Self::default();
        }
        let mut finding = Finding::default();
        for def in ast.iter_fn_def() {
            finding.params.insert(def.name.clone(), def.params.to_vec());
        }
        let mut walk = Walk { scope: Vec::new(), finding: Some(&mut finding) };
        for statement in ast.statements() {
            walk.statement(&mut statement.clone());
        }
        let top = std::mem::take(&mut walk.scope);
        finding.top = top.into_iter().collect();
        // A closure is looked at behind what it is made in.
        let is_closure = |name: &str| name.starts_with(ANONYMOUS);
        for def in ast.iter_fn_def().filter(|def| !is_closure(&def.name)) {
            finding.body(&mut tree::body(def), &def.params, &HashSet::new());
        }
        while let Some((name, constants)) = finding.todo.pop() {
            if finding.found.insert(name.clone(), constants.clone()).is_some() {
                continue;
            }
            if let Some(def) = ast.iter_fn_def().find(|def| def.name == name) {
                finding.body(&mut tree::body(def), &def.params, &constants);
            }
        }
        finding.found.retain(|_, constants| !constants.is_empty());
        Self(finding.found)
    }

    /// Marks them in the body of a function. Was there anything to mark?
    pub(in crate::engine) fn mark(
        &self,
        name: &str,
        params: &[ImmutableString],
        body: &mut Expr,
    ) -> bool {
        let Some(constants) = self.0.get(name) else { return false };
        let mut walk = Walk { scope: scope(params, constants), finding: None };
        walk.expression(body);
        true
    }
}

/// Is there any constant in a file, so that it is worth to look closer?
fn has_constants(ast: &AST) -> bool {
    let mut found = false;
    ast.walk(&mut |path: &[ASTNode]| {
        found |= matches!(path.last(), Some(ASTNode::Stmt(Stmt::Var(_, flags, _)))
            if flags.contains(ASTFlags::CONSTANT));
        !found
    });
    found
}

fn scope(
    params: &[ImmutableString],
    constants: &HashSet<ImmutableString>,
) -> Vec<(ImmutableString, Meaning)> {
    let meaning = |name| match constants.contains(name) {
        true => Meaning::Captured,
        false => Meaning::Variable,
    };
    params.iter().map(|name| (name.clone(), meaning(name))).collect()
}

/// What is known while the closures of a file are looked for.
#[derive(Default)]
struct Finding {
    /// What functions and closures are called with.
    params: HashMap<ImmutableString, Vec<ImmutableString>>,
    /// What the names of the top level mean.
    top: HashMap<ImmutableString, Meaning>,
    found: HashMap<ImmutableString, HashSet<ImmutableString>>,
    /// Closures whose bodies were not looked at yet.
    todo: Vec<(ImmutableString, HashSet<ImmutableString>)>,
}

impl Finding {
    fn body(
        &mut self,
        body: &mut Expr,
        params: &[ImmutableString],
        constants: &HashSet<ImmutableString>,
    ) {
        Walk { scope: scope(params, constants), finding: Some(self) }.expression(body);
    }

    /// A closure is made; `is_constant` says it of each variable that it captures.
    fn closure(&mut self, f: &FnPtr, is_constant: impl Iterator<Item = bool>) {
        let name: ImmutableString = f.fn_name().into();
        let Some(params) = self.params.get(&name) else { return };
        let constants = params.iter().zip(is_constant).filter(|(_, is)| *is);
        let constants = constants.map(|(name, _)| name.clone()).collect();
        self.todo.push((name, constants));
    }

    /// A value that rhai has made when it parsed the file: closures in it have captured constants only.
    fn constant(&mut self, value: &Dynamic) {
        if let Some(f) = value.read_lock::<FnPtr>().filter(|f| f.is_anonymous()) {
            self.closure(&f, std::iter::repeat_n(true, f.curry().len()));
        } else if let Ok(values) = value.as_array_ref() {
            values.iter().for_each(|value| self.constant(value));
        } else if let Some(map) = value.read_lock::<Map>() {
            map.values().for_each(|value| self.constant(value));
        }
    }
}

/// Goes through a body in the order of its text. Without `finding` it marks.
struct Walk<'a> {
    scope: Vec<(ImmutableString, Meaning)>,
    finding: Option<&'a mut Finding>,
}

impl Walk<'_> {
    fn meaning(&self, name: &str) -> Meaning {
        let own = self.scope.iter().rev().find(|(known, _)| known == name);
        let top = || self.finding.as_ref().and_then(|finding| finding.top.get(name).copied());
        own.map(|(_, meaning)| *meaning).or_else(top).unwrap_or(Meaning::Variable)
    }

    fn declare(&mut self, name: &ImmutableString, meaning: Meaning) {
        self.scope.push((name.clone(), meaning));
    }

    fn block(&mut self, block: &mut StmtBlock) {
        let known = self.scope.len();
        block.statements_mut().iter_mut().for_each(|statement| self.statement(statement));
        self.scope.truncate(known);
    }

    fn flow(&mut self, flow: &mut FlowControl) {
        self.expression(&mut flow.expr);
        self.block(&mut flow.body);
        self.block(&mut flow.branch);
    }

    fn statement(&mut self, statement: &mut Stmt) {
        match statement {
            Stmt::If(x, _) | Stmt::While(x, _) | Stmt::Do(x, ..) => self.flow(x),
            Stmt::TryCatch(x, _) => {
                self.block(&mut x.body);
                let known = self.scope.len();
                if let Expr::Variable(caught, ..) = &x.expr {
                    self.declare(&caught.1, Meaning::Variable);
                }
                self.block(&mut x.branch);
                self.scope.truncate(known);
            }
            Stmt::For(x, _) => {
                self.expression(&mut x.2.expr);
                let known = self.scope.len();
                self.declare(&x.0.name, Meaning::Variable);
                if let Some(counter) = &x.1 {
                    self.declare(&counter.name, Meaning::Variable);
                }
                self.block(&mut x.2.body);
                self.scope.truncate(known);
            }
            Stmt::Switch(x, _) => {
                self.expression(&mut x.0);
                for case in x.1.expressions.iter_mut() {
                    self.expression(&mut case.lhs);
                    self.expression(&mut case.rhs);
                }
            }
            Stmt::Var(x, flags, _) => {
                self.expression(&mut x.1);
                let is_constant = flags.contains(ASTFlags::CONSTANT);
                let meaning = if is_constant { Meaning::Constant } else { Meaning::Variable };
                self.declare(&x.0.name, meaning);
            }
            Stmt::Assignment(x) => {
                self.expression(&mut x.1.rhs);
                self.chain(&mut x.1.lhs, true);
            }
            Stmt::FnCall(x, _) => self.call(x),
            Stmt::Block(x) => self.block(x),
            Stmt::Expr(x) => self.expression(x),
            Stmt::BreakLoop(Some(x), ..) | Stmt::Return(Some(x), ..) => self.expression(x),
            Stmt::Import(x, _) => self.expression(&mut x.0),
            _ => (),
        }
    }

    fn expression(&mut self, e: &mut Expr) {
        match e {
            Expr::DynamicConstant(value, _) => {
                if let Some(finding) = &mut self.finding {
                    finding.constant(value);
                }
            }
            Expr::InterpolatedString(x, _) | Expr::Array(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            Expr::Map(x, _) => x.0.iter_mut().for_each(|x| self.expression(&mut x.1)),
            Expr::MethodCall(x, _) | Expr::FnCall(x, _) => self.call(x),
            Expr::Stmt(x) => self.block(x),
            Expr::Dot(..) | Expr::Index(..) => self.chain(e, false),
            Expr::Custom(x, _) => x.inputs.iter_mut().for_each(|x| self.expression(x)),
            Expr::And(x, _) | Expr::Or(x, _) | Expr::Coalesce(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            _ => (),
        }
    }

    /// A chain, which is assigned to or read.
    fn chain(&mut self, e: &mut Expr, is_assigned: bool) {
        let (Expr::Dot(x, ..) | Expr::Index(x, ..)) = e else { return };
        self.expression(&mut x.rhs);
        let mark = match (is_assigned, may_change(&x.rhs)) {
            (true, _) => Mark::Fixed,
            (false, true) => Mark::Constant,
            (false, false) => return self.expression(&mut x.lhs),
        };
        match &mut x.lhs {
            Expr::Variable(variable, ..) if variable.2.is_empty() => {
                if self.finding.is_none() && self.meaning(&variable.1) == Meaning::Captured {
                    mark.put(&mut variable.1);
                }
            }
            first => self.expression(first),
        }
    }

    fn call(&mut self, call: &mut FnCallExpr) {
        if let [Expr::DynamicConstant(value, _), captured @ ..] = &call.args[..]
            && call.name == "curry"
            && let Some(f) = value.read_lock::<FnPtr>().filter(|f| f.is_anonymous())
        {
            let is_constant: Vec<_> = captured
                .iter()
                .map(|captured| match captured {
                    Expr::Variable(x, ..) => self.meaning(&x.1) != Meaning::Variable,
                    // Rhai has put the constant's value there.
                    _ => true,
                })
                .collect();
            if let Some(finding) = &mut self.finding {
                finding.closure(&f, is_constant.into_iter());
            }
            return;
        }
        call.args.iter_mut().for_each(|x| self.expression(x));
    }
}

/// Does the rest of a chain call a method that may change what it is called on?
fn may_change(rest: &Expr) -> bool {
    match rest {
        Expr::Dot(x, ..) | Expr::Index(x, ..) => may_change(&x.lhs) || may_change(&x.rhs),
        Expr::MethodCall(call, _) => !LOOKING.contains(&call.name.as_str()),
        _ => false,
    }
}
