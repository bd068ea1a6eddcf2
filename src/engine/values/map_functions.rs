//! What maps can do with other maps and with functions: those that are held by reference all that rhai's plain maps can,
//! and plain ones in the order of their entries.

use crate::engine::{
    outcome::Outcome,
    values::{order, ref_map::RefMap},
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, ImmutableString, Map,
    NativeCallContext, Position,
};
use std::any::TypeId;

type Entries = Vec<(ImmutableString, Dynamic)>;

fn entries_of(map: &RefMap) -> Entries {
    map.entries()
}

/// The entries of a map of either kind.
trait Source: Clone + 'static {
    fn entries(self) -> Entries;
}

impl Source for RefMap {
    fn entries(self) -> Entries {
        entries_of(&self)
    }
}

impl Source for Map {
    fn entries(self) -> Entries {
        self.into_iter().map(|(key, value)| (key.as_str().into(), value)).collect()
    }
}

fn mixin(map: &RefMap, other: impl Source) {
    for (key, value) in other.entries() {
        map.set(key, RefMap::wrap(value));
    }
}

fn fill_with(map: &RefMap, other: impl Source) {
    for (key, value) in other.entries() {
        if !map.contains(&key) {
            map.set(key, RefMap::wrap(value));
        }
    }
}

fn merged(map: &RefMap, other: impl Source) -> RefMap {
    entries_of(map).into_iter().chain(other.entries()).collect()
}

/// What `f` gives for each entry: `f(key)` with the value as `this`, or `f(key, value)`. It may wait, and the map may
/// change meanwhile: it is called for the entries that were there at first.
fn each(call: &NativeCallContext, name: &str, all: Entries, f: &FnPtr) -> Outcome<Vec<Answer>> {
    let ask = |(key, value): (ImmutableString, Dynamic)| {
        let (mut this, args) = (value.clone(), [key.clone().into()]);
        let answer = f.call_raw_with_extra_args(name, call, Some(&mut this), args, [], Some(1))?;
        Ok(Answer { key, value, this, answer })
    };
    all.into_iter().map(ask).collect()
}

struct Answer {
    key: ImmutableString,
    value: Dynamic,
    /// What `f` made of it.
    this: Dynamic,
    answer: Dynamic,
}

impl Answer {
    fn is_true(&self) -> bool {
        self.answer.as_bool().unwrap_or(false)
    }

    fn entry(self) -> (ImmutableString, Dynamic) {
        (self.key, self.value)
    }
}

/// Takes the entries out for which `f` answers so, all when it has answered for all.
fn take(
    call: &NativeCallContext,
    name: &str,
    map: &RefMap,
    f: &FnPtr,
    wanted: bool,
) -> Outcome<RefMap> {
    let answers = each(call, name, entries_of(map), f)?;
    let gone: Vec<_> = answers.into_iter().filter(|a| a.is_true() == wanted).collect();
    for answer in &gone {
        drop(map.remove(&answer.key));
    }
    Ok(gone.into_iter().map(Answer::entry).collect())
}

/// A plain map of these entries, in the order of another one.
fn plain(entries: impl IntoIterator<Item = (ImmutableString, Dynamic)>, like: &Dynamic) -> Dynamic {
    let entries = entries.into_iter().map(|(key, value)| (key.as_str().into(), value));
    let mut map = Dynamic::from_map(entries.collect());
    map.set_tag(like.tag());
    map
}

/// Puts what `f` made of the values into a plain map, as rhai does.
fn put_back(mut answers: Vec<Answer>, map: &mut Dynamic) -> Vec<Answer> {
    let Some(mut map) = map.write_lock::<Map>() else { return answers };
    for answer in &mut answers {
        if let Some(slot) = map.get_mut(answer.key.as_str()) {
            answer.value = std::mem::take(&mut answer.this);
            *slot = answer.value.clone();
        }
    }
    answers
}

/// Registers the functions of plain maps that go from entry to entry.
fn of_plain_maps(engine: &mut Engine) {
    let (map, function) = (TypeId::of::<Map>(), TypeId::of::<FnPtr>());
    let all = |map: &Dynamic| order::entries(map).unwrap_or_default();
    engine.register_raw_fn("keys", [map], move |_, args| {
        Ok(all(args[0]).into_iter().map(|(key, _)| key.into()).collect::<Array>())
    });
    engine.register_raw_fn("values", [map], move |_, args| {
        Ok(all(args[0]).into_iter().map(|(_, value)| value).collect::<Array>())
    });
    for name in ["map", "filter"] {
        engine.register_raw_fn(name, [map, function], move |call, args| {
            let answers = each(&call, name, all(args[0]), &args[1].clone().cast())?;
            let answers = put_back(answers, args[0]);
            Ok(match name {
                "map" => plain(answers.into_iter().map(|a| (a.key, a.answer)), args[0]),
                _ => plain(answers.into_iter().filter(Answer::is_true).map(Answer::entry), args[0]),
            })
        });
    }
    for (name, wanted) in [("drain", true), ("retain", false)] {
        engine.register_raw_fn(name, [map, function], move |call, args| {
            if args[0].is_read_only() {
                let (name, at) = (name.to_owned(), Position::NONE);
                return Err(EvalAltResult::ErrorNonPureMethodCallOnConstant(name, at).into());
            }
            let answers = each(&call, name, all(args[0]), &args[1].clone().cast())?;
            let answers = put_back(answers, args[0]);
            let gone: Vec<_> = answers.into_iter().filter(|a| a.is_true() == wanted).collect();
            if let Some(mut map) = args[0].write_lock::<Map>() {
                for answer in &gone {
                    drop(map.remove(answer.key.as_str()));
                }
            }
            Ok(plain(gone.into_iter().map(Answer::entry), args[0]))
        });
    }
}

/// Registers the functions whose other argument is a map of one kind.
fn with_other<M: Source>(engine: &mut Engine) {
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    pure!("mixin", |m: &mut RefMap, other: M| mixin(m, other));
    pure!("+=", |m: &mut RefMap, other: M| mixin(m, other));
    pure!("fill_with", |m: &mut RefMap, other: M| fill_with(m, other));
    pure!("+", |m: &mut RefMap, other: M| merged(m, other));
}

/// Registers them all.
pub(in crate::engine) fn register(engine: &mut Engine) {
    type Call<'a> = NativeCallContext<'a>;
    of_plain_maps(engine);
    with_other::<RefMap>(engine);
    with_other::<Map>(engine);
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    pure!("map", |call: Call, m: &mut RefMap, f: FnPtr| -> Outcome<RefMap> {
        let answers = each(&call, "map", entries_of(m), &f)?;
        Ok(answers.into_iter().map(|a| (a.key, RefMap::wrap(a.answer))).collect())
    });
    pure!("filter", |call: Call, m: &mut RefMap, f: FnPtr| -> Outcome<RefMap> {
        let answers = each(&call, "filter", entries_of(m), &f)?;
        Ok(answers.into_iter().filter(Answer::is_true).map(Answer::entry).collect())
    });
    pure!("drain", |call: Call, m: &mut RefMap, f: FnPtr| take(&call, "drain", m, &f, true));
    pure!("retain", |call: Call, m: &mut RefMap, f: FnPtr| take(&call, "retain", m, &f, false));
}
