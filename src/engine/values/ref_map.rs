//! An ordered map that scripts hold by reference: get, set and remove in constant time, iteration without a copy and
//! stable while the map changes. Maps become one when they are assigned to a property or a top-level variable.

use crate::engine::{
    compile::modules::Modules,
    natives::Natives,
    reload::{fillings, rerun},
    values::{
        dropping::drop_in_a_row,
        order,
        ref_array::{RefArray, wrong_index},
    },
};
use rhai::{
    Array, Blob, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, ImmutableString, Map,
    NativeCallContext, Position,
};
use std::{
    cell::RefCell,
    collections::HashMap,
    rc::{Rc, Weak},
};

/// Entries below which holes are not worth squeezing out. Fixed.
const SQUEEZE_ABOVE: usize = 32;

/// Slots up to which a key is looked for in a row. Fixed: to hash and to have an index costs more.
const MAX_ROW: usize = 8;

/// The entries, in the order in which they came. Removing one leaves a hole; holes go when they are the majority and nobody
/// iterates.
#[derive(Default)]
pub(crate) struct Table {
    slots: Vec<Option<(ImmutableString, Dynamic)>>,
    /// Where each key lies; only when there are more than `MAX_ROW` slots. Keys come from strangers: the table is seeded by
    /// chance, so that nobody can choose keys that collide.
    index: Option<HashMap<ImmutableString, usize>>,
    len: usize,
    iterating: usize,
    /// Has any value ever been a function? Whoever calls a method asks.
    has_functions: bool,
}

