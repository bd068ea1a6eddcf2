//! What scripts can do with arrays by reference. Functions of Rhai's own arrays work on a copy of the values.

use super::RefArray;
use crate::engine::{
    call::time_limit::check_time,
    limits::CLOCK_MASK,
    natives::Natives,
    outcome::Outcome,
    values::{json, ref_map::RefMap, script_files::ScriptFiles, sizes},
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, NativeCallContext, Position,
};
use std::rc::Rc;

/// Functions of rhai's arrays that only look, by number of further arguments. They get a copy.
const LOOKING: [(&str, usize); 36] = [
    ("map", 1),
    ("filter", 1),
    ("some", 1),
    ("all", 1),
    ("find", 1),
    ("find", 2),
    ("find_map", 1),
    ("find_map", 2),
    ("index_of", 1),
    ("index_of", 2),
    ("reduce", 1),
    ("reduce", 2),
    ("reduce_rev", 1),
    ("reduce_rev", 2),
    ("extract", 1),
    ("extract", 2),
    ("order", 0),
    ("order_desc", 0),
    ("order", 1),
    ("order_by", 1),
    ("zip", 2),
    ("join", 0),
    ("join", 1),
    ("slice", 1),
    ("slice", 2),
    ("unique", 0),
    ("unique", 1),
    ("sum", 0),
    ("sum", 1),
    ("min", 0),
    ("max", 0),
    ("flatten", 0),
    ("flatten", 1),
    ("chunk", 1),
    ("group_by", 1),
    ("order_by_key", 1),
];

/// Functions that change the array in place.
const CHANGING: [(&str, usize); 21] = [
    ("sort", 0),
    ("sort", 1),
    ("sort_desc", 0),
    ("sort_by", 1),
    ("dedup", 0),
    ("dedup", 1),
    ("retain", 1),
    ("retain", 2),
    ("drain", 1),
    ("drain", 2),
    ("splice", 2),
    ("splice", 3),
    ("split", 1),
    ("chop", 1),
    ("truncate", 1),
    ("reverse", 0),
    ("shift", 0),
    ("append", 1),
    ("sort_by_key", 1),
    ("shuffle", 0),
    ("swap", 2),
];

/// Functions whose argument is a list of values, and not a value.
const TAKING: [&str; 3] = ["append", "splice", "zip"];

/// Calls rhai's own array function on a copy of the values, and gives the copy back too.
fn on_copy(
    ctx: &NativeCallContext,
    name: &str,
    array: &RefArray,
    args: &mut [&mut Dynamic],
) -> Result<(Dynamic, Array), Box<EvalAltResult>> {
    let mut copy = Dynamic::from(array.copy());
    let mut all: Vec<&mut Dynamic> = Vec::with_capacity(args.len() + 1);
    all.push(&mut copy);
    for arg in args {
        // Rhai's functions know its own arrays only.
        let plain =
            arg.read_lock::<RefArray>().filter(|_| TAKING.contains(&name)).map(|a| a.copy());
        if let Some(plain) = plain {
            **arg = plain.into();
        }
        all.push(arg);
    }
    let result = ctx.call_native_fn_raw(name, true, &mut all)?;
    Ok((result, copy.flatten().try_cast::<Array>().unwrap_or_default()))
}

fn forward(engine: &mut Engine, name: &'static str, extra: usize, change: bool) {
    let call = move |ctx: NativeCallContext, array: &mut RefArray, args: &mut [&mut Dynamic]| {
        let before = array.look(<[Dynamic]>::len);
        let (result, values) = on_copy(&ctx, name, array, args)?;
        if change {
            if array.look(<[Dynamic]>::len) != before {
                let text =
                    format!("the array was changed by somebody else while `{name}` worked on it");
                return Err(text.into());
            }
            let values = values.into_iter().map(RefMap::wrap).collect();
            let old = array.with(|v| std::mem::replace(v, values));
            drop(old);
        }
        Ok::<Dynamic, Box<EvalAltResult>>(result)
    };
    let registration = FuncRegistration::new(name).with_purity(true);
    type Ctx<'a> = NativeCallContext<'a>;
    match extra {
        0 => registration
            .register_into_engine(engine, move |ctx: Ctx, a: &mut RefArray| call(ctx, a, &mut [])),
        1 => registration
            .register_into_engine(engine, move |ctx: Ctx, a: &mut RefArray, mut x: Dynamic| {
                call(ctx, a, &mut [&mut x])
            }),
        2 => registration.register_into_engine(
            engine,
            move |ctx: Ctx, a: &mut RefArray, mut x: Dynamic, mut y: Dynamic| {
                call(ctx, a, &mut [&mut x, &mut y])
            },
        ),
        _ => registration.register_into_engine(
            engine,
            move |ctx: Ctx, a: &mut RefArray, mut x: Dynamic, mut y: Dynamic, mut z: Dynamic| {
                call(ctx, a, &mut [&mut x, &mut y, &mut z])
            },
        ),
    };
}

