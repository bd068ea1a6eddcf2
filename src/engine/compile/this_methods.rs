//! Functions of a script that may change their `this`, and the calls of them that become calls of the host's function, which
//! hands them what a reference or a handle holds.

use crate::engine::{
    internals::{hooks::on_token, tree},
    values::this_methods::{CALL, MAX_PARAMS, NAME},
};
use rhai::{
    AST, ASTNode, Engine, Expr, FnCallExpr, FnPtr, ImmutableString, Position, ScriptFuncDef,
    Shared, Stmt, Token,
};
use std::collections::HashSet;

/// What stands for the name of the host's function where its hash is taken from.
const STAND_IN: &str = "this_method";

/// The functions and closures of a file that may change their `this`: name, and number of parameters.
pub(in crate::engine) type ThisMethods = HashSet<(ImmutableString, usize)>;

/// Finds them.
pub(in crate::engine) fn of(ast: &AST) -> ThisMethods {
    // Most files have none, which is seen sooner than where it would stand.
    if !mentions_this(ast) {
        return ThisMethods::default();
    }
    let may_change = |def: &&Shared<ScriptFuncDef>| {
        def.params.len() <= MAX_PARAMS && changes_this(&tree::body(def))
    };
    ast.iter_fn_def().filter(may_change).map(|def| (def.name.clone(), def.params.len())).collect()
}

fn mentions_this(ast: &AST) -> bool {
    let mut found = false;
    ast.walk(&mut |path: &[ASTNode]| {
        found |= matches!(path.last(), Some(ASTNode::Expr(Expr::ThisPtr(_))));
        !found
    });
    found
}

/// Is anything done in a body that may change `this` itself?
fn changes_this(body: &Expr) -> bool {
    let is_this = |e: Option<&Expr>| matches!(e, Some(Expr::ThisPtr(_)));
    let mut found = false;
    body.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
        found |= match path.last() {
            Some(ASTNode::Stmt(Stmt::Assignment(x))) => match &x.1.lhs {
                Expr::Index(parts, ..) => is_this(Some(&parts.lhs)),
                target => is_this(Some(target)),
            },
            Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) => {
                call.op_token.is_none() && is_this(call.args.first())
            }
            Some(ASTNode::Expr(Expr::Dot(parts, ..))) if is_this(Some(&parts.lhs)) => {
                match &parts.rhs {
                    Expr::Dot(rest, ..) | Expr::Index(rest, ..) => {
                        matches!(rest.lhs, Expr::MethodCall(..))
                    }
                    last => matches!(last, Expr::MethodCall(..)),
                }
            }
            _ => false,
        };
        !found
    });
    found
}

/// Is the method that is called such a function, or one that `call` is given as a closure?
pub(in crate::engine) fn is_called(call: &FnCallExpr, known: &ThisMethods) -> bool {
    if call.name != CALL {
        return known.contains(&(call.name.clone(), call.args.len()));
    }
    let Some(Expr::DynamicConstant(value, _)) = call.args.first().and_then(closure) else {
        return false;
    };
    let f = value.read_lock::<FnPtr>().filter(|f| f.is_anonymous());
    f.is_some_and(|f| known.iter().any(|(name, _)| name == f.fn_name()))
}

/// The closure that an expression makes: alone, or with what it captures.
fn closure(made: &Expr) -> Option<&Expr> {
    let curry = match made {
        Expr::FnCall(call, _) => call,
        Expr::Stmt(block) => match block.statements().last() {
            Some(Stmt::FnCall(call, _)) => call,
            Some(Stmt::Expr(last)) => return closure(last),
            _ => return None,
        },
        constant => return Some(constant),
    };
    curry.args.first().filter(|_| curry.name == "curry")
}

/// Makes the call of such a method one of the host's function.
pub(in crate::engine) fn redirect(call: &mut FnCallExpr) {
    let Some(hash) = hash(call.args.len() + 1) else { return };
    let name = std::mem::replace(&mut call.name, NAME.into());
    call.args.insert(0, Expr::StringConstant(name, Position::NONE));
    tree::make_native_as(call, hash);
}

/// Rhai's hash of the host's function with so many arguments. It tells nobody how it makes one, but it parses calls.
fn hash(args: usize) -> Option<u64> {
    thread_local! {
        static HASHES: Vec<Option<u64>> = (0..=MAX_PARAMS + 1).map(parsed).collect();
    }
    HASHES.with(|hashes| *hashes.get(args)?)
}

fn parsed(args: usize) -> Option<u64> {
    let mut engine = Engine::new_raw();
    on_token(&mut engine, |token, _| match token {
        Token::Identifier(name) if name.as_str() == STAND_IN => {
            Token::Identifier(Box::new(NAME.into()))
        }
        token => token,
    });
    let ast = engine.compile(format!("x.{STAND_IN}({})", vec!["1"; args].join(","))).ok()?;
    let mut found = None;
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, _))) = path.last() {
            found = Some(call.hashes.native());
        }
        true
    });
    found
}
