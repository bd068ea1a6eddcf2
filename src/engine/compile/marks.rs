//! What code means by a variable, written into its name for whoever looks variables up: rhai asks for a variable in the same
//! words when it reads it, when it assigns to it and when a closure captures it. Calls that may change a variable of the top
//! level are replaced by shortcuts that do.

use crate::engine::{
    compile::{
        captured_constants::CapturedConstants,
        retouch::{Retoucher, node::Node},
        tokens::Tokens,
    },
    fast_path::{self, OF_VARIABLES, Shortcut},
    globals::Globals,
    internals::{
        ANONYMOUS, KEYWORDS,
        grafts::Grafts,
        rewrite::{self, Change},
        tree,
    },
    values::this_methods::{self, ThisMethods},
};
use rhai::{
    AST, ASTNode, Expr, FlowControl, FnCallExpr, FnPtr, ImmutableString, Position, ScriptFuncDef,
    Stmt, StmtBlock,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    rc::Rc,
};

/// What is done with the variable that a name means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) enum Mark {
    /// It gets another value.
    Assigned,
    /// It gets a value that is made of the one that it has.
    Changed,
    /// A closure captures it, and it is assigned to somewhere: there is one for both from now on.
    Shared,
    /// A closure has captured this constant, and calls a method of it that may change it.
    Constant,
    /// A closure has captured this constant, and assigns to a part of it.
    Fixed,
    /// A closure captures it, and nobody assigns to it: what is a reference by itself can be captured as a copy. That gives
    /// each turn of a loop its own.
    Kept,
}

impl Mark {
    /// The last character of the name. No script can have such a one.
    fn sign(self) -> char {
        match self {
            Mark::Assigned => '\u{1}',
            Mark::Changed => '\u{2}',
            Mark::Shared => '\u{3}',
            Mark::Kept => '\u{4}',
            Mark::Constant => '\u{5}',
            Mark::Fixed => '\u{6}',
        }
    }

    /// The mark of a name, and the name without it.
    #[inline(always)]
    pub(in crate::engine) fn of(name: &str) -> Option<(Mark, &str)> {
        let mark = match name.as_bytes().last()? {
            1 => Mark::Assigned,
            2 => Mark::Changed,
            3 => Mark::Shared,
            4 => Mark::Kept,
            5 => Mark::Constant,
            6 => Mark::Fixed,
            _ => return None,
        };
        Some((mark, &name[..name.len() - 1]))
    }

    pub(in crate::engine) fn put(self, name: &mut ImmutableString) {
        if Mark::of(name).is_none() {
            *name = format!("{name}{}", self.sign()).into();
        }
    }
}

/// Marks the variables of one file.
pub(in crate::engine) struct Marks {
    globals: Rc<Globals>,
    /// Names that anything in the file assigns to.
    assigned: HashSet<ImmutableString>,
    /// Names of its functions.
    functions: HashSet<ImmutableString>,
    /// The constants that its closures capture.
    constants: CapturedConstants,
    /// Those that may change their `this`.
    pub(in crate::engine) this_methods: ThisMethods,
    /// The variables of the loops around the place that is looked at, if their loop does not assign to them.
    loops: RefCell<Vec<Option<ImmutableString>>>,
    /// Is it the top level that is looked at?
    is_top_level: Cell<bool>,
    /// Was there anything to mark?
    has_changed: Cell<bool>,
}

impl Marks {
    pub(in crate::engine) fn new(ast: &AST, globals: &Rc<Globals>) -> Self {
        let mut assigned = HashSet::new();
        ast.walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Stmt(statement)) = path.last() {
                assigned.extend(target(statement));
            }
            true
        });
        Self {
            globals: globals.clone(),
            assigned,
            functions: ast.iter_fn_def().map(|def| def.name.clone()).collect(),
            constants: CapturedConstants::of(ast),
            this_methods: this_methods::of(ast),
            loops: RefCell::default(),
            is_top_level: Cell::new(false),
            has_changed: Cell::new(false),
        }
    }

    /// Marks what a function's body means. Calls are left as they are.
    pub(in crate::engine) fn mark(&self, def: &ScriptFuncDef, body: &mut Expr) {
        self.constants.mark(&def.name, &def.params, body);
        rewrite::change(body, &Names(self));
    }

    /// Replaces calls that may change a variable of the top level.
    pub(in crate::engine) fn replace_calls(&self, body: &mut Expr) {
        rewrite::change(body, self);
    }

    /// The program that runs instead of the one that was parsed.
    pub(in crate::engine) fn runs(&self, ast: &AST, tokens: &Tokens) -> AST {
        let retoucher = Retoucher::new(tokens, &self.this_methods);
        self.is_top_level.set(true);
        let statements = ast.statements().iter().map(|statement| {
            let at = statement.position();
            let block = StmtBlock::new([statement.clone()], at, Position::NONE);
            let mut block = Expr::Stmt(Box::new(block));
            retoucher.expression(&mut block);
            rewrite::change(&mut block, self);
            match block {
                Expr::Stmt(mut block) => std::mem::take(block.statements_mut()).remove(0),
                other => Stmt::Expr(Box::new(other)),
            }
        });
        let statements: Vec<_> = statements.collect();
        self.is_top_level.set(false);
        let _ = retoucher.has_changed();
        let (mut library, mut grafts) = ((**tree::library(ast)).clone(), None);
        for def in ast.iter_fn_def() {
            let mut body = tree::body(def);
            retoucher.expression(&mut body);
            let has_constants = self.constants.mark(&def.name, &def.params, &mut body);
            self.has_changed.set(retoucher.has_changed() || has_constants);
            rewrite::change(&mut body, self);
            if self.has_changed.get() {
                let grafts = grafts.get_or_insert_with(|| Grafts::new(fast_path::KEY));
                let body = Shortcut::Body(body).placed(def.body.start_position());
                library.set_script_fn(grafts.graft(def, body));
            }
        }
        tree::program(statements, library, ast.source().unwrap_or_default())
    }

    /// Marks a variable that a method changes, whatever it holds.
    fn root(&self, e: &mut Expr) {
        if let Expr::Dot(x, ..) = e
            && let Expr::Variable(variable, ..) = &mut x.lhs
            && variable.2.is_empty()
            && let Expr::MethodCall(call, _) = &x.rhs
            && OF_VARIABLES.contains(&call.name.as_str())
        {
            self.put(Mark::Shared, &mut variable.1);
        }
    }

    fn put(&self, mark: Mark, name: &mut ImmutableString) {
        mark.put(name);
        self.has_changed.set(true);
    }

    /// What captures this variable has to be marked as.
    fn captured(&self, name: &ImmutableString) -> Mark {
        let is_of_loop = self.loops.borrow().iter().flatten().any(|of_loop| of_loop == name);
        match self.assigned.contains(name) && !is_of_loop {
            true => Mark::Shared,
            false => Mark::Kept,
        }
    }
}

