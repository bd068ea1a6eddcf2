//! Parts of maps, and what becomes of two: functions that both kinds of maps have. They leave the map as it is, and give a
//! new one of the same kind with the entries in their order.

use crate::engine::{
    natives::Natives,
    outcome::Outcome,
    values::{
        json, order,
        ref_array::RefArray,
        ref_map::{RefMap, key_of},
    },
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext, Position,
};
use std::{any::TypeId, collections::HashSet};

type Entries = Vec<(ImmutableString, Dynamic)>;

/// Each entry as an array of its key and its value.
fn pairs(entries: Entries) -> Array {
    entries.into_iter().map(|(key, value)| vec![key.into(), value].into()).collect()
}

/// The keys that a script lists.
fn keys(call: &NativeCallContext, what: &str, list: &Dynamic) -> Outcome<HashSet<ImmutableString>> {
    let error = |value: &Dynamic| -> Box<EvalAltResult> {
        let shown = json::show_in(call, value);
        let text = format!("{what} takes an array of keys, strings or whole numbers, not {shown}");
        EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into()
    };
    let values = match list.read_lock::<RefArray>() {
        Some(array) => array.copy(),
        None => list.read_lock::<Array>().ok_or_else(|| error(list))?.clone(),
    };
    values.iter().map(|value| key_of(value).ok_or_else(|| error(value))).collect()
}

fn chosen(entries: Entries, keys: &HashSet<ImmutableString>, is_wanted: bool) -> Entries {
    entries.into_iter().filter(|(key, _)| keys.contains(key) == is_wanted).collect()
}

/// The value, or what stands for one that is not there.
fn or(value: Option<Dynamic>, default: Dynamic) -> Dynamic {
    value.filter(|value| !value.is_unit()).unwrap_or(default)
}

/// A plain map of these entries, in the order of another one.
fn plain(entries: Entries, like: &Dynamic) -> Dynamic {
    let entries = entries.into_iter().map(|(key, value)| (key.as_str().into(), value));
    let mut map = Dynamic::from_map(entries.collect());
    map.set_tag(like.tag());
    map
}

/// The functions that choose entries by a list of keys.
const CHOOSING: [(&str, bool); 2] = [("pick", true), ("omit", false)];

/// Registers them for both kinds.
pub(in crate::engine) fn register(engine: &mut Engine, natives: &mut Natives) {
    let map = TypeId::of::<Map>();
    let all = |map: &Dynamic| order::entries(map).unwrap_or_default();
    engine.register_raw_fn("entries", [map], move |_, args| Ok(pairs(all(args[0]))));
    natives.function(engine, "entries", |map: &mut RefMap| pairs(map.entries()));
    for list in [TypeId::of::<Array>(), TypeId::of::<RefArray>()] {
        for (name, is_wanted) in CHOOSING {
            engine.register_raw_fn(name, [map, list], move |call, args| {
                let keys = keys(&call, name, args[1])?;
                Ok(plain(chosen(all(args[0]), &keys, is_wanted), args[0]))
            });
        }
    }
    for (name, is_wanted) in CHOOSING {
        natives.function(
            engine,
            name,
            move |call: NativeCallContext, map: &mut RefMap, list: Dynamic| -> Outcome<RefMap> {
                let keys = keys(&call, name, &list)?;
                Ok(chosen(map.entries(), &keys, is_wanted).into_iter().collect())
            },
        );
    }
    of_keys::<ImmutableString>(engine, natives);
    of_keys::<i64>(engine, natives);
    merging::<Map>(engine, natives);
    merging::<RefMap>(engine, natives);
}

/// `get` with a default, for keys of one type.
fn of_keys<K: Clone + 'static>(engine: &mut Engine, natives: &mut Natives) {
    natives.function(engine, "get", |map: &mut Map, key: K, default: Dynamic| {
        let key = key_of(&Dynamic::from(key));
        or(key.and_then(|key| map.get(key.as_str()).cloned()), default)
    });
    natives.function(engine, "get", |map: &mut RefMap, key: K, default: Dynamic| {
        or(key_of(&Dynamic::from(key)).map(|key| map.get(&key)), default)
    });
}

/// `merge` with a map of one kind.
fn merging<M: Clone + 'static>(engine: &mut Engine, natives: &mut Natives) {
    engine.register_raw_fn("merge", [TypeId::of::<Map>(), TypeId::of::<M>()], |_, args| {
        let mut merged = args[0].flatten_clone();
        let more = RefMap::entries_of(args[1]).or_else(|| order::entries(args[1]));
        if let Some(mut merged) = merged.write_lock::<Map>() {
            merged
                .extend(more.unwrap_or_default().into_iter().map(|(k, v)| (k.as_str().into(), v)));
        }
        Ok(merged)
    });
    natives.function(engine, "merge", |map: &mut RefMap, other: M| -> RefMap {
        let other = Dynamic::from(other);
        let more = RefMap::entries_of(&other).or_else(|| order::entries(&other));
        map.entries().into_iter().chain(more.unwrap_or_default()).collect()
    });
}
