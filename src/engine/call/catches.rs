//! What `catch` hands out of rhai's own errors. Rhai makes a map of such an error, whose `message` has the place, the chain
//! of calls and Rust's names of types in it; the report of the same error has none of these there. So the message is made
//! what the report's title is when the variable of a `catch` is read first.

use crate::engine::{
    diagnostics::report::title,
    internals::rewrite::{self, Change},
};
use rhai::{AST, ASTNode, Dynamic, Engine, Expr, Map, Stmt};

/// The names of the variables that a file catches errors in.
pub(in crate::engine) fn names(ast: &AST) -> Vec<String> {
    let mut names = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::TryCatch(flow, _))) = path.last()
            && let Expr::Variable(variable, ..) = &flow.expr
        {
            names.push(variable.1.to_string());
        }
        true
    });
    names
}

/// Changes what was caught, if rhai made it.
pub(in crate::engine) fn read(engine: &Engine, caught: &mut Dynamic) {
    if let Some(mut map) = caught.write_lock::<Map>() {
        put_in_plain_words(engine, &mut map);
    }
}

/// A map that rhai made of an error has both a `message` and the error's kind.
fn put_in_plain_words(engine: &Engine, map: &mut Map) {
    let is_rhais = map.get("error").is_some_and(|kind| {
        kind.as_immutable_string_ref().is_ok_and(|kind| kind.starts_with("Error"))
    });
    if !is_rhais || !map.contains_key("message") {
        return;
    }
    let place = map.get("message").and_then(|told| {
        told.as_immutable_string_ref().ok().and_then(|told| place(without_calls(&told)))
    });
    // Rhai gives the place of the outermost call.
    if let Some((line, position)) = place {
        map.insert("line".into(), line.into());
        map.insert("position".into(), position.into());
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

/// The line and the column at the end of a message.
fn place(message: &str) -> Option<(i64, i64)> {
    let (_, place) = message.strip_suffix(')')?.rsplit_once(" (line ")?;
    let (line, position) = place.split_once(", position ")?;
    Some((line.parse().ok()?, position.parse().ok()?))
}

/// Lets each `catch` of a lifted body begin with a look at its variable: shortcuts read variables where they lie, past the
/// one place that sees every read.
pub(in crate::engine) fn begin_with_a_look(body: &mut Expr) {
    rewrite::change(body, &Begin);
}

struct Begin;

impl Change for Begin {
    fn statement(&self, statement: &mut Stmt) {
        if let Stmt::TryCatch(flow, _) = statement
            && !flow.expr.is_unit()
        {
            let look = Stmt::Expr(Box::new(flow.expr.clone()));
            flow.branch.statements_mut().insert(0, look);
        }
    }
}
