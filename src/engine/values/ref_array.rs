//! An array that scripts hold by reference; see `ref_map` for when an array becomes one.

use crate::engine::{
    check_time,
    compile::modules::Modules,
    limits::CLOCK_MASK,
    natives::Natives,
    reload::{fillings, rerun},
    values::{dropping::drop_in_a_row, ref_map::RefMap, sizes},
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, NativeCallContext, Position,
};
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

/// Functions of rhai's arrays that only look, by number of further arguments. They get a copy.
const LOOKING: [(&str, usize); 21] = [
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
];

/// Functions that change the array in place.
const CHANGING: [(&str, usize); 18] = [
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
];

/// Functions whose argument is a list of values, and not a value.
const TAKING: [&str; 3] = ["append", "splice", "zip"];

/// The values. Whoever walks over them holds them too, and whoever changes them meanwhile makes a copy for that first: a
/// walk sees the array as it was when it began.
#[derive(Clone)]
struct Values(Vec<Dynamic>);

impl Drop for Values {
    fn drop(&mut self) {
        drop_in_a_row(self.0.drain(..));
    }
}

enum State {
    Own(Rc<Values>),
    Alias(RefArray),
}

/// The handle.
#[derive(Clone)]
pub(crate) struct RefArray(Rc<RefCell<State>>);

/// A handle that does not keep the array.
#[derive(Clone)]
pub(in crate::engine) struct WeakRefArray(Weak<RefCell<State>>);

impl WeakRefArray {
    pub(in crate::engine) fn upgrade(&self) -> Option<RefArray> {
        self.0.upgrade().map(RefArray)
    }
}

/// A plain array with the same values.
impl From<RefArray> for Array {
    fn from(array: RefArray) -> Self {
        array.copy()
    }
}

impl RefArray {
    pub(crate) fn new(values: Vec<Dynamic>) -> Self {
        Self(Rc::new(RefCell::new(State::Own(Rc::new(Values(values))))))
    }

    /// The values, to be changed. The closure must not run scripts or drop values.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Vec<Dynamic>) -> T) -> T {
        if rerun::is_noting() {
            return self.with_noted(f);
        }
        fillings::note_array(|| self.address());
        self.change(f)
    }

    /// The same in code that runs again.
    #[cold]
    fn with_noted<T>(&self, f: impl FnOnce(&mut Vec<Dynamic>) -> T) -> T {
        if rerun::skips_array(self) {
            return f(&mut self.copy());
        }
        let before = self.look(<[Dynamic]>::len);
        let result = self.change(f);
        let added = self.look(|values| values.get(before..).map(<[Dynamic]>::to_vec));
        rerun::note_added(self, &added.unwrap_or_default());
        result
    }

    fn change<T>(&self, f: impl FnOnce(&mut Vec<Dynamic>) -> T) -> T {
        let alias = match &mut *self.0.borrow_mut() {
            State::Own(values) => return f(&mut Rc::make_mut(values).0),
            State::Alias(other) => other.clone(),
        };
        alias.change(f)
    }

    /// A look at the values. The closure must not run scripts.
    pub(crate) fn look<T>(&self, f: impl FnOnce(&[Dynamic]) -> T) -> T {
        let alias = match &*self.0.borrow() {
            State::Own(values) => return f(&values.0),
            State::Alias(other) => other.clone(),
        };
        alias.look(f)
    }

    /// The values as they are now.
    fn snapshot(&self) -> Rc<Values> {
        let alias = match &*self.0.borrow() {
            State::Own(values) => return values.clone(),
            State::Alias(other) => other.clone(),
        };
        alias.snapshot()
    }

    /// From now on this handle is `other`.
    pub(crate) fn stand_for(&self, other: &RefArray) {
        let other = other.resolved();
        if !Rc::ptr_eq(&self.resolved().0, &other.0) {
            let old = self.0.replace(State::Alias(other));
            drop(old);
        }
    }

    fn resolved(&self) -> RefArray {
        match &*self.0.borrow() {
            State::Own(_) => self.clone(),
            State::Alias(other) => other.resolved(),
        }
    }

    pub(in crate::engine) fn downgrade(&self) -> WeakRefArray {
        WeakRefArray(Rc::downgrade(&self.resolved().0))
    }

    /// How many handles of it there are; `None` for one that stands for another.
    pub(crate) fn holders(&self) -> Option<usize> {
        let owns = matches!(&*self.0.borrow(), State::Own(_));
        owns.then(|| Rc::strong_count(&self.0))
    }

    /// What tells it from all others that live.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.resolved().0).addr()
    }

    pub(crate) fn is_same(&self, other: &RefArray) -> bool {
        Rc::ptr_eq(&self.resolved().0, &other.resolved().0)
    }

    pub(crate) fn push(&self, value: Dynamic) {
        let value = RefMap::wrap(value);
        self.with(|values| values.push(value));
    }

    pub(crate) fn copy(&self) -> Array {
        self.look(<[Dynamic]>::to_vec)
    }

    /// The place that an index means: counted from the end if negative.
    fn place(&self, index: i64) -> Result<usize, Box<EvalAltResult>> {
        let len = self.look(<[Dynamic]>::len);
        let place = if index < 0 { index.saturating_add(len as i64) } else { index };
        usize::try_from(place)
            .ok()
            .filter(|at| *at < len)
            .ok_or_else(|| EvalAltResult::ErrorArrayBounds(len, index, Position::NONE).into())
    }

    /// The place that `get` and `set` mean: one before the first is the first, as with rhai's own arrays.
    fn near(&self, index: i64) -> Option<usize> {
        let len = self.look(<[Dynamic]>::len);
        let place = if index < 0 { index.saturating_add(len as i64).max(0) } else { index };
        usize::try_from(place).ok().filter(|at| *at < len)
    }

    /// Puts a value where another one is.
    fn put(&self, at: usize, value: Dynamic) {
        let value = RefMap::wrap(value);
        let old = self.with(|values| values.get_mut(at).map(|slot| std::mem::replace(slot, value)));
        drop(old);
    }
}

