//! Callbacks that no event has, and functions that are called with fewer arguments than they want.

use super::{
    Found,
    model::{File, FunctionId, Model, Reference, Role, Written},
};
use rhai::Position;

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    let rules = model.rules;
    for access in file.accesses.iter().filter(|a| a.is_assigned && a.name.starts_with("on_")) {
        let has_callbacks = |kind| rules.objects.get(kind).is_some_and(|o| !o.callbacks.is_empty());
        let is_known = rules.callback(access.kind, access.name).is_some()
            || rules.property(access.kind, access.name).is_some()
            || access.kind.is_none() && rules.is_property(access.name);
        if !is_known && access.kind.is_none_or(has_callbacks) {
            let text = model.judge.callback(access.kind, access.name);
            found.push(Found::new("unknown-callback", access.at, text));
        }
    }
    for (id, function) in file.functions.iter().enumerate().filter(|(_, f)| f.parent.is_some()) {
        if let Some((name, offered, at)) = offered(model, &function.role) {
            let wants = own_parameters(file, id);
            if wants.len() > offered {
                found.push(misfit(&name, "this closure", &wants, offered, at));
            }
        }
    }
    for reference in &file.references {
        if let Some((name, offered, at)) = offered(model, &reference.role) {
            named(file, reference, &name, offered, at, found);
        }
    }
}

/// What a function that is used so is called for, how many arguments it is offered, and where that is said.
fn offered(model: &Model<'_>, role: &Role<'_>) -> Option<(String, usize, Position)> {
    match role {
        Role::Value => None,
        Role::Argument { function, offered, at } => Some((function.clone(), (*offered)?, *at)),
        Role::Callback { kind, name, at, .. } => {
            let offered = model.rules.callback(*kind, name)?.len();
            Some(((*name).to_owned(), offered, *at))
        }
    }
}

fn own_parameters<'a>(file: &File<'a>, function: FunctionId) -> Vec<&'a str> {
    let parameters = &file.functions[function].parameters;
    parameters.iter().map(|p| file.variables[*p].name).collect()
}

fn named(
    file: &File<'_>,
    reference: &Reference<'_>,
    name: &str,
    offered: usize,
    at: Position,
    found: &mut Vec<Found>,
) {
    let function = reference.name;
    let parameters: Vec<_> = file.named(function).map(|id| own_parameters(file, id)).collect();
    match parameters.first() {
        Some(_) if parameters.iter().any(|p| p.len() <= offered) => (),
        Some(wants) => found.push(misfit(name, function, wants, offered, at)),
        // A name that is no variable's either is told of as such.
        None if reference.written == Written::Name => (),
        None => {
            let text = format!("{name}: there is no function `{function}` in this file");
            found.push(Found::new("unknown-function", at, text));
        }
    }
}

fn misfit(name: &str, what: &str, wants: &[&str], offered: usize, at: Position) -> Found {
    let wants = wants.join(", ");
    let text = format!("{name}: {what} takes ({wants}) but is given {offered} argument(s) at most");
    Found::new("callback-parameters", at, text)
}