/// The values of an array of either kind.
fn values_of(value: &Dynamic) -> Option<Array> {
    if let Some(array) = value.read_lock::<RefArray>() {
        return Some(array.copy());
    }
    value.read_lock::<Array>().map(|array| array.clone())
}

fn joined(array: &RefArray, more: Array) -> Array {
    let mut all = array.copy();
    all.extend(more);
    all
}

/// Adds copies of a value until there are `len`; each copy of a map is a map of its own.
fn pad(array: &mut RefArray, len: i64, value: Dynamic) -> Result<(), Box<EvalAltResult>> {
    let len = usize::try_from(len).unwrap_or(0);
    let missing = len.saturating_sub(array.look(<[Dynamic]>::len));
    if missing > 0 {
        sizes::check_array(len, &value)?;
        let copy = |at: usize| {
            if at as u64 & CLOCK_MASK == 0 {
                check_time()?;
            }
            Ok(RefMap::wrap(value.clone()))
        };
        let more = (0..missing).map(copy).collect::<Result<Vec<_>, Box<EvalAltResult>>>()?;
        array.with(|values| values.extend(more));
    }
    Ok(())
}

/// Calls `f` with each value as `this` and puts back what it made of it, value by value: `f` may wait, and what others do
/// to the array meanwhile stays done.
fn for_each(
    call: NativeCallContext,
    array: &mut RefArray,
    f: FnPtr,
) -> Result<(), Box<EvalAltResult>> {
    let mut at = 0;
    while let Some(mut value) = array.look(|values| values.get(at).cloned()) {
        let index = Dynamic::from(at as i64);
        let _ =
            f.call_raw_with_extra_args("for_each", &call, Some(&mut value), [], [index], None)?;
        array.put(at, value);
        at += 1;
    }
    Ok(())
}

/// What `array[index]` and `array[index] = value` are for rhai, errors with the place of the index.
fn indexes(engine: &mut Engine, files: &Rc<dyn ScriptFiles>) {
    type Ctx<'a> = NativeCallContext<'a>;
    let known = files.clone();
    let get = move |ctx: Ctx, a: &mut RefArray, index: i64| -> Outcome<Dynamic> {
        let at = a.place(index).map_err(|error| known.at_index(&ctx, error))?;
        Ok(a.look(|values| values[at].clone()))
    };
    FuncRegistration::new_index_getter().with_purity(true).register_into_engine(engine, get);
    let known = files.clone();
    let set = move |ctx: Ctx, a: &mut RefArray, index: i64, value: Dynamic| -> Outcome<()> {
        let at = a.place(index).map_err(|error| known.at_index(&ctx, error))?;
        a.put(at, value);
        Ok(())
    };
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(engine, set);
    let known = files.clone();
    let get = move |ctx: Ctx, _: &mut RefArray, index: Dynamic| -> Outcome<Dynamic> {
        Err(known.at_index(&ctx, wrong_index(&ctx, "i64", &index)))
    };
    FuncRegistration::new_index_getter().with_purity(true).register_into_engine(engine, get);
    let known = files.clone();
    let set = move |ctx: Ctx, _: &mut RefArray, index: Dynamic, _: Dynamic| -> Outcome<()> {
        // Rhai tries the name of a property without a setter as an index. This error makes it tell of the property.
        if index.is_string() && known.is_at_dot(&ctx) {
            let kind = ctx.engine().map_type_name(std::any::type_name::<RefArray>()).to_owned();
            return Err(EvalAltResult::ErrorIndexingType(kind, Position::NONE).into());
        }
        Err(known.at_index(&ctx, wrong_index(&ctx, "i64", &index)))
    };
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(engine, set);
}