/// Walks over the values that there are when the walk begins.
pub(crate) struct Iter {
    values: Rc<Values>,
    at: usize,
}

impl IntoIterator for RefArray {
    type Item = Dynamic;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        Iter { values: self.snapshot(), at: 0 }
    }
}

impl Iterator for Iter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let value = self.values.0.get(self.at).cloned();
        self.at += 1;
        value
    }
}

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
fn indexes(engine: &mut Engine, modules: &Rc<Modules>) {
    type Ctx<'a> = NativeCallContext<'a>;
    type Outcome<T> = Result<T, Box<EvalAltResult>>;
    let known = modules.clone();
    let get = move |ctx: Ctx, a: &mut RefArray, index: i64| -> Outcome<Dynamic> {
        let at = a.place(index).map_err(|error| known.at_index(&ctx, error))?;
        Ok(a.look(|values| values[at].clone()))
    };
    FuncRegistration::new_index_getter().with_purity(true).register_into_engine(engine, get);
    let known = modules.clone();
    let set = move |ctx: Ctx, a: &mut RefArray, index: i64, value: Dynamic| -> Outcome<()> {
        let at = a.place(index).map_err(|error| known.at_index(&ctx, error))?;
        a.put(at, value);
        Ok(())
    };
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(engine, set);
    let known = modules.clone();
    let get = move |ctx: Ctx, _: &mut RefArray, index: Dynamic| -> Outcome<Dynamic> {
        Err(known.at_index(&ctx, wrong_index(&ctx, "i64", &index)))
    };
    FuncRegistration::new_index_getter().with_purity(true).register_into_engine(engine, get);
    let known = modules.clone();
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
pub(crate) fn register(engine: &mut Engine, natives: &mut Natives, modules: &Rc<Modules>) {
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
    type Outcome<T> = Result<T, Box<EvalAltResult>>;
    let get = |a: &mut RefArray, index: i64| -> Outcome<Dynamic> {
        let at = a.place(index)?;
        Ok(a.look(|values| values[at].clone()))
    };
    natives.index_getter(engine, get);
    indexes(engine, modules);
    pure!("get", |a: &mut RefArray, index: i64| {
        let found = a.near(index).and_then(|at| a.look(|values| values.get(at).cloned()));
        found.unwrap_or(Dynamic::UNIT)
    });
    pure!("set", |a: &mut RefArray, index: i64, value: Dynamic| {
        if let Some(at) = a.near(index) {
            a.put(at, value);
        }
    });
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
            crate::engine::values::json::show_in(&call, &Dynamic::from(a.clone()))
        });
    }
    engine.register_iterator::<RefArray>();
}
