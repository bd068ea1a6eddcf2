//! Which closure of a new program is which closure of the old one, and a function library in which old
//! names run new bodies.
//!
//! Rhai names a closure after a hash of its text *and its positions*, so every edit above it renames
//! it. Callbacks that scripts have stored anywhere (on a connection, in a map, in another closure's
//! captures) hold such names, and the host cannot find them all. So it turns the question round: the
//! closures of two programs are paired by their text and by their place in it, and the new library
//! gets each old name once more, as an alias with the new body.
//!
//! Pure book-keeping over programs: nothing here runs a script or knows what a worker is. Uses
//! `closures` only.

pub(crate) use crate::engine::compile::closures::{Closure, closures};
use crate::engine::internals::{ANONYMOUS, positions::Place, tree};
use rhai::{AST, Dynamic, FnPtr, ImmutableString, Module, Shared};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// How many generations a name is remembered. An alias costs a copy of a body (a few KiB), and whether
/// somebody still holds the name cannot be known without looking at every value. The slots of the host
/// are renamed with [`Names::rebind`] at every reload, all other values every [`RENAME_GENERATIONS`].
pub(crate) const KEEP_GENERATIONS: u64 = 16;

/// After how many generations every value is looked at, so that no living closure has a name that is
/// about to be forgotten. Fixed: half of that time, as a handler may be holding one meanwhile.
pub(crate) const RENAME_GENERATIONS: u64 = KEEP_GENERATIONS / 2;

/// What became of a closure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    /// It reads as before and has this name now.
    Same(ImmutableString),
    /// It reads differently and has this name now.
    Edited(ImmutableString),
    /// It has no successor, and this is why: only its own program can run it.
    Orphan(&'static str),
}

impl Fate {
    /// The name of the successor.
    pub(crate) fn heir(&self) -> Option<&ImmutableString> {
        match self {
            Fate::Same(name) | Fate::Edited(name) => Some(name),
            Fate::Orphan(_) => None,
        }
    }
}

/// Pairs the closures of two versions of one file, function by function from the outside in.
pub(crate) fn align(old: &[Closure], new: &[Closure]) -> BTreeMap<ImmutableString, Fate> {
    let mut fate = BTreeMap::new();
    let mut todo: Vec<(&str, &str)> = old
        .iter()
        .map(|c| (c.parent.as_str(), c.parent.as_str()))
        .filter(|(parent, _)| !parent.starts_with(ANONYMOUS))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    while let Some((before, after)) = todo.pop() {
        let a: Vec<&Closure> = old.iter().filter(|c| c.parent == before).collect();
        let b: Vec<&Closure> = new.iter().filter(|c| c.parent == after).collect();
        for (c, partner) in a.iter().zip(pair(&a, &b)) {
            let partner = partner.map(|j| b[j]);
            // Even if this one cannot be replaced, the closures that it made may have successors.
            todo.extend(partner.map(|n| (c.name.as_str(), n.name.as_str())));
            let f = match partner {
                None => Fate::Orphan("it is gone, or closures around it were added or removed"),
                Some(n) if n.own().len() != c.own().len() => {
                    Fate::Orphan("it takes other parameters now")
                }
                Some(n) if !n.runs_with(c.captures()) => {
                    Fate::Orphan("it captures other variables now")
                }
                Some(n) if n.text == c.text => Fate::Same(n.name.clone()),
                Some(n) => Fate::Edited(n.name.clone()),
            };
            fate.insert(c.name.clone(), f);
        }
    }
    for c in old {
        fate.entry(c.name.clone())
            .or_insert(Fate::Orphan("the closure around it has no successor"));
    }
    fate
}

