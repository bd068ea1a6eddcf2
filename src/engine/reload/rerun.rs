//! Code that runs again in each generation, on values that live on: what one of its statements has done to a property, a map
//! or an array is not done again as long as the statement says the same, and goes when the statement has gone.

use crate::engine::{
    call::noting::noted,
    compile::{meaning::Meaning, modules::Unit},
    internals::positions::{Place, place},
    reload::{
        changes::Changes,
        edition::Edition,
        fillings::Inventory,
        record::{Deed, Ending, Record, Setting},
    },
    values::{
        journal::Journal,
        ref_array::RefArray,
        ref_map::RefMap,
        witness::{self, Witness},
    },
};
use rhai::{Dynamic, ImmutableString, Position, Token};
use std::{cell::RefCell, mem, ops::Range, rc::Rc};

/// The run that goes on.
struct Run {
    tag: u64,
    code: &'static str,
    edition: Rc<Edition>,
    before: Rc<Record>,
    now: Record,
    changes: Changes,
    /// The statements of the body: the file, the tokens of each, and what it says.
    unit: Option<Rc<Unit>>,
    ranges: Vec<Range<usize>>,
    body: Vec<Meaning>,
    /// The one that runs.
    at: usize,
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// The next body that is called with this tag runs again what ran `before`. People call it `code`.
pub(crate) fn begin(tag: u64, code: &'static str, edition: &Rc<Edition>, before: Rc<Record>) {
    let (edition, now, changes) = (edition.clone(), Record::default(), Changes::default());
    let (unit, ranges, body) = (None, Vec::new(), Vec::new());
    let run = Run { tag, code, edition, before, now, changes, unit, ranges, body, at: 0 };
    drop(RUN.replace(Some(run)));
    witness::send(&Rerun);
}

/// Is what the running code does noted?
#[inline(always)]
pub(crate) fn is_noting() -> bool {
    noted() > 0
}

fn with<T>(f: impl FnOnce(&mut Run) -> T) -> Option<T> {
    let tag = noted();
    RUN.with_borrow_mut(|run| run.as_mut().filter(|run| run.tag == tag).map(f))
}

impl Run {
    fn is_of(&self, by: &Meaning) -> bool {
        let now = self.body.get(self.at);
        !self.edition.is_fresh && now.is_some_and(|now| self.edition.continues(now, by))
    }

    fn running(&self) -> Meaning {
        self.body.get(self.at).cloned().unwrap_or_default()
    }

    /// Does a place lie in the statement that runs itself, and not in a function that it calls?
    fn is_inside(&self, file: &str, at: Position) -> bool {
        self.unit.as_ref().is_some_and(|unit| {
            let range = self.ranges.get(self.at);
            unit.file == file && range.is_some_and(|r| r.contains(&unit.tokens.index(place(at))))
        })
    }

    /// Is a property set there to what does not depend on what it was? `w.n += 1` and `w.n = w.n + 1` begin nothing.
    fn initialises(&self, file: &str, at: Position, name: &str) -> bool {
        let Some(unit) = self.edition.modules.unit(file) else { return false };
        let from = unit.tokens.index(place(at));
        let tokens = &unit.tokens.all()[from..unit.tokens.end_of_statement(from)];
        let is_name = |token: &Token| matches!(token, Token::Identifier(n) if n.as_str() == name);
        let Some(target) = tokens.iter().position(|(token, _)| is_name(token)) else {
            return false;
        };
        let rest = &tokens[target + 1..];
        let reads_it = |pair: &[(Token, Place)]| {
            matches!(pair[0].0, Token::Period | Token::Elvis) && is_name(&pair[1].0)
        };
        matches!(rest.first(), Some((Token::Equals, _))) && !rest.windows(2).any(reads_it)
    }

    /// Has what a run of before did last still to come, whether its statement is going to do it again or not? Without it, what
    /// was set before it is what is left.
    fn comes(&self, last: &Meaning) -> bool {
        let left = self.body.get(self.at..).unwrap_or_default();
        left.iter().any(|now| self.edition.continues(now, last))
    }

    /// How many statements of the body say that, whether they ran or not?
    fn standing(&self, by: &Meaning) -> usize {
        self.body.iter().filter(|now| self.edition.continues(now, by)).count()
    }
}

/// Sees to it that the run that goes on does nothing again.
struct Rerun;

impl Witness for Rerun {
    fn begins(&self) -> bool {
        with(|run| run.unit.is_none()) == Some(true)
    }

    fn body(&self, file: &str, starts: &[Place]) {
        with(|run| {
            let modules = run.edition.modules.clone();
            let Some(unit) = modules.unit(file) else { return };
            let next = starts.iter().skip(1).copied().map(Some).chain([None]);
            let ranges = starts.iter().zip(next).map(|(at, next)| unit.tokens.between(*at, next));
            run.ranges = ranges.collect();
            let says = |range: &Range<usize>| modules.meaning(&unit, range.clone());
            run.body = run.ranges.iter().map(says).collect();
            run.unit = Some(unit);
        });
    }

    fn statement(&self, at: usize) {
        with(|run| run.at = at);
    }

