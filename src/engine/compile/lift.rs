//! Lifts the body of a function out of its file, to be changed and then evaluated by itself.

use crate::engine::{compile::modules::Unit, fast_path::body::Body, internals::tree};
use rhai::Expr;

/// The body of that function, and its statements, of which `Body::set` makes what is evaluated. `None`: there is no such
/// function.
pub(in crate::engine) fn lift(
    unit: &Unit,
    name: &str,
    params: usize,
    keeps_caches: bool,
) -> Option<(Body, Expr)> {
    let plain = unit.functions(name, params).find(|def| def.this_type.is_none());
    let def = plain.or_else(|| unit.functions(name, params).next())?;
    let line = def.body.start_position().line();
    let mut expression = tree::body(def);
    unit.marks.mark(def, &mut expression);
    let body = Body::new(def.params.to_vec(), unit.file.clone(), line, keeps_caches);
    Some((body, expression))
}
