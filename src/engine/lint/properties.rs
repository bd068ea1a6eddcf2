//! Properties of the host's objects: names that are spelt otherwise, methods that are not called, what cannot be assigned.

use super::{
    Found,
    model::{Access, File, Model},
    names::respelt,
    rules::{Kind, Object},
};
use crate::engine::{diagnostics::syntax_help::JOIN, nearest::nearest};
use rhai::{Expr, Position};

/// What other languages call the length of a value.
const LENGTHS: [&str; 3] = ["length", "size", "count"];

/// Letters that a name has at least which is taken for a slip. Fixed: any two shorter ones are near each other.
const SHORTEST: usize = 4;

/// The types that have a `len`, which is a property too.
const WITH_LENGTH: [&str; 3] = ["string", "array", "blob"];

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    // What is tried may fail.
    for access in file.accesses.iter().filter(|access| !access.is_tried) {
        let said = match access.kind.and_then(|kind| model.rules.objects.get_key_value(kind)) {
            Some((kind, object)) => of_object(model, file, access, kind, object),
            None => None,
        };
        found.extend(said.or_else(|| of_any(model, file, access)));
    }
    for call in &file.calls {
        if let Some(kind) = call.object.flatten()
            && let Some(object) = model.rules.objects.get(kind)
            && object.is_open
        {
            let name = call.expr.name.as_str();
            let is_own = object.methods.contains_key(name)
                || !file.unit.arities(name).is_empty()
                || model.written.contains(name);
            let has_it =
                |(_, other): &(&&str, &Object)| other.is_open && other.methods.contains_key(name);
            if !is_own && let Some((other, _)) = model.rules.objects.iter().find(has_it) {
                let text = format!("{kind} has no method `{name}`; {other} has");
                found.push(Found::new("unknown-method", call.at, text));
            }
        }
    }
}

/// A property of an object that is known.
fn of_object(
    model: &Model<'_>,
    file: &File<'_>,
    access: &Access<'_>,
    kind: &'static str,
    object: &Object,
) -> Option<Found> {
    let Access { name, at, is_assigned, .. } = *access;
    if let Some(property) = object.properties.get(name) {
        let text = format!("`{name}` of {kind} cannot be assigned");
        let is_wrong = is_assigned && property.is_read_only;
        return is_wrong.then(|| {
            Found::new("read-only", at, text).with_help("give a property of your own another name")
        });
    }
    if object.callbacks.contains_key(name) {
        return None;
    }
    let is_own = match is_assigned {
        true => model.read.contains(name),
        false => model.written.contains(name),
    };
    if object.methods.contains_key(name) && !model.written.contains(name) {
        let is_certain = object.is_open || is_written_out(file, access);
        return (is_certain && !is_assigned).then(|| uncalled(name, kind, at));
    }
    if !object.is_open {
        return None;
    }
    let known = || {
        let properties = object.properties.keys().chain(object.callbacks.keys());
        properties.copied()
    };
    let methods = || object.methods.keys().copied();
    if let Some(ours) = respelt(name, known()).or_else(|| respelt(name, methods())) {
        return Some(foreign(name, ours, at));
    }
    let options = &model.rules.options;
    if is_assigned
        && !model.read.contains(name)
        && Some(kind) == model.rules.apart.as_ref().map(|apart| apart.kind)
    {
        let option = options.iter().find(|o| **o == name);
        if let Some(option) = option.copied().or_else(|| respelt(name, options.iter().copied())) {
            let text = format!("`{name}` is no property of a {kind}");
            let help = format!("write `{}(#{{ {option}: … }})`", model.rules.configure);
            return Some(Found::new("misplaced-option", at, text).with_help(help));
        }
    }
    if is_own || is_computed(model, Some(kind)) {
        return None;
    }
    // Short names are all alike, and callbacks that do not exist are told of by `callbacks`.
    if name.len() < SHORTEST || is_assigned && name.starts_with("on_") {
        return None;
    }
    let near = match is_assigned || access.is_idle {
        true => nearest(name, known()),
        false => nearest(name, known().chain(methods())),
    };
    // `worker.users` is no slip for `worker.user`.
    let is_plural =
        |near: &&str| name.strip_suffix('s') == Some(near) || near.strip_suffix('s') == Some(name);
    let near = near.filter(|near| !is_plural(near))?;
    let what = if is_assigned { "reads" } else { "sets" };
    let text = format!("{kind} has no `{name}`, and nothing in the script {what} it");
    Some(Found::new("misspelt-property", at, text).with_help(format!("did you mean `{near}`?")))
}

/// A property of a value that may be any.
fn of_any(model: &Model<'_>, file: &File<'_>, access: &Access<'_>) -> Option<Found> {
    let Access { name, at, kind, is_assigned, .. } = *access;
    if let Some(kind) = kind.filter(|kind| WITH_LENGTH.contains(kind))
        && LENGTHS.contains(&name)
    {
        let text = format!("values of type {kind} have no `{name}`");
        return Some(Found::new("length", at, text).with_help("write `len()`"));
    }
    if kind == Some("string")
        && access.is_variable
        && !is_assigned
        && !model.of_texts.contains(name)
    {
        let text = format!("texts have no property `{name}`: this gives `()`");
        return Some(Found::new("property-of-text", at, text).with_help(JOIN));
    }
    if kind.is_none() && is_assigned && is_function(file, access.value) {
        let callbacks = model.rules.objects.values().flat_map(|o| o.callbacks.keys().copied());
        if let Some(ours) = respelt(name, callbacks) {
            return Some(foreign(name, ours, at));
        }
    }
    let is_method = || model.natives.get(name).is_some_and(|arities| arities.contains(&1));
    let is_idle = access.is_idle && kind.is_none() && !model.written.contains(name);
    (is_idle && is_method()).then(|| {
        let text = format!("`{name}` alone does nothing");
        Found::new("method-without-call", at, text).with_help(format!("call it: `{name}()`"))
    })
}

fn uncalled(name: &str, kind: &str, at: Position) -> Found {
    let text = format!("`{name}` is a method of {kind}");
    Found::new("method-without-call", at, text).with_help(format!("call it: `{name}()`"))
}

/// A name as other systems spell it.
pub(super) fn foreign(name: &str, ours: &str, at: Position) -> Found {
    let text = format!("there is no `{name}`: names are written with underscores here");
    Found::new("foreign-name", at, text).with_help(format!("did you mean `{ours}`?"))
}

/// Is the object a variable whose value is written out, so that its entries are known?
fn is_written_out(file: &File<'_>, access: &Access<'_>) -> bool {
    let initial = access.root.filter(|_| access.is_direct);
    let initial = initial.and_then(|root| file.variables[root].initial);
    matches!(initial, Some(Expr::Map(..) | Expr::Array(..)))
}

/// Does the script use properties of such objects by computed names?
fn is_computed(model: &Model<'_>, kind: Kind) -> bool {
    let mut indexes = model.files.iter().flat_map(|file| &file.indexes);
    indexes.any(|index| index.kind == kind && index.name.is_none())
}

/// Is that a closure, or the name of a function?
fn is_function(file: &File<'_>, value: Option<&Expr>) -> bool {
    match value {
        Some(Expr::StringConstant(name, _)) => file.named(name).next().is_some(),
        Some(Expr::Variable(x, ..)) => file.named(&x.1).next().is_some(),
        Some(value) => super::walk::closure(value).is_some(),
        None => false,
    }
}
