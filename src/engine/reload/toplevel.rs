//! Runs a file's top level, statement by statement, and applies the rule of state: a variable lives on unless the text
//! that initialises it was edited. The living program is not touched: its values are back in place when the run is over.

use crate::engine::{
    compile::modules::{Modules, Unit},
    globals::{Globals, into_reference},
    internals::{
        evaluate::{self, Caches},
        positions::{Place, place, start},
    },
    program::Program,
    reload::{
        changes::Changes,
        fillings::{self, Filled, Inventory, Journal, Merge, is_same_scalar},
        meaning::Meaning,
        relink::{self, Names},
    },
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{ASTFlags, Dynamic, Engine, EvalAltResult, ImmutableString, Position, Scope, Stmt};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    rc::Rc,
    time::{Duration, Instant},
};

/// A top-level variable: file, name, and how many of that name came before it.
pub(crate) type Key = (ImmutableString, ImmutableString, usize);

/// Older programs whose closures are looked for in a new text. Fixed: one lives on only as long as something of it does.
const MAX_OLDER: usize = 16;

/// A living map or array whose new twin has to stand for it once the reload is accepted.
struct Twin {
    key: Key,
    new: Dynamic,
    living: Dynamic,
}

/// A cell of the living program that holds a new value during the run.
struct Borrowed {
    cell: Dynamic,
    living: Dynamic,
    /// Is the new value the one that stays?
    resets: bool,
}

/// One run of all top levels of a program.
pub(crate) struct TopLevel {
    globals: Rc<Globals>,
    generation: u64,
    /// The living program; let go once the reload is decided.
    previous: RefCell<Option<Rc<Program>>>,
    /// Does no value live on?
    is_fresh: bool,
    /// What initialises each variable.
    variables: RefCell<HashMap<Key, Meaning>>,
    /// All statements that have run, in order: the file and the tokens of each.
    statements: RefCell<Vec<(Rc<Unit>, Range<usize>)>>,
    /// The slowest statement so far, and how long it took.
    slowest: Cell<(usize, Duration)>,
    /// The one that runs, counted from 1. Functions that it calls are a part of it.
    running: Cell<usize>,
    /// Which of them put what into which maps and arrays.
    journal: RefCell<Journal>,
    /// Variables that have the value which this run gave them.
    fresh: RefCell<Vec<Key>>,
    /// What this run has put into each variable.
    filled: RefCell<HashMap<Key, Filled>>,
    /// For each file, what the closures of earlier generations are called now.
    names: RefCell<HashMap<ImmutableString, Names>>,
    /// The generation of the living program, and for each file, what its closures are called now.
    before: u64,
    heirs: RefCell<HashMap<ImmutableString, BTreeMap<ImmutableString, Option<ImmutableString>>>>,
    borrowed: RefCell<Vec<Borrowed>>,
    /// Cells of the living program with the values that they get when the reload is accepted.
    renewed: RefCell<Vec<(Dynamic, Dynamic)>>,
    twins: RefCell<Vec<Twin>>,
    /// Variables (file, name) that closures of before have to capture anew.
    anew: RefCell<HashSet<(ImmutableString, ImmutableString)>>,
    changes: RefCell<Changes>,
}

impl TopLevel {
    pub(crate) fn new(
        globals: Rc<Globals>,
        generation: u64,
        previous: Option<Rc<Program>>,
        is_fresh: bool,
    ) -> Rc<Self> {
        Rc::new(Self {
            globals,
            generation,
            before: previous.as_ref().map_or(0, |previous| previous.generation),
            heirs: RefCell::default(),
            previous: RefCell::new(previous),
            is_fresh,
            variables: RefCell::default(),
            statements: RefCell::default(),
            slowest: Cell::default(),
            running: Cell::new(0),
            journal: RefCell::default(),
            fresh: RefCell::default(),
            filled: RefCell::default(),
            names: RefCell::default(),
            borrowed: RefCell::default(),
            renewed: RefCell::default(),
            twins: RefCell::default(),
            anew: RefCell::default(),
            changes: RefCell::default(),
        })
    }

