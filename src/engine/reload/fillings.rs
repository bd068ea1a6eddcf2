//! Maps and arrays that several lines fill: what one run of a script put into them, and how that is merged, entry by entry,
//! into those that live on.

use crate::engine::{
    compile::meaning::Meaning,
    reload::changes::Changes,
    values::{journal::Journal, ref_array::RefArray, ref_map::RefMap},
};
use rhai::{Dynamic, FnPtr, ImmutableString};
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

/// Levels of maps and arrays inside of each other that are merged. Fixed: deeper ones count as handles, which live on as they
/// are.
const MAX_DEPTH: usize = 32;

/// Values that are taken down of one variable or property. Fixed: a copy of them is kept until the next reload. What is
/// larger lives on as it is.
const MAX_INVENTORY: usize = 100_000;

/// Values of an array that is merged. Fixed: each is looked for among all others.
const MAX_VALUES: usize = 2_000;

/// What a run has put somewhere.
#[derive(Clone, Debug)]
pub(crate) enum Filled {
    /// A number, a text, a truth.
    Plain(Dynamic),
    /// A closure or function by its name, and what it has captured.
    Function(ImmutableString, Vec<Filled>),
    Map(Vec<Entry>),
    /// Its values, and what the statements say that changed it.
    Array(Vec<Filled>, Vec<Meaning>),
    /// Anything else, which counts as what it was.
    Other,
}

/// One entry of a map.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    key: ImmutableString,
    /// What the statement says that put it there; `None` if it came with the map.
    by: Option<Meaning>,
    value: Filled,
}

/// Takes down what a run has put into a value. `said` gives what a statement says.
pub(in crate::engine) struct Inventory<'a> {
    journal: &'a Journal,
    said: &'a dyn Fn(usize) -> Meaning,
    seen: HashSet<usize>,
    /// Values that it may still take down.
    left: usize,
}

impl<'a> Inventory<'a> {
    pub(in crate::engine) fn new(journal: &'a Journal, said: &'a dyn Fn(usize) -> Meaning) -> Self {
        Self { journal, said, seen: HashSet::new(), left: MAX_INVENTORY }
    }

    pub(in crate::engine) fn of(&mut self, value: &Dynamic) -> Filled {
        self.nested(value, 0)
    }

    fn has_room(&mut self, values: usize) -> bool {
        let left = self.left.checked_sub(values);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    fn nested(&mut self, value: &Dynamic, depth: usize) -> Filled {
        if value.is_shared() || depth > MAX_DEPTH {
            return Filled::Other;
        }
        if let Some(f) = value.read_lock::<FnPtr>() {
            let held = f.curry().iter().map(|held| self.nested(held, depth + 1)).collect();
            return Filled::Function(f.fn_name().into(), held);
        }
        if let Some(map) = value.read_lock::<RefMap>() {
            let address = map.address();
            if !self.seen.insert(address) {
                return Filled::Other;
            }
            if !self.has_room(map.with(|t| t.len())) {
                return Filled::Other;
            }
            let entries = map.entries();
            let entry = |(key, value): (ImmutableString, Dynamic)| {
                let by = self.journal.entries.get(&(address, key.clone()));
                let by = by.map(|statement| (self.said)(*statement));
                let value = self.nested(&value, depth + 1);
                Entry { key, by, value }
            };
            return Filled::Map(entries.into_iter().map(entry).collect());
        }
        if let Some(array) = value.read_lock::<RefArray>() {
            let address = array.address();
            if !self.seen.insert(address) {
                return Filled::Other;
            }
            if !self.has_room(array.look(<[Dynamic]>::len)) {
                return Filled::Other;
            }
            let values = array.copy();
            let values = values.iter().map(|value| self.nested(value, depth + 1)).collect();
            let by = self.journal.arrays.get(&address);
            let by =
                by.map_or_else(Vec::new, |all| all.iter().map(|at| (self.said)(*at)).collect());
            return Filled::Array(values, by);
        }
        match is_scalar(value) {
            true => Filled::Plain(value.clone()),
            false => Filled::Other,
        }
    }
}

fn is_scalar(value: &Dynamic) -> bool {
    value.is_unit()
        || value.is_int()
        || value.is_float()
        || value.is_bool()
        || value.is_char()
        || value.is_string()
}

/// Are these the same number, text or truth? Whatever else they hold counts as another one.
pub(in crate::engine) fn is_same_scalar(old: &Dynamic, new: &Dynamic) -> bool {
    if old.is_shared() || new.is_shared() {
        return false;
    }
    match (old.as_immutable_string_ref(), new.as_immutable_string_ref()) {
        (Ok(old), Ok(new)) => return *old == *new,
        (Err(_), Err(_)) => (),
        _ => return false,
    }
    is_scalar(old) && old.type_id() == new.type_id() && old.to_string() == new.to_string()
}

/// How two runs are compared.
pub(in crate::engine) struct Merge<'a> {
    /// The name that a closure of any generation has now.
    pub(in crate::engine) now: &'a dyn Fn(&str) -> Option<ImmutableString>,
    /// The name that a closure of the run before has now.
    pub(in crate::engine) heir: &'a dyn Fn(&str) -> Option<ImmutableString>,
    /// Does a text say what an older one said?
    pub(in crate::engine) continues: &'a dyn Fn(&Meaning, &Meaning) -> bool,
    pub(in crate::engine) changes: RefCell<Changes>,
    /// Is it only told what would be done?
    pub(in crate::engine) is_dry: bool,
}

