//! The rules of what lives on, on plain values. Written from the README's "What a reload keeps", not from the host's code.

use super::{
    run::{Put, Said},
    script::{Line, Part, Place, Script, Sum},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, mem};

/// A captured variable that is counted up, and what initialises it.
#[derive(Clone, Debug)]
struct Counter {
    said: Said,
    value: i64,
}

/// What a line of `on_worker_start` has done to a property, a map or a list.
#[derive(Clone, Debug)]
struct Deed {
    said: Said,
    value: Value,
    /// Did it leave something as it was?
    is_kept: bool,
}

/// What a line has done that sets what these had set before, which say it in this order. All of them are one initialiser: a
/// line keeps what is there if it was among them and none of this run has set it anew, as long as the one that was last is
/// still to come, or is this one. `rest` is what the lines from this one on say.
fn deed(before: &[Deed], done: &[Deed], rest: &[Said], value: Value) -> Deed {
    let said = rest[0].clone();
    let known = before.iter().find(|deed| deed.said == said);
    let comes = before.last().is_some_and(|last| rest.contains(&last.said));
    match known.filter(|_| comes && done.iter().all(|deed| deed.is_kept)) {
        Some(known) => Deed { is_kept: true, ..known.clone() },
        None => Deed { said, value, is_kept: false },
    }
}

/// What one connection holds.
#[derive(Clone, Debug)]
struct Held {
    base: i64,
    count: i64,
}

/// All that lives.
#[derive(Clone, Debug)]
pub struct Living {
    pub script: Script,
    pub values: BTreeMap<Place, Value>,
    put: BTreeMap<Place, (Vec<Said>, Put)>,
    settings: BTreeMap<Place, Vec<Deed>>,
    entries: BTreeMap<(Place, String), Vec<Deed>>,
    pushes: BTreeMap<Place, Vec<Deed>>,
    inner: Counter,
    installed: Counter,
    connections: Vec<Held>,
    /// What closures in a map have captured.
    pub made: BTreeMap<String, i64>,
    /// The ids of timers, as far as they have to stay.
    timers: BTreeMap<usize, (Said, Option<i64>)>,
    ended: Vec<usize>,
}

impl Living {
    pub fn start(script: Script) -> Self {
        let none = || Counter { said: script.sum_says(&vec![]), value: 0 };
        let mut living = Self {
            values: BTreeMap::new(),
            put: BTreeMap::new(),
            settings: BTreeMap::new(),
            entries: BTreeMap::new(),
            pushes: BTreeMap::new(),
            inner: none(),
            installed: none(),
            connections: Vec::new(),
            made: BTreeMap::new(),
            timers: BTreeMap::new(),
            ended: Vec::new(),
            script: script.clone(),
        };
        living.accept(script);
        living
    }

    /// A sum now, in a handler.
    fn value(&self, sum: &Sum) -> i64 {
        let number = |n: usize| self.values.get(&Place::Variable(n)).and_then(Value::as_i64);
        self.script.value(sum, &number).expect("it is valid")
    }

    /// Another script serves from now on.
    pub fn accept(&mut self, script: Script) {
        self.script = script;
        let run = self.script.run().expect("it is valid");
        let before = mem::take(&mut self.put);
        for (place, (said, put)) in &run {
            match (before.get(place), self.values.get_mut(place)) {
                (Some((was_said, old)), Some(living)) if was_said == said => {
                    merge(old, put, living);
                }
                _ => drop(self.values.insert(*place, put.json())),
            }
        }
        self.values.retain(|place, _| run.contains_key(place) || matches!(place, Place::Start(_)));
        // What is captured in a callback is initialised while the top level runs.
        let number = |n: usize| match run.get(&Place::Variable(n)) {
            Some((_, Put::Number(n))) => Some(*n),
            _ => None,
        };
        let sum = self.script.installed[0].clone();
        let said = self.script.sum_says(&sum);
        if self.installed.said != said {
            let value = self.script.value(&sum, &number).expect("it is valid");
            self.installed = Counter { said, value };
        }
        self.put = run;
        self.run_start();
        let timers = self.script.lines.iter().chain(&self.script.start);
        let timers = timers.filter_map(|line| match line {
            // The interval is a part of what initialises the id; the closure is none.
            Line::Timer(n, every, _) => {
                Some((*n, self.script.sum_says(&vec![Part::Number(*every as i64)])))
            }
            _ => None,
        });
        let before = mem::take(&mut self.timers);
        for (n, said) in timers {
            let id = before.get(&n).filter(|(was, _)| *was == said).and_then(|(_, id)| *id);
            self.timers.insert(n, (said, id.filter(|_| !self.ended.contains(&n))));
        }
        self.ended.clear();
    }

