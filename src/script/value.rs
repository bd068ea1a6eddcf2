//! What scripts pass to `send` and to settings, turned into what the host needs.

use crate::{engine::values::json, protocol::Kind};
use rhai::{Dynamic, FnPtr, NativeCallContext};
use std::time::Duration;

pub(crate) use crate::runtime::{
    outcome::{Outcome, error},
    waiting::waiting,
};

/// Seconds that a script may name. Fixed: a hundred years, beyond which clocks overflow.
const MAX_SECONDS: f64 = 3.2e9;

/// Calls `f` with the message that a script value stands for: strings as text, blobs as bytes, numbers, booleans and
/// characters as their text, maps and arrays as JSON. Nothing else can be sent.
pub(crate) fn with_payload<T>(value: &Dynamic, f: impl FnOnce(Kind, &[u8]) -> T) -> Outcome<T> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(f(Kind::Text, text.as_bytes()));
    }
    if let Ok(blob) = value.as_blob_ref() {
        return Ok(f(Kind::Binary, &blob));
    }
    if value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
        return Ok(f(Kind::Text, value.to_string().as_bytes()));
    }
    if value.is_unit() || value.is_fnptr() {
        let what = if value.is_unit() { "()" } else { "a function" };
        return Err(error(format!(
            "{what} cannot be sent: send a string, a blob, a number, a boolean, a map or an array"
        )));
    }
    let json = json::encode(value).map_err(|why| error(format!("this cannot be sent: {why}")))?;
    Ok(f(Kind::Text, json.as_bytes()))
}

/// Seconds as a script writes them: a whole number or a fraction, not negative. `what` names them in the error.
pub(crate) fn seconds(value: &Dynamic, what: &str) -> Outcome<Duration> {
    let number = value.as_int().map(|n| n as f64).or_else(|_| value.as_float());
    match number {
        Ok(n) if (0.0..=MAX_SECONDS).contains(&n) => Ok(Duration::from_secs_f64(n)),
        Ok(n) if n > MAX_SECONDS => {
            let shown = json::show(value);
            Err(error(format!(
                "{what} is a number of seconds, at most {MAX_SECONDS} (a hundred years), not {shown}"
            )))
        }
        _ => {
            let shown = json::show(value);
            Err(error(format!("{what} is a number of seconds, 0 or more, not {shown}")))
        }
    }
}

/// A whole number in a range, for a setting.
pub(crate) fn whole(
    value: &Dynamic,
    what: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Outcome<i64> {
    value.as_int().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        let shown = json::show(value);
        error(format!(
            "{what} is a whole number from {} to {}, not {shown}",
            range.start(),
            range.end()
        ))
    })
}

/// A string, for a setting.
pub(crate) fn text(value: &Dynamic, what: &str) -> Outcome<String> {
    value
        .as_immutable_string_ref()
        .map(|s| s.to_string())
        .map_err(|_| error(format!("{what} is a string, not {}", json::show(value))))
}

/// A callback: a closure, or the name of a function. `what` names it in errors.
pub(crate) fn function(call: &NativeCallContext, what: &str, value: &Dynamic) -> Outcome<FnPtr> {
    if let Some(f) = value.clone().try_cast::<FnPtr>() {
        return Ok(f);
    }
    let Ok(name) = value.as_immutable_string_ref() else {
        let kind = call.engine().map_type_name(value.type_name());
        let text =
            format!("{what} takes a closure or the name of a function, not a value of type {kind}");
        return Err(error(text));
    };
    FnPtr::new(name.as_str())
        .map_err(|_| error(format!("{what}: `{}` is not the name of a function", *name)))
}

/// A boolean, for a setting.
pub(crate) fn boolean(value: &Dynamic, what: &str) -> Outcome<bool> {
    value
        .as_bool()
        .map_err(|_| error(format!("{what} is true or false, not {}", json::show(value))))
}