impl Merge<'_> {
    /// Makes `living`, into which the old run had put `old` and handlers what they liked, what the new run wants it to be,
    /// which has made `new`. From then on `new` stands for it. `name` is how people call it.
    pub(in crate::engine) fn merge(
        &self,
        name: &str,
        old: &Filled,
        filled: &Filled,
        new: &Dynamic,
        living: &Dynamic,
    ) {
        match (old, filled) {
            (Filled::Map(old), Filled::Map(filled)) => {
                let both = new.read_lock::<RefMap>().zip(living.read_lock::<RefMap>());
                if let Some((new, living)) = both.map(|(n, l)| (n.clone(), l.clone())) {
                    self.maps(name, old, filled, &new, &living);
                }
            }
            (Filled::Array(old, by), Filled::Array(filled, now_by)) => {
                let both = new.read_lock::<RefArray>().zip(living.read_lock::<RefArray>());
                let is_same = by.len() == now_by.len()
                    && by.iter().zip(now_by).all(|(old, new)| (self.continues)(new, old));
                if let Some((new, living)) = both.map(|(n, l)| (n.clone(), l.clone()))
                    && !is_same
                {
                    self.arrays(name, old, filled, &new, &living);
                }
            }
            _ => (),
        }
        if !self.is_dry {
            alias_to(new, living);
        }
    }

    fn maps(&self, name: &str, old: &[Entry], filled: &[Entry], new: &RefMap, living: &RefMap) {
        let before: HashMap<&str, &Entry> = old.iter().map(|e| (e.key.as_str(), e)).collect();
        let now: HashSet<&str> = filled.iter().map(|e| e.key.as_str()).collect();
        let mut changes = Changes::default();
        for entry in filled {
            let key = entry.key.as_str();
            let inner = format!("{name}[{key:?}]");
            let Some(known) = before.get(key) else {
                if !living.contains(key) {
                    self.set(living, entry, new);
                    changes.added.push(inner);
                }
                continue;
            };
            let says_the_same = match (&known.by, &entry.by) {
                (None, None) => true,
                (Some(old), Some(new)) => (self.continues)(new, old),
                _ => false,
            };
            if says_the_same || self.is_same(&known.value, &entry.value) {
                self.merge(&inner, &known.value, &entry.value, &new.get(key), &living.get(key));
            } else {
                self.set(living, entry, new);
                changes.reset.push(inner);
            }
        }
        for entry in old.iter().filter(|entry| !now.contains(entry.key.as_str())) {
            let key = entry.key.as_str();
            if living.contains(key) && self.is_untouched(&entry.value, &living.get(key)) {
                if !self.is_dry {
                    drop(living.remove(key));
                }
                changes.removed.push(format!("{name}[{key:?}]"));
            }
        }
        self.changes.borrow_mut().add_entries(name, changes);
    }

    fn set(&self, living: &RefMap, entry: &Entry, new: &RefMap) {
        if !self.is_dry {
            living.set(entry.key.clone(), new.get(&entry.key));
        }
    }

    fn arrays(
        &self,
        name: &str,
        old: &[Filled],
        filled: &[Filled],
        new: &RefArray,
        living: &RefArray,
    ) {
        // For each value of the new run the one of the old run that it is.
        if old.len().max(filled.len()) > MAX_VALUES {
            let text = format!("nothing of {name}, which is too long to be merged");
            return self.changes.borrow_mut().added.push(text);
        }
        let mut free: Vec<Option<&Filled>> = old.iter().map(Some).collect();
        // Mostly the next one.
        let mut next = 0;
        let partners = filled.iter().map(|value| {
            let same = |at: &usize| free[*at].is_some_and(|old| self.is_same(old, value));
            let at = (next..free.len()).chain(0..next.min(free.len())).find(same)?;
            free[at] = None;
            next = at + 1;
            Some(at)
        });
        let partners: Vec<Option<usize>> = partners.collect();
        let (before, made) = (living.copy(), new.copy());
        let added = partners.iter().filter(|partner| partner.is_none()).count();
        let is_untouched = before.len() == old.len()
            && old.iter().zip(&before).all(|(old, living)| self.is_untouched(old, living));
        let mut gone = 0;
        let values: Vec<Dynamic> = if is_untouched {
            gone = free.iter().flatten().count();
            let value = |(at, partner): (usize, &Option<usize>)| match partner {
                Some(partner) => before[*partner].clone(),
                None => made[at].clone(),
            };
            partners.iter().enumerate().map(value).collect()
        } else {
            let mut left = before.clone();
            for old in free.iter().flatten() {
                if let Some(at) = left.iter().position(|value| self.is_untouched(old, value)) {
                    drop(left.remove(at));
                    gone += 1;
                }
            }
            let more = partners.iter().zip(&made).filter(|(partner, _)| partner.is_none());
            left.extend(more.map(|(_, value)| value.clone()));
            left
        };
        if !self.is_dry {
            drop(living.with(|all| std::mem::replace(all, values)));
        }
        let count = |n: usize| (n > 0).then(|| format!("{name} ({n})")).into_iter().collect();
        let changes = Changes { added: count(added), removed: count(gone), ..Changes::default() };
        self.changes.borrow_mut().add_entries(name, changes);
    }

    /// Did both runs put the same there?
    fn is_same(&self, old: &Filled, new: &Filled) -> bool {
        match (old, new) {
            (Filled::Plain(old), Filled::Plain(new)) => is_same_scalar(old, new),
            (Filled::Function(old, held), Filled::Function(new, now_held)) => {
                self.is_heir(old, new)
                    && held.len() == now_held.len()
                    && held.iter().zip(now_held).all(|(old, new)| self.is_same(old, new))
            }
            (Filled::Map(old), Filled::Map(new)) => {
                let same = |(old, new): (&Entry, &Entry)| {
                    old.key == new.key && self.is_same(&old.value, &new.value)
                };
                old.len() == new.len() && old.iter().zip(new).all(same)
            }
            (Filled::Array(old, _), Filled::Array(new, _)) => {
                old.len() == new.len()
                    && old.iter().zip(new).all(|(old, new)| self.is_same(old, new))
            }
            (Filled::Other, Filled::Other) => true,
            _ => false,
        }
    }

    fn is_heir(&self, old: &str, new: &str) -> bool {
        (self.heir)(old).map_or(old == new, |now| now == new)
    }

    /// Is a living value still what a run has put there?
    pub(in crate::engine) fn is_untouched(&self, filled: &Filled, living: &Dynamic) -> bool {
        if living.is_shared() {
            return matches!(filled, Filled::Other);
        }
        match filled {
            Filled::Plain(value) => is_same_scalar(value, living),
            Filled::Function(name, _) => living.read_lock::<FnPtr>().is_some_and(|f| {
                let now = |name: &str| (self.now)(name).unwrap_or_else(|| name.into());
                let put = (self.heir)(name).unwrap_or_else(|| now(name));
                name == f.fn_name() || put == now(f.fn_name())
            }),
            Filled::Map(entries) => living.read_lock::<RefMap>().is_some_and(|map| {
                let is_there = |entry: &Entry| {
                    map.contains(&entry.key)
                        && self.is_untouched(&entry.value, &map.get(&entry.key))
                };
                map.with(|t| t.len()) == entries.len() && entries.iter().all(is_there)
            }),
            Filled::Array(values, _) => living.read_lock::<RefArray>().is_some_and(|array| {
                let living = array.copy();
                living.len() == values.len()
                    && values
                        .iter()
                        .zip(&living)
                        .all(|(value, living)| self.is_untouched(value, living))
            }),
            Filled::Other => true,
        }
    }
}

/// From now on what the new program holds is what lives.
fn alias_to(new: &Dynamic, living: &Dynamic) {
    if let Some((new, living)) = new.read_lock::<RefMap>().zip(living.read_lock::<RefMap>()) {
        new.alias_to(&living);
    }
    if let Some((new, living)) = new.read_lock::<RefArray>().zip(living.read_lock::<RefArray>()) {
        new.alias_to(&living);
    }
}