    /// Runs one file. Its state (imports, constants, functions) is in the unit afterwards, its variables in the globals.
    pub(crate) fn run(
        &self,
        modules: &Modules,
        engine: &Engine,
        unit: &Rc<Unit>,
        scope: &mut Scope<'static>,
    ) -> Result<(), Box<EvalAltResult>> {
        let mut state = evaluate::new_state(engine);
        // A file that only this run has come to.
        self.note_names(modules, unit);
        state.lib.extend(self.with_names(&unit.file, |names| names.library(&unit.runs)));
        state.source = Some(unit.file.clone());
        let mut caches = Caches::new();
        let before = self.globals.declares(true);
        let statements = unit.runs.statements();
        for (at, statement) in statements.iter().enumerate() {
            let next = statements.get(at + 1).map(start);
            let outer = self.begin(unit, start(statement), next);
            let began = Instant::now();
            let known = scope.len();
            let mut context = evaluate::context(engine, &mut state, &mut caches, scope);
            let result = evaluate::statement(&mut context, statement);
            // An import has taken the time of what it runs: that is told, which comes first.
            if began.elapsed() > self.slowest.get().1 * 2 {
                self.slowest.set((self.running.get(), began.elapsed()));
            }
            self.end(outer);
            if result.is_ok()
                && let Stmt::Var(x, flags, _) = statement
            {
                match flags.contains(ASTFlags::CONSTANT) {
                    true => self.compare_constant(unit, &x.0.name, scope),
                    false => self.settle(modules, unit, &x.0.name, scope),
                }
            }
            let again = match statement {
                Stmt::Var(x, ..) => Some(x.0.name.as_str()),
                _ => None,
            };
            self.publish(unit, scope, known, again);
            // Functions see the variables so far, also while a later statement runs.
            *unit.state.borrow_mut() = Some(state.clone());
            match result.map_err(|e| *e) {
                Ok(_) => (),
                Err(EvalAltResult::Return(..) | EvalAltResult::Exit(..)) => break,
                Err(e) => {
                    self.globals.declares(before);
                    return Err(e.into());
                }
            }
        }
        self.globals.declares(before);
        *unit.state.borrow_mut() = Some(state);
        Ok(())
    }

    /// Finds out what the closures of earlier generations of these files are called now.
    pub(in crate::engine) fn note_names(&self, modules: &Modules, unit: &Unit) {
        if self.names.borrow().contains_key(&unit.file) {
            return;
        }
        let mut names = self.follow_names(unit);
        for older in modules.retired().into_iter().take(MAX_OLDER) {
            if let Some(known) = older.modules.unit(&unit.file) {
                let fate = relink::align(&known.closures, &unit.closures);
                let rejoin = |older: &Names| names.rejoin(self.generation, &fate, older);
                older.with_names(&unit.file, rejoin);
            }
        }
        self.names.borrow_mut().insert(unit.file.clone(), names);
    }

    fn follow_names(&self, unit: &Unit) -> Names {
        let previous = self.previous.borrow();
        let old = previous.as_ref().and_then(|p| Some((p, p.modules.unit(&unit.file)?)));
        let Some((previous, old)) = old else {
            return Names::default().next(
                self.generation,
                &Default::default(),
                &[],
                &unit.closures,
            );
        };
        let fate = relink::align(&old.closures, &unit.closures);
        let heirs = fate.iter().map(|(name, fate)| (name.clone(), fate.heir().cloned()));
        self.heirs.borrow_mut().insert(unit.file.clone(), heirs.collect());
        let names = previous.with_names(&unit.file, Names::clone).unwrap_or_default();
        names.next(self.generation, &fate, &old.closures, &unit.closures)
    }

    pub(crate) fn with_names<T>(&self, file: &str, f: impl FnOnce(&Names) -> T) -> Option<T> {
        self.names.borrow().get(file).map(f)
    }

    /// What a closure of that generation is called now. A name tells where a closure stands, so that one which reads the same
    /// and stands there now may have the name of another.
    pub(crate) fn heir(&self, generation: u64, file: &str, name: &str) -> Option<ImmutableString> {
        if generation == self.before
            && let Some(heir) = self.heirs.borrow().get(file).and_then(|heirs| heirs.get(name))
        {
            return heir.clone();
        }
        self.with_names(file, |names| names.current(name).cloned()).flatten()
    }

