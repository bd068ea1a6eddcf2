//! What arrays can do besides rhai's own functions. They are written for plain arrays; those by reference call these with a
//! copy.

use crate::engine::{
    call::allowance,
    call::time_limit::check_time,
    limits::CLOCK_MASK,
    outcome::Outcome,
    values::{
        compare, json,
        ref_array::RefArray,
        ref_map::{RefMap, key_of},
        sizes, sorting,
    },
};
use rand::seq::SliceRandom;
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, ImmutableString,
    NativeCallContext, Position,
};
use std::{
    collections::{HashMap, HashSet},
    ops::{Range, RangeInclusive},
};

/// Levels that `flatten` takes away at most. Fixed: values are not nested deeper, and rings are.
const MAX_LEVELS: i64 = 100;

/// Bytes of an array inside of another one, without its values.
const INNER: usize = 64;

type Call<'a> = NativeCallContext<'a>;

fn error(text: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE).into()
}

/// The values of an array of either kind.
fn values_of(value: &Dynamic) -> Option<Array> {
    if let Some(array) = value.read_lock::<RefArray>() {
        return Some(array.copy());
    }
    value.read_lock::<Array>().map(|array| array.clone())
}

/// The texts of the values with a separator between them.
fn join(call: &Call, values: &Array, separator: &str) -> Outcome<ImmutableString> {
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        if at as u64 & CLOCK_MASK == CLOCK_MASK {
            check_time()?;
        }
        let between = if at == 0 { "" } else { separator };
        let held = value.as_immutable_string_ref().ok();
        let shown = match &held {
            Some(_) => None,
            None if value.is_unit() => Some(String::new()),
            None => Some(value.as_char().map_or_else(|_| json::show_in(call, value), String::from)),
        };
        let text = held.as_ref().map_or(shown.as_deref().unwrap_or_default(), |held| held.as_str());
        let more = between.len() + text.len();
        if out.len() + more > out.capacity() {
            sizes::check_bytes(2 * (out.len() + more), "the string")?;
        }
        out.push_str(between);
        out.push_str(text);
    }
    Ok(out.into())
}

/// The place that an index means in so many values: one below 0 counts from the end, and all lie inside.
fn place(index: i64, len: usize) -> usize {
    let place = if index < 0 { index.saturating_add(len as i64).max(0) } else { index };
    usize::try_from(place).map_or(len, |place| place.min(len))
}

/// The values from one place up to another, which is left out.
fn slice(values: &Array, start: i64, end: Option<i64>) -> Array {
    let (from, to) =
        (place(start, values.len()), end.map_or(values.len(), |e| place(e, values.len())));
    values.get(from..to.max(from)).unwrap_or_default().to_vec()
}

/// What tells values apart whose equality needs no look at their contents. Numbers that are equal have one key, whether
/// they are whole ones or not, and so have a letter and a text of that letter.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Unit,
    Bool(bool),
    Int(i64),
    Fraction(u64),
    Text(ImmutableString),
}

impl Key {
    fn of(value: &Dynamic) -> Option<Self> {
        if let Ok(text) = value.as_immutable_string_ref() {
            return Some(Self::Text(text.clone()));
        }
        if let Ok(n) = value.as_float() {
            let whole = n as i64;
            let is_whole = whole as f64 == n && n.abs() < 9e18;
            let is_number = !n.is_nan();
            return is_number
                .then(|| if is_whole { Self::Int(whole) } else { Self::Fraction(n.to_bits()) });
        }
        let simple = value.as_int().map(Self::Int).or_else(|_| value.as_bool().map(Self::Bool));
        let simple =
            simple.or_else(|_| value.as_char().map(|c| Self::Text(String::from(c).into())));
        simple.ok().or_else(|| value.is_unit().then_some(Self::Unit))
    }
}

