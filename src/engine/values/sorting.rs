//! Functions of arrays that compare values with one another. Rhai's own go on when the function that compares has failed,
//! with whatever order comes of it, so that neither an error nor a limit ends the call; and what has no order makes the
//! standard library's sorting panic.

use crate::engine::{
    outcome::Outcome,
    values::{compare, plain_words},
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, ImmutableString,
    NativeCallContext, Position,
};

type Call<'a> = NativeCallContext<'a>;

/// The values in order. What is equal stays as it was; who has no order gets some. Asks for less only, as the standard
/// library does, so that a function which tells `true` from `false` is enough.
fn sorted(
    values: &Array,
    is_less: &mut impl FnMut(&Dynamic, &Dynamic) -> Outcome<bool>,
) -> Outcome<Array> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let mut merged = Vec::with_capacity(order.len());
    let mut width = 1;
    while width < order.len() {
        merged.clear();
        for pair in order.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                if is_less(&values[*b], &values[*a])? {
                    merged.push(*b);
                    right = &right[1..];
                } else {
                    merged.push(*a);
                    left = &left[1..];
                }
            }
            merged.extend(left);
            merged.extend(right);
        }
        std::mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    Ok(order.into_iter().map(|at| values[at].clone()).collect())
}

/// What a function says of two values: a number, or whether the first comes before the second. Anything else leaves them as
/// they are.
fn is_less(call: &Call, f: &FnPtr, a: &Dynamic, b: &Dynamic) -> Outcome<bool> {
    let answer = f.call_raw(call, None, [a.clone(), b.clone()])?;
    let number = answer.as_int().map(|n| n < 0).or_else(|_| answer.as_float().map(|n| n < 0.0));
    Ok(number.or_else(|_| answer.as_bool()).unwrap_or(false))
}

fn sorted_by(call: &Call, values: &Array, f: &FnPtr) -> Outcome<Array> {
    sorted(values, &mut |a, b| is_less(call, f, a, b))
}

fn by<T: Ord>(values: &mut Array, is_down: bool, of: impl Fn(&Dynamic) -> Option<T>) {
    values.sort_by(|a, b| if is_down { of(b).cmp(&of(a)) } else { of(a).cmp(&of(b)) });
}

fn refused(what: String) -> Box<EvalAltResult> {
    let text = format!("{what} cannot be sorted without a function that compares them");
    EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into()
}

/// Refuses values that have no order among one another: such of different types, but for numbers. `what` names who asks.
pub(in crate::engine) fn check_order(call: &Call, values: &Array, what: &str) -> Outcome<()> {
    let Some(first) = values.first() else { return Ok(()) };
    let is_number = |value: &Dynamic| value.is_int() || value.is_float();
    let fits = |value: &&Dynamic| {
        value.type_id() == first.type_id() || is_number(first) && is_number(value)
    };
    match values.iter().find(|value| !fits(value)) {
        None => Ok(()),
        Some(other) => {
            let name = |value: &Dynamic| plain_words::type_name(call.engine(), value.type_name());
            let (one, other) = (name(first), name(other));
            let text = format!("{what} takes values of one type, not of {one} and {other}");
            Err(EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into())
        }
    }
}

/// Does a value come before another one, of those that [`check_order`] lets pass?
pub(in crate::engine) fn is_before(call: &Call, a: &Dynamic, b: &Dynamic) -> Outcome<bool> {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Ok(a < b);
    }
    if let (Ok(a), Ok(b)) = (a.as_immutable_string_ref(), b.as_immutable_string_ref()) {
        return Ok(*a < *b);
    }
    let number = |value: &Dynamic| value.as_int().map(|n| n as f64).or_else(|_| value.as_float());
    if let (Ok(a), Ok(b)) = (number(a), number(b)) {
        return Ok(a < b);
    }
    if let (Ok(a), Ok(b)) = (a.as_char(), b.as_char()) {
        return Ok(a < b);
    }
    if let (Ok(a), Ok(b)) = (a.as_bool(), b.as_bool()) {
        return Ok(!a & b);
    }
    if a.is_unit() && b.is_unit() {
        return Ok(false);
    }
    let (mut x, mut y) = (a.clone(), b.clone());
    match call.call_native_fn_raw("<", true, &mut [&mut x, &mut y]) {
        Ok(answer) => Ok(answer.as_bool().unwrap_or(false)),
        Err(error) if matches!(*error, EvalAltResult::ErrorFunctionNotFound(..)) => {
            let name = plain_words::type_name(call.engine(), a.type_name());
            Err(refused(format!("values of type {name}")))
        }
        Err(error) => Err(error),
    }
}

