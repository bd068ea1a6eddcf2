//! Routes that a table has already, or that no table takes.

use super::{
    Found,
    model::{File, Model, VariableId},
    rules::Routes,
};
use rhai::Expr;
use std::collections::HashMap;

/// Only routes that are added one after the other in one block are held against each other: of others it is not certain
/// that both are.
pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    let mut tables: HashMap<(VariableId, usize), Routes> = HashMap::new();
    for call in &file.calls {
        let (name, table, skipped) = match call.object {
            Some(kind) => {
                let name = kind.map_or(String::new(), |kind| format!("{kind}.{}", call.name));
                (name, call.root, 1)
            }
            None => (call.name.clone(), call.first, 0),
        };
        let route = model.rules.routes.iter().find(|(function, ..)| *function == name);
        let (Some((_, method, path_at)), Some(table)) = (route, table) else { continue };
        let text = |at: usize| match call.expr.args.get(at.checked_sub(skipped)?)? {
            Expr::StringConstant(text, position) => Some((text.as_str(), *position)),
            _ => None,
        };
        let method = method.or_else(|| Some(text(path_at.checked_sub(1)?)?.0));
        let (Some(method), Some((path, at))) = (method, text(*path_at)) else { continue };
        let table = tables.entry((table, call.block)).or_insert_with(|| model.judge.routes());
        if let Some(why) = table(method, path) {
            found.push(Found::new("route", at, why));
        }
    }
}