/// The values whose keys have not been before. `keys` has one for each value.
fn unique(call: &Call, values: &Array, keys: &[Dynamic]) -> Outcome<Array> {
    let (mut seen, mut others) = (HashSet::new(), Vec::<&Dynamic>::new());
    let mut kept = Array::new();
    for (at, (value, key)) in values.iter().zip(keys).enumerate() {
        if at as u64 & CLOCK_MASK == CLOCK_MASK {
            check_time()?;
        }
        let is_new = match Key::of(key) {
            Some(key) => seen.insert(key),
            None => {
                let mut is_new = true;
                for (at, other) in others.iter().enumerate() {
                    if at as u64 & CLOCK_MASK == CLOCK_MASK {
                        check_time()?;
                    }
                    if compare::equal(call, key, other)? {
                        is_new = false;
                        break;
                    }
                }
                if is_new {
                    others.push(key);
                }
                is_new
            }
        };
        if is_new {
            kept.push(value.clone());
        }
    }
    Ok(kept)
}

/// What a function gives for each value.
fn mapped(call: &Call, values: &Array, f: &FnPtr) -> Outcome<Array> {
    values.iter().map(|value| f.call_raw(call, None, [value.clone()])).collect()
}

/// Whole numbers as long as all are, else a fraction.
fn sum(call: &Call, values: &Array) -> Outcome<Dynamic> {
    let (mut whole, mut fraction, mut is_whole) = (0_i64, 0.0, true);
    for value in values {
        if let Ok(n) = value.as_int() {
            if is_whole {
                whole = whole.checked_add(n).ok_or_else(|| {
                    error(format!(
                        "the sum is greater than a whole number can be: {whole} and {n} more"
                    ))
                })?;
            }
            fraction += n as f64;
        } else if let Ok(n) = value.as_float() {
            is_whole = false;
            fraction += n;
        } else {
            let shown = json::show_in(call, value);
            return Err(error(format!("sum takes numbers, and {shown} is none")));
        }
    }
    Ok(if is_whole { whole.into() } else { fraction.into() })
}

/// The value that comes before or behind all others, `()` of none.
fn extreme(call: &Call, values: &Array, is_last: bool) -> Outcome<Dynamic> {
    let Some(mut best) = values.first() else { return Ok(Dynamic::UNIT) };
    let what = if is_last { "max" } else { "min" };
    sorting::check_order(call, values, what)?;
    for value in &values[1..] {
        let (a, b) = if is_last { (best, value) } else { (value, best) };
        if sorting::is_before(call, a, b)? {
            best = value;
        }
    }
    Ok(best.clone())
}

/// The values of arrays inside in their places, so many levels deep.
fn flatten(values: &Array, levels: i64) -> Outcome<Array> {
    if !(0..=MAX_LEVELS).contains(&levels) {
        return Err(error(format!("flatten takes 0 to {MAX_LEVELS} levels, not {levels}")));
    }
    let mut out = Array::new();
    // The lists that are being walked through, each with the place in it.
    let mut open = vec![(values.clone(), 0)];
    let mut steps = 0_u64;
    while let Some((list, at)) = open.last_mut() {
        steps += 1;
        if steps & CLOCK_MASK == 0 {
            check_time()?;
            allowance::check(out.len() * size_of::<Dynamic>(), "the array")?;
        }
        let Some(value) = list.get(*at) else {
            open.pop();
            continue;
        };
        *at += 1;
        match values_of(value).filter(|_| open.len() as i64 <= levels) {
            Some(inner) => open.push((inner, 0)),
            None => {
                let value = open.last().and_then(|(list, at)| list.get(at - 1)).cloned();
                out.extend(value);
            }
        }
    }
    Ok(out)
}

/// The values in arrays of so many.
fn chunk(values: &Array, size: i64) -> Outcome<Array> {
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| error(format!("chunk takes a number of values, 1 or more, not {size}")))?;
    allowance::check(
        values.len() * size_of::<Dynamic>() + values.len() / size * INNER,
        "the array",
    )?;
    Ok(values.chunks(size).map(|part| part.to_vec().into()).collect())
}

