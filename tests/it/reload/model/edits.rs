//! Scripts by chance, and edits of them.

use super::{
    chance::Chance,
    script::{LIBRARY, Line, Made, Part, Place, Script, Sum},
};
use std::collections::BTreeMap;

/// Most lines of the top level, and of `on_worker_start`: what reads better, and is edited more often.
const MAX_LINES: usize = 22;

const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn number(chance: &mut Chance) -> Part {
    // Some are the same as others.
    let most = if chance.once_in(3) { 4 } else { 1000 };
    Part::Number(1 + chance.below(most) as i64)
}

/// Which names a sum may have.
struct Names {
    constants: Vec<usize>,
    functions: Vec<usize>,
    variables: Vec<usize>,
}

impl Names {
    fn of(script: &Script) -> Self {
        let variables =
            script.kinds().into_iter().filter_map(|(place, made)| match (place, made) {
                (Place::Variable(n), Made::Sum(_)) => Some(n),
                _ => None,
            });
        Self {
            variables: variables.collect(),
            constants: script.constants.keys().copied().collect(),
            functions: script.functions.keys().copied().collect(),
        }
    }

    /// What a constant or function of that number may name.
    fn below(script: &Script, n: usize) -> Self {
        let mut names = Self::of(script);
        let fits = |other: &usize| *other < n && (n < LIBRARY || *other >= LIBRARY);
        names.constants.retain(fits);
        names.functions.retain(fits);
        names.variables.retain(|_| n < LIBRARY);
        names
    }

    fn sum(&self, chance: &mut Chance) -> Sum {
        let part = |chance: &mut Chance| {
            let part = match chance.below(5) {
                0 => chance.one_of(&self.constants).map(|n| Part::Constant(*n)),
                1 => chance.one_of(&self.functions).map(|n| Part::Function(*n)),
                2 => chance.one_of(&self.variables).map(|n| Part::Variable(*n)),
                _ => None,
            };
            part.unwrap_or_else(|| number(chance))
        };
        (0..1 + chance.below(2)).map(|_| part(chance)).collect()
    }

    fn made(&self, chance: &mut Chance) -> Made {
        match chance.below(4) {
            0 => {
                let count = chance.below(3);
                Made::Map(KEYS[..count].iter().map(|k| ((*k).into(), self.sum(chance))).collect())
            }
            1 => Made::List((0..chance.below(3)).map(|_| self.sum(chance)).collect()),
            _ => Made::Sum(self.sum(chance)),
        }
    }
}

/// A script that does a little of everything.
pub fn script(chance: &mut Chance) -> Script {
    let one = || vec![Part::Number(1)];
    let pair = || [one(), one()];
    let mut script = Script {
        constants: BTreeMap::from([(0, one()), (LIBRARY, one())]),
        functions: BTreeMap::from([(0, one()), (LIBRARY, one())]),
        lines: vec![Line::Set(Place::Variable(0), Made::Sum(one()))],
        start: Vec::new(),
        inner: pair(),
        held: pair(),
        counted: pair(),
        installed: pair(),
        made: one(),
        filler: 0,
        comments: 0,
        flaw: None,
    };
    for _ in 0..60 {
        let mut longer = script.clone();
        let (names, in_start) = (Names::of(&script), chance.once_in(2));
        if add_line(&mut longer, &names, in_start, chance).is_some() && longer.is_valid() {
            script = longer;
        }
    }
    for _ in 0..20 {
        edit(&mut script, chance);
    }
    script
}

/// One edit after which the script is fit to run.
pub fn edit(script: &mut Script, chance: &mut Chance) {
    for _ in 0..50 {
        let mut edited = script.clone();
        if try_edit(&mut edited, chance).is_some() && edited.is_valid() {
            *script = edited;
            return;
        }
    }
}

