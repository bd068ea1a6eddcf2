//! What a run of a script makes, and what each line says: its own text, and the definition of all that this names.

use super::script::{LIBRARY, Line, Made, Part, Place, Script, Sum, sum_text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a text says: it, and the definitions of what it names, near and far.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    text: String,
    definitions: BTreeMap<Part, String>,
}

/// What a run has put somewhere.
#[derive(Clone, Debug)]
pub enum Put {
    Number(i64),
    Map(BTreeMap<String, Entry>),
    /// Its values, and the lines that have put more into it than it was made with.
    List(Vec<i64>, Vec<Said>),
}

/// An entry, and the line that has put it there unless it came with the map.
#[derive(Clone, Debug)]
pub struct Entry {
    pub by: Option<Said>,
    pub value: Put,
}

impl Put {
    pub fn json(&self) -> Value {
        match self {
            Put::Number(n) => json!(n),
            Put::List(values, _) => json!(values),
            Put::Map(entries) => {
                entries.iter().map(|(key, entry)| (key.clone(), entry.value.json())).collect()
            }
        }
    }
}

impl Script {
    /// What a sum is, where variables have these values. `None`: it names what is not there.
    pub fn value(&self, sum: &Sum, variables: &dyn Fn(usize) -> Option<i64>) -> Option<i64> {
        let part = |part: &Part| match part {
            Part::Number(n) => Some(*n),
            Part::Constant(n) => self.value(self.constants.get(n)?, variables),
            Part::Function(n) => self.value(self.functions.get(n)?, variables),
            Part::Variable(n) => variables(*n),
            Part::Filler => None,
        };
        sum.iter().map(part).sum()
    }

    pub fn put(&self, made: &Made, variables: &dyn Fn(usize) -> Option<i64>) -> Option<Put> {
        let value = |sum: &Sum| self.value(sum, variables);
        Some(match made {
            Made::Sum(sum) => Put::Number(value(sum)?),
            Made::List(sums) => {
                Put::List(sums.iter().map(value).collect::<Option<_>>()?, Vec::new())
            }
            Made::Map(entries) => {
                let entry = |(key, sum): &(String, Sum)| {
                    let value = Put::Number(value(sum)?);
                    Some((key.clone(), Entry { by: None, value }))
                };
                Put::Map(entries.iter().map(entry).collect::<Option<_>>()?)
            }
        })
    }

    /// The text that defines a name, and what that names in turn.
    fn definition(&self, part: Part) -> (String, Vec<Part>) {
        let of = |sum: Option<&Sum>| {
            sum.map_or_else(Default::default, |sum| (sum_text(sum, false), sum.clone()))
        };
        match part {
            Part::Number(_) => Default::default(),
            Part::Filler => (self.filler.to_string(), vec![]),
            Part::Constant(n) => of(self.constants.get(&n)),
            Part::Function(n) => of(self.functions.get(&n)),
            Part::Variable(n) => {
                let (mut text, mut parts) = (String::new(), Vec::new());
                for line in &self.lines {
                    match line {
                        Line::Set(Place::Variable(other), _) | Line::Assign(other, _)
                            if *other == n =>
                        {
                            text += &line.text(false);
                            parts.extend(line.parts());
                        }
                        _ => (),
                    }
                }
                (text, parts)
            }
        }
    }

    fn said(&self, text: String, parts: Vec<Part>) -> Said {
        let (mut definitions, mut todo) = (BTreeMap::new(), parts);
        while let Some(part) = todo.pop() {
            if !matches!(part, Part::Number(_)) && !definitions.contains_key(&part) {
                let (text, parts) = self.definition(part);
                definitions.insert(part, text);
                todo.extend(parts);
            }
        }
        Said { text, definitions }
    }

    pub fn line_says(&self, line: &Line) -> Said {
        self.said(line.text(false), line.parts())
    }

    pub fn sum_says(&self, sum: &Sum) -> Said {
        self.said(sum_text(sum, false), sum.clone())
    }

