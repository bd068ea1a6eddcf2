//! What rhai's plain maps can do with other maps and with functions, for maps that are held by reference.

use super::ref_map::RefMap;
use rhai::{
    Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, ImmutableString, Map,
    NativeCallContext,
};

type Outcome<T> = Result<T, Box<EvalAltResult>>;
type Entries = Vec<(ImmutableString, Dynamic)>;

fn entries_of(map: &RefMap) -> Entries {
    map.with(|t| t.entries().cloned().collect())
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

fn merged(map: &RefMap, other: impl Source) -> Map {
    let mut all = map.to_map();
    all.extend(other.entries().into_iter().map(|(key, value)| (key.as_str().into(), value)));
    all
}

/// What `f` gives for each entry: `f(key)` with the value as `this`, or `f(key, value)`. It may wait, and the map may
/// change meanwhile: it is called for the entries that were there at first.
fn each(call: &NativeCallContext, name: &str, map: &RefMap, f: &FnPtr) -> Outcome<Vec<Answer>> {
    let ask = |(key, value): (ImmutableString, Dynamic)| {
        let (mut this, args) = (value.clone(), [key.clone().into()]);
        let answer = f.call_raw_with_extra_args(name, call, Some(&mut this), args, [], Some(1))?;
        Ok(Answer { key, value, answer })
    };
    entries_of(map).into_iter().map(ask).collect()
}

struct Answer {
    key: ImmutableString,
    value: Dynamic,
    answer: Dynamic,
}

impl Answer {
    fn is_true(&self) -> bool {
        self.answer.as_bool().unwrap_or(false)
    }

    fn entry(self) -> (rhai::Identifier, Dynamic) {
        (self.key.as_str().into(), self.value)
    }
}

/// Takes the entries out for which `f` answers so, all when it has answered for all.
fn take(
    call: &NativeCallContext,
    name: &str,
    map: &RefMap,
    f: &FnPtr,
    wanted: bool,
) -> Outcome<Map> {
    let answers = each(call, name, map, f)?;
    let gone: Map =
        answers.into_iter().filter(|a| a.is_true() == wanted).map(Answer::entry).collect();
    for key in gone.keys() {
        drop(map.remove(key));
    }
    Ok(gone)
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
pub(super) fn register(engine: &mut Engine) {
    type Call<'a> = NativeCallContext<'a>;
    with_other::<RefMap>(engine);
    with_other::<Map>(engine);
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    pure!("map", |call: Call, m: &mut RefMap, f: FnPtr| -> Outcome<Map> {
        let answers = each(&call, "map", m, &f)?;
        Ok(answers.into_iter().map(|a| (a.key.as_str().into(), a.answer)).collect())
    });
    pure!("filter", |call: Call, m: &mut RefMap, f: FnPtr| -> Outcome<Map> {
        let answers = each(&call, "filter", m, &f)?;
        Ok(answers.into_iter().filter(Answer::is_true).map(Answer::entry).collect())
    });
    pure!("drain", |call: Call, m: &mut RefMap, f: FnPtr| take(&call, "drain", m, &f, true));
    pure!("retain", |call: Call, m: &mut RefMap, f: FnPtr| take(&call, "retain", m, &f, false));
}
