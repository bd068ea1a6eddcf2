//! Maps and arrays by reference have the functions of plain ones, and plain ones those of references.

use crate::engine::{
    compile::{modules::Modules, sources::Sources},
    globals::Globals,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{Array, Engine, Map};
use std::{any::TypeId, collections::BTreeSet, path::Path};

/// Name and number of parameters of every function whose first parameter is of that type.
fn methods(engine: &Engine, of: TypeId) -> BTreeSet<(String, usize)> {
    let found = engine.collect_fn_metadata(
        None,
        |info| {
            let about = info.metadata;
            let is_method = about.param_types.first() == Some(&of);
            is_method.then(|| (about.name.to_string(), about.num_params))
        },
        true,
    );
    // Rhai indexes plain ones itself.
    let is_named = |name: &str| !name.contains('$') || name.starts_with("get$");
    found.into_iter().filter(|(name, _)| is_named(name)).collect()
}

fn engine() -> Engine {
    let mut engine = Engine::new();
    let mut natives = crate::engine::natives::Natives::default();
    let (sources, globals) = (Sources::new(Path::new("")), Globals::new(""));
    let modules = Modules::new(sources, globals, Default::default(), &Default::default());
    crate::engine::values::ref_map::register(&mut engine, &mut natives, &modules);
    crate::engine::values::ref_array::register(&mut engine, &mut natives, &modules);
    crate::engine::values::map_functions::register(&mut engine);
    crate::engine::values::compare::register(&mut engine);
    crate::engine::values::plain::register(&mut engine);
    engine
}

fn differences<P: 'static, R: 'static>(only_one_kind: &[&str]) -> Vec<(String, usize)> {
    let engine = engine();
    let (plain, reference) =
        (methods(&engine, TypeId::of::<P>()), methods(&engine, TypeId::of::<R>()));
    assert!(plain.len() > 15 && reference.len() > 15);
    let differing = plain.symmetric_difference(&reference);
    differing.filter(|(name, _)| !only_one_kind.contains(&name.as_str())).cloned().collect()
}

#[test]
fn maps_of_both_kinds_have_the_same_functions() {
    // `tag` and `to_json` take any value; the host has a `print` for each type of rhai's.
    let of_any = ["tag", "to_json", "print", "debug"];
    assert_eq!(differences::<Map, RefMap>(&of_any), []);
}

#[test]
fn arrays_of_both_kinds_have_the_same_functions() {
    // Rhai adds to plain ones itself.
    assert_eq!(differences::<Array, RefArray>(&["+=", "print", "debug"]), []);
}