    /// Decides what a variable that was just declared starts with.
    fn settle(
        &self,
        modules: &Modules,
        unit: &Unit,
        name: &ImmutableString,
        scope: &mut Scope<'static>,
    ) {
        let Some(value) = scope.get_mut(name) else { return };
        *value = RefMap::wrap(value.take());
        let meaning = modules.meaning_of(unit, name);
        let mut variables = self.variables.borrow_mut();
        let same_name = variables.keys().filter(|(f, n, _)| *f == unit.file && n == name).count();
        let key = (unit.file.clone(), name.clone(), same_name);
        let previous = self.previous.borrow();
        let old = previous.as_ref().and_then(|p| p.variable(&key));
        let living = previous.as_ref().and_then(|p| p.modules.globals.get(Some(&unit.file), name));
        let continues = old.as_ref().map(|old| self.continues(&meaning, old));
        variables.insert(key.clone(), meaning);
        let (Some(living), Some(continues)) = (living, continues) else {
            self.fresh.borrow_mut().push(key);
            return;
        };
        let resets = self.is_fresh || !continues;
        if resets {
            self.fresh.borrow_mut().push(key.clone());
            self.anew.borrow_mut().insert((unit.file.clone(), name.clone()));
            if self.is_state(value) {
                self.changes.borrow_mut().reset.push(name.to_string());
            }
        }
        // Closures of connections share the variable: it is one for all, also when it starts anew.
        if self.adopt(&key, value, living, resets) {
            if !resets {
                self.changes.borrow_mut().kept.push(name.to_string());
            }
        } else {
            self.anew.borrow_mut().insert((unit.file.clone(), name.clone()));
        }
    }

    /// Does an initialiser say what it said in the living program?
    pub(crate) fn continues(&self, meaning: &Meaning, older: &Meaning) -> bool {
        meaning.continues(older, &|file, name| self.heir(self.before, file, name))
    }

    /// What is initialised by the code that runs now, which stands there.
    pub(crate) fn meaning_at(&self, modules: &Modules, file: &str, at: Position) -> Meaning {
        let Some(unit) = modules.unit(file) else { return Meaning::default() };
        let meaning = modules.meaning_at(&unit, place(at));
        let statements = self.statements.borrow();
        let running = self.running.get().checked_sub(1).and_then(|at| statements.get(at));
        let Some((outer, range)) = running else { return meaning };
        let is_inside = outer.file == unit.file && range.contains(&unit.tokens.index(place(at)));
        match is_inside {
            true => meaning,
            // A function sets it: what that was called with is a part of the initialiser.
            false => meaning.and(&modules.words(outer, range.clone())),
        }
    }

    /// Closures that live on hold the value that a constant had.
    fn compare_constant(&self, unit: &Unit, name: &ImmutableString, scope: &Scope<'static>) {
        let previous = self.previous.borrow();
        let old = previous.as_ref().and_then(|p| p.modules.globals.get(Some(&unit.file), name));
        if let (Some(old), Some(new)) = (old, scope.get(name))
            && !is_same_scalar(&old, new)
        {
            self.anew.borrow_mut().insert((unit.file.clone(), name.clone()));
        }
    }

    /// Makes `value`, just initialised, the same variable as `living`, with the value of that or, if it `resets`, the new
    /// one. False: they are of kinds that cannot be one.
    fn adopt(&self, key: &Key, value: &mut Dynamic, living: Dynamic, resets: bool) -> bool {
        if living.is_shared() && living.is_locked() {
            // A waiting handler holds it: the cell is taken as it is, or left to that handler.
            if !resets {
                *value = living;
            }
            return !resets;
        }
        // Another variable or property may hold the living one: what starts anew is a map of its own.
        if !resets {
            self.pair(key, value, &living);
        }
        // What lives may have become anything since: a connection, a closure.
        if !living.is_shared() || !self.is_state(value) {
            return false;
        }
        // The cell itself goes on, because closures of both generations share it. During this run it holds the new
        // value, so that the top level sees what it just wrote.
        let saved = living.flatten_clone();
        if let Some(mut cell) = living.clone().write_lock::<Dynamic>() {
            *cell = value.take();
        }
        *value = living.clone();
        self.borrowed.borrow_mut().push(Borrowed { cell: living, living: saved, resets });
        true
    }