impl Table {
    fn find(&self, key: &str) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.get(key).copied();
        }
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(|(known, _)| known == key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Dynamic> {
        self.slots[self.find(key)?].as_ref().map(|(_, value)| value)
    }

    /// Sets a value and gives the old one out, to be dropped when nothing is borrowed any more.
    #[must_use]
    pub(crate) fn set(&mut self, key: ImmutableString, value: Dynamic) -> Option<Dynamic> {
        // To ask a locked cell for its type would panic.
        self.has_functions |= value.is_shared() || value.is_fnptr();
        if let Some(at) = self.find(&key) {
            return self.slots[at].replace((key, value)).map(|(_, old)| old);
        }
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), self.slots.len());
        }
        self.slots.push(Some((key, value)));
        self.len += 1;
        if self.index.is_none() {
            self.build_index();
        }
        None
    }

    #[must_use]
    pub(crate) fn remove(&mut self, key: &str) -> Option<Dynamic> {
        let at = self.find(key)?;
        if let Some(index) = &mut self.index {
            index.remove(key);
        }
        let value = self.slots[at].take().map(|(_, value)| value);
        self.len -= 1;
        let worthwhile = self.slots.len() > SQUEEZE_ABOVE || self.slots.len() <= MAX_ROW;
        if self.iterating == 0 && worthwhile && self.len < self.slots.len() / 2 {
            self.squeeze();
        }
        value
    }

    fn squeeze(&mut self) {
        self.slots.retain(Option::is_some);
        self.index = None;
        self.build_index();
    }

    /// Makes the index, if there are slots enough for one.
    fn build_index(&mut self) {
        if self.slots.len() > MAX_ROW {
            let slots = self.slots.iter().enumerate();
            let keys = slots.filter_map(|(at, slot)| Some((slot.as_ref()?.0.clone(), at)));
            self.index = Some(keys.collect());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &(ImmutableString, Dynamic)> {
        self.slots.iter().flatten()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Dynamic> {
        self.slots.iter_mut().flatten().map(|(_, value)| value)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        drop_in_a_row(self.slots.drain(..).flatten().map(|(_, value)| value));
    }
}

enum State {
    Own(Table),
    /// After a reload, what the new program's initialiser made stands for the map that lives on.
    Alias(RefMap),
}

/// The handle.
#[derive(Clone)]
pub(crate) struct RefMap(Rc<RefCell<State>>);

/// A handle that does not keep the map.
#[derive(Clone)]
pub(in crate::engine) struct WeakRefMap(Weak<RefCell<State>>);

impl WeakRefMap {
    pub(in crate::engine) fn upgrade(&self) -> Option<RefMap> {
        self.0.upgrade().map(RefMap)
    }
}

impl Default for RefMap {
    fn default() -> Self {
        Table::default().into()
    }
}

impl From<Table> for RefMap {
    fn from(table: Table) -> Self {
        Self(Rc::new(RefCell::new(State::Own(table))))
    }
}

/// A key given twice has the place of the first and the value of the last.
impl<K: Into<ImmutableString>> FromIterator<(K, Dynamic)> for RefMap {
    fn from_iter<I: IntoIterator<Item = (K, Dynamic)>>(entries: I) -> Self {
        let mut table = Table::default();
        for (key, value) in entries {
            drop(table.set(key.into(), value));
        }
        table.into()
    }
}

impl RefMap {
    /// Turns a plain map or array, and all inside of it, into references; leaves other values alone.
    pub(crate) fn wrap(value: Dynamic) -> Dynamic {
        // A list of what is still to be looked into, and no recursion: values may be nested as deep as memory allows.
        let mut todo = Vec::new();
        let wrapped = shell(value, &mut todo);
        while let Some(shell_of) = todo.pop() {
            match shell_of {
                Shell::Map(map) => map.with(|t| {
                    for (_, value) in t.slots.iter_mut().flatten() {
                        *value = shell(value.take(), &mut todo);
                    }
                }),
                Shell::Array(array) => array.with(|values| {
                    for value in values {
                        *value = shell(value.take(), &mut todo);
                    }
                }),
            }
        }
        wrapped
    }

    /// A look at the entries. The closure must not run scripts or drop values.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Table) -> T) -> T {
        let alias = match &mut *self.0.borrow_mut() {
            State::Own(table) => return f(table),
            State::Alias(other) => other.clone(),
        };
        alias.with(f)
    }

    /// From now on this handle is `other`.
    pub(crate) fn stand_for(&self, other: &RefMap) {
        let other = other.resolved();
        if !Rc::ptr_eq(&self.resolved().0, &other.0) {
            let old = self.0.replace(State::Alias(other));
            drop(old);
        }
    }

    fn resolved(&self) -> RefMap {
        match &*self.0.borrow() {
            State::Own(_) => self.clone(),
            State::Alias(other) => other.resolved(),
        }
    }

    pub(in crate::engine) fn downgrade(&self) -> WeakRefMap {
        WeakRefMap(Rc::downgrade(&self.resolved().0))
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

    pub(crate) fn is_same(&self, other: &RefMap) -> bool {
        Rc::ptr_eq(&self.resolved().0, &other.resolved().0)
    }

    pub(crate) fn get(&self, key: &str) -> Dynamic {
        self.with(|t| t.get(key).cloned()).unwrap_or(Dynamic::UNIT)
    }

    pub(crate) fn set(&self, key: ImmutableString, value: Dynamic) {
        if rerun::is_noting() && rerun::skips_entry(self, &key) {
            return;
        }
        fillings::note_entry(self, &key);
        let old = self.with(|t| t.set(key, value));
        drop(old);
    }

    /// The function that it has under that name.
    pub(in crate::engine) fn function(&self, name: &str) -> Option<FnPtr> {
        self.with(|t| match t.has_functions {
            true => t.get(name)?.read_lock::<FnPtr>().map(|f| f.clone()),
            false => None,
        })
    }

    pub(crate) fn remove(&self, key: &str) -> Dynamic {
        self.with(|t| t.remove(key)).unwrap_or(Dynamic::UNIT)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.with(|t| t.get(key).is_some())
    }

    pub(crate) fn clear(&self) {
        let old = self.with(|t| {
            let iterating = t.iterating;
            let old = std::mem::take(t);
            t.iterating = iterating;
            old
        });
        drop(old);
    }

    /// Walks over keys and values, as a loop does over values.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (ImmutableString, Dynamic)> {
        let mut all = self.into_iter();
        std::iter::from_fn(move || all.step(Clone::clone))
    }

    /// The entries as they are now: whoever walks over them may run scripts.
    pub(crate) fn entries(&self) -> Vec<(ImmutableString, Dynamic)> {
        self.with(|t| t.entries().cloned().collect())
    }

    /// The entries of a map of either kind. `None`: it is none.
    pub(crate) fn entries_of(value: &Dynamic) -> Option<Vec<(ImmutableString, Dynamic)>> {
        let wrapped = Self::wrap(value.clone());
        wrapped.read_lock::<Self>().map(|map| map.entries())
    }

    pub(crate) fn keys(&self) -> Array {
        self.with(|t| t.entries().map(|(key, _)| key.clone().into()).collect())
    }

    /// A plain map with the same entries.
    pub(crate) fn to_map(&self) -> Map {
        self.with(|t| t.entries().map(|(k, v)| (k.as_str().into(), v.clone())).collect())
    }

    pub(crate) fn values(&self) -> Array {
        self.with(|t| t.entries().map(|(_, value)| value.clone()).collect())
    }
}

/// A reference whose values are still as they were in the plain map or array.
enum Shell {
    Map(RefMap),
    Array(RefArray),
}

/// Makes the outermost map or array of a value a reference and notes it, if there is more to do inside.
fn shell(value: Dynamic, todo: &mut Vec<Shell>) -> Dynamic {
    let is_plain = |value: &Dynamic| value.is_map() || value.is_array();
    if value.is_map() {
        let map = RefMap::default();
        let entries = order::into_entries(value);
        let more = entries.iter().any(|(_, value)| is_plain(value));
        map.with(|t| {
            for (key, value) in entries {
                // A map has each key once: nothing is replaced.
                let _ = t.set(key, value);
            }
        });
        if more {
            todo.push(Shell::Map(map.clone()));
        }
        Dynamic::from(map)
    } else if value.is_array() {
        let values = value.cast::<Array>();
        let more = values.iter().any(is_plain);
        let array = RefArray::new(values);
        if more {
            todo.push(Shell::Array(array.clone()));
        }
        Dynamic::from(array)
    } else {
        value
    }
}

/// Walks over the values that are there when the walk comes to them, of the entries that there were when it began.
pub(crate) struct Iter {
    map: RefMap,
    at: usize,
    end: usize,
}

impl IntoIterator for RefMap {
    type Item = Dynamic;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        let map = self.resolved();
        let end = map.with(|t| {
            t.iterating += 1;
            t.slots.len()
        });
        Iter { map, at: 0, end }
    }
}

