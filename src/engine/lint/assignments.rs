//! Constants that are changed.

use super::{
    Found,
    model::{Access, File, Model, Origin},
};
use rhai::Expr;

pub(super) fn check(_: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    // What a closure captures is a copy, which it may change.
    let is_sure = |access: &&Access<'_>| {
        access.is_assigned && !access.is_tried && !file.is_closure(access.function)
    };
    for access in file.accesses.iter().filter(is_sure) {
        let Some(variable) = access.root.map(|root| &file.variables[root]) else { continue };
        let is_plain = matches!(variable.initial, Some(Expr::Map(..) | Expr::Array(..)));
        if variable.origin == Origin::Constant && is_plain && access.is_direct {
            let text = format!("`{}` is a constant: it cannot be changed", variable.name);
            let help = format!("write `let {} = …`", variable.name);
            found.push(Found::new("constant-changed", access.at, text).with_help(help));
        }
    }
}
