//! What is not there is `()`: a property that a value does not have, whatever its name and whatever the value, and an
//! index of `()`. So `parse_json(line).user.name` is safe whatever the line was. Methods that do not exist are errors.
//!
//! Rhai looks for the getter of a name by the type of the value, then for one that takes any type, and has some for
//! types of its own: `len`, `start`, `name`. Each name that a script mentions gets one here that takes any type, so that
//! every value has it, and an exact one for maps by reference, whose entries come before everything else.

use crate::engine::{
    natives::{INDEX_GETTER, Natives},
    outcome::Outcome,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{
    Array, Blob, Dynamic, Engine, EvalAltResult, FuncRegistration, ImmutableString,
    NativeCallContext, Position,
};
use std::{any::TypeId, collections::BTreeSet};

/// Names of other languages for `len`. On values that have a length, they are errors that say so.
const LENGTHS: [&str; 3] = ["length", "size", "count"];

/// Rhai's property of every value, which maps must be able to have as an entry.
const TAG: &str = "tag";

/// Registers what indexes of `()` are.
pub(in crate::engine) fn register(engine: &mut Engine, natives: &mut Natives) {
    natives.index_getter(engine, |_: &mut (), _: Dynamic| Dynamic::UNIT);
}

/// Registers these properties, for every type that has none of that name.
pub(in crate::engine) fn register_properties(
    engine: &mut Engine,
    natives: &mut Natives,
    names: &BTreeSet<ImmutableString>,
) {
    let general = general_getters(engine);
    for name in names {
        // An embedder may have one for every type, as rhai has of its tag.
        if name != TAG && general.contains(name.as_str()) {
            continue;
        }
        let key = name.clone();
        natives.getter(engine, name, move |map: &mut RefMap| map.get(&key));
        let key = name.clone();
        FuncRegistration::new_setter(name)
            .with_purity(true)
            .register_into_engine(engine, move |map: &mut RefMap, value: Dynamic| {
                map.set(key.clone(), RefMap::wrap(value))
            });
        let key = name.clone();
        FuncRegistration::new_getter(name)
            .with_purity(true)
            .register_into_engine(engine, move |call: NativeCallContext, value: &mut Dynamic| {
                absent(&call, value, &key)
            });
        if name == TAG {
            let setter = || FuncRegistration::new_setter(name).with_purity(true);
            setter().register_into_engine(
                engine,
                |call: NativeCallContext, value: &mut Dynamic, _: Dynamic| no_setter(&call, value),
            );
            // In the place of rhai's.
            setter().register_into_engine(
                engine,
                |call: NativeCallContext, value: &mut Dynamic, _: i64| no_setter(&call, value),
            );
        }
        if LENGTHS.contains(&name.as_str()) {
            wants_len::<ImmutableString>(engine, name, "a string");
            wants_len::<Array>(engine, name, "an array");
            wants_len::<RefArray>(engine, name, "an array");
            wants_len::<Blob>(engine, name, "a blob");
        }
    }
}

/// The properties for which there is a getter that takes any type.
fn general_getters(engine: &Engine) -> BTreeSet<String> {
    let found = engine.collect_fn_metadata(
        None,
        |info| {
            let is_general = info.metadata.param_types.first() == Some(&TypeId::of::<Dynamic>());
            info.metadata.name.strip_prefix("get$").filter(|_| is_general).map(str::to_owned)
        },
        true,
    );
    found.into_iter().collect()
}

/// What a value gives for a property that its type does not have: `()`, unless it is an embedder's that has an index.
fn absent(
    call: &NativeCallContext,
    value: &mut Dynamic,
    name: &ImmutableString,
) -> Outcome<Dynamic> {
    let has_index = !(value.is_unit()
        || value.is_int()
        || value.is_string()
        || value.is_array()
        || value.is_bool()
        || value.is_float()
        || value.is_char()
        || value.is_blob()
        || value.is_fnptr()
        || value.is_timestamp()
        || value.is::<RefArray>());
    if !has_index {
        return Ok(Dynamic::UNIT);
    }
    let found = call.call_native_fn_raw(INDEX_GETTER, true, &mut [value, &mut name.clone().into()]);
    found.or_else(|error| match *error {
        EvalAltResult::ErrorFunctionNotFound(..) | EvalAltResult::ErrorIndexingType(..) => {
            Ok(Dynamic::UNIT)
        }
        other => Err(other.into()),
    })
}

/// Rhai's error for a property that cannot be set.
fn no_setter(call: &NativeCallContext, value: &Dynamic) -> Outcome<()> {
    let kind = call.engine().map_type_name(value.type_name());
    let text = format!("Unknown property '{TAG}' - a setter is not registered for type '{kind}'");
    Err(EvalAltResult::ErrorDotExpr(text, Position::NONE).into())
}

fn wants_len<T: Clone + 'static>(engine: &mut Engine, name: &str, what: &'static str) {
    let text = format!("{what} has no property `{name}`: write `len`");
    FuncRegistration::new_getter(name).with_purity(true).register_into_engine(
        engine,
        move |_: &mut T| -> Outcome<Dynamic> {
            Err(EvalAltResult::ErrorRuntime(text.clone().into(), Position::NONE).into())
        },
    );
}