impl Drop for Iter {
    fn drop(&mut self) {
        self.map.with(|t| t.iterating = t.iterating.saturating_sub(1));
    }
}

impl Iter {
    /// What `look` makes of the next entry.
    fn step<T>(&mut self, look: impl Fn(&(ImmutableString, Dynamic)) -> T) -> Option<T> {
        let mut at = self.at;
        let end = self.end;
        let found = self.map.with(|t| {
            while let Some(slot) = t.slots.get(at).filter(|_| at < end) {
                at += 1;
                if let Some(entry) = slot {
                    return Some(look(entry));
                }
            }
            None
        });
        self.at = at;
        found
    }
}

impl Iterator for Iter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        self.step(|(_, value)| value.clone())
    }
}

/// A key as scripts write it: strings as they are, whole numbers as decimal text (as in PHP and in JSON), blobs as the text
/// that they are in UTF-8 (a uid may come in a binary frame); nothing else.
pub(crate) fn key_of(value: &Dynamic) -> Option<ImmutableString> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some((*text).clone());
    }
    if let Ok(bytes) = value.as_blob_ref() {
        return std::str::from_utf8(&bytes).ok().map(Into::into);
    }
    value.as_int().ok().map(|n| n.to_string().into())
}

pub(in crate::engine) fn not_a_key() -> Box<EvalAltResult> {
    let text = "a blob can be a key of a map only if it is UTF-8 text";
    EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into()
}

