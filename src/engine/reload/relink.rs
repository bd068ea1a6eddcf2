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
//!
//! # Old closure names are aliases
//!
//! Rhai names closures by a hash of text and position, so every edit renames them. The new program's library has
//! each old name once more, with the new body; callbacks stored anywhere run new code.

use crate::engine::{
    compile::closures::Closure,
    hash::Fast,
    internals::{ANONYMOUS, positions::Place, tree},
};
use rhai::{AST, Dynamic, FnPtr, ImmutableString, Module, Shared};
use std::{collections::HashMap, ops::Range, rc::Rc};

/// How many generations a name is remembered. An alias costs a copy of a body (a few KiB), and whether
/// somebody still holds the name cannot be known without looking at every value. The slots of the host
/// are renamed with [`Names::rebind`] at every reload, all other values every [`RENAME_GENERATIONS`].
pub(crate) const KEEP_GENERATIONS: u64 = 16;

/// After how many generations every value is looked at, so that no living closure has a name that is
/// about to be forgotten. Fixed: half of that time, as a handler may be holding one meanwhile.
pub(crate) const RENAME_GENERATIONS: u64 = KEEP_GENERATIONS / 2;

/// What is known of closures by their names.
pub(crate) type ByName<T> = HashMap<ImmutableString, T, Fast>;

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

/// Closures by the function or closure around them.
fn by_parent(closures: &[Rc<Closure>]) -> HashMap<&str, Vec<&Closure>> {
    let mut found: HashMap<&str, Vec<&Closure>> = HashMap::new();
    for closure in closures {
        found.entry(closure.parent.as_str()).or_default().push(closure);
    }
    found
}

/// Pairs the closures of two versions of one file, function by function from the outside in.
pub(crate) fn align(old: &[Rc<Closure>], new: &[Rc<Closure>]) -> ByName<Fate> {
    let mut fate = ByName::default();
    let (olds, news) = (by_parent(old), by_parent(new));
    let functions = olds.keys().filter(|parent| !parent.starts_with(ANONYMOUS));
    let mut todo: Vec<(&str, &str)> = functions.map(|parent| (*parent, *parent)).collect();
    while let Some((before, after)) = todo.pop() {
        let a = olds.get(before).map_or(&[][..], Vec::as_slice);
        let b = news.get(after).map_or(&[][..], Vec::as_slice);
        for (c, partner) in a.iter().zip(pair(a, b)) {
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

/// What stands in front of a closure, and what it says.
type Look = (Option<u64>, u64);

/// How alike the closures of two lists are.
struct Likeness<'a> {
    a: &'a [&'a Closure],
    b: &'a [&'a Closure],
    /// For each of `a` the one of `b` that it is whatever else there is: alone in saying the same in front of it and in
    /// itself, it is the same wherever it has moved.
    twin: Vec<Option<usize>>,
    /// Which of `b` are that of one of `a`.
    is_twin: Vec<bool>,
    /// For each of `a`, are there as many places in `b` that read like its own? Of several, one may have gone: then only
    /// the text tells which.
    has_places: Vec<bool>,
}

impl<'a> Likeness<'a> {
    fn new(a: &'a [&'a Closure], b: &'a [&'a Closure]) -> Self {
        let count = |list: &[&Closure]| {
            let (mut places, mut looks) = (HashMap::new(), HashMap::<Look, (usize, usize)>::new());
            for (at, c) in list.iter().enumerate() {
                *places.entry(c.slot).or_insert(0_usize) += 1;
                looks.entry((c.slot, c.text)).or_insert((0, at)).0 += 1;
            }
            (places, looks)
        };
        let ((places, looks), (other_places, other_looks)) = (count(a), count(b));
        let twin = |c: &&Closure| {
            let look = (c.slot, c.text);
            match (c.slot.and(looks.get(&look))?, other_looks.get(&look)?) {
                ((1, _), (1, at)) => Some(*at),
                _ => None,
            }
        };
        let twin: Vec<Option<usize>> = a.iter().map(twin).collect();
        let mut is_twin = vec![false; b.len()];
        twin.iter().flatten().for_each(|at| is_twin[*at] = true);
        let has_places = a.iter().map(|c| places.get(&c.slot) == other_places.get(&c.slot));
        Self { a, b, has_places: has_places.collect(), twin, is_twin }
    }

    fn of(&self, i: usize, j: usize) -> usize {
        let (a, b) = (self.a[i], self.b[j]);
        if self.twin[i] != Some(j) && (self.twin[i].is_some() || self.is_twin[j]) {
            return 0;
        }
        let slot = a.slot == b.slot && a.slot.is_some() && self.has_places[i];
        usize::from(a.text == b.text) * 4 + usize::from(slot) * 3
    }

    /// How many twins, which stay in their order, both lists begin with, and end with behind those.
    fn common(&self) -> (usize, usize) {
        let (a, b) = (self.a.len(), self.b.len());
        let most = a.min(b);
        let first = (0..most).take_while(|i| self.twin[*i] == Some(*i)).count();
        let last = (1..=most - first).take_while(|n| self.twin[a - n] == Some(b - n)).count();
        (first, last)
    }
}

