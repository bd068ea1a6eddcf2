//! Functions that make a value of any size from one number, or many times as big as what they are given, with a limit: a
//! number or a line from a stranger must not use up the memory.
//!
//! Rhai's own limits of sizes would do it too, but as soon as one is set every native call counts through its arguments
//! and its result. Strings that grow by `+` and `+=` have no limit: rhai adds them itself, without a look at any
//! registered function unless all operators are slow. What one handler makes has a limit (see [`allowance`](crate::engine::call::allowance)),
//! which is looked at between two operations; what takes many times as much as it is given looks at it first.

use crate::engine::{call::allowance, outcome::Outcome};
use rhai::{
    Array, Blob, Dynamic, Engine, EvalAltResult, FuncRegistration, ImmutableString, Map, Position,
};

/// Bytes that one value may get by one call. Fixed: more than a message ever has, less than a small machine has.
const MAX_VALUE: usize = 256 << 20;

/// Bytes of an array or a map without its values, as a reference. Fixed: measured, roughly.
const CONTAINER: usize = 160;

/// Refuses a size that is too big; `None` is one that has no number.
fn check(bytes: Option<usize>, what: &str) -> Outcome<()> {
    match bytes {
        Some(bytes) if bytes <= MAX_VALUE => allowance::check(bytes, what),
        _ => {
            let text = format!(
                "{what} would be bigger than {} MiB, the limit of one value",
                MAX_VALUE >> 20
            );
            Err(EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into())
        }
    }
}

/// What a copy of a value takes. References and strings are not copied with it.
fn weight(value: &Dynamic) -> usize {
    let inside = if let Some(array) = value.read_lock::<Array>() {
        CONTAINER + array.iter().map(weight).sum::<usize>()
    } else if let Some(map) = value.read_lock::<Map>() {
        let entries = map.iter().map(|(key, value)| size_of_val(key) + key.len() + weight(value));
        CONTAINER + entries.sum::<usize>()
    } else {
        value.as_blob_ref().map_or(0, |blob| blob.len())
    };
    size_of::<Dynamic>() + inside
}

/// Refuses so many bytes if they are too many for one value or for the running handler; `what` names the value.
pub(crate) fn check_bytes(bytes: usize, what: &str) -> Outcome<()> {
    check(Some(bytes), what)
}

/// Bytes that one value may have now.
pub(crate) fn room() -> usize {
    allowance::left().min(MAX_VALUE)
}

/// Refuses an array of so many copies of a value if it is too big.
pub(in crate::engine) fn check_array(len: usize, value: &Dynamic) -> Outcome<()> {
    check(len.checked_mul(weight(value)), "the array")
}

fn blob(len: i64, value: i64) -> Outcome<Blob> {
    let len = usize::try_from(len).unwrap_or(0);
    check(Some(len), "the blob")?;
    Ok(vec![(value & 0xff) as u8; len])
}

fn pad_blob(blob: &mut Blob, len: i64, value: i64) -> Outcome<()> {
    let len = usize::try_from(len).unwrap_or(0);
    if len > blob.len() {
        check(Some(len), "the blob")?;
        blob.reserve_exact(len - blob.len());
        blob.resize(len, (value & 0xff) as u8);
    }
    Ok(())
}

fn pad_array(array: &mut Array, len: i64, value: Dynamic) -> Outcome<()> {
    let len = usize::try_from(len).unwrap_or(0);
    if len > array.len() {
        check_array(len, &value)?;
        array.reserve_exact(len - array.len());
        array.resize(len, value);
    }
    Ok(())
}

/// Adds `padding` again and again until there are `len` characters. An empty one adds nothing (rhai's own would never end).
fn pad_string(text: &mut ImmutableString, len: i64, padding: &str) -> Outcome<()> {
    let len = usize::try_from(len).unwrap_or(0);
    let missing = len.saturating_sub(text.chars().count());
    let in_padding = padding.chars().count();
    if missing == 0 || in_padding == 0 {
        return Ok(());
    }
    let rest = padding.chars().take(missing % in_padding).map(char::len_utf8).sum::<usize>();
    let bytes = (missing / in_padding).checked_mul(padding.len());
    let room = bytes.and_then(|bytes| bytes.checked_add(rest)).unwrap_or(usize::MAX);
    check(room.checked_add(text.len()), "the string")?;
    // Room for all of it at once: growing would take twice as much as was asked for.
    let mut out = String::with_capacity(text.len() + room);
    out.push_str(text);
    let (begin, end) = (out.len(), out.len() + room - rest);
    if begin < end {
        out.push_str(padding);
    }
    while out.len() < end {
        let more = (out.len() - begin).min(end - out.len());
        out.extend_from_within(begin..begin + more);
    }
    out.extend(padding.chars().take(missing % in_padding));
    *text = out.into();
    Ok(())
}

/// Puts `by` in the place of each `find`.
pub(in crate::engine) fn replace(text: &mut ImmutableString, find: &str, by: &str) -> Outcome<()> {
    // Rhai leaves an empty text alone, also where `find` is empty.
    if text.is_empty() {
        return Ok(());
    }
    let Some(more) = by.len().checked_sub(find.len()).filter(|more| *more > 0) else {
        *text = text.replace(find, by).into();
        return Ok(());
    };
    let growth = text.matches(find).count().checked_mul(more);
    let room = growth.and_then(|growth| growth.checked_add(text.len()));
    check(room, "the string")?;
    let mut out = String::with_capacity(room.unwrap_or_default());
    let mut parts = text.split(find);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(by);
        out.push_str(part);
    }
    *text = out.into();
    Ok(())
}

/// Puts them in the place of rhai's.
pub(in crate::engine) fn register(engine: &mut Engine) {
    engine.register_fn("blob", |len: i64| blob(len, 0));
    engine.register_fn("blob", blob);
    macro_rules! changing {
        ($($function:expr),*) => {$(
            FuncRegistration::new("pad").with_purity(false).register_into_engine(engine, $function);
        )*};
    }
    changing!(
        pad_blob,
        pad_array,
        |text: &mut ImmutableString, len: i64, padding: char| {
            pad_string(text, len, padding.encode_utf8(&mut [0; 4]))
        },
        |text: &mut ImmutableString, len: i64, padding: ImmutableString| {
            pad_string(text, len, &padding)
        }
    );
    macro_rules! replacing {
        ($(($find:ty, $by:ty)),*) => {$(
            FuncRegistration::new("replace").with_purity(false).register_into_engine(
                engine,
                |text: &mut ImmutableString, find: $find, by: $by| {
                    replace(text, &find.to_string(), &by.to_string())
                },
            );
        )*};
    }
    replacing!(
        (ImmutableString, ImmutableString),
        (ImmutableString, char),
        (char, ImmutableString),
        (char, char)
    );
}
