//! Variables of the top level, and objects there, that are used as if they were shared by objects that run apart from each
//! other, each with variables of its own.

use super::{
    Found,
    model::{File, FunctionId, How, Model, Origin, Role, Use, VariableId},
    rules::Apart,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    let Some(apart) = &model.rules.apart else { return };
    let owned = functions_of(file, apart);
    if owned.len() < 2 {
        return;
    }
    for (id, variable) in file.variables.iter().enumerate() {
        if !variable.is_global || variable.origin != Origin::Let || owned.contains_key(&id) {
            continue;
        }
        // Whose functions use it, and whose change it?
        let mut users: BTreeMap<VariableId, Vec<&Use>> = BTreeMap::new();
        for used in &variable.uses {
            for (owner, _) in owned.iter().filter(|(_, all)| all.contains(&used.function)) {
                users.entry(*owner).or_default().push(used);
            }
        }
        let changes = |used: &&&Use| used.how != How::Read;
        if users.len() < 2 || !users.values().flatten().any(|used| used.how != How::Read) {
            continue;
        }
        let first = users.values().flatten().filter(changes).map(|used| used.at).min();
        let names: Vec<String> =
            users.keys().map(|owner| format!("`{}`", file.variables[*owner].name)).collect();
        let text = format!(
            "`{}` is used by the callbacks of {}: these run apart, each with a `{}` of its own",
            variable.name,
            names.join(" and "),
            variable.name
        );
        let help = format!(
            "let one of them do it, or make the other {} in `{}` of the first",
            apart.kind, apart.start
        );
        let at = first.unwrap_or(variable.at);
        found.push(Found::new("shared-by-workers", at, text).with_help(help));
    }
    let properties =
        file.accesses.iter().map(|a| (a.name, a.at, a.function, a.root.filter(|_| a.is_direct)));
    let methods = file.calls.iter().filter(|call| call.object == Some(Some(apart.kind)));
    let methods = methods.map(|call| (call.expr.name.as_str(), call.at, call.function, call.root));
    for (name, at, function, root) in properties.chain(methods) {
        let Some(root) = root.filter(|root| owned.contains_key(root)) else { continue };
        let mut users = owned.iter().filter(|(_, all)| all.contains(&function));
        // A function that its own object calls too is right there.
        if let (Some((user, _)), None) = (users.next(), users.next())
            && *user != root
            && apart.local.contains(&name)
        {
            let (other, this) = (file.variables[root].name, file.variables[*user].name);
            let text = format!(
                "`{other}` runs apart from `{this}`: in a callback of `{this}` its `{name}` is of no connection"
            );
            found.push(Found::new("other-worker", at, text));
        }
    }
}

/// The top-level objects that run apart, with all functions that run in each.
fn functions_of(file: &File<'_>, apart: &Apart) -> BTreeMap<VariableId, BTreeSet<FunctionId>> {
    let mut owned: BTreeMap<VariableId, BTreeSet<FunctionId>> = BTreeMap::new();
    let is_apart = |id: &VariableId| {
        let variable = &file.variables[*id];
        variable.is_global
            && matches!(variable.initial, Some(rhai::Expr::FnCall(call, _))
                if call.namespace.is_empty() && apart.made_by.contains(&call.name.as_str()))
    };
    let owner = |role: &Role<'_>| match role {
        Role::Callback { owner, .. } => owner.filter(is_apart),
        _ => None,
    };
    // What is assigned in a handler is no declaration.
    for (id, function) in file.functions.iter().enumerate() {
        if let (Some(0), Some(owner)) = (function.parent, owner(&function.role)) {
            owned.entry(owner).or_default().insert(id);
        }
    }
    for reference in file.references.iter().filter(|r| r.function == 0) {
        if let Some(owner) = owner(&reference.role) {
            owned.entry(owner).or_default().extend(file.named(reference.name));
        }
    }
    if owned.len() < 2 {
        return owned;
    }
    let inner = file.inner();
    for all in owned.values_mut() {
        let mut todo: Vec<FunctionId> = all.iter().copied().collect();
        while let Some(function) = todo.pop() {
            for next in inner.get(&function).into_iter().flatten() {
                if all.insert(*next) {
                    todo.push(*next);
                }
            }
        }
    }
    owned
}