impl Change for Marks {
    fn expression(&self, e: &mut Expr, at: Position) {
        self.root(e);
        let Expr::FnCall(call, position) = e else { return };
        let is_other = call.is_qualified()
            || call.capture_parent_scope
            || call.op_token.is_some()
            || KEYWORDS.contains(&call.name.as_str())
            || self.functions.contains(&call.name);
        if is_other {
            return;
        }
        if let Some(shortcut) =
            Shortcut::of_variable(call, *position, &self.globals, self.is_top_level.get())
        {
            *e = shortcut.into_expression(at);
            self.has_changed.set(true);
        }
    }

    fn argument(&self, e: &mut Expr) {
        if let Expr::Variable(variable, short, _) = e
            && (!variable.2.is_empty() || variable.0.is_none() && short.is_none())
        {
            *e = Node::Copied.around(std::mem::take(e));
            self.has_changed.set(true);
        }
    }

    fn call(&self, call: &mut FnCallExpr) {
        let Some((first, captured)) = call.args.split_first_mut() else { return };
        let is_closure = matches!(first, Expr::DynamicConstant(f, _)
            if f.read_lock::<FnPtr>().is_some_and(|f| f.fn_name().starts_with(ANONYMOUS)));
        if call.name != "curry" || !is_closure {
            return;
        }
        for variable in captured {
            if let Expr::Variable(x, ..) = variable
                && x.2.is_empty()
                && self.captured(&x.1) == Mark::Shared
            {
                self.put(Mark::Shared, &mut x.1);
            }
        }
    }

    fn statement(&self, statement: &mut Stmt) {
        match statement {
            Stmt::Assignment(x) => {
                let is_change = x.0.is_op_assignment();
                if let Expr::Variable(variable, ..) = &mut x.1.lhs
                    && variable.2.is_empty()
                {
                    let mark = if is_change { Mark::Changed } else { Mark::Assigned };
                    self.put(mark, &mut variable.1);
                }
            }
            Stmt::Share(captured) => {
                for (variable, _) in captured.iter_mut() {
                    self.put(self.captured(&variable.name), &mut variable.name);
                }
            }
            Stmt::For(x, _) => {
                let name = (!assigns(&x.2, &x.0.name)).then(|| x.0.name.clone());
                self.loops.borrow_mut().push(name);
            }
            _ => (),
        }
    }

    fn leave(&self, statement: &Stmt) {
        if let Stmt::For(..) = statement {
            self.loops.borrow_mut().pop();
        }
    }
}

/// Names only, without calls.
struct Names<'a>(&'a Marks);

impl Change for Names<'_> {
    fn expression(&self, e: &mut Expr, _: Position) {
        self.0.root(e);
    }

    fn call(&self, call: &mut FnCallExpr) {
        self.0.call(call);
    }

    fn statement(&self, statement: &mut Stmt) {
        self.0.statement(statement);
    }

    fn leave(&self, statement: &Stmt) {
        self.0.leave(statement);
    }
}

/// The variable that a statement assigns to.
fn target(statement: &Stmt) -> Option<ImmutableString> {
    match statement {
        Stmt::Assignment(x) => match &x.1.lhs {
            Expr::Variable(variable, ..) if variable.2.is_empty() => Some(variable.1.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Does a loop assign to its variable of that name?
fn assigns(flow: &FlowControl, name: &ImmutableString) -> bool {
    let mut found = false;
    for statement in flow.body.statements() {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
            if let Some(ASTNode::Stmt(statement)) = path.last() {
                found |= target(statement).is_some_and(|target| target == *name);
            }
            !found
        });
    }
    found
}