/// For each closure of `a` its partner in `b`, both from corresponding functions and in source order.
fn pair(a: &[&Closure], b: &[&Closure]) -> Vec<Option<usize>> {
    // Of several in places that read the same, one may have gone: then only the text tells which.
    let places = |list: &[&Closure], c: &Closure| list.iter().filter(|o| o.slot == c.slot).count();
    // One that says the same in front of it and in itself is the same wherever it has moved.
    let twins = |list: &[&Closure], c: &Closure| -> Vec<usize> {
        let is_twin = |o: &&Closure| o.slot == c.slot && o.text == c.text;
        (0..list.len()).filter(|at| is_twin(&list[*at])).collect()
    };
    let twin = |i: usize| match (&twins(a, a[i])[..], &twins(b, a[i])[..]) {
        ([_], [j]) if a[i].slot.is_some() => Some(*j),
        _ => None,
    };
    let twin: Vec<Option<usize>> = (0..a.len()).map(twin).collect();
    let likeness = |i: usize, j: usize| {
        if twin[i] != Some(j) && (twin[i].is_some() || twin.contains(&Some(j))) {
            return 0;
        }
        let same_slot = a[i].slot == b[j].slot && a[i].slot.is_some();
        let slot = same_slot && places(a, a[i]) == places(b, a[i]);
        let text = a[i].text == b[j].text;
        usize::from(text) * 4 + usize::from(slot) * 3
    };
    // The order-preserving pairing that is most alike (a longest common subsequence with weights).
    let mut best = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            let both = match likeness(i, j) {
                0 => 0,
                n => n + best[i + 1][j + 1],
            };
            best[i][j] = both.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    let mut partner: Vec<Option<usize>> = vec![None; a.len()];
    let (mut i, mut j, mut anchors) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        let n = likeness(i, j);
        if n > 0 && best[i][j] == n + best[i + 1][j + 1] {
            partner[i] = Some(j);
            anchors.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[i][j] == best[i + 1][j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    // What was moved past others.
    for i in 0..a.len() {
        if partner[i].is_none() {
            partner[i] = (0..b.len())
                .filter(|j| !partner.contains(&Some(*j)) && likeness(i, *j) > 0)
                .max_by_key(|j| (likeness(i, *j), usize::MAX - j));
        }
    }
    // Between two anchors, what is left pairs up by order if it is given to the same name and there is
    // as much of it on both sides; otherwise a guess could run the wrong code.
    anchors.push((a.len(), b.len()));
    let (mut from_a, mut from_b) = (0, 0);
    for (to_a, to_b) in anchors {
        let left: Vec<usize> = (from_a..to_a).filter(|i| partner[*i].is_none()).collect();
        let free: Vec<usize> = (from_b..to_b).filter(|j| !partner.contains(&Some(*j))).collect();
        for i in &left {
            let olds: Vec<_> = left.iter().filter(|k| a[**k].role == a[*i].role).collect();
            let news: Vec<_> = free.iter().filter(|j| b[**j].role == a[*i].role).collect();
            if olds.len() == news.len() {
                partner[*i] = olds.iter().position(|k| *k == i).map(|n| *news[n]);
            }
        }
        (from_a, from_b) = (to_a + 1, to_b + 1);
    }
    partner
}

/// One name of an earlier generation.
#[derive(Clone)]
struct Remembered {
    /// The generation in which it became an old name.
    since: u64,
    /// Today's closure.
    now: Closure,
    /// The variables that a closure of the old name has captured.
    captures: Vec<ImmutableString>,
}

/// The names of closures that live on, each with today's closure.
#[derive(Clone, Default)]
pub(crate) struct Names {
    /// Today's closures.
    current: BTreeMap<ImmutableString, Closure>,
    /// Names from earlier generations that mean something else today, or nothing.
    old: BTreeMap<ImmutableString, Remembered>,
}

impl Names {
    /// The names of generation `generation`: follows every remembered name through `fate`, which is
    /// `align(old, new)`, and remembers the names of `old`. Forgets what has been remembered for
    /// [`KEEP_GENERATIONS`] and what became an orphan. The first generation has no `old`.
    pub(crate) fn next(
        &self,
        generation: u64,
        fate: &BTreeMap<ImmutableString, Fate>,
        old: &[Closure],
        new: &[Closure],
    ) -> Names {
        let current: BTreeMap<_, _> = new.iter().map(|c| (c.name.clone(), c.clone())).collect();
        let earlier = self
            .old
            .iter()
            .filter(|(_, r)| generation.saturating_sub(r.since) < KEEP_GENERATIONS)
            .map(|(name, r)| (name, &r.now.name, r.since, r.captures.as_slice()));
        let latest = old.iter().map(|c| (&c.name, &c.name, generation, c.captures()));
        let mut old = BTreeMap::new();
        for (name, before, since, captures) in earlier.chain(latest) {
            // The same text at the same place as back then has the same name again.
            if current.contains_key(name) {
                continue;
            }
            let heir = fate.get(before).and_then(Fate::heir);
            let Some(now) = heir.and_then(|n| current.get(n)) else {
                continue;
            };
            if now.runs_with(captures) {
                let (now, captures) = (now.clone(), captures.to_vec());
                old.insert(name.clone(), Remembered { since, now, captures });
            }
        }
        Names { current, old }
    }

    /// Closures that were left behind in an older generation follow again if the text has their partner
    /// again. `older` are the names of that generation, and `fate` pairs its closures with today's.
    pub(crate) fn rejoin(
        &mut self,
        generation: u64,
        fate: &BTreeMap<ImmutableString, Fate>,
        older: &Names,
    ) {
        let own = older.current.values().map(|c| (&c.name, &c.name, generation, c.captures()));
        // They are no younger for it: names would never be forgotten while each generation leaves something behind.
        let earlier = older
            .old
            .iter()
            .filter(|(_, r)| generation.saturating_sub(r.since) < KEEP_GENERATIONS)
            .map(|(name, r)| (name, &r.now.name, r.since, r.captures.as_slice()));
        for (name, before, since, captures) in own.chain(earlier) {
            if self.current(name).is_some() {
                continue;
            }
            let heir = fate.get(before).and_then(Fate::heir);
            if let Some(now) = heir.and_then(|n| self.current.get(n))
                && now.runs_with(captures)
            {
                let (now, captures) = (now.clone(), captures.to_vec());
                self.old.insert(name.clone(), Remembered { since, now, captures });
            }
        }
    }

    /// Today's name of a closure that has, or had in an earlier generation, the name `name`. `None`: it
    /// is an orphan, forgotten or unknown.
    pub(crate) fn current(&self, name: &str) -> Option<&ImmutableString> {
        match self.current.get_key_value(name) {
            Some((name, _)) => Some(name),
            None => self.old.get(name).map(|r| &r.now.name),
        }
    }

    /// All names that mean something.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ImmutableString> {
        self.current.keys().chain(self.old.keys())
    }

    /// Where the closure that has, or had, this name begins.
    pub(crate) fn place(&self, name: &str) -> Option<Place> {
        let current = self.current.get(name);
        current.or_else(|| self.old.get(name).map(|r| &r.now)).map(|c| c.start)
    }

    /// A copy of the program's function library in which each remembered name stands for its current
    /// body. It has to become `global.lib[0]`: a closure looks nowhere else.
    pub(crate) fn library(&self, ast: &AST) -> Shared<Module> {
        if self.old.is_empty() {
            return tree::library(ast).clone();
        }
        let mut library = (**tree::library(ast)).clone();
        for (name, r) in &self.old {
            // The alias takes what the old closure brings along. Bodies find captured variables by
            // name and their own parameters from the end, so the difference does not disturb them.
            let mut def = (*r.now.def).clone();
            def.name = name.clone();
            def.params = r.captures.iter().chain(r.now.own()).cloned().collect();
            library.set_script_fn(def);
        }
        library.into()
    }

    /// The same callback under its current name, captured values kept: for slots that the host can
    /// reach, so that their old names may be forgotten. `global` gives the cell of a top-level variable
    /// that the body uses and the callback has not captured, or that `is_anew` and has to be captured
    /// again. `None`: see [`Names::current`].
    pub(crate) fn rebind(
        &self,
        f: &FnPtr,
        global: &dyn Fn(&str) -> Option<Dynamic>,
        is_anew: &dyn Fn(&str) -> bool,
    ) -> Option<FnPtr> {
        let mut rebound = self.rename(f, global, is_anew)?;
        for held in rebound.iter_curry_mut().filter(|held| !held.is_shared()) {
            let inner = held.read_lock::<FnPtr>().and_then(|f| self.rebind(&f, global, is_anew));
            if let Some(inner) = inner {
                *held = inner.into();
            }
        }
        Some(rebound)
    }

    /// The same callback as the closure `heir`, if its own name is that of another closure now.
    pub(crate) fn moved(&self, f: &FnPtr, heir: &str) -> Option<FnPtr> {
        let (other, now) = (self.current.get(f.fn_name())?, self.current.get(heir)?);
        (other.captures() == now.captures()).then(|| {
            let mut moved = FnPtr::from(now.def.clone());
            moved.set_curry(f.curry().iter().cloned());
            moved
        })
    }

    fn rename(
        &self,
        f: &FnPtr,
        global: &dyn Fn(&str) -> Option<Dynamic>,
        is_anew: &dyn Fn(&str) -> bool,
    ) -> Option<FnPtr> {
        let name = f.fn_name();
        // Named functions are looked up by their names anyway.
        if !name.starts_with(ANONYMOUS) {
            return Some(f.clone());
        }
        let (now, captures) = match self.current.get(name) {
            Some(now) => (now, now.captures()),
            None => self.old.get(name).map(|r| (&r.now, r.captures.as_slice()))?,
        };
        let (held, extra) = f.curry().split_at_checked(captures.len())?;
        let value = |(name, is_global): (&ImmutableString, &bool)| {
            let held = captures.iter().position(|c| c == name).map(|i| held[i].clone());
            match held {
                // A reference was captured as a copy.
                Some(held) if *is_global && is_anew(name) => match global(name) {
                    Some(cell) if held.is_shared() => Some(cell),
                    Some(cell) => Some(cell.flatten()),
                    None => Some(held),
                },
                Some(held) => Some(held),
                None => global(name),
            }
        };
        let wanted = now.captures().iter().zip(&now.global);
        let Some(values) = wanted.map(value).collect::<Option<Vec<_>>>() else {
            return Some(f.clone()); // still runs, by its alias
        };
        // `FnPtr::new` refuses the names of closures.
        let mut renamed = FnPtr::from(now.def.clone());
        renamed.set_curry(values.into_iter().chain(extra.iter().cloned()));
        Some(renamed)
    }
}

/// For a callback that is *replaced* at a reload: takes over what the old closure has captured. A
/// captured variable of an enclosing function or block keeps its old value if its initialiser says what
/// it said before, which `is_same` tells of the tokens of both. Variables of the top level are left alone (their cells are shared between generations), and
/// so are parameters: they are what the new call says.
pub(crate) fn carry_captures(
    old: &FnPtr,
    old_closure: &Closure,
    new: &FnPtr,
    new_closure: &Closure,
    is_same: &dyn Fn(Range<usize>, Range<usize>) -> bool,
) -> FnPtr {
    let mut carried = new.clone();
    let names = new_closure.captures().iter().zip(&new_closure.initialisers);
    for (value, (name, initialiser)) in carried.iter_curry_mut().zip(names) {
        let same = |i: &usize| {
            let both = old_closure.initialisers[*i].clone().zip(initialiser.clone());
            old_closure.captures()[*i] == *name
                && both.is_some_and(|(before, now)| is_same(before, now))
        };
        let held = (0..old_closure.captured).find(same);
        if let Some(held) = held.and_then(|i| old.curry().get(i)) {
            *value = held.clone();
        }
    }
    carried
}

/// Callbacks that were made together share their variables, so what [`carry_captures`] exchanged in
/// one has to be exchanged in all: also in those that are new and have no predecessor to take it from.
/// `carried` holds the callbacks before and after.
pub(crate) fn share_carried(f: &FnPtr, carried: &[(FnPtr, FnPtr)]) -> FnPtr {
    let mut shared = f.clone();
    for value in shared.iter_curry_mut() {
        let exchanged = carried
            .iter()
            .flat_map(|(before, after)| before.curry().iter().zip(after.curry()))
            .find(|(before, after)| same_cell(value, before) && !same_cell(before, after));
        if let Some((_, after)) = exchanged {
            *value = after.clone();
        }
    }
    shared
}

/// Are these the same shared variable?
fn same_cell(a: &Dynamic, b: &Dynamic) -> bool {
    if !a.is_shared() || !b.is_shared() {
        return false;
    }
    // Reading a `Dynamic` out of a cell gives a reference to the cell's inside. A locked cell gives
    // nothing: it belongs to a handler that waits, so it is not one of those just made.
    match (a.read_lock::<Dynamic>(), b.read_lock::<Dynamic>()) {
        (Some(a), Some(b)) => std::ptr::eq(&raw const *a, &raw const *b),
        _ => false,
    }
}

#[cfg(test)]
#[path = "relink_tests.rs"]
mod tests;
