//! Are two maps or arrays equal? By content, whether they are references or plain ones.

use crate::engine::{
    call::time_limit::check_time,
    limits::CLOCK_MASK,
    outcome::Outcome,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FuncRegistration, ImmutableString, Map,
    NativeCallContext, Position,
};
use std::any::TypeId;

/// How deep values are compared. Fixed: rings must not use up the stack.
const MAX_DEPTH: usize = 128;

/// Maps and arrays that one comparison looks at. Fixed: a map that holds another one twice, and so on forty times, has more
/// leaves than anybody waits for.
const MAX_CONTAINERS: u64 = 1_000_000;

fn refused(why: String) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(format!("these cannot be compared: {why}").into(), Position::NONE)
        .into()
}

struct Comparison<'a> {
    call: &'a NativeCallContext<'a>,
    /// Values that were looked at, and maps and arrays among them.
    values: u64,
    containers: u64,
}

/// Looks at the values of an array of either kind.
fn with_list<T>(value: &Dynamic, f: impl FnOnce(&[Dynamic]) -> T) -> Option<T> {
    if let Some(array) = value.read_lock::<RefArray>() {
        return Some(f(&array.copy()));
    }
    value.read_lock::<Array>().map(|array| f(&array))
}

/// The entries of a map of either kind.
fn entries(value: &Dynamic) -> Option<Vec<(ImmutableString, Dynamic)>> {
    if let Some(map) = value.read_lock::<RefMap>() {
        return Some(map.entries());
    }
    let map = value.read_lock::<Map>()?;
    Some(map.iter().map(|(key, value)| (key.as_str().into(), value.clone())).collect())
}

fn is_list(value: &Dynamic) -> bool {
    value.is::<RefArray>() || value.is_array()
}

fn is_map(value: &Dynamic) -> bool {
    value.is::<RefMap>() || value.is_map()
}

fn is_locked(value: &Dynamic) -> bool {
    value.is_shared() && value.is_locked()
}

/// What `==` says of two values.
pub(in crate::engine) fn equal(
    call: &NativeCallContext,
    a: &Dynamic,
    b: &Dynamic,
) -> Outcome<bool> {
    Comparison::new(call).equal(a, b, 0)
}

impl<'a> Comparison<'a> {
    fn new(call: &'a NativeCallContext<'a>) -> Self {
        Self { call, values: 0, containers: 0 }
    }

