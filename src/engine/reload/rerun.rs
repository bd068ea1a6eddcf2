//! Code that runs again in each generation, on values that live on: what one of its statements has done to a property, a map
//! or an array is not done again as long as the statement says the same, and goes when the statement has gone.

use crate::engine::{
    compile::modules::Unit,
    internals::positions::{Place, place},
    program::Program,
    reload::{
        changes::Changes,
        fillings::{Inventory, Journal},
        meaning::Meaning,
        record::{Deed, Ending, Record, Setting},
    },
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{Dynamic, ImmutableString, Position, Token};
use std::{
    cell::{Cell, RefCell},
    mem,
    ops::Range,
    rc::Rc,
};

/// The run that goes on.
struct Run {
    tag: u64,
    program: Rc<Program>,
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
    /// The tag of the code that runs now, if it is noted; else 0.
    static NOTED: Cell<u64> = const { Cell::new(0) };
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// The next body that is called with this tag runs again what ran `before`.
pub(crate) fn begin(tag: u64, program: &Rc<Program>, before: Rc<Record>) {
    let (program, now, changes) = (program.clone(), Record::default(), Changes::default());
    let (unit, ranges, body) = (None, Vec::new(), Vec::new());
    let run = Run { tag, program, before, now, changes, unit, ranges, body, at: 0 };
    drop(RUN.replace(Some(run)));
}

/// The code that runs from now on is noted if there is a tag. Gives what was so before.
pub(in crate::engine) fn note(tag: u64) -> u64 {
    NOTED.replace(tag)
}

/// Is what the running code does noted?
#[inline(always)]
pub(crate) fn is_noting() -> bool {
    NOTED.get() > 0
}

fn with<T>(f: impl FnOnce(&mut Run) -> T) -> Option<T> {
    let tag = NOTED.get();
    RUN.with_borrow_mut(|run| run.as_mut().filter(|run| run.tag == tag).map(f))
}

/// Is the body that is called now the one whose statements are told apart?
#[inline(always)]
pub(in crate::engine) fn begins() -> bool {
    is_noting() && with(|run| run.unit.is_none()) == Some(true)
}

/// The statements of that body.
pub(in crate::engine) fn body(unit: &Rc<Unit>, ranges: Vec<Range<usize>>) {
    with(|run| {
        let modules = run.program.modules.clone();
        run.body = ranges.iter().map(|range| modules.meaning(unit, range.clone())).collect();
        run.ranges = ranges;
        run.unit = Some(unit.clone());
    });
}

/// The statement of this number runs now.
pub(in crate::engine) fn statement(at: usize) {
    with(|run| run.at = at);
}

impl Run {
    fn is_of(&self, by: &Meaning) -> bool {
        let now = self.body.get(self.at);
        !self.program.is_fresh && now.is_some_and(|now| self.program.continues(now, by))
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
        let Some(unit) = self.program.modules.unit(file) else { return false };
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

    /// How many statements of the body say that, whether they ran or not?
    fn standing(&self, by: &Meaning) -> usize {
        self.body.iter().filter(|now| self.program.continues(now, by)).count()
    }
}

/// Is an entry of a map left as it is?
pub(in crate::engine) fn skips_entry(map: &RefMap, key: &ImmutableString) -> bool {
    let place = (map.address(), key.clone());
    let skips = with(|run| {
        run.now.maps.entry(place.0).or_insert_with(|| map.downgrade());
        let known = run.before.entries.get(&place).into_iter().flatten();
        let known = known.into_iter().find(|deed| run.is_of(&deed.by)).cloned();
        let done = run.now.entries.get(&place).into_iter().flatten();
        // Behind one that has set it anew, it is set anew.
        let skips = known.is_some() && done.into_iter().all(|deed| deed.is_kept);
        let values = known.filter(|_| skips).map_or_else(Vec::new, |deed| deed.values);
        let deed = Deed { by: run.running(), values, is_kept: skips };
        let deeds = run.now.entries.entry(place).or_default();
        deeds.retain(|other| !other.by.is(&deed.by));
        deeds.push(deed);
        skips
    });
    skips.unwrap_or(false)
}

/// Does an array stay as it is?
pub(in crate::engine) fn skips_array(array: &RefArray) -> bool {
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

/// Values were added to an array.
pub(in crate::engine) fn note_added(array: &RefArray, values: &[Dynamic]) {
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

/// Is a property of what has this address left as it is? `lives`: it has a value that is state, and would be given one.
pub(crate) fn skips_property(
    holder: usize,
    name: &ImmutableString,
    (file, at): (&str, Position),
    lives: bool,
) -> bool {
    let place = (holder, name.clone());
    let skips = with(|run| {
        let text = run.program.meaning_at(file, at);
        let known = run.before.properties.get(&place);
        let is_same = known.is_some_and(|known| {
            run.program.continues(&text, &known.text)
                && (run.is_inside(file, at) || run.is_of(&known.by))
                && run.initialises(file, at, name)
        });
        let is_first = !run.now.properties.contains_key(&place);
        let skips = is_first && is_same && lives && !run.program.is_fresh;
        let list = match (skips, known.is_some()) {
            (true, _) => Some(&mut run.changes.kept),
            (false, true) if is_first && lives => Some(&mut run.changes.reset),
            _ => None,
        };
        list.into_iter().for_each(|list| list.push(name.to_string()));
        let by = run.running();
        run.now.properties.insert(place, Setting { by, text });
        skips
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
        program: &run.program,
        before: &run.before,
        now: &mut now,
        changes: &mut changes,
        standing: &|by| if failed { usize::MAX } else { run.standing(by) },
    };
    ending.note_values(holds);
    ending.tell_of_new();
    ending.properties(clear);
    ending.entries();
    ending.arrays();
    Some((now, changes))
}
