//! `std/env`: the variables of the process's environment.

use crate::{
    engine::values::ref_map::RefMap,
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
    },
    script::ctx::Ctx,
};
use rhai::{Dynamic, ImmutableString};
use std::{env, rc::Rc};

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/env");
    module.function("get", |name: ImmutableString| get(&name, Dynamic::UNIT));
    module.function("get", |name: ImmutableString, default: Dynamic| get(&name, default));
    module.function("all", all);
    module
}

fn get(name: &str, default: Dynamic) -> Outcome<Dynamic> {
    // The system's own function takes such a name for a mistake of the program and panics.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(error(format!(
            "`{name}` is no name of a variable: it is empty, or has `=` or a zero byte in it"
        )));
    }
    let value = env::var_os(name).map(|value| value.to_string_lossy().into_owned().into());
    Ok(value.unwrap_or(default))
}

fn all() -> RefMap {
    let mut variables: Vec<(String, String)> = env::vars_os()
        .map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })
        .collect();
    variables.sort();
    RefMap::from_iter(variables.into_iter().map(|(name, value)| (name, value.into())))
}