    /// `on_worker_start` runs again, on what lives.
    fn run_start(&mut self) {
        let (settings, entries) = (mem::take(&mut self.settings), mem::take(&mut self.entries));
        let mut pushes = mem::take(&mut self.pushes);
        let mut old_entries = entries.clone();
        let lines = self.script.start.clone();
        // No line of a start changes a variable of the top level.
        let values = self.values.clone();
        let number = |n: usize| values.get(&Place::Variable(n)).and_then(Value::as_i64);
        let says: Vec<Said> = lines.iter().map(|line| self.script.line_says(line)).collect();
        for (at, line) in lines.iter().enumerate() {
            let (said, rest) = (says[at].clone(), &says[at..]);
            match line {
                Line::Set(place, made) => {
                    let value = self.script.put(made, &number).expect("it is valid").json();
                    let before = settings.get(place).map_or(&[][..], Vec::as_slice);
                    let done = self.settings.entry(*place).or_default();
                    let deed = deed(before, done, rest, value);
                    if !deed.is_kept {
                        self.values.insert(*place, deed.value.clone());
                        // Another map or list: nothing was done to this one.
                        old_entries.retain(|(other, _), _| other != place);
                        pushes.remove(place);
                    }
                    done.push(deed);
                }
                Line::Entry(place, key, made, _) => {
                    let at = (*place, key.clone());
                    let value = self.script.put(made, &number).expect("it is valid").json();
                    let before = old_entries.get(&at).map_or(&[][..], Vec::as_slice);
                    let done = self.entries.entry(at).or_default();
                    let deed = deed(before, done, rest, value);
                    if !deed.is_kept {
                        self.values.get_mut(place).expect("it is set")[key] = deed.value.clone();
                    }
                    done.push(deed);
                }
                Line::Push(place, sum, _) => {
                    let old = pushes.entry(*place).or_default();
                    let known = old.iter().position(|deed| deed.said == said);
                    let known = known.map(|at| old.remove(at));
                    let deed = known.unwrap_or_else(|| {
                        let value = json!(self.script.value(sum, &number).expect("it is valid"));
                        let list = self.values.get_mut(place).and_then(Value::as_array_mut);
                        list.expect("it is set").push(value.clone());
                        Deed { said, value, is_kept: false }
                    });
                    self.pushes.entry(*place).or_default().push(deed);
                }
                _ => (),
            }
        }
        for place in settings.keys().filter(|place| !self.settings.contains_key(place)) {
            self.values.remove(place);
        }
        for ((place, key), deeds) in old_entries {
            let last = deeds.last().map(|deed| &deed.value);
            let map = self.values.get_mut(&place).and_then(Value::as_object_mut);
            if let Some(map) = map
                && !self.entries.contains_key(&(place, key.clone()))
                && map.get(&key) == last
            {
                map.remove(&key);
            }
        }
        for (place, gone) in pushes {
            let list = self.values.get_mut(&place).and_then(Value::as_array_mut);
            let Some(list) = list else { continue };
            for deed in gone {
                if let Some(at) = list.iter().position(|value| *value == deed.value) {
                    list.remove(at);
                }
            }
        }
        let sum = self.script.inner[0].clone();
        let said = self.script.sum_says(&sum);
        if self.inner.said != said {
            self.inner = Counter { said, value: self.value(&sum) };
        }
    }