    /// Notes that a new map or array stands for the living one.
    fn pair(&self, key: &Key, value: &Dynamic, living: &Dynamic) {
        if is_filled(value) && is_filled(living) {
            let (key, new, living) =
                (key.clone(), value.clone().flatten(), living.clone().flatten());
            self.twins.borrow_mut().push(Twin { key, new, living });
        }
    }

    /// Code and handles are declared anew by every run; all else is state.
    fn is_state(&self, value: &Dynamic) -> bool {
        value.is::<RefMap>()
            || value.is::<RefArray>()
            || (!value.is_fnptr() && !self.globals.is_handle(value))
    }

    /// Makes the variables of the scope visible to functions. Each becomes a shared cell, one for the top level, closures and
    /// functions, and a map or an array in it a reference; constants are published as copies. That is done for those behind the `known` ones, and for
    /// one that was declared `again` in its old place.
    fn publish(&self, unit: &Unit, scope: &mut Scope<'static>, known: usize, again: Option<&str>) {
        let count = scope.len() - known.min(scope.len());
        let new = scope.iter_raw().take(count).map(|(name, constant, _)| (name, constant));
        let again = scope.iter_raw().filter(|(name, ..)| Some(*name) == again).take(1);
        let again = again.map(|(name, constant, _)| (name, constant));
        let entries: Vec<(ImmutableString, bool)> =
            new.chain(again).map(|(name, constant)| (name.into(), constant)).collect();
        let mut seen = HashSet::new();
        for (name, constant) in entries {
            // The newest of a name comes first, and is the one that functions see.
            if !seen.insert(name.clone()) {
                continue;
            }
            if constant {
                if let Some(value) = scope.get(&name) {
                    self.globals.set(&unit.file, &name, value.clone().into_read_only());
                }
                continue;
            }
            let Some(value) = scope.get_mut(&name) else { continue };
            if !value.is_shared() {
                *value = value.take().into_shared();
            }
            into_reference(value);
            self.globals.set(&unit.file, &name, value.clone());
        }
    }

    /// Puts the living values back. To be called after the run, however it ended.
    pub(crate) fn restore(&self) {
        for Borrowed { mut cell, living, resets } in self.borrowed.borrow_mut().drain(..).rev() {
            let new = cell.write_lock::<Dynamic>().map(|mut v| std::mem::replace(&mut *v, living));
            if let Some(new) = new.filter(|_| resets) {
                self.renewed.borrow_mut().push((cell, new));
            }
        }
    }

    /// Do closures of before have to capture this variable anew?
    pub(crate) fn is_anew(&self, file: &str, name: &str) -> bool {
        let anew = self.anew.borrow();
        !anew.is_empty() && anew.contains(&(file.into(), name.into()))
    }

    /// Is there any such variable?
    pub(crate) fn has_anew(&self) -> bool {
        !self.anew.borrow().is_empty()
    }

    pub(crate) fn variable(&self, key: &Key) -> Option<Meaning> {
        self.variables.borrow().get(key).cloned()
    }

    /// A statement begins. Gives the one that runs it, if that is an import.
    fn begin(&self, unit: &Rc<Unit>, at: Place, next: Option<Place>) -> usize {
        let range = unit.tokens.between(at, next);
        self.statements.borrow_mut().push((unit.clone(), range));
        let number = self.statements.borrow().len();
        fillings::run(number);
        self.running.replace(number)
    }

    /// Where the statement stands that took longest.
    pub(in crate::engine) fn slowest(&self) -> Option<String> {
        let statements = self.statements.borrow();
        let (unit, range) = statements.get(self.slowest.get().0.checked_sub(1)?)?;
        let (_, (line, _)) = unit.tokens.all().get(range.start)?;
        Some(format!("{}:{line}", unit.file))
    }