/// The values in arrays by what a function gives for them, which are the keys of a map.
fn group_by(call: &Call, values: &Array, f: &FnPtr) -> Outcome<RefMap> {
    let mut places = HashMap::new();
    let mut groups: Vec<(ImmutableString, Array)> = Vec::new();
    for value in values {
        let answer = f.call_raw(call, None, [value.clone()])?;
        let key = key_of(&answer).ok_or_else(|| {
            let shown = json::show_in(call, &answer);
            error(format!("the function of group_by gives keys of a map, strings or whole numbers, not {shown}"))
        })?;
        let at = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Array::new()));
            groups.len() - 1
        });
        groups[at].1.push(value.clone());
    }
    Ok(groups.into_iter().map(|(key, list)| (key, RefMap::wrap(list.into()))).collect())
}

/// Changes the places of two values.
fn swap(values: &mut Array, a: i64, b: i64) -> Outcome<()> {
    let len = values.len();
    let place = |index: i64| {
        let place = if index < 0 { index.saturating_add(len as i64) } else { index };
        let place = usize::try_from(place).ok().filter(|place| *place < len);
        place.ok_or_else(|| EvalAltResult::ErrorArrayBounds(len, index, Position::NONE).into())
    };
    let (a, b): (Outcome<usize>, _) = (place(a), place(b));
    values.swap(a?, b?);
    Ok(())
}

/// Registers them for plain arrays.
pub(in crate::engine) fn register(engine: &mut Engine) {
    macro_rules! looks {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    macro_rules! changes {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).register_into_engine(engine, $function);
        };
    }
    type List<'a> = &'a mut Array;
    looks!("join", |call: Call, a: List| join(&call, a, ""));
    looks!("join", |call: Call, a: List, by: ImmutableString| join(&call, a, &by));
    looks!("join", |call: Call, a: List, by: char| join(&call, a, by.encode_utf8(&mut [0; 4])));
    looks!("slice", |a: List, start: i64| slice(a, start, None));
    looks!("slice", |a: List, start: i64, end: i64| slice(a, start, Some(end)));
    looks!("slice", |a: List, part: Range<i64>| {
        slice(a, part.start, Some(part.end).filter(|end| *end != i64::MAX))
    });
    looks!("slice", |a: List, part: RangeInclusive<i64>| {
        let end = Some(*part.end()).filter(|end| *end != -1 && *end != i64::MAX);
        slice(a, *part.start(), end.map(|end| end + 1))
    });
    looks!("unique", |call: Call, a: List| unique(&call, a, a));
    looks!("unique", |call: Call, a: List, f: FnPtr| {
        let keys = mapped(&call, a, &f)?;
        unique(&call, a, &keys)
    });
    looks!("sum", |call: Call, a: List| sum(&call, a));
    looks!("sum", |call: Call, a: List, f: FnPtr| sum(&call, &mapped(&call, a, &f)?));
    looks!("first", |a: List| a.first().cloned().unwrap_or_default());
    looks!("last", |a: List| a.last().cloned().unwrap_or_default());
    looks!("min", |call: Call, a: List| extreme(&call, a, false));
    looks!("max", |call: Call, a: List| extreme(&call, a, true));
    looks!("flatten", |a: List| flatten(a, 1));
    looks!("flatten", |a: List, levels: i64| flatten(a, levels));
    looks!("chunk", |a: List, size: i64| chunk(a, size));
    looks!("group_by", |call: Call, a: List, f: FnPtr| group_by(&call, a, &f));
    looks!("order_by_key", |call: Call, a: List, f: FnPtr| -> Outcome<Array> {
        sorting::by_key(&call, a, &mapped(&call, a, &f)?)
    });
    changes!("sort_by_key", |call: Call, a: List, f: FnPtr| -> Outcome<()> {
        *a = sorting::by_key(&call, a, &mapped(&call, a, &f)?)?;
        Ok(())
    });
    changes!("shuffle", |a: List| a.shuffle(&mut rand::rng()));
    changes!("swap", |a: List, x: i64, y: i64| swap(a, x, y));
}
