//! `map.name(…)` where the map, which is held by reference, has a function under that name: it is called with the map as
//! `this`, as Rhai does it with plain maps, and comes before a function of the host of the same name.

use crate::engine::{
    internals::evaluate::{self, Caches},
    natives::Natives,
    outcome::Outcome,
    values::{ref_map::RefMap, script_files::ScriptFiles},
};
use rhai::{Dynamic, Engine, EvalAltResult, EvalContext, FnPtr, Position, Scope};
use std::{any::TypeId, rc::Rc};

/// Functions of maps that are not only called by scripts, but by what prints a map.
const OF_THE_HOST: [&str; 2] = ["to_string", "to_debug"];

/// The function that a call of `name` with these arguments means, if the first of them is a map that has one.
fn entry(name: &str, args: &[&mut Dynamic]) -> Option<FnPtr> {
    args.first()?.read_lock::<RefMap>()?.function(name)
}

/// Calls the function that the first argument has under that name, with that argument as `this`. `None`: it has none.
pub(in crate::engine) fn call(
    files: &dyn ScriptFiles,
    context: &mut EvalContext,
    name: &str,
    args: &mut [&mut Dynamic],
) -> Option<Outcome<Dynamic>> {
    let f = entry(name, args)?;
    let (this, given) = args.split_first_mut()?;
    Some(invoke(files, context, &f, this, given))
}

fn invoke(
    files: &dyn ScriptFiles,
    context: &mut EvalContext,
    f: &FnPtr,
    this: &mut Dynamic,
    given: &mut [&mut Dynamic],
) -> Outcome<Dynamic> {
    if !f.is_anonymous() {
        let (engine, name) = (context.engine(), f.fn_name());
        let call = evaluate::native_call(engine, evaluate::state(context), name, Position::NONE);
        let given: Vec<_> = given.iter_mut().map(|value| value.take()).collect();
        return f.call_raw(&call, Some(this), given);
    }
    let mut held = f.curry().to_vec();
    let mut all: Vec<&mut Dynamic> = Vec::with_capacity(1 + held.len() + given.len());
    all.push(this);
    all.extend(held.iter_mut());
    all.extend(given.iter_mut().map(|value| &mut **value));
    match evaluate::call(context, f.fn_name(), true, &mut all) {
        // Rhai looks in the caller's file only; nothing has been taken from the arguments yet.
        Err(error) if is_missing(&error, f) => {
            let found = files.call_foreign_closure(f.fn_name(), &mut all, true, context);
            found.unwrap_or(Err(error))
        }
        called => called,
    }
}

fn is_missing(error: &EvalAltResult, f: &FnPtr) -> bool {
    matches!(error, EvalAltResult::ErrorFunctionNotFound(what, _) if what.starts_with(f.fn_name()))
}

/// Lets the engine's functions of maps give way to those that a map has itself.
pub(in crate::engine) fn register(
    engine: &mut Engine,
    natives: &Natives,
    files: &Rc<dyn ScriptFiles>,
) {
    for (name, params, native) in natives.of_type(TypeId::of::<RefMap>()) {
        if !name.starts_with(char::is_alphabetic)
            || OF_THE_HOST.contains(&name)
            || name.contains('$')
        {
            continue;
        }
        let (files, native, own_name) = (files.clone(), native.clone(), name.to_owned());
        engine.register_raw_fn(name, params, move |call, args| {
            if entry(&own_name, args).is_none() {
                return (native.function)(Some(call), args);
            }
            let mut state = evaluate::state_of(&call);
            let (mut caches, mut scope) = (Caches::new(), Scope::new());
            let mut context = evaluate::context(call.engine(), &mut state, &mut caches, &mut scope);
            self::call(&*files, &mut context, &own_name, args).unwrap_or(Ok(Dynamic::UNIT))
        });
    }
}
