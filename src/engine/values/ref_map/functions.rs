//! What scripts can do with maps by reference.

use super::RefMap;
use crate::engine::{
    natives::Natives,
    values::{json, ref_array::wrong_index, script_files::ScriptFiles},
};
use rhai::{
    Blob, Dynamic, Engine, EvalAltResult, FuncRegistration, ImmutableString, NativeCallContext,
    Position,
};
use std::rc::Rc;

/// A key as scripts write it: strings as they are, whole numbers as decimal text (as in PHP and in JSON), blobs as the text
/// that they are in UTF-8 (a uid may come in a binary frame); nothing else.
pub(crate) fn key_of(value: &Dynamic) -> Option<ImmutableString> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some((*text).clone());
    }
    if let Ok(bytes) = value.as_blob_ref() {
        return std::str::from_utf8(&bytes).ok().map(Into::into);
    }
    value.as_int().ok().map(|n| n.to_string().into())
}

pub(in crate::engine) fn not_a_key() -> Box<EvalAltResult> {
    let text = "a blob can be a key of a map only if it is UTF-8 text";
    EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into()
}

/// `map[key]` and `map[key] = value` with what cannot be a key.
fn wrong_keys(engine: &mut Engine, files: &Rc<dyn ScriptFiles>) {
    type Ctx<'a> = NativeCallContext<'a>;
    let known = files.clone();
    let get =
        move |ctx: Ctx, _: &mut RefMap, key: Dynamic| -> Result<Dynamic, Box<EvalAltResult>> {
            Err(known.at_index(&ctx, wrong_index(&ctx, "string", &key)))
        };
    FuncRegistration::new_index_getter().with_purity(true).register_into_engine(engine, get);
    let known = files.clone();
    let set = move |ctx: Ctx,
                    _: &mut RefMap,
                    key: Dynamic,
                    _: Dynamic|
          -> Result<(), Box<EvalAltResult>> {
        Err(known.at_index(&ctx, wrong_index(&ctx, "string", &key)))
    };
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(engine, set);
}

/// Gives `map` its script functions.
pub(in crate::engine) fn register(
    engine: &mut Engine,
    natives: &mut Natives,
    files: &Rc<dyn ScriptFiles>,
) {
    type Text = ImmutableString;
    engine.register_type_with_name::<RefMap>("map");
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            natives.function(engine, $name, $function);
        };
    }
    let get = |m: &mut RefMap, key: Text| m.get(&key);
    let set = |m: &mut RefMap, key: Text, value: Dynamic| m.set(key, RefMap::wrap(value));
    natives.index_getter(engine, get);
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(engine, set);
    natives.index_getter(engine, |m: &mut RefMap, key: i64| m.get(&key.to_string()));
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(
        engine,
        |m: &mut RefMap, key: i64, value: Dynamic| {
            m.set(key.to_string().into(), RefMap::wrap(value))
        },
    );
    wrong_keys(engine, files);
    natives.index_getter(engine, |m: &mut RefMap, key: Blob| {
        key_of(&Dynamic::from_blob(key)).map_or(Dynamic::UNIT, |k| m.get(&k))
    });
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(
        engine,
        |m: &mut RefMap, key: Blob, value: Dynamic| match key_of(&Dynamic::from_blob(key)) {
            Some(key) => {
                m.set(key, RefMap::wrap(value));
                Ok(())
            }
            None => Err(not_a_key()),
        },
    );
    macro_rules! by_key {
        ($name:expr, $function:expr) => {
            pure!($name, |m: &mut RefMap, key: Text| $function(m, key));
            pure!($name, |m: &mut RefMap, key: i64| $function(m, key.to_string().into()));
            pure!($name, |m: &mut RefMap, key: Blob| {
                key_of(&Dynamic::from_blob(key)).map(|key| $function(m, key)).unwrap_or_default()
            });
        };
    }
    // What cannot be a key is in no map: who asks with what a stranger sent, such as `()`, hears that it is not there.
    pure!("contains", |m: &mut RefMap, key: Dynamic| key_of(&key).is_some_and(|k| m.contains(&k)));
    by_key!("get", |m: &mut RefMap, key: Text| m.get(&key));
    pure!("set", set);
    pure!("set", |m: &mut RefMap, key: i64, value: Dynamic| {
        m.set(key.to_string().into(), RefMap::wrap(value))
    });
    pure!(
        "set",
        |m: &mut RefMap, key: Blob, value: Dynamic| match key_of(&Dynamic::from_blob(key)) {
            Some(key) => {
                m.set(key, RefMap::wrap(value));
                Ok(())
            }
            None => Err(not_a_key()),
        }
    );
    by_key!("remove", |m: &mut RefMap, key: Text| m.remove(&key));
    pure!("len", |m: &mut RefMap| m.with(|t| t.len() as i64));
    pure!("is_empty", |m: &mut RefMap| m.with(|t| t.len() == 0));
    pure!("clear", |m: &mut RefMap| m.clear());
    pure!("keys", |m: &mut RefMap| m.keys());
    pure!("values", |m: &mut RefMap| m.values());
    pure!("to_map", |m: &mut RefMap| m.to_map());
    for name in ["to_string", "to_debug"] {
        pure!(name, |call: NativeCallContext, m: &mut RefMap| {
            json::show_in(&call, &Dynamic::from(m.clone()))
        });
    }
    engine.register_iterator::<RefMap>();
}
