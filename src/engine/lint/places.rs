//! Calls in the wrong place: what waits, at the top level; what configures, in a handler.

use super::{
    Found,
    model::{File, FunctionId, Model, Role, TOP_LEVEL},
    rules::{Form, Where},
};
use std::collections::{BTreeSet, HashMap};

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    let inner = file.inner();
    let at_top = reached(file, &inner, [TOP_LEVEL], |id| {
        matches!(runs(model, &file.functions[id].role), Runs::AtOnce)
    });
    let later = |role: &Role<'_>| matches!(runs(model, role), Runs::Later);
    let closures = (0..file.functions.len()).filter(|id| later(&file.functions[*id].role));
    let named = file.references.iter().filter(|r| later(&r.role));
    let handlers = closures.chain(named.flat_map(|r| file.named(r.name)));
    // What a handler makes runs in it, or later still.
    let in_handler = reached(file, &inner, handlers, |_| true);
    for call in file.calls.iter().filter(|call| !call.is_tried) {
        let forms = match call.object {
            Some(kind) => model.rules.method(kind, &call.expr.name),
            None => model.rules.functions.get(&call.name),
        };
        let Some(form) = forms.and_then(|forms| forms.first()) else { continue };
        let name = &call.name;
        let (is_at_top, is_in_handler) =
            (at_top.contains(&call.function), in_handler.contains(&call.function));
        let text = match form {
            Form { waits: true, place: Where::Handler, .. } if is_at_top => {
                format!("`{name}` waits, and only handlers may wait: not the top level")
            }
            Form { place: Where::Handler, .. } if is_at_top => {
                format!("`{name}` is for handlers: nothing runs yet at the top level")
            }
            Form { place: Where::TopLevel, .. } if is_in_handler && !is_at_top => {
                format!("`{name}` is for the top level: call it there")
            }
            _ => continue,
        };
        found.push(Found::new("wrong-place", call.at, text));
    }
    for access in file.accesses.iter().filter(|a| a.is_assigned && !a.is_tried) {
        let property = model.rules.property(access.kind, access.name);
        let is_for_the_top = property.is_some_and(|p| p.place == Where::TopLevel);
        if is_for_the_top
            && in_handler.contains(&access.function)
            && !at_top.contains(&access.function)
        {
            let text = format!("`{}` is read at the top level only: set it there", access.name);
            found.push(Found::new("wrong-place", access.at, text));
        }
    }
}

/// When a function that is used as a value runs.
enum Runs {
    /// In the call that it is given to.
    AtOnce,
    /// When something happens.
    Later,
    Unknown,
}

fn runs(model: &Model<'_>, role: &Role<'_>) -> Runs {
    match role {
        Role::Value => Runs::Unknown,
        Role::Callback { .. } => Runs::Later,
        Role::Argument { function, .. } => match model.rules.caller(function) {
            Some(caller) if caller.is_later => Runs::Later,
            Some(_) => Runs::AtOnce,
            None => Runs::Unknown,
        },
    }
}

/// These functions and all that they call, with those closures in them that `joins` says run there as well.
fn reached(
    file: &File<'_>,
    inner: &HashMap<FunctionId, Vec<FunctionId>>,
    from: impl IntoIterator<Item = FunctionId>,
    joins: impl Fn(FunctionId) -> bool,
) -> BTreeSet<FunctionId> {
    let mut todo: Vec<FunctionId> = from.into_iter().collect();
    let mut all = BTreeSet::new();
    while let Some(function) = todo.pop() {
        if all.insert(function) {
            let inner = inner.get(&function).into_iter().flatten();
            todo.extend(inner.filter(|id| !file.is_closure(**id) || joins(**id)));
        }
    }
    all
}