    fn skips_entry(&self, map: &RefMap, key: &ImmutableString) -> bool {
        let place = (map.address(), key.clone());
        let skips = with(|run| {
            run.now.maps.entry(place.0).or_insert_with(|| map.downgrade());
            let known = run.before.entries.get(&place).map_or(&[][..], Vec::as_slice);
            let same = known.iter().find(|deed| run.is_of(&deed.by));
            let done = run.now.entries.get(&place).map_or(&[][..], Vec::as_slice);
            // Behind one that has set it anew, it is set anew.
            let is_kept = same.is_some()
                && done.iter().all(|deed| deed.is_kept)
                && known.last().is_some_and(|last| run.comes(&last.by));
            let values = same.filter(|_| is_kept).map_or_else(Vec::new, |deed| deed.values.clone());
            let deed = Deed { by: run.running(), values, is_kept };
            let deeds = run.now.entries.entry(place).or_default();
            deeds.retain(|other| !other.by.is(&deed.by));
            deeds.push(deed);
            is_kept
        });
        skips.unwrap_or(false)
    }

    fn skips_array(&self, array: &RefArray) -> bool {
        let address = array.address();
        let skips = with(|run| {
            run.now.lists.entry(address).or_insert_with(|| array.downgrade());
            let by = run.running();
            let done = run.now.arrays.get(&address).map_or(&[][..], Vec::as_slice);
            // What its first change was, all of a statement's changes are.
            if let Some(deed) = done.iter().find(|deed| deed.by.is(&by)) {
                return deed.is_kept;
            }
            // Of several statements that say the same, each is one of those that said so before.
            let earlier = done.iter().filter(|deed| deed.is_kept && run.is_of(&deed.by)).count();
            let known = run.before.arrays.get(&address).into_iter().flatten();
            let Some(known) = known.filter(|deed| run.is_of(&deed.by)).nth(earlier) else {
                return false;
            };
            let deed = Deed { by, values: known.values.clone(), is_kept: true };
            run.now.arrays.entry(address).or_default().push(deed);
            true
        });
        skips.unwrap_or(false)
    }

    fn note_added(&self, array: &RefArray, values: &[Dynamic]) {
        let journal = Journal::default();
        let mut inventory = Inventory::new(&journal, &|_| Meaning::default());
        let mut values = values.iter().map(|value| inventory.of(value)).collect::<Vec<_>>();
        with(|run| {
            let by = run.running();
            let all = run.now.arrays.entry(array.address()).or_default();
            match all.iter_mut().find(|deed| deed.by.is(&by)) {
                Some(deed) => deed.values.append(&mut values),
                None => all.push(Deed { by, values, is_kept: false }),
            }
        });
    }
}

/// Is a property of what has this address left as it is? `lives`: it has a value that is state, and would be given one.
pub(crate) fn skips_property(
    holder: usize,
    name: &ImmutableString,
    (file, at): (&str, Position),
    lives: bool,
) -> bool {
    let place = (holder, name.clone());
    let skips = with(|run| {
        let text = run.edition.meaning_at(file, at);
        let begins = run.initialises(file, at, name);
        let is_inside = run.is_inside(file, at);
        let says_it = |known: &Setting| {
            run.edition.continues(&text, &known.text) && (is_inside || run.is_of(&known.by))
        };
        let known = run.before.properties.get(&place).map_or(&[][..], Vec::as_slice);
        let done = run.now.properties.get(&place).map_or(&[][..], Vec::as_slice);
        let is_first = done.is_empty();
        // One that adds to what was set before it needs that.
        let stays = known.last().is_some_and(|last| {
            says_it(last) || (last.begins && run.comes(&last.by) && known.iter().any(says_it))
        });
        let is_untouched = done.iter().all(|setting| setting.is_kept);
        let is_kept = stays && begins && lives && is_untouched && !run.edition.is_fresh;
        match is_kept {
            true if is_first => run.changes.kept.push(name.to_string()),
            false if is_untouched && lives && !known.is_empty() => {
                run.changes.kept.retain(|kept| kept != name.as_str());
                run.changes.reset.push(name.to_string());
            }
            _ => (),
        }
        let setting = Setting { by: run.running(), text, begins, is_kept };
        let settings = run.now.properties.entry(place).or_default();
        settings.retain(|other| !other.is(&setting));
        settings.push(setting);
        is_kept
    });
    skips.unwrap_or(false)
}

/// The run with this tag, or any if there is none, is over, if no other one has begun. Gives what it did, for the next one, and
/// what happened to values. `failed` runs leave what they did not come to. `holds` gives the value of a property.
pub(crate) fn end(
    tag: Option<u64>,
    failed: bool,
    holds: impl Fn(usize, &str) -> Dynamic,
    clear: impl Fn(usize, &ImmutableString),
) -> Option<(Record, Changes)> {
    let mut run =
        RUN.with_borrow_mut(|run| run.take_if(|run| tag.is_none_or(|tag| run.tag == tag)))?;
    let (mut now, mut changes) = (mem::take(&mut run.now), mem::take(&mut run.changes));
    let mut ending = Ending {
        edition: &run.edition,
        before: &run.before,
        now: &mut now,
        changes: &mut changes,
        code: run.code,
        standing: &|by| if failed { usize::MAX } else { run.standing(by) },
    };
    ending.note_values(holds);
    ending.tell_of_new();
    ending.properties(clear);
    ending.entries();
    ending.arrays();
    Some((now, changes))
}