    /// What the top level makes by itself, as in a first start. Each place with the lines that initialise it. `None`: a line
    /// names what is not there yet.
    pub fn run(&self) -> Option<BTreeMap<Place, (Vec<Said>, Put)>> {
        let mut made: BTreeMap<Place, (Vec<Said>, Put)> = BTreeMap::new();
        for line in &self.lines {
            let number = |n: usize| match made.get(&Place::Variable(n)) {
                Some((_, Put::Number(n))) => Some(*n),
                _ => None,
            };
            let said = self.line_says(line);
            match line {
                Line::Set(place, value) => {
                    let put = self.put(value, &number)?;
                    let mut by = made.remove(place).map(|(by, _)| by).unwrap_or_default();
                    by.push(said);
                    made.insert(*place, (by, put));
                }
                Line::Assign(n, sum) => {
                    let value = self.value(sum, &number)?;
                    let (by, put) = made.get_mut(&Place::Variable(*n))?;
                    let Put::Number(_) = put else { return None };
                    by.push(said);
                    *put = Put::Number(value);
                }
                Line::Entry(place, key, value, _) => {
                    let value = self.put(value, &number)?;
                    let (_, Put::Map(entries)) = made.get_mut(place)? else { return None };
                    entries.insert(key.clone(), Entry { by: Some(said), value });
                }
                Line::Push(place, sum, _) => {
                    let value = self.value(sum, &number)?;
                    let (_, Put::List(values, by)) = made.get_mut(place)? else { return None };
                    values.push(value);
                    by.push(said);
                }
                // A closure sees what is defined before it.
                Line::Timer(.., sum) | Line::Hook(_, sum) => drop(self.value(sum, &number)?),
            }
        }
        Some(made)
    }

    /// Is everything there that is named, wherever it is needed?
    pub fn is_valid(&self) -> bool {
        let Some(made) = self.run() else { return false };
        let number = |n: usize| match made.get(&Place::Variable(n)) {
            Some((_, Put::Number(n))) => Some(*n),
            _ => None,
        };
        let in_library = |(n, sum): (&usize, &Sum)| {
            *n < LIBRARY
                || sum.iter().all(|part| match part {
                    Part::Constant(n) | Part::Function(n) => *n >= LIBRARY,
                    part => matches!(part, Part::Number(_)),
                })
        };
        let mut known: BTreeMap<Place, &Made> = BTreeMap::new();
        let is_sum = |made: &Made| matches!(made, Made::Sum(_));
        let fits = self.start.iter().all(|line| match line {
            // What lines of a start have filled does not become another one between them.
            Line::Set(place, made) => {
                known.insert(*place, made).is_none_or(|before| is_sum(before) && is_sum(made))
            }
            Line::Entry(place, ..) => matches!(known.get(place), Some(Made::Map(_))),
            Line::Push(place, ..) => matches!(known.get(place), Some(Made::List(_))),
            _ => true,
        });
        let mut sums: Vec<&Sum> = vec![&self.made];
        sums.extend(
            self.inner.iter().chain(&self.held).chain(&self.counted).chain(&self.installed),
        );
        sums.extend(self.lines.iter().chain(&self.start).flat_map(Line::sums));
        sums.extend(self.functions.values());
        fits && self.constants.iter().chain(&self.functions).all(in_library)
            && self.constants.values().all(|sum| self.value(sum, &|_| None).is_some())
            && sums.into_iter().all(|sum| self.value(sum, &number).is_some())
    }
}

impl Line {
    pub fn sums(&self) -> Vec<&Sum> {
        match self {
            Line::Set(_, made) | Line::Entry(_, _, made, _) => made.sums(),
            Line::Assign(_, sum) | Line::Push(_, sum, _) => vec![sum],
            Line::Timer(_, _, sum) | Line::Hook(_, sum) => vec![sum],
        }
    }

    pub fn sums_mut(&mut self) -> Vec<&mut Sum> {
        match self {
            Line::Set(_, made) | Line::Entry(_, _, made, _) => made.sums_mut(),
            Line::Assign(_, sum) | Line::Push(_, sum, _) => vec![sum],
            Line::Timer(_, _, sum) | Line::Hook(_, sum) => vec![sum],
        }
    }

    /// What it names. What closures say is no part of it.
    fn parts(&self) -> Vec<Part> {
        if let Line::Timer(..) | Line::Hook(..) = self {
            return Vec::new();
        }
        let mut parts: Vec<Part> = self.sums().into_iter().flatten().copied().collect();
        if let Line::Entry(.., true) | Line::Push(.., true) = self {
            parts.push(Part::Filler);
        }
        parts
    }
}