    pub fn connect(&mut self) {
        let base = self.value(&self.script.held[0]);
        let count = self.value(&self.script.counted[0]);
        self.connections.push(Held { base, count });
    }

    /// What `dump` shows. Ids that are new are learned from what the host shows.
    pub fn dump(&mut self, got: &Value) -> Value {
        let mut all: serde_json::Map<String, Value> =
            self.values.iter().map(|(place, value)| (place.name(), value.clone())).collect();
        for (n, (_, id)) in &mut self.timers {
            let shown = &got[format!("t{n}")];
            let id = *id.get_or_insert_with(|| shown.as_i64().unwrap_or(-1));
            all.insert(format!("t{n}"), json!(id));
        }
        Value::Object(all)
    }

    pub fn held(&self, connection: usize, x: i64) -> i64 {
        x + self.connections[connection].base + self.value(&self.script.held[1])
    }

    pub fn counted(&mut self, connection: usize) -> i64 {
        self.connections[connection].count += 1;
        self.connections[connection].count + self.value(&self.script.counted[1])
    }

    pub fn step(&mut self) -> i64 {
        self.installed.value += 1;
        self.installed.value + self.value(&self.script.installed[1])
    }

    pub fn inner(&mut self) -> i64 {
        self.inner.value += 1;
        self.inner.value + self.value(&self.script.inner[1])
    }

    pub fn made(&self, key: &str, x: i64) -> i64 {
        x + self.made[key] + self.value(&self.script.made)
    }

    /// The closures of the map that lines fill.
    pub fn hooks(&self) -> BTreeMap<usize, i64> {
        let hooks = self.script.lines.iter().filter_map(|line| match line {
            Line::Hook(n, sum) => Some((*n, self.value(sum))),
            _ => None,
        });
        hooks.collect()
    }

    /// A handler ends a timer. Was there one?
    pub fn end_timer(&mut self, n: usize) -> bool {
        let lives = !self.ended.contains(&n);
        self.ended.push(n);
        lives
    }
}

/// Merges what a new run has put somewhere into what lives.
fn merge(old: &Put, new: &Put, living: &mut Value) {
    match (old, new, &mut *living) {
        (Put::Map(old), Put::Map(new), Value::Object(living)) => {
            for (key, entry) in new {
                let Some(before) = old.get(key) else {
                    living.entry(key).or_insert_with(|| entry.value.json());
                    continue;
                };
                // An edited line that puts the same there has edited nothing.
                let is_same = before.by == entry.by || before.value.json() == entry.value.json();
                match living.get_mut(key) {
                    Some(living) if is_same => merge(&before.value, &entry.value, living),
                    _ if is_same => (),
                    _ => drop(living.insert(key.clone(), entry.value.json())),
                }
            }
            for (key, entry) in old {
                if !new.contains_key(key) && living.get(key) == Some(&entry.value.json()) {
                    living.remove(key);
                }
            }
        }
        // The same lines have put the same in, whatever that is worth now.
        (Put::List(_, old), Put::List(_, new), Value::Array(_)) if old == new => (),
        (Put::List(old, _), Put::List(new, _), Value::Array(living)) => {
            if json!(old) == json!(living) {
                *living = new.iter().map(|n| json!(n)).collect();
                return;
            }
            let (mut gone, mut added) = (old.clone(), Vec::new());
            for n in new {
                match gone.iter().position(|old| old == n) {
                    Some(at) => drop(gone.remove(at)),
                    None => added.push(json!(n)),
                }
            }
            for n in gone {
                if let Some(at) = living.iter().position(|value| *value == json!(n)) {
                    living.remove(at);
                }
            }
            living.extend(added);
        }
        _ => (),
    }
}