    fn equal(&mut self, a: &Dynamic, b: &Dynamic, depth: usize) -> Outcome<bool> {
        if depth > MAX_DEPTH {
            return Err(refused(format!("they are nested deeper than {MAX_DEPTH}")));
        }
        self.values += 1;
        if self.values & CLOCK_MASK == 0 {
            check_time()?;
        }
        // To ask a locked cell for its type would panic.
        if is_locked(a) || is_locked(b) {
            return self.natively(a, b);
        }
        if let (Ok(a), Ok(b)) = (a.as_immutable_string_ref(), b.as_immutable_string_ref()) {
            return Ok(*a == *b);
        }
        if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
            return Ok(a == b);
        }
        if let (Ok(a), Ok(b)) = (a.as_float(), b.as_float()) {
            return Ok(a == b);
        }
        let of_lists = is_list(a) && is_list(b);
        let of_maps = !of_lists && is_map(a) && is_map(b);
        if of_lists || of_maps {
            self.containers += 1;
            if self.containers > MAX_CONTAINERS {
                return Err(refused(format!("they have more than {MAX_CONTAINERS} values")));
            }
        }
        if of_lists {
            return self.lists(a, b, depth);
        }
        if of_maps {
            return self.maps(a, b, depth);
        }
        if is_list(a) || is_list(b) || is_map(a) || is_map(b) {
            return Ok(false);
        }
        self.natively(a, b)
    }

    fn lists(&mut self, a: &Dynamic, b: &Dynamic, depth: usize) -> Outcome<bool> {
        if let (Some(a), Some(b)) = (a.read_lock::<RefArray>(), b.read_lock::<RefArray>())
            && a.is_same(&b)
        {
            return Ok(true);
        }
        let found = with_list(a, |a| {
            with_list(b, |b| {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b) {
                    if !self.equal(a, b, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
        });
        found.flatten().unwrap_or(Ok(false))
    }

    fn maps(&mut self, a: &Dynamic, b: &Dynamic, depth: usize) -> Outcome<bool> {
        if let (Some(a), Some(b)) = (a.read_lock::<RefMap>(), b.read_lock::<RefMap>())
            && a.is_same(&b)
        {
            return Ok(true);
        }
        let (Some(mut a), Some(mut b)) = (entries(a), entries(b)) else { return Ok(false) };
        if a.len() != b.len() {
            return Ok(false);
        }
        a.sort_by(|x, y| x.0.cmp(&y.0));
        b.sort_by(|x, y| x.0.cmp(&y.0));
        for ((key, value), (other_key, other)) in a.iter().zip(&b) {
            if key != other_key || !self.equal(value, other, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Rhai's own `==` or the host's; what has none (functions) is not equal to anything.
    fn natively(&self, a: &Dynamic, b: &Dynamic) -> Outcome<bool> {
        let (mut a, mut b) = (a.clone(), b.clone());
        match self.call.call_native_fn_raw("==", true, &mut [&mut a, &mut b]) {
            Ok(equal) => Ok(equal.as_bool().unwrap_or(false)),
            Err(error) if matches!(*error, EvalAltResult::ErrorFunctionNotFound(..)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Registers `==` and `!=` between two types.
fn between<A: Clone + 'static, B: Clone + 'static>(engine: &mut Engine) {
    let equal = |call: &NativeCallContext, a: &A, b: B| {
        let (a, b) = (Dynamic::from(a.clone()), Dynamic::from(b));
        Comparison::new(call).equal(&a, &b, 0)
    };
    FuncRegistration::new("==")
        .with_purity(true)
        .register_into_engine(engine, move |call: NativeCallContext, a: &mut A, b: B| {
            equal(&call, a, b)
        });
    FuncRegistration::new("!=")
        .with_purity(true)
        .register_into_engine(engine, move |call: NativeCallContext, a: &mut A, b: B| {
            equal(&call, a, b).map(|equal| !equal)
        });
}

/// The same between two plain ones, which are not copied for it: rhai's own `==` would first copy what they hold, at each
/// level anew, and go as deep as they are.
fn between_plain<T: 'static>(engine: &mut Engine) {
    for (name, is_wanted) in [("==", true), ("!=", false)] {
        engine.register_raw_fn(name, [TypeId::of::<T>(), TypeId::of::<T>()], move |call, args| {
            let equal = Comparison::new(&call).equal(&*args[0], &*args[1], 0)?;
            Ok(Dynamic::from(equal == is_wanted))
        });
    }
}

/// Registers `<` and its like between two types of the same name, which have no order: rhai would say that none is less.
fn without_order<A: Clone + 'static, B: Clone + 'static>(engine: &mut Engine) {
    for operator in ["<", "<=", ">", ">="] {
        FuncRegistration::new(operator).with_purity(true).register_into_engine(
            engine,
            |call: NativeCallContext, _: &mut A, _: B| -> Outcome<bool> {
                let name = |of: &str| call.engine().map_type_name(of).to_owned();
                let (a, b) = (std::any::type_name::<A>(), std::any::type_name::<B>());
                let signature = format!("{} ({}, {})", call.fn_name(), name(a), name(b));
                Err(EvalAltResult::ErrorFunctionNotFound(signature, Position::NONE).into())
            },
        );
    }
}

/// Gives maps and arrays their equality.
pub(crate) fn register(engine: &mut Engine) {
    between_plain::<Array>(engine);
    between_plain::<Map>(engine);
    between::<RefArray, RefArray>(engine);
    between::<RefArray, Array>(engine);
    between::<Array, RefArray>(engine);
    between::<RefMap, RefMap>(engine);
    between::<RefMap, Map>(engine);
    between::<Map, RefMap>(engine);
    without_order::<RefArray, RefArray>(engine);
    without_order::<RefArray, Array>(engine);
    without_order::<Array, RefArray>(engine);
    without_order::<RefMap, RefMap>(engine);
    without_order::<RefMap, Map>(engine);
    without_order::<Map, RefMap>(engine);
}
