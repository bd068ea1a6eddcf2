//! What `catch` hands out of rhai's own errors. Rhai makes a map of such an error, whose `message` has the place, the chain
//! of calls and Rust's names of types in it; the report of the same error has none of these there. So each `catch (e)`
//! begins with a call that makes the message what the report's title is.
#![allow(deprecated)] // (volatile parts of rhai)

use super::report::title;
use rhai::{
    AST, ASTNode, BinaryExpr, Dynamic, Engine, Expr, FlowControl, FnCallExpr, ImmutableString, Map,
    NativeCallContext, ScriptFuncPayload, Stmt, StmtBlock,
};

/// The name of what is called, which no script has a reason to use.
pub(crate) const IN_PLAIN_WORDS: &str = "error_in_plain_words__";

/// Registers what is called.
pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(IN_PLAIN_WORDS, |call: NativeCallContext, caught: &mut Dynamic| {
        if let Some(mut map) = caught.write_lock::<Map>() {
            put_in_plain_words(call.engine(), &mut map);
        }
    });
}

/// A map that rhai made of an error has both a `message` and the error's kind.
fn put_in_plain_words(engine: &Engine, map: &mut Map) {
    let is_rhais = map.get("error").is_some_and(|kind| {
        kind.as_immutable_string_ref().is_ok_and(|kind| kind.starts_with("Error"))
    });
    if !is_rhais || !map.contains_key("message") {
        return;
    }
    for key in ["message", "function", "type", "requested", "actual", "property"] {
        let plain = map.get(key).and_then(|told| {
            told.as_immutable_string_ref().ok().map(|told| title(engine, without_calls(&told)))
        });
        if let Some(plain) = plain {
            map.insert(key.into(), plain.into());
        }
    }
}

/// A message without the calls that led to the error.
fn without_calls(message: &str) -> &str {
    let calls = ["\nin call to function '", "\nin closure call", "\nin module"];
    let end = calls.iter().filter_map(|call| message.find(call)).min();
    &message[..end.unwrap_or(message.len())]
}

/// The same program with the calls in it.
pub(super) fn in_plain_words(engine: &Engine, ast: AST, source: &ImmutableString) -> AST {
    let mut catches = false;
    ast.walk(&mut |path: &[ASTNode]| {
        let found = matches!(path.last(), Some(ASTNode::Stmt(Stmt::TryCatch(flow, _))) if !flow.expr.is_unit());
        catches |= found;
        true
    });
    let Some(call) = catches.then(|| a_call(engine)).flatten() else { return ast };
    let call = Begin(call);
    let mut statements = ast.statements().to_vec();
    statements.iter_mut().for_each(|statement| call.statement(statement));
    let mut functions = (**ast.shared_lib()).clone();
    for def in ast.iter_fn_def() {
        let mut def = (**def).clone();
        if let ScriptFuncPayload::Statements(block) = &mut def.body {
            call.block(block);
        }
        functions.set_script_fn(def);
    }
    AST::new_with_source(statements, functions, source.clone())
}

/// The call, of a variable that is yet to be put in.
fn a_call(engine: &Engine) -> Option<FnCallExpr> {
    let ast = engine.compile(format!("{IN_PLAIN_WORDS}(e)")).ok()?;
    match ast.statements() {
        [Stmt::FnCall(call, _)] => Some((**call).clone()),
        [Stmt::Expr(only)] => match &**only {
            Expr::FnCall(call, _) => Some((**call).clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Puts the call at the beginning of each `catch`.
struct Begin(FnCallExpr);

impl Begin {
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
            Stmt::TryCatch(flow, _) => {
                self.flow(flow);
                if !flow.expr.is_unit() {
                    let mut call = self.0.clone();
                    call.args[0] = flow.expr.clone();
                    let call = Stmt::FnCall(Box::new(call), flow.expr.position());
                    flow.branch.statements_mut().insert(0, call);
                }
            }
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::Do(flow, ..) => self.flow(flow),
            Stmt::For(x, _) => self.flow(&mut x.2),
            Stmt::Switch(x, _) => {
                self.expression(&mut x.0);
                for case in x.1.expressions.iter_mut() {
                    self.expression(&mut case.lhs);
                    self.expression(&mut case.rhs);
                }
            }
            Stmt::Var(x, ..) => self.expression(&mut x.1),
            Stmt::Assignment(x) => self.both(&mut x.1),
            Stmt::FnCall(x, _) => x.args.iter_mut().for_each(|x| self.expression(x)),
            Stmt::Block(x) => self.block(x),
            Stmt::Expr(x) => self.expression(x),
            Stmt::BreakLoop(Some(x), ..) | Stmt::Return(Some(x), ..) => self.expression(x),
            _ => (),
        }
    }

    fn both(&self, sides: &mut BinaryExpr) {
        self.expression(&mut sides.lhs);
        self.expression(&mut sides.rhs);
    }

    fn expression(&self, e: &mut Expr) {
        match e {
            Expr::InterpolatedString(x, _) | Expr::Array(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            Expr::Map(x, _) => x.0.iter_mut().for_each(|x| self.expression(&mut x.1)),
            Expr::MethodCall(x, _) | Expr::FnCall(x, _) => {
                x.args.iter_mut().for_each(|x| self.expression(x));
            }
            Expr::Stmt(x) => self.block(x),
            Expr::Dot(x, ..) | Expr::Index(x, ..) => self.both(x),
            Expr::And(x, _) | Expr::Or(x, _) | Expr::Coalesce(x, _) => {
                x.iter_mut().for_each(|x| self.expression(x));
            }
            _ => (),
        }
    }
}
