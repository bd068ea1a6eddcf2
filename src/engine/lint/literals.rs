//! Values that are written out where the host takes others: settings, addresses, arguments, what is sent.

use super::{
    Found,
    model::{Call, File, Model},
    rules::Form,
    walk::closure,
};
use rhai::{Dynamic, Expr, Map};

pub(super) fn check(model: &Model<'_>, file: &File<'_>, found: &mut Vec<Found>) {
    for access in file.accesses.iter().filter(|access| !access.is_tried) {
        if let (Some(kind), Some(value)) = (access.kind, access.value.and_then(constant))
            && model.rules.property(access.kind, access.name).is_some_and(|p| !p.is_read_only)
            && let Some(text) = model.judge.property(kind, access.name, &value)
        {
            found.push(Found::new("setting-value", access.at, text));
        }
    }
    for call in &file.calls {
        if call.is_tried {
            continue;
        }
        let told = found.len();
        for (at, argument) in call.expr.args.iter().enumerate() {
            if let Some(value) = constant(argument)
                && let Some((code, text)) = model.judge.argument(&call.name, at, &value)
            {
                found.push(Found::new(code, argument.start_position(), text));
            }
        }
        if found.len() == told {
            sent(model, file, call, found);
            types(model, call, found);
        }
    }
}

/// `send(())`.
fn sent(model: &Model<'_>, file: &File<'_>, call: &Call<'_>, found: &mut Vec<Found>) {
    let name = call.expr.name.as_str();
    let is_own = file.named(name).next().is_some();
    let is_sender = call.object.is_some() && model.rules.senders.contains(&name) && !is_own;
    let has_it = match call.object.flatten() {
        Some(kind) => model.rules.method(Some(kind), name).is_some(),
        None => true,
    };
    if let (true, true, Some(data)) = (is_sender, has_it, call.expr.args.first()) {
        let what = match data {
            Expr::Unit(_) => "()",
            data if closure(data).is_some() => "a function",
            _ => return,
        };
        let text = format!("{what} cannot be sent");
        let help = "send a string, a blob, a number, a boolean, a map or an array";
        found.push(Found::new("cannot-be-sent", call.at, text).with_help(help));
    }
}

/// Arguments of a type that no form of the function takes.
fn types(model: &Model<'_>, call: &Call<'_>, found: &mut Vec<Found>) {
    let forms = match call.object {
        // Those of plain maps and arrays are rhai's, which take more.
        Some(kind) if !kind.is_some_and(|kind| kind.starts_with(char::is_uppercase)) => return,
        Some(kind) => model.rules.method(kind, &call.expr.name),
        None => model.rules.functions.get(&call.name),
    };
    let count = call.expr.args.len();
    let forms = forms.into_iter().flatten().filter(|form| form.parameters.len() == count);
    let forms: Vec<&Form> = forms.collect();
    if forms.is_empty() {
        return;
    }
    for (at, (argument, kind)) in call.expr.args.iter().zip(&call.kinds).enumerate() {
        let Some(kind) = kind else { continue };
        let is_literal = constant(argument).is_some() || closure(argument).is_some();
        if is_literal && !forms.iter().any(|form| takes(form.parameters[at], kind)) {
            let wanted = forms[0].parameters[at];
            let text = format!("`{}` takes a value of type {wanted} here, not {kind}", call.name);
            found.push(Found::new("argument-type", argument.start_position(), text));
        }
    }
}

/// Does a parameter of this type, as the reference writes it, take a value of that one?
fn takes(parameter: &str, kind: &str) -> bool {
    parameter.split('|').map(str::trim).any(|one| match one {
        "number" | "float" => matches!(kind, "int" | "float"),
        "function" | "Fn" => matches!(kind, "function" | "string"),
        "int" | "bool" | "map" | "array" | "string" | "blob" | "()" => one == kind,
        // An object of the host's is never written out.
        one if one.starts_with(char::is_uppercase) => false,
        _ => true,
    })
}

/// What an expression is that is written out. Of a map, as much as is.
fn constant(e: &Expr) -> Option<Dynamic> {
    let Expr::Map(x, _) = e else { return e.get_literal_value(None) };
    let entries = x.0.iter().filter_map(|(key, value)| {
        Some((key.name.as_str().into(), value.get_literal_value(None)?))
    });
    Some(entries.collect::<Map>().into())
}
