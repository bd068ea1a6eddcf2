//! What one run of code has done to values that live on, and what of it goes when the next run has other statements.

use crate::engine::{
    compile::meaning::Meaning,
    reload::{
        changes::Changes,
        edition::Edition,
        fillings::{Filled, Inventory},
    },
    values::{
        journal::Journal,
        ref_array::{RefArray, WeakRefArray},
        ref_map::{RefMap, WeakRefMap},
    },
};
use rhai::{Dynamic, ImmutableString};
use std::collections::HashMap;

/// What a statement has done to something.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) by: Meaning,
    /// What it has put there.
    pub(super) values: Vec<Filled>,
    /// Was that done by an earlier run?
    pub(super) is_kept: bool,
}

/// What a statement has set a property to.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) by: Meaning,
    /// What the text says from the property on.
    pub(super) text: Meaning,
    /// Is that independent of what the property was?
    pub(super) begins: bool,
    /// Was that done by an earlier run?
    pub(super) is_kept: bool,
}

impl Setting {
    /// Is it the same text of the same statement, once more?
    pub(super) fn is(&self, other: &Setting) -> bool {
        let as_it_is = |_: &str, name: &str| Some(name.into());
        self.by.is(&other.by) && self.text.continues(&other.text, &as_it_is)
    }
}

/// All that one run has done. Maps and arrays are known by their addresses, which a weak handle keeps from being given to
/// others.
#[derive(Default)]
pub(crate) struct Record {
    /// By what holds the property, and its name. Several statements may set one, in this order.
    pub(super) properties: HashMap<(usize, ImmutableString), Vec<Setting>>,
    /// The same of entries.
    pub(super) entries: HashMap<(usize, ImmutableString), Vec<Deed>>,
    pub(super) arrays: HashMap<usize, Vec<Deed>>,
    pub(super) maps: HashMap<usize, WeakRefMap>,
    pub(super) lists: HashMap<usize, WeakRefArray>,
    /// The properties that hold maps and arrays, for people.
    names: HashMap<usize, ImmutableString>,
}

/// A run that is over, beside the one before it.
pub(super) struct Ending<'a> {
    pub(super) edition: &'a Edition,
    pub(super) before: &'a Record,
    pub(super) now: &'a mut Record,
    pub(super) changes: &'a mut Changes,
    /// What people call the code that ran.
    pub(super) code: &'static str,
    /// How many statements say what one of before said, whether they ran or not? What they did stays.
    pub(super) standing: &'a dyn Fn(&Meaning) -> usize,
}

