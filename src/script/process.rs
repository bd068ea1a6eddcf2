//! Functions that belong to no object: `print`, `debug`, `parse_json`, `to_json`, and what a property of a plain value is.

use super::{
    ctx::Ctx,
    value::{Outcome, error},
};
use crate::{
    engine::{
        natives::Natives,
        values::{json, ref_array::RefArray, ref_map::RefMap},
    },
    log::Level,
};
use rhai::{
    Array, Blob, Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Map, NativeCallContext,
    Position,
};
use std::{any::TypeId, rc::Rc};

/// Bytes that one print may write to the log. Fixed: a log is for people.
const MAX_PRINT: usize = 64 * 1024;

/// What the further lines of one print begin with.
const NEXT_LINE: &str = "\n    ";

/// Characters that break lines or turn the direction of what follows, besides the control characters.
const REORDERING: [char; 13] = [
    '\u{2028}', '\u{2029}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
    '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// Rhai's `exit` ends a script with a value, which here would be an event lost to an error, or half a top level. It is as
/// unknown as `eval`; what to write instead is among the hints.
fn forbid_exit(engine: &mut Engine) {
    let unknown = |given: &str| -> Outcome<()> {
        let signature = format!("exit ({given})");
        Err(EvalAltResult::ErrorFunctionNotFound(signature, Position::NONE).into())
    };
    engine.register_fn("exit", move || unknown(""));
    engine.register_fn("exit", move |_: Dynamic| unknown("_"));
}

/// Registers them.
pub(crate) fn register(engine: &mut Engine, natives: &mut Natives, ctx: &Rc<Ctx>) {
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
        printers!(ImmutableString, bool, char, i64, f64, (), Blob, FnPtr);
        // A map as it is passed knows the order of its entries.
        for kind in [TypeId::of::<Map>(), TypeId::of::<Array>()] {
            let home = ctx.clone();
            engine.register_raw_fn(name, [kind], move |call, args| {
                show(&home, &call, level, args[0].clone())
            });
        }
        let home = ctx.clone();
        engine.register_fn(name, move |call: NativeCallContext, value: Dynamic| {
            show(&home, &call, level, value)
        });
    }
    forbid_exit(engine);
    // What `print` gives back would be printed once more by rhai.
    engine.on_print(|_| ());
    engine.on_debug(|_, _, _| ());
    // As `json_decode` in PHP: what is not JSON gives `()`, so that a stranger's line costs no error report.
    let parse_json = |text: ImmutableString| json::decode(&text).unwrap_or(Dynamic::UNIT);
    natives.function(engine, "parse_json", parse_json);
    let of_bytes =
        |bytes: Blob| std::str::from_utf8(&bytes).ok().and_then(|text| json::decode(text).ok());
    engine.register_fn("parse_json", move |bytes: Blob| of_bytes(bytes).unwrap_or(Dynamic::UNIT));
    let to_json = |value: Dynamic| -> Outcome<String> {
        json::encode(&value).map_err(|why| error(format!("to_json: {why}")))
    };
    engine.register_fn("to_json", to_json);
    // Rhai has one for maps, which knows no references.
    engine
        .register_raw_fn("to_json", [TypeId::of::<Map>()], move |_, args| to_json(args[0].clone()));
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
    let text = for_log(&text_of(call, value));
    ctx.print(level, location, text);
    Ok(ImmutableString::new())
}

/// What a print looks like in the log. Much of what scripts print came from a stranger, who must not be able to write lines
/// that look like the host's, nor to the terminal of whoever reads them: further lines are indented, and control characters
/// are written as in a string of a program.
fn for_log(text: &str) -> String {
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    let mut out = String::with_capacity(text.len().min(MAX_PRINT));
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => out.push_str(NEXT_LINE),
            '\r' if rest.peek() == Some(&'\n') => (),
            '\t' => out.push(c),
            _ if c.is_control() || REORDERING.contains(&c) => out.extend(c.escape_debug()),
            _ => out.push(c),
        }
        if out.len() > MAX_PRINT && rest.peek().is_some() {
            out.push_str(json::CUT);
            break;
        }
    }
    out
}

/// Strings as they are, maps and arrays as JSON, everything else by its `to_string`.
fn text_of(call: &NativeCallContext, mut value: Dynamic) -> String {
    if let Ok(text) = value.as_immutable_string_ref() {
        return text.to_string();
    }
    let is_reference = value.is::<RefMap>() || value.is::<RefArray>();
    if is_reference || value.is_map() || value.is_array() {
        return json::show_some(call, &value, MAX_PRINT);
    }
    let shown = call.call_native_fn_raw("to_string", true, &mut [&mut value]);
    shown.ok().and_then(|s| s.into_string().ok()).unwrap_or_else(|| value.to_string())
}
