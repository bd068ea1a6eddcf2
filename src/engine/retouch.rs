//! What a compiled file is changed in before it runs, so that plain maps can do what maps by reference can: a literal makes
//! a map that knows the order in which it was written, `for (key, value) in map` gives keys and values, and whole numbers
//! are keys. The file's own tree stays as it was parsed, for all who look at it.
//!
//! What is changed becomes custom syntax of ours, which contains the expression that it stands for.
#![allow(deprecated)] // (volatile parts of rhai)

use super::{
    order,
    tokens::{Tokens, closes, opens, place},
};
use node::Node;
use rhai::{
    ASTFlags, Array, BinaryExpr, Dynamic, Expr, FlowControl, FnCallExpr, ImmutableString, Map,
    Stmt, StmtBlock, Token,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

mod keys;
pub(super) mod node;

/// Changes expressions of one file.
pub(super) struct Retoucher<'a> {
    tokens: &'a Tokens,
    /// The constants so far, which the parser puts in the places of their names.
    constants: RefCell<HashMap<ImmutableString, Dynamic>>,
    /// Has anything been changed?
    has_changed: Cell<bool>,
}

impl<'a> Retoucher<'a> {
    pub(super) fn new(tokens: &'a Tokens) -> Self {
        Self { tokens, constants: RefCell::default(), has_changed: Cell::new(false) }
    }

    /// Has anything been changed since this was asked last?
    pub(super) fn has_changed(&self) -> bool {
        self.has_changed.take()
    }

    fn block(&self, block: &mut StmtBlock) {
        block.statements_mut().iter_mut().for_each(|statement| self.statement(statement));
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
                self.flow(&mut x.2);
                if let Some(counter) = &x.1 {
                    let unpack = Node::Unpack(x.0.name.clone(), counter.name.clone());
                    self.pairs(&mut x.2, unpack);
                }
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
                if let (true, Expr::DynamicConstant(value, _)) =
                    (flags.contains(ASTFlags::CONSTANT), &x.1)
                {
                    self.constants.borrow_mut().insert(x.0.name.clone(), (**value).clone());
                }
            }
            Stmt::Assignment(x) => {
                self.parts(&mut x.1.lhs);
                self.expression(&mut x.1.rhs);
            }
            Stmt::FnCall(x, _) => self.call(x),
            Stmt::Block(x) => self.block(x),
            Stmt::Expr(x) => self.expression(x),
            Stmt::BreakLoop(Some(x), ..) | Stmt::Return(Some(x), ..) => self.expression(x),
            Stmt::Import(x, _) => self.expression(&mut x.0),
            _ => (),
        }
    }

    /// A loop with two variables.
    fn pairs(&self, flow: &mut FlowControl, unpack: Node) {
        // An empty body asks for nothing.
        if flow.body.is_empty() {
            return;
        }
        self.has_changed.set(true);
        flow.expr = Node::Pairs.around(std::mem::take(&mut flow.expr));
        let (start, end) = (flow.body.position(), flow.body.end_position());
        let first = Stmt::Expr(Box::new(unpack.alone(start)));
        let body = std::mem::take(&mut flow.body);
        flow.body = StmtBlock::new([first].into_iter().chain(body), start, end);
    }

    /// Changes an expression, which may be a block.
    pub(super) fn expression(&self, e: &mut Expr) {
        self.parts(e);
        match e {
            Expr::Map(x, _) => {
                let keys: Vec<_> = x.0.iter().map(|(key, _)| key.name.clone()).collect();
                if let Some(mark) = order::mark_of(&keys) {
                    self.has_changed.set(true);
                    *e = Node::Literal(mark).around(std::mem::take(e));
                }
            }
            Expr::DynamicConstant(value, at) => {
                let first = self.tokens.index(place(*at));
                self.constant(value, first);
            }
            _ => (),
        }
    }

    fn parts(&self, e: &mut Expr) {
        match e {
            Expr::InterpolatedString(x, _) | Expr::Array(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            Expr::Map(x, _) => x.0.iter_mut().for_each(|x| self.expression(&mut x.1)),
            Expr::MethodCall(x, _) | Expr::FnCall(x, _) => self.call(x),
            Expr::Stmt(x) => self.block(x),
            Expr::Dot(x, ..) | Expr::Index(x, ..) => {
                let BinaryExpr { lhs, rhs } = &mut **x;
                self.expression(lhs);
                self.step(rhs);
                if keys::mark(e) {
                    self.has_changed.set(true);
                }
            }
            Expr::And(x, _) | Expr::Or(x, _) | Expr::Coalesce(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            _ => (),
        }
    }

    /// The rest of a chain, which is no expression of its own.
    fn step(&self, rest: &mut Expr) {
        match rest {
            Expr::Dot(x, ..) | Expr::Index(x, ..) => {
                let BinaryExpr { lhs, rhs } = &mut **x;
                self.step(lhs);
                self.step(rhs);
            }
            Expr::MethodCall(x, _) => self.call(x),
            Expr::Property(..) => (),
            key => self.expression(key),
        }
    }

    fn call(&self, call: &mut FnCallExpr) {
        call.args.iter_mut().for_each(|x| self.expression(x));
    }

    /// Marks the maps in a constant that is written from this token on, and gives the token behind it.
    fn constant(&self, value: &mut Dynamic, at: usize) -> usize {
        match self.token(at) {
            Some(Token::MapStart) => {
                let Some((keys, end)) = self.constant_map(value, at + 1) else {
                    return self.skip(at);
                };
                if let Some(mark) = order::mark_of(&keys) {
                    value.set_tag(mark);
                    self.has_changed.set(true);
                }
                end
            }
            Some(Token::LeftBracket) => {
                let Some(mut array) = value.write_lock::<Array>() else { return self.skip(at) };
                let mut next = at + 1;
                for value in array.iter_mut() {
                    next = self.value(Some(value), next);
                }
                next + 1
            }
            // A constant by its name.
            Some(Token::Identifier(name)) => {
                if let Some(known) = self.constants.borrow().get(name.as_str()) {
                    *value = known.clone();
                }
                self.skip(at)
            }
            _ => self.skip(at),
        }
    }

    /// The keys of a map as they are written from this token on, and the token behind the map.
    fn constant_map(
        &self,
        value: &mut Dynamic,
        from: usize,
    ) -> Option<(Vec<ImmutableString>, usize)> {
        let mut map = value.write_lock::<Map>()?;
        let (mut keys, mut next) = (Vec::new(), from);
        while let Some(Token::Identifier(key) | Token::StringConstant(key)) = self.token(next) {
            keys.push(ImmutableString::from(key.as_str()));
            next = self.value(map.get_mut(key.as_str()), next + 2);
        }
        Some((keys, next + 1))
    }

    /// One of the values of a constant, and the comma behind it.
    fn value(&self, value: Option<&mut Dynamic>, at: usize) -> usize {
        let end = value.map_or(at, |value| self.constant(value, at));
        let end = self.skip(end);
        end + usize::from(matches!(self.token(end), Some(Token::Comma)))
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.all().get(at).map(|(token, _)| token)
    }

    /// Where what is written from this token on ends: the comma or the bracket behind it.
    fn skip(&self, mut at: usize) -> usize {
        let mut depth = 0_usize;
        while let Some(token) = self.token(at) {
            match token {
                Token::Comma if depth == 0 => break,
                token if opens(token) => depth += 1,
                token if closes(token) && depth == 0 => break,
                token if closes(token) => depth -= 1,
                _ => (),
            }
            at += 1;
        }
        at
    }
}