impl Ending<'_> {
    /// Takes down what the run has put into maps, and which property holds which.
    pub(super) fn note_values(&mut self, holds: impl Fn(usize, &str) -> Dynamic) {
        let journal = Journal::default();
        for ((address, key), deeds) in &mut self.now.entries {
            if let Some(deed) = deeds.last_mut()
                && deed.values.is_empty()
                && let Some(map) = self.now.maps.get(address).and_then(WeakRefMap::upgrade)
            {
                let mut inventory = Inventory::new(&journal, &|_| Meaning::default());
                deed.values.push(inventory.of(&map.get(key)));
            }
        }
        for (holder, name) in self.now.properties.keys() {
            let value = holds(*holder, name);
            let map = value.read_lock::<RefMap>().map(|map| map.address());
            let address = map.or_else(|| Some(value.read_lock::<RefArray>()?.address()));
            self.now.names.extend(address.map(|address| (address, name.clone())));
        }
    }

    fn called(&self, address: usize) -> String {
        let name = self.now.names.get(&address).or_else(|| self.before.names.get(&address));
        name.map_or_else(|| "a map".into(), ToString::to_string)
    }

    /// Tells of what this run has put in and the one before had not, or otherwise.
    pub(super) fn tell_of_new(&mut self) {
        let mut more = Changes::default();
        for ((address, key), deeds) in &self.now.entries {
            let is_new = deeds.iter().any(|deed| !deed.is_kept);
            // A map that this run has made is told of as a whole.
            if is_new && self.before.names.contains_key(address) {
                let name = format!("{}[{key:?}]", self.called(*address));
                match self.before.entries.contains_key(&(*address, key.clone())) {
                    true => more.reset.push(name),
                    false => more.added.push(name),
                }
            }
        }
        for (address, deeds) in &self.now.arrays {
            let new = deeds.iter().filter(|deed| !deed.is_kept).flat_map(|deed| &deed.values);
            let new = new.count();
            if new > 0 && self.before.names.contains_key(address) {
                more.added.push(format!("{} ({new})", self.called(*address)));
            }
        }
        more.reset.sort();
        more.added.sort();
        self.changes.add_entries(&format!("what {} fills", self.code), more);
    }

    /// Statements that stand and were not come to, in their place among those that have left something as it is.
    fn with_skipped<T: Clone>(
        &self,
        before: &[T],
        now: &mut Vec<T>,
        tells: impl Fn(&T) -> (&Meaning, bool),
    ) {
        // Behind one that has set it anew, those of before have nothing to do with what is there.
        if !now.iter().all(|done| tells(done).1) {
            return;
        }
        let mut rest = std::mem::take(now);
        for known in before {
            let by = tells(known).0;
            match rest.iter().position(|done| self.edition.continues(tells(done).0, by)) {
                Some(at) => now.push(rest.remove(at)),
                None if (self.standing)(by) > 0 => now.push(known.clone()),
                None => (),
            }
        }
        now.append(&mut rest);
    }

    /// Properties that only the run before has set.
    pub(super) fn properties(&mut self, clear: impl Fn(usize, &ImmutableString)) {
        for (place, settings) in &self.before.properties {
            if let Some(mut now) = self.now.properties.remove(place) {
                self.with_skipped(settings, &mut now, |setting| (&setting.by, setting.is_kept));
                self.now.properties.insert(place.clone(), now);
                continue;
            }
            if settings.iter().any(|setting| (self.standing)(&setting.by) > 0) {
                self.now.properties.insert(place.clone(), settings.clone());
            } else {
                clear(place.0, &place.1);
                self.changes.removed.push(place.1.to_string());
            }
        }
    }

    /// Entries that only the run before has set, and nobody has changed.
    pub(super) fn entries(&mut self) {
        for (place, deeds) in &self.before.entries {
            let (address, key) = place;
            if let Some(mut now) = self.now.entries.remove(place) {
                self.with_skipped(deeds, &mut now, |deed| (&deed.by, deed.is_kept));
                self.now.entries.insert(place.clone(), now);
                continue;
            }
            let map = self.before.maps.get(address).and_then(WeakRefMap::upgrade);
            let Some(map) = map else { continue };
            let is_untouched = |deed: &Deed| {
                deed.values.iter().all(|put| self.edition.is_untouched(put, &map.get(key)))
            };
            if deeds.iter().any(|deed| (self.standing)(&deed.by) > 0) {
                self.now.entries.insert(place.clone(), deeds.clone());
                self.now.maps.insert(*address, map.downgrade());
            } else if map.contains(key) && deeds.last().is_some_and(is_untouched) {
                drop(map.remove(key));
                self.changes.removed.push(format!("{}[{key:?}]", self.called(*address)));
            }
        }
    }

    /// Values of arrays that only the run before has added, and nobody has changed.
    pub(super) fn arrays(&mut self) {
        for (address, deeds) in &self.before.arrays {
            let list = self.before.lists.get(address).and_then(WeakRefArray::upgrade);
            let Some(list) = list else { continue };
            for (at, deed) in deeds.iter().enumerate() {
                let says_it = |other: &&Deed| self.edition.continues(&other.by, &deed.by);
                // Of several statements that said the same, the last ones have gone.
                let earlier = deeds[..at].iter().filter(says_it).count();
                let done = self.now.arrays.get(address).into_iter().flatten();
                if earlier < done.filter(says_it).count() {
                    continue;
                }
                if earlier < (self.standing)(&deed.by) {
                    self.now.arrays.entry(*address).or_default().push(deed.clone());
                    self.now.lists.insert(*address, list.downgrade());
                    continue;
                }
                let gone = deed.values.iter().filter(|put| self.take_out(&list, put)).count();
                if gone > 0 {
                    self.changes.removed.push(format!("{} ({gone})", self.called(*address)));
                }
            }
        }
    }

    fn take_out(&self, list: &RefArray, put: &Filled) -> bool {
        let is_it = |value: &Dynamic| self.edition.is_untouched(put, value);
        let at = list.copy().iter().position(is_it);
        at.is_some_and(|at| {
            drop(list.with(|values| values.remove(at)));
            true
        })
    }
}
