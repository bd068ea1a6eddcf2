//! What rhai's plain arrays and maps lack beside references: loops over a map, `to_map` and `to_array`, and functions that
//! take another array or map, which may be a reference.

use crate::engine::values::{
    json, order,
    ref_array::RefArray,
    ref_map::{RefMap, key_of, not_a_key},
};
use rhai::{Array, Blob, Dynamic, Engine, FnPtr, FuncRegistration, Map, Module};
use std::any::TypeId;

/// Such functions of arrays: (name, types between the array and the other one, types behind it).
fn of_arrays() -> [(&'static str, Vec<TypeId>, Vec<TypeId>); 6] {
    let int = TypeId::of::<i64>();
    let (range, inclusive) =
        (TypeId::of::<std::ops::Range<i64>>(), TypeId::of::<std::ops::RangeInclusive<i64>>());
    [
        ("append", vec![], vec![]),
        ("+", vec![], vec![]),
        ("splice", vec![int, int], vec![]),
        ("splice", vec![range], vec![]),
        ("splice", vec![inclusive], vec![]),
        ("zip", vec![], vec![TypeId::of::<FnPtr>()]),
    ]
}

/// Such functions of maps.
const OF_MAPS: [&str; 4] = ["mixin", "+=", "+", "fill_with"];

/// Makes a reference a plain value; the maps and arrays inside stay references.
fn flatten(value: &mut Dynamic) {
    let plain = if let Some(array) = value.read_lock::<RefArray>() {
        Dynamic::from(array.copy())
    } else if let Some(map) = value.read_lock::<RefMap>() {
        Dynamic::from(map.to_map())
    } else {
        return;
    };
    *value = plain;
}

/// Registers a function of that name that calls rhai's with all references made plain.
fn forward(engine: &mut Engine, name: &'static str, types: &[TypeId]) {
    engine.register_raw_fn(name, types, move |call, args| {
        let (first, rest) = args.split_at_mut(1);
        rest.iter_mut().for_each(|arg| flatten(arg));
        let mut all: Vec<&mut Dynamic> = Vec::with_capacity(rest.len() + 1);
        all.extend(first.iter_mut().map(|arg| &mut **arg));
        all.extend(rest.iter_mut().map(|arg| &mut **arg));
        call.call_native_fn_raw(name, true, &mut all)
    });
}

/// Registers the functions of plain maps whose key is of that type.
fn keys<K: Clone + 'static>(engine: &mut Engine) {
    FuncRegistration::new("get").with_purity(true).register_into_engine(
        engine,
        |map: &mut Map, key: K| {
            let key = key_of(&Dynamic::from(key));
            key.and_then(|key| map.get(key.as_str()).cloned()).unwrap_or_default()
        },
    );
    FuncRegistration::new("remove").register_into_engine(engine, |map: &mut Map, key: K| {
        key_of(&Dynamic::from(key)).and_then(|key| map.remove(key.as_str())).unwrap_or_default()
    });
    FuncRegistration::new("set").register_into_engine(
        engine,
        |map: &mut Map, key: K, value: Dynamic| match key_of(&Dynamic::from(key)) {
            Some(key) => {
                map.insert(key.as_str().into(), value);
                Ok(())
            }
            None => Err(not_a_key()),
        },
    );
}

/// Registers them, and the way plain arrays and maps are written: as references are.
pub(in crate::engine) fn register(engine: &mut Engine) {
    let mut loops = Module::new();
    loops.set_iter(TypeId::of::<Map>(), |map| {
        Box::new(order::into_entries(map).into_iter().map(|(_, value)| value))
    });
    engine.register_global_module(loops.into());
    engine.register_raw_fn("to_map", [TypeId::of::<Map>()], |_, args| Ok(args[0].clone()));
    FuncRegistration::new("to_array")
        .with_purity(true)
        .register_into_engine(engine, |array: &mut Array| array.clone());
    for (name, before, behind) in of_arrays() {
        let own = [TypeId::of::<Array>()];
        let other = [TypeId::of::<RefArray>()];
        let types = [&own[..], &before, &other, &behind].concat();
        forward(engine, name, &types);
    }
    for name in OF_MAPS {
        forward(engine, name, &[TypeId::of::<Map>(), TypeId::of::<RefMap>()]);
    }
    // As in a map by reference: what cannot be a key is not there.
    FuncRegistration::new("contains")
        .with_purity(true)
        .register_into_engine(engine, |map: &mut Map, key: Dynamic| {
            key_of(&key).is_some_and(|k| map.contains_key(k.as_str()))
        });
    // Keys that are no text, as a map by reference takes them.
    keys::<i64>(engine);
    keys::<Blob>(engine);
    for name in ["to_string", "to_debug"] {
        for plain in [TypeId::of::<Array>(), TypeId::of::<Map>()] {
            // Raw: a copy would be as deep as the value.
            engine.register_raw_fn(name, [plain], |call, args| Ok(json::show_in(&call, args[0])));
        }
    }
    // The mark of a map's order is no number of the script's.
    engine.register_raw_fn("tag", [TypeId::of::<Map>()], |_, args| {
        let tag = args[0].tag();
        Ok(if order::is_mark(tag) { 0 } else { i64::from(tag) })
    });
}
