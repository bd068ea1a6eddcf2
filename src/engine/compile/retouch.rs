//! What a compiled file is changed in before it runs, so that plain maps can do what maps by reference can: a literal makes
//! a map that knows the order in which it was written, `for (key, value) in map` gives keys and values, and whole numbers
//! are keys; and so that a reference does what a plain value does where Rhai looks at values itself. The file's own tree
//! stays as it was parsed, for all who look at it.
//!
//! What is changed becomes custom syntax of ours, which contains the expression that it stands for.

use crate::engine::{
    compile::tokens::{Tokens, closes, opens},
    internals::positions::{Place, place},
    values::{
        order,
        this_methods::{self, ThisMethods},
    },
};
use node::Node;
use rhai::{
    ASTFlags, Array, BinaryExpr, Dynamic, Expr, FlowControl, FnCallExpr, ImmutableString, Map,
    Stmt, StmtBlock, Token,
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{HashMap, HashSet},
};

mod keys;
pub(in crate::engine) mod node;
mod plain_copy;
mod plain_variables;

/// Changes expressions of one file.
pub(in crate::engine) struct Retoucher<'a> {
    tokens: &'a Tokens,
    /// The functions of the file that may change their `this`.
    this_methods: &'a ThisMethods,
    /// The constants so far, which the parser puts in the places of their names.
    constants: RefCell<HashMap<ImmutableString, Dynamic>>,
    /// Variables that are never an array; found when it is first asked for.
    plain: OnceCell<HashSet<&'a str>>,
    /// Has anything been changed?
    has_changed: Cell<bool>,
}

impl<'a> Retoucher<'a> {
    pub(in crate::engine) fn new(tokens: &'a Tokens, this_methods: &'a ThisMethods) -> Self {
        Self {
            tokens,
            this_methods,
            constants: RefCell::default(),
            plain: OnceCell::new(),
            has_changed: Cell::new(false),
        }
    }

    /// Has anything been changed since this was asked last?
    pub(in crate::engine) fn has_changed(&self) -> bool {
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
            Stmt::Switch(x, at) => {
                self.expression(&mut x.0);
                if let Some(most) = self.values_of_cases(place(*at)) {
                    self.has_changed.set(true);
                    x.0 = Node::Switched(most).around(std::mem::take(&mut x.0));
                }
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
                if x.0.get_op_assignment_info().is_some_and(|op| *op.2 == Token::PlusAssign)
                    && may_be_a_reference(&x.1.rhs)
                    && !self.is_plain(&x.1.lhs)
                {
                    self.has_changed.set(true);
                    x.1.rhs = Node::Added.around(std::mem::take(&mut x.1.rhs));
                }
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

    /// Is it a variable that only numbers and texts are ever given to?
    fn is_plain(&self, e: &Expr) -> bool {
        let Expr::Variable(variable, ..) = e else { return false };
        let plain = self.plain.get_or_init(|| plain_variables::names(self.tokens));
        plain.contains(variable.1.as_str())
    }

    /// How many values the cases of a `switch` may consist of, if one of them is an array or a map.
    fn values_of_cases(&self, at: Place) -> Option<usize> {
        let tokens = self.tokens.from(at);
        if !matches!(tokens.first(), Some((Token::Switch, _))) {
            // Places beyond rhai's numbers are vague.
            return Some(self.tokens.all().len());
        }
        let (mut depth, mut has_cases, mut found) = (0_usize, false, false);
        for (number, (token, _)) in tokens.iter().enumerate() {
            match token {
                Token::DoubleArrow if depth == 1 => has_cases = true,
                // Behind these a case begins, and little else.
                Token::LeftBracket | Token::MapStart if depth == 1 => {
                    let before = number.checked_sub(1).map(|before| &tokens[before].0);
                    found |= matches!(
                        before,
                        Some(Token::LeftBrace | Token::RightBrace | Token::Comma | Token::Pipe)
                    );
                }
                _ => (),
            }
            if opens(token) {
                depth += 1;
            } else if closes(token) {
                depth = depth.checked_sub(1)?;
                if depth == 0 && has_cases {
                    return found.then_some(number);
                }
            }
        }
        None
    }

    /// Changes an expression, which may be a block.
    pub(in crate::engine) fn expression(&self, e: &mut Expr) {
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
                self.step(rhs, false);
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

    /// The rest of a chain, which is no expression of its own. Is what it is taken of an entry or a property?
    fn step(&self, rest: &mut Expr, is_of_entry: bool) {
        match rest {
            Expr::Dot(x, ..) | Expr::Index(x, ..) => {
                let BinaryExpr { lhs, rhs } = &mut **x;
                self.step(lhs, is_of_entry);
                self.step(rhs, !matches!(lhs, Expr::MethodCall(..)));
            }
            Expr::MethodCall(x, _) => {
                self.call(x);
                if is_of_entry && this_methods::is_called(x, self.this_methods) {
                    self.has_changed.set(true);
                    this_methods::redirect(x);
                }
            }
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

/// Can an expression give an array by reference?
fn may_be_a_reference(e: &Expr) -> bool {
    match e {
        Expr::FnCall(call, _) => call.op_token.is_none(),
        Expr::Variable(..)
        | Expr::ThisPtr(_)
        | Expr::Dot(..)
        | Expr::Index(..)
        | Expr::Stmt(_)
        | Expr::Coalesce(..) => true,
        _ => false,
    }
}
