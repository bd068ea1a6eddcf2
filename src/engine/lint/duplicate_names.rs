//! Objects of the top level that are given the same name where each must have its own.

use super::{
    Found,
    model::{File, Model, TOP_LEVEL, VariableId},
};
use rhai::{Expr, Position};
use std::collections::HashMap;

/// Only what certainly happens is looked at: variables and assignments that stand in no block.
pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    let Some(apart) = &model.rules.apart else { return };
    let mut given: HashMap<&str, (VariableId, Position)> = HashMap::new();
    for access in file.accesses.iter().filter(|a| a.function == TOP_LEVEL && a.block == 0) {
        let (Some(Expr::StringConstant(text, _)), Some(object)) = (access.value, access.root)
        else {
            continue;
        };
        let is_name = access.name == apart.name && access.kind == Some(apart.kind);
        if !is_name || !access.is_direct {
            continue;
        }
        // An object that is given another name has the one before no more.
        given.retain(|_, (owner, _)| *owner != object);
        let (owner, first) = *given.entry(text.as_str()).or_insert((object, access.at));
        if owner != object && !text.is_empty() {
            let place = format!("{}:{}", file.unit.file, first.line().unwrap_or_default());
            let text = model.judge.same_name(text, &place);
            found.push(Found::new("duplicate-name", access.at, text));
        }
    }
}