    fn end(&self, before: usize) {
        fillings::run(before);
        self.running.set(before);
    }

    /// The run is over, however it ended: what it noted of maps and arrays is its own.
    pub(in crate::engine) fn close_journal(&self) {
        self.end(0);
        *self.journal.borrow_mut() = fillings::take_journal();
    }

    /// What this run has put into a value.
    pub(in crate::engine) fn inventory(&self, modules: &Modules, value: &Dynamic) -> Filled {
        let statements = self.statements.borrow();
        let said = |number: usize| {
            let statement = number.checked_sub(1).and_then(|at| statements.get(at));
            statement
                .map_or_else(Meaning::default, |(unit, range)| modules.meaning(unit, range.clone()))
        };
        Inventory::new(&self.journal.borrow(), &said).of(value)
    }

    /// Merges what this run has put into a map or an array into the one that lives on, into which the run before had put
    /// `old`.
    pub(in crate::engine) fn merge(
        &self,
        name: &str,
        (old, filled): (&Filled, &Filled),
        new: &Dynamic,
        living: &Dynamic,
        is_dry: bool,
    ) -> Changes {
        self.with_merge(is_dry, |merge| {
            merge.merge(name, old, filled, new, living);
            merge.changes.take()
        })
    }

    pub(in crate::engine) fn is_untouched(&self, put: &Filled, living: &Dynamic) -> bool {
        self.with_merge(true, |merge| merge.is_untouched(put, living))
    }

    fn with_merge<T>(&self, is_dry: bool, f: impl FnOnce(&Merge) -> T) -> T {
        f(&Merge {
            now: &|name| self.names.borrow().values().find_map(|n| n.current(name).cloned()),
            heir: &|name| {
                let files = self.names.borrow();
                files.keys().find_map(|file| self.heir(self.before, file, name))
            },
            continues: &|new, old| self.continues(new, old),
            changes: RefCell::default(),
            is_dry,
        })
    }

    /// The reload is accepted: variables that were reset get their new values, and new maps and arrays become the living
    /// ones, merged with them. Gives what happened to values.
    pub(in crate::engine) fn accept(&self, modules: &Modules) -> Changes {
        for (mut cell, new) in self.renewed.take() {
            let old = cell.write_lock::<Dynamic>().map(|mut v| std::mem::replace(&mut *v, new));
            drop(old);
        }
        let mut changes = self.changes.take();
        let mut filled: HashMap<Key, Filled> = HashMap::new();
        for Twin { key, new, living } in self.twins.take() {
            let now = self.inventory(modules, &new);
            let previous = self.previous.borrow();
            let old = previous.as_ref().and_then(|p| p.filled(&key));
            let both = (&old.unwrap_or(Filled::Other), &now);
            changes.add(self.merge(&key.1, both, &new, &living, false));
            filled.insert(key, now);
        }
        for key in self.fresh.take() {
            if let Some(value) = modules.globals.get(Some(&key.0), &key.1)
                && !(value.is_shared() && value.is_locked())
                && is_filled(&value)
            {
                filled.insert(key, self.inventory(modules, &value.flatten()));
            }
        }
        self.filled.replace(filled);
        self.previous.take();
        changes
    }

    /// What would happen to values if the reload were accepted.
    pub(in crate::engine) fn preview(&self, modules: &Modules) -> Changes {
        let mut changes = self.changes.borrow().clone();
        let previous = self.previous.borrow();
        for Twin { key, new, living } in self.twins.borrow().iter() {
            let now = self.inventory(modules, new);
            let old = previous.as_ref().and_then(|p| p.filled(key)).unwrap_or(Filled::Other);
            changes.add(self.merge(&key.1, (&old, &now), new, living, true));
        }
        changes
    }

    /// What this run has put into a variable.
    pub(in crate::engine) fn filled(&self, key: &Key) -> Option<Filled> {
        self.filled.borrow().get(key).cloned()
    }
}

/// Is it a map or an array that lines may fill?
fn is_filled(value: &Dynamic) -> bool {
    value.is::<RefMap>() || value.is::<RefArray>()
}
