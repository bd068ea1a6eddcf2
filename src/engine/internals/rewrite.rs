//! A walk over code that changes it before it runs: all statements and expressions of a body, those inside of others first.

use crate::engine::internals::KEYWORDS;
use rhai::{BinaryExpr, Expr, FlowControl, FnCallExpr, Position, Stmt, StmtBlock};

/// What is changed. Whatever a place consists of has been looked at when its turn comes.
pub(in crate::engine) trait Change {
    /// An expression, which stands at `at` for those who tell of it.
    fn expression(&self, _: &mut Expr, _at: Position) {}

    /// A call of a function or method, which may be a part of an expression.
    fn call(&self, _: &mut FnCallExpr) {}

    /// An argument that is no place: a function may keep its value.
    fn argument(&self, _: &mut Expr) {}

    /// A statement, before what it consists of.
    fn statement(&self, _: &mut Stmt) {}

    /// A statement, behind what it consists of.
    fn leave(&self, _: &Stmt) {}
}

/// Makes a change in an expression, which may be a block.
pub(in crate::engine) fn change(body: &mut Expr, change: &impl Change) {
    Walk(change).expression(body);
}

struct Walk<'a, C>(&'a C);

impl<C: Change> Walk<'_, C> {
    fn block(&self, block: &mut StmtBlock) {
        block.statements_mut().iter_mut().for_each(|s| self.statement(s));
    }

    fn flow(&self, flow: &mut FlowControl) {
        self.expression(&mut flow.expr);
        self.block(&mut flow.body);
        self.block(&mut flow.branch);
    }

    fn statement(&self, statement: &mut Stmt) {
        self.0.statement(statement);
        match statement {
            Stmt::If(x, _) | Stmt::While(x, _) | Stmt::Do(x, ..) | Stmt::TryCatch(x, _) => {
                self.flow(x);
            }
            Stmt::For(x, _) => {
                self.named_by_start(&mut x.2.expr);
                self.block(&mut x.2.body);
            }
            Stmt::Switch(x, _) => {
                self.expression(&mut x.0);
                for case in x.1.expressions.iter_mut() {
                    self.expression(&mut case.lhs);
                    self.expression(&mut case.rhs);
                }
            }
            Stmt::Var(x, ..) => self.expression(&mut x.1),
            Stmt::Assignment(x) => {
                // What is assigned to is a place and no value.
                self.parts(&mut x.1.lhs);
                self.expression(&mut x.1.rhs);
            }
            Stmt::FnCall(x, position) => {
                let mut call = Expr::FnCall(x.clone(), *position);
                self.expression(&mut call);
                match call {
                    Expr::FnCall(call, _) => *x = call,
                    shortcut => *statement = Stmt::Expr(Box::new(shortcut)),
                }
            }
            Stmt::Block(x) => self.block(x),
            Stmt::Expr(x) => self.expression(x),
            Stmt::BreakLoop(Some(x), ..) | Stmt::Return(Some(x), ..) => self.expression(x),
            Stmt::Import(x, _) => self.expression(&mut x.0),
            _ => (),
        }
        self.0.leave(statement);
    }

    fn expression(&self, e: &mut Expr) {
        let at = e.position();
        self.parts(e);
        self.0.expression(e, at);
    }

    /// An expression of which an error says where it begins: what is looped over, an argument of a function.
    fn named_by_start(&self, e: &mut Expr) {
        let at = e.start_position();
        self.parts(e);
        self.0.expression(e, at);
    }

    fn parts(&self, e: &mut Expr) {
        match e {
            Expr::InterpolatedString(x, _) | Expr::Array(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            Expr::Map(x, _) => x.0.iter_mut().for_each(|x| self.expression(&mut x.1)),
            Expr::MethodCall(x, _) => {
                x.args.iter_mut().for_each(|x| self.expression(x));
                self.arguments(x, 0);
                self.0.call(x);
            }
            Expr::FnCall(x, _) => {
                x.args.iter_mut().for_each(|x| self.named_by_start(x));
                // The first one may be changed where it lies.
                self.arguments(x, 1);
                self.0.call(x);
            }
            Expr::Stmt(x) => self.block(x),
            Expr::Dot(x, ..) | Expr::Index(x, ..) => {
                let BinaryExpr { lhs, rhs } = &mut **x;
                self.expression(lhs);
                self.step(rhs);
            }
            Expr::Custom(x, _) => x.inputs.iter_mut().for_each(|x| self.expression(x)),
            Expr::And(x, _) | Expr::Or(x, _) | Expr::Coalesce(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            _ => (),
        }
    }

    /// The arguments of a call from that one on.
    fn arguments(&self, call: &mut FnCallExpr, first: usize) {
        if !KEYWORDS.contains(&call.name.as_str()) {
            call.args.iter_mut().skip(first).for_each(|x| self.0.argument(x));
        }
    }

    /// The rest of a chain, which is no expression of its own.
    fn step(&self, rest: &mut Expr) {
        match rest {
            Expr::Dot(x, ..) | Expr::Index(x, ..) => {
                let BinaryExpr { lhs, rhs } = &mut **x;
                self.parts(lhs);
                self.step(rhs);
            }
            step => self.parts(step),
        }
    }
}