fn try_edit(script: &mut Script, chance: &mut Chance) -> Option<()> {
    let names = Names::of(script);
    let in_start = chance.once_in(3);
    match chance.below(14) {
        0 | 1 => {
            let known = names.constants;
            let n =
                if chance.once_in(3) { another(&known, chance) } else { *chance.one_of(&known)? };
            let mut names = Names::below(script, n);
            // They are written in front of everything.
            (names.functions, names.variables) = (Vec::new(), Vec::new());
            script.constants.insert(n, names.sum(chance));
        }
        2 | 3 => {
            let known = names.functions;
            let n =
                if chance.once_in(3) { another(&known, chance) } else { *chance.one_of(&known)? };
            script.functions.insert(n, Names::below(script, n).sum(chance));
        }
        4..=6 => add_line(script, &names, in_start, chance)?,
        7 => {
            let lines = lines(script, in_start);
            let at = chance.below(lines.len());
            (!lines.is_empty()).then(|| lines.remove(at))?;
        }
        8 | 9 => {
            let lines = lines(script, in_start);
            let at = chance.below(lines.len());
            edit_line(lines.get_mut(at)?, &names, chance)?;
        }
        10 => {
            let lines = lines(script, in_start);
            let (a, b) = (chance.below(lines.len()), chance.below(lines.len()));
            (lines.len() > a.max(b)).then(|| lines.swap(a, b))?;
        }
        11 => script.comments += 1,
        12 if chance.once_in(3) => script.filler += 1,
        _ => {
            let which = chance.below(2);
            let sum = match chance.below(5) {
                0 => &mut script.inner[which],
                1 => &mut script.held[which],
                2 => &mut script.counted[which],
                3 => &mut script.installed[which],
                _ => &mut script.made,
            };
            *sum = names.sum(chance);
        }
    }
    Some(())
}

/// A number that nothing has.
fn another(known: &[usize], chance: &mut Chance) -> usize {
    let from = if chance.once_in(3) { LIBRARY } else { 0 };
    (from..).find(|n| !known.contains(n)).unwrap_or(from)
}

fn lines(script: &mut Script, in_start: bool) -> &mut Vec<Line> {
    if in_start { &mut script.start } else { &mut script.lines }
}

fn add_line(script: &mut Script, names: &Names, in_start: bool, chance: &mut Chance) -> Option<()> {
    let kinds = script.kinds();
    let is_here = |place: &Place| matches!(place, Place::Start(_)) == in_start;
    let of_kind = |is_it: fn(&Made) -> bool| -> Vec<Place> {
        let all = kinds.iter().filter(|(place, made)| is_here(place) && is_it(made));
        all.map(|(place, _)| *place).collect()
    };
    let (maps, lists) = (
        of_kind(|made| matches!(made, Made::Map(_))),
        of_kind(|made| matches!(made, Made::List(_))),
    );
    // Names are never used twice, so that an edit back is the only way to have one again.
    let new = 1 + chance.below(1_000_000);
    // A property that a line of a start sets already.
    let numbers: Vec<Place> = of_kind(|made| matches!(made, Made::Sum(_)));
    let line = match chance.below(10) {
        9 if in_start => Line::Set(*chance.one_of(&numbers)?, Made::Sum(names.sum(chance))),
        0 | 1 if in_start => Line::Set(Place::Start(new), names.made(chance)),
        0 => Line::Set(Place::Variable(new), names.made(chance)),
        1 => Line::Set(Place::Property(new), names.made(chance)),
        2 | 3 => {
            let key = (*chance.one_of(&KEYS)?).to_owned();
            Line::Entry(*chance.one_of(&maps)?, key, names.made(chance), chance.once_in(2))
        }
        4 | 5 => Line::Push(*chance.one_of(&lists)?, names.sum(chance), chance.once_in(2)),
        6 => Line::Timer(new, 3600 + chance.below(3), names.sum(chance)),
        7 if !in_start => Line::Hook(new, names.sum(chance)),
        8 if !in_start => Line::Assign(*chance.one_of(&names.variables)?, names.sum(chance)),
        _ => return None,
    };
    let lines = lines(script, in_start);
    let at = lines.len() - chance.below(lines.len().min(4) + 1);
    (lines.len() < MAX_LINES).then(|| lines.insert(at, line))
}

fn edit_line(line: &mut Line, names: &Names, chance: &mut Chance) -> Option<()> {
    match line {
        Line::Entry(.., by_call) | Line::Push(.., by_call) if chance.once_in(4) => {
            *by_call = !*by_call;
        }
        Line::Timer(_, every, _) if chance.once_in(2) => *every = 3600 + chance.below(3),
        Line::Entry(_, key, ..) if chance.once_in(4) => {
            *key = (*chance.one_of(&KEYS)?).to_owned();
        }
        Line::Set(_, made) | Line::Entry(_, _, made, _) if chance.once_in(3) => {
            *made = names.made(chance);
        }
        line => {
            let mut sums = line.sums_mut();
            let at = chance.below(sums.len());
            **sums.get_mut(at)? = names.sum(chance);
        }
    }
    Some(())
}
