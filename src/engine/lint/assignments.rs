//! Constants that are changed.

use super::{
    Found,
    model::{Access, File, How, Model, Origin},
};
use rhai::{Expr, Position};

pub(super) fn check(_: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    for constant in file.variables.iter().filter(|v| v.origin == Origin::Constant) {
        let assigned = constant.uses.iter().filter(|u| u.how == How::Assign && !u.is_tried);
        found.extend(assigned.map(|used| changed(constant.name, used.at)));
    }
    // What a closure captures is a copy, which it may change.
    let is_sure = |access: &&Access<'_>| {
        access.is_assigned && !access.is_tried && !file.is_closure(access.function)
    };
    for access in file.accesses.iter().filter(is_sure) {
        let Some(variable) = access.root.map(|root| &file.variables[root]) else { continue };
        let is_plain = matches!(variable.initial, Some(Expr::Map(..) | Expr::Array(..)));
        if variable.origin == Origin::Constant && is_plain && access.is_direct {
            found.push(changed(variable.name, access.at));
        }
    }
}

fn changed(name: &str, at: Position) -> Found {
    let text = format!("`{name}` is a constant: it cannot be changed");
    Found::new("constant-changed", at, text).with_help(format!("write `let {name} = …`"))
}
