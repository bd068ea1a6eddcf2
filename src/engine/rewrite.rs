//! What is changed in a lifted body before it runs: expressions that have a shortcut are replaced by it, returns at its end
//! become its value, and a method call whose name no script function has is marked as native, which saves it two failed
//! look-ups.

use super::{KEYWORDS, shortcut::Finder, tails};
use rhai::{BinaryExpr, Expr, FlowControl, FnCallExpr, FnCallHashes, Stmt, StmtBlock};

/// Rewrites a body.
pub(super) fn rewrite(body: &mut Expr, finder: &Finder) {
    tails::unwind(body);
    Rewriter(finder).expression(body);
}

struct Rewriter<'a>(&'a Finder<'a>);

impl Rewriter<'_> {
    fn block(&self, block: &mut StmtBlock) {
        block.statements_mut().iter_mut().for_each(|s| self.statement(s));
    }

    fn flow(&self, flow: &mut FlowControl) {
        self.expression(&mut flow.expr);
        self.block(&mut flow.body);
        self.block(&mut flow.branch);
    }

    fn statement(&self, statement: &mut Stmt) {
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
                // (what is assigned to is a place and no value)
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
    }

    fn expression(&self, e: &mut Expr) {
        let at = e.position();
        self.parts(e);
        self.0.replace(e, at);
    }

    /// An expression of which an error says where it begins: what is looped over, an argument of a function.
    fn named_by_start(&self, e: &mut Expr) {
        let at = e.start_position();
        self.parts(e);
        self.0.replace(e, at);
    }

    fn parts(&self, e: &mut Expr) {
        match e {
            Expr::InterpolatedString(x, _) | Expr::Array(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            Expr::Map(x, _) => x.0.iter_mut().for_each(|x| self.expression(&mut x.1)),
            Expr::MethodCall(x, _) => {
                x.args.iter_mut().for_each(|x| self.expression(x));
                self.call(x);
            }
            Expr::FnCall(x, _) => {
                x.args.iter_mut().for_each(|x| self.named_by_start(x));
                self.call(x);
            }
            Expr::Stmt(x) => self.block(x),
            Expr::Dot(x, ..) | Expr::Index(x, ..) => {
                let BinaryExpr { lhs, rhs } = &mut **x;
                self.expression(lhs);
                self.step(rhs);
            }
            Expr::And(x, _) | Expr::Or(x, _) | Expr::Coalesce(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            Expr::Custom(x, _) => x.inputs.iter_mut().for_each(|x| self.expression(x)),
            _ => (),
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

    fn call(&self, call: &mut FnCallExpr) {
        let name = call.name.as_str();
        if !call.hashes.is_native_only()
            && !call.is_qualified()
            && !self.0.is_foreign(name)
            && !KEYWORDS.contains(&name)
        {
            call.hashes = FnCallHashes::from_native_only(call.hashes.native());
        }
    }
}