/// For each closure of `a` its partner in `b`, both from corresponding functions and in source order.
fn pair(a: &[&Closure], b: &[&Closure]) -> Vec<Option<usize>> {
    let alike = Likeness::new(a, b);
    let likeness = |i: usize, j: usize| alike.of(i, j);
    // Most edits leave most closures as they were: only what lies between is weighed.
    let (first, last) = alike.common();
    let mut partner: Vec<Option<usize>> = vec![None; a.len()];
    let mut anchors: Vec<(usize, usize)> = (0..first).map(|at| (at, at)).collect();
    let (to_a, to_b) = (a.len() - last, b.len() - last);
    // The order-preserving pairing that is most alike (a longest common subsequence with weights).
    let mut best = vec![vec![0; to_b - first + 1]; to_a - first + 1];
    for i in (first..to_a).rev() {
        for j in (first..to_b).rev() {
            let (row, column) = (i - first, j - first);
            let both = match likeness(i, j) {
                0 => 0,
                n => n + best[row + 1][column + 1],
            };
            best[row][column] = both.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    let (mut i, mut j) = (first, first);
    while i < to_a && j < to_b {
        let (row, column) = (i - first, j - first);
        let n = likeness(i, j);
        if n > 0 && best[row][column] == n + best[row + 1][column + 1] {
            anchors.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[row][column] == best[row + 1][column] {
            i += 1;
        } else {
            j += 1;
        }
    }
    anchors.extend((0..last).map(|at| (to_a + at, to_b + at)));
    let mut is_taken = vec![false; b.len()];
    for (i, j) in &anchors {
        partner[*i] = Some(*j);
        is_taken[*j] = true;
    }
    // What was moved past others.
    for (i, partner) in partner.iter_mut().enumerate().filter(|(_, known)| known.is_none()) {
        *partner = (first..to_b)
            .filter(|j| !is_taken[*j] && likeness(i, *j) > 0)
            .max_by_key(|j| (likeness(i, *j), usize::MAX - j));
        partner.iter().for_each(|j| is_taken[*j] = true);
    }
    // Between two anchors, what is left pairs up by order if it is given to the same name and there is
    // as much of it on both sides; otherwise a guess could run the wrong code.
    anchors.push((a.len(), b.len()));
    let (mut from_a, mut from_b) = (0, 0);
    for (to_a, to_b) in anchors {
        let left: Vec<usize> = (from_a..to_a).filter(|i| partner[*i].is_none()).collect();
        let free: Vec<usize> = (from_b..to_b).filter(|j| !is_taken[*j]).collect();
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
    now: Rc<Closure>,
    /// The variables that a closure of the old name has captured.
    captures: Rc<[ImmutableString]>,
}

/// The names of closures that live on, each with today's closure.
#[derive(Clone, Default)]
pub(crate) struct Names {
    /// Today's closures.
    current: ByName<Rc<Closure>>,
    /// Names from earlier generations that mean something else today, or nothing.
    old: ByName<Remembered>,
    /// Names that living values hold of closures which go on, but that another closure has now, because it says the same
    /// and stands where that one stood.
    taken: ByName<Remembered>,
}

impl Names {
    /// The names of generation `generation`: follows every remembered name through `fate`, which is
    /// `align(old, new)`, and remembers the names of `old`. Forgets what has been remembered for
    /// [`KEEP_GENERATIONS`] and what became an orphan. The first generation has no `old`.
    pub(crate) fn next(
        &self,
        generation: u64,
        fate: &ByName<Fate>,
        old: &[Rc<Closure>],
        new: &[Rc<Closure>],
    ) -> Names {
        let current: ByName<_> = new.iter().map(|c| (c.name.clone(), c.clone())).collect();
        let earlier = self
            .old
            .iter()
            .filter(|(_, r)| generation.saturating_sub(r.since) < KEEP_GENERATIONS)
            .map(|(name, r)| (name, &r.now.name, r.since, r.captures.clone()));
        let latest = old.iter().map(|c| (&c.name, &c.name, generation, c.captures().into()));
        let mut old = ByName::with_capacity_and_hasher(self.old.len() + old.len(), Fast::default());
        let mut taken = ByName::default();
        for (name, before, since, captures) in earlier.chain(latest) {
            let heir = fate.get(before).and_then(Fate::heir);
            let Some(now) = heir.and_then(|n| current.get(n)) else {
                continue;
            };
            // The same text at the same place as back then has the same name again.
            let has_name_again = now.name == *name;
            if !has_name_again && now.runs_with(&captures) {
                let names = if current.contains_key(name) { &mut taken } else { &mut old };
                names.insert(name.clone(), Remembered { since, now: now.clone(), captures });
            }
        }
        Names { current, old, taken }
    }

    /// Closures that were left behind in an older generation follow again if the text has their partner
    /// again. `older` are the names of that generation, and `fate` pairs its closures with today's.
    pub(crate) fn rejoin(&mut self, generation: u64, fate: &ByName<Fate>, older: &Names) {
        let own =
            older.current.values().map(|c| (&c.name, &c.name, generation, c.captures().into()));
        // They are no younger for it: names would never be forgotten while each generation leaves something behind.
        let earlier = older
            .old
            .iter()
            .filter(|(_, r)| generation.saturating_sub(r.since) < KEEP_GENERATIONS)
            .map(|(name, r)| (name, &r.now.name, r.since, r.captures.clone()));
        for (name, before, since, captures) in own.chain(earlier) {
            if self.current(name).is_some() {
                continue;
            }
            let heir = fate.get(before).and_then(Fate::heir);
            if let Some(now) = heir.and_then(|n| self.current.get(n))
                && now.runs_with(&captures)
            {
                let now = now.clone();
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

    /// Has another closure now the name that living values hold of one which goes on?
    pub(crate) fn has_taken(&self) -> bool {
        !self.taken.is_empty()
    }

    /// A callback that lived before this generation, by the name that its closure has now, if its own name is another's.
    pub(crate) fn give_back(
        &self,
        f: &FnPtr,
        global: &dyn Fn(&str) -> Option<Dynamic>,
        is_anew: &dyn Fn(&str) -> bool,
    ) -> Option<FnPtr> {
        let Remembered { now, captures, .. } = self.taken.get(f.fn_name())?;
        Self::rename_to(f, now, captures, global, is_anew)
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
            None => self.old.get(name).map(|r| (&r.now, &*r.captures))?,
        };
        Self::rename_to(f, now, captures, global, is_anew)
    }

    /// A callback with these captures as one of the closure `now`.
    fn rename_to(
        f: &FnPtr,
        now: &Closure,
        captures: &[ImmutableString],
        global: &dyn Fn(&str) -> Option<Dynamic>,
        is_anew: &dyn Fn(&str) -> bool,
    ) -> Option<FnPtr> {
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
pub(crate) fn carry_over(
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

/// Callbacks that were made together share their variables, so what [`carry_over`] exchanged in
/// one has to be exchanged in all: also in those that are new and have no predecessor to take it from.
/// `carried` holds the callbacks before and after.
pub(crate) fn carry_over_shared(f: &FnPtr, carried: &[(FnPtr, FnPtr)]) -> FnPtr {
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
