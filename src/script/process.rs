//! Functions that belong to no object: `print`, `debug`, `parse_json`, `to_json`, and what a property of a plain value is.

use super::{
    ctx::Ctx,
    value::{Outcome, error},
};
use crate::{engine::json, log::Level};
use rhai::{Array, Blob, Dynamic, Engine, FnPtr, ImmutableString, Map, NativeCallContext};
use std::{collections::BTreeSet, rc::Rc};

/// Bytes that one print may write to the log. Fixed: a log is for people.
const MAX_PRINT: usize = 64 * 1024;

/// Registers them.
pub(crate) fn register(engine: &mut Engine, ctx: &Rc<Ctx>) {
    for (name, level) in [("print", Level::Info), ("debug", Level::Debug)] {
        // Rhai has a `print` for each of these types, which a general one would not replace.
        macro_rules! printers {
            ($($type:ty),*) => {$(
                let home = ctx.clone();
                engine.register_fn(name, move |call: NativeCallContext, value: $type| {
                    show(&home, &call, level, Dynamic::from(value))
                });
            )*};
        }
        printers!(ImmutableString, bool, char, i64, f64, (), Map, Array, Blob, FnPtr);
        let home = ctx.clone();
        engine.register_fn(name, move |call: NativeCallContext, value: Dynamic| {
            show(&home, &call, level, value)
        });
    }
    // (what `print` gives back would be printed once more by rhai)
    engine.on_print(|_| ());
    engine.on_debug(|_, _, _| ());
    // As `json_decode` in PHP: what is not JSON gives `()`, so that a stranger's line costs no error report.
    engine.register_fn("parse_json", |text: &str| json::decode(text).unwrap_or(Dynamic::UNIT));
    engine.register_fn("to_json", |value: Dynamic| -> Outcome<String> {
        json::encode(&value).map_err(|why| error(format!("to_json: {why}")))
    });
}

/// Hands one line to the log and gives rhai nothing left to print.
fn show(
    ctx: &Ctx,
    call: &NativeCallContext,
    level: Level,
    value: Dynamic,
) -> Outcome<ImmutableString> {
    let file = call.call_source().unwrap_or_default();
    let location = match call.call_position().line() {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    };
    let mut text = text_of(call, value);
    if text.len() > MAX_PRINT {
        let end = (0..=MAX_PRINT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("… (cut)");
    }
    ctx.print(level, location, text);
    Ok(ImmutableString::new())
}

/// Strings as they are, maps and arrays as JSON, everything else by its `to_string`.
fn text_of(call: &NativeCallContext, mut value: Dynamic) -> String {
    if let Ok(text) = value.as_immutable_string_ref() {
        return text.to_string();
    }
    if value.is_map() || value.is_array() {
        return json::show(&value);
    }
    let shown = call.call_native_fn_raw("to_string", true, &mut [&mut value]);
    shown.ok().and_then(|s| s.into_string().ok()).unwrap_or_else(|| value.to_string())
}

/// Properties of values that have none (what JSON brought, mostly) are `()`, as unknown properties of objects are:
/// `parse_json(line).uid` is safe whatever the line was.
pub(crate) fn register_absent_properties(engine: &mut Engine, names: &BTreeSet<ImmutableString>) {
    let taken: BTreeSet<String> = engine
        .collect_fn_metadata(
            None,
            |info| info.metadata.name.strip_prefix("get$").map(str::to_owned),
            true,
        )
        .into_iter()
        .collect();
    for name in names.iter().filter(|name| !taken.contains(name.as_str())) {
        macro_rules! absent {
            ($($type:ty),*) => {$(
                engine.register_get(name.as_str(), |_: &mut $type| Dynamic::UNIT);
            )*};
        }
        absent!((), bool, i64, f64, char, ImmutableString, Array, Blob);
    }
}