/// The error of an index that is of another type than it has to be.
pub(in crate::engine) fn wrong_index(
    ctx: &NativeCallContext,
    expected: &str,
    index: &Dynamic,
) -> Box<EvalAltResult> {
    let found = ctx.engine().map_type_name(index.type_name()).to_owned();
    EvalAltResult::ErrorMismatchDataType(expected.to_owned(), found, Position::NONE).into()
}

/// Gives `array` its script functions.
pub(in crate::engine) fn register(
    engine: &mut Engine,
    natives: &mut Natives,
    files: &Rc<dyn ScriptFiles>,
) {
    engine.register_type_with_name::<RefArray>("array");
    for (name, extra) in LOOKING {
        forward(engine, name, extra, false);
    }
    for (name, extra) in CHANGING {
        forward(engine, name, extra, true);
    }
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            natives.function(engine, $name, $function);
        };
    }
    let get = |a: &mut RefArray, index: i64| -> Outcome<Dynamic> {
        let at = a.place(index)?;
        Ok(a.look(|values| values[at].clone()))
    };
    natives.index_getter(engine, get);
    indexes(engine, files);
    pure!("get", |a: &mut RefArray, index: i64| {
        let found = a.near(index).and_then(|at| a.look(|values| values.get(at).cloned()));
        found.unwrap_or(Dynamic::UNIT)
    });
    pure!("set", |a: &mut RefArray, index: i64, value: Dynamic| {
        if let Some(at) = a.near(index) {
            a.put(at, value);
        }
    });
    pure!("first", |a: &mut RefArray| a.look(|values| values.first().cloned()).unwrap_or_default());
    pure!("last", |a: &mut RefArray| a.look(|values| values.last().cloned()).unwrap_or_default());
    pure!("push", |a: &mut RefArray, value: Dynamic| a.push(value));
    pure!("+=", |a: &mut RefArray, value: Dynamic| match values_of(&value) {
        Some(more) => more.into_iter().for_each(|value| a.push(value)),
        None => a.push(value),
    });
    pure!("insert", |a: &mut RefArray, index: i64, value: Dynamic| {
        let value = RefMap::wrap(value);
        a.with(|values| {
            let len = values.len() as i64;
            let at = if index < 0 { (index + len).max(0) } else { index.min(len) };
            values.insert(at as usize, value);
        });
    });
    pure!("pop", |a: &mut RefArray| a.with(|values| values.pop()).unwrap_or(Dynamic::UNIT));
    pure!("remove", |a: &mut RefArray, index: i64| match a.place(index) {
        Ok(at) => a.with(|values| values.remove(at)),
        Err(_) => Dynamic::UNIT,
    });
    let len = |a: &mut RefArray| a.look(|values| values.len() as i64);
    let is_empty = |a: &mut RefArray| a.look(<[Dynamic]>::is_empty);
    pure!("len", len);
    pure!("is_empty", is_empty);
    natives.getter(engine, "len", len);
    natives.getter(engine, "is_empty", is_empty);
    pure!("clear", |a: &mut RefArray| drop(a.with(std::mem::take)));
    pure!("contains", |ctx: NativeCallContext, a: &mut RefArray, mut value: Dynamic| {
        on_copy(&ctx, "contains", a, &mut [&mut value]).map(|(found, _)| found)
    });
    pure!("to_array", |a: &mut RefArray| a.copy());
    pure!("+", |a: &mut RefArray, b: RefArray| joined(a, b.copy()));
    pure!("+", |a: &mut RefArray, b: Array| joined(a, b));
    pure!("for_each", for_each);
    pure!("pad", pad);
    for name in ["to_string", "to_debug"] {
        pure!(name, |call: NativeCallContext, a: &mut RefArray| {
            json::show_in(&call, &Dynamic::from(a.clone()))
        });
    }
    engine.register_iterator::<RefArray>();
}
