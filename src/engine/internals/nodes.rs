//! Nodes of the host's own in a tree. Rhai evaluates them as custom syntax, which it knows by a key and of which it keeps a
//! value, the state; nobody can write that in a script, for the keys are characters that its parser refuses.
#![allow(deprecated)]

use rhai::{
    CustomExpr, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, FnArgsVec, Position,
};

/// A node with this state, which may have an expression inside.
pub(in crate::engine) fn node(
    key: &str,
    state: Dynamic,
    inner: Option<Expr>,
    at: Position,
) -> Expr {
    let custom = CustomExpr {
        inputs: inner.into_iter().collect(),
        tokens: FnArgsVec::from_iter([key.into()]),
        state,
        scope_may_be_changed: false,
        self_terminated: false,
    };
    Expr::Custom(Box::new(custom), at)
}

/// The state of the node that an expression is, and the expression inside of it, if it has just one.
pub(in crate::engine) fn parts(e: &Expr) -> Option<(&Dynamic, Option<&Expr>)> {
    let Expr::Custom(custom, _) = e else { return None };
    let inner = match &custom.inputs[..] {
        [inner] => Some(inner),
        _ => None,
    };
    Some((&custom.state, inner))
}

/// Lets an engine evaluate the nodes of that key.
pub(in crate::engine) fn install(
    engine: &mut Engine,
    key: &str,
    evaluate: impl Fn(&mut EvalContext, &[Expression], &Dynamic) -> Result<Dynamic, Box<EvalAltResult>>
    + 'static,
) {
    // No parser ever comes to the key.
    let nobody = |_: &[_], _: &str, _: &mut Dynamic| Ok(None);
    engine.register_custom_syntax_with_state_raw(key, nobody, false, evaluate);
}
