//! Lets shortcuts take the place of what they stand for in a lifted body.

use super::{Finder, tails};
use crate::engine::internals::{
    KEYWORDS,
    rewrite::{self, Change},
    tree,
};
use rhai::{Expr, FnCallExpr, Position};

/// Returns at the end of the body become its value, and a method call whose name no script function has is marked as native.
pub(in crate::engine) fn optimize(body: &mut Expr, finder: &Finder) {
    tails::unwind(body);
    rewrite::change(body, finder);
}

impl Change for Finder<'_> {
    fn expression(&self, e: &mut Expr, at: Position) {
        self.replace(e, at);
    }

    fn call(&self, call: &mut FnCallExpr) {
        let name = call.name.as_str();
        if !call.is_qualified() && !self.is_foreign(name) && !KEYWORDS.contains(&name) {
            tree::make_native(call);
        }
    }
}