/// `map[key]` and `map[key] = value` with what cannot be a key.
fn wrong_keys(engine: &mut Engine, modules: &Rc<Modules>) {
    type Ctx<'a> = NativeCallContext<'a>;
    let known = modules.clone();
    let get =
        move |ctx: Ctx, _: &mut RefMap, key: Dynamic| -> Result<Dynamic, Box<EvalAltResult>> {
            Err(known.at_index(&ctx, wrong_index(&ctx, "string", &key)))
        };
    FuncRegistration::new_index_getter().with_purity(true).register_into_engine(engine, get);
    let known = modules.clone();
    let set = move |ctx: Ctx,
                    _: &mut RefMap,
                    key: Dynamic,
                    _: Dynamic|
          -> Result<(), Box<EvalAltResult>> {
        Err(known.at_index(&ctx, wrong_index(&ctx, "string", &key)))
    };
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(engine, set);
}

/// Gives `map` its script functions.
pub(crate) fn register(engine: &mut Engine, natives: &mut Natives, modules: &Rc<Modules>) {
    type Text = ImmutableString;
    engine.register_type_with_name::<RefMap>("map");
    macro_rules! pure {
        ($name:expr, $function:expr) => {
            natives.function(engine, $name, $function);
        };
    }
    let get = |m: &mut RefMap, key: Text| m.get(&key);
    let set = |m: &mut RefMap, key: Text, value: Dynamic| m.set(key, RefMap::wrap(value));
    natives.index_getter(engine, get);
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(engine, set);
    natives.index_getter(engine, |m: &mut RefMap, key: i64| m.get(&key.to_string()));
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(
        engine,
        |m: &mut RefMap, key: i64, value: Dynamic| {
            m.set(key.to_string().into(), RefMap::wrap(value))
        },
    );
    wrong_keys(engine, modules);
    natives.index_getter(engine, |m: &mut RefMap, key: Blob| {
        key_of(&Dynamic::from_blob(key)).map_or(Dynamic::UNIT, |k| m.get(&k))
    });
    FuncRegistration::new_index_setter().with_purity(true).register_into_engine(
        engine,
        |m: &mut RefMap, key: Blob, value: Dynamic| match key_of(&Dynamic::from_blob(key)) {
            Some(key) => {
                m.set(key, RefMap::wrap(value));
                Ok(())
            }
            None => Err(not_a_key()),
        },
    );
    macro_rules! by_key {
        ($name:expr, $function:expr) => {
            pure!($name, |m: &mut RefMap, key: Text| $function(m, key));
            pure!($name, |m: &mut RefMap, key: i64| $function(m, key.to_string().into()));
            pure!($name, |m: &mut RefMap, key: Blob| {
                key_of(&Dynamic::from_blob(key)).map(|key| $function(m, key)).unwrap_or_default()
            });
        };
    }
    // What cannot be a key is in no map: who asks with what a stranger sent, such as `()`, hears that it is not there.
    pure!("contains", |m: &mut RefMap, key: Dynamic| key_of(&key).is_some_and(|k| m.contains(&k)));
    by_key!("get", |m: &mut RefMap, key: Text| m.get(&key));
    pure!("set", set);
    pure!("set", |m: &mut RefMap, key: i64, value: Dynamic| {
        m.set(key.to_string().into(), RefMap::wrap(value))
    });
    pure!(
        "set",
        |m: &mut RefMap, key: Blob, value: Dynamic| match key_of(&Dynamic::from_blob(key)) {
            Some(key) => {
                m.set(key, RefMap::wrap(value));
                Ok(())
            }
            None => Err(not_a_key()),
        }
    );
    by_key!("remove", |m: &mut RefMap, key: Text| m.remove(&key));
    pure!("len", |m: &mut RefMap| m.with(|t| t.len() as i64));
    pure!("is_empty", |m: &mut RefMap| m.with(|t| t.len() == 0));
    pure!("clear", |m: &mut RefMap| m.clear());
    pure!("keys", |m: &mut RefMap| m.keys());
    pure!("values", |m: &mut RefMap| m.values());
    pure!("to_map", |m: &mut RefMap| m.to_map());
    for name in ["to_string", "to_debug"] {
        pure!(name, |call: NativeCallContext, m: &mut RefMap| {
            crate::engine::values::json::show_in(&call, &Dynamic::from(m.clone()))
        });
    }
    engine.register_iterator::<RefMap>();
}