/// The values in the order of their keys, of which there is one for each.
pub(in crate::engine) fn by_key(call: &Call, values: &Array, keys: &Array) -> Outcome<Array> {
    check_order(call, keys, "the function that gives keys")?;
    let places: Array = (0..values.len() as i64).map(Dynamic::from).collect();
    let at = |place: &Dynamic| place.as_int().map_or(0, |place| place as usize);
    let ordered = sorted(&places, &mut |a, b| is_before(call, &keys[at(a)], &keys[at(b)]))?;
    Ok(ordered.iter().map(|place| values[at(place)].clone()).collect())
}

/// Sorts values by their own order, if they have one.
fn sort(call: &Call, values: &mut Array, is_down: bool) -> Outcome<()> {
    if values.len() < 2 {
        return Ok(());
    }
    let name = |value: &Dynamic| plain_words::type_name(call.engine(), value.type_name());
    let kind = values[0].type_id();
    if let Some(other) = values.iter().find(|value| value.type_id() != kind) {
        let (one, other) = (name(&values[0]), name(other));
        return Err(refused(format!("values of different types ({one}, {other})")));
    }
    let first = &values[0];
    if first.is_int() {
        by(values, is_down, |v| v.as_int().ok());
    } else if first.is_float() {
        // No number is neither less nor more than another one, which would be no order of all.
        *values = sorted(values, &mut |a, b| {
            let (a, b) = if is_down { (b, a) } else { (a, b) };
            Ok(a.as_float().ok() < b.as_float().ok())
        })?;
    } else if first.is_string() {
        by(values, is_down, |v| v.clone().into_immutable_string().ok());
    } else if first.is_char() {
        by(values, is_down, |v| v.as_char().ok());
    } else if first.is_bool() {
        by(values, is_down, |v| v.as_bool().ok());
    } else if !first.is_unit() {
        // What has an order of its own, as dates have, compares itself.
        *values = sorted(values, &mut |a, b| match is_down {
            true => is_before(call, b, a),
            false => is_before(call, a, b),
        })?;
    }
    Ok(())
}

/// The values without those of which `is_same` says that they are as the one before.
fn without_repeats(
    values: &Array,
    is_same: impl Fn(&Dynamic, &Dynamic) -> Outcome<bool>,
) -> Outcome<Array> {
    let mut kept: Array = Vec::new();
    for value in values {
        let is_repeated = match kept.last() {
            Some(last) => is_same(last, value)?,
            None => false,
        };
        if !is_repeated {
            kept.push(value.clone());
        }
    }
    Ok(kept)
}

fn dedup_by(call: &Call, array: &mut Array, f: &FnPtr) -> Outcome<()> {
    let ask = |a: &Dynamic, b: &Dynamic| -> Outcome<bool> {
        let answer = f.call_raw(call, None, [a.clone(), b.clone()])?;
        Ok(answer.as_bool().unwrap_or(false))
    };
    *array = without_repeats(array, ask)?;
    Ok(())
}

/// Registers them for plain arrays; those by reference call these.
pub(in crate::engine) fn register(engine: &mut Engine) {
    macro_rules! changes {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).register_into_engine(engine, $function);
        };
    }
    macro_rules! looks {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    for name in ["sort", "sort_by"] {
        changes!(name, |call: Call, array: &mut Array, f: FnPtr| -> Outcome<()> {
            *array = sorted_by(&call, array, &f)?;
            Ok(())
        });
    }
    for name in ["order", "order_by"] {
        looks!(name, |call: Call, array: &mut Array, f: FnPtr| sorted_by(&call, array, &f));
    }
    for (changing, looking, is_down) in
        [("sort", "order", false), ("sort_desc", "order_desc", true)]
    {
        changes!(changing, move |call: Call, array: &mut Array| sort(&call, array, is_down));
        looks!(looking, move |call: Call, array: &mut Array| -> Outcome<Array> {
            let mut copy = array.clone();
            sort(&call, &mut copy, is_down)?;
            Ok(copy)
        });
    }
    changes!("dedup", |call: Call, array: &mut Array| -> Outcome<()> {
        *array = without_repeats(array, |a, b| compare::equal(&call, a, b))?;
        Ok(())
    });
    changes!("dedup", |call: Call, array: &mut Array, f: FnPtr| dedup_by(&call, array, &f));
    // Rhai takes the name of a function, too.
    changes!("dedup", |call: Call, array: &mut Array, name: ImmutableString| {
        dedup_by(&call, array, &FnPtr::new(name)?)
    });
    changes!("sort", |call: Call, array: &mut Array, name: ImmutableString| -> Outcome<()> {
        *array = sorted_by(&call, array, &FnPtr::new(name)?)?;
        Ok(())
    });
}
