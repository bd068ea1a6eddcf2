//! What a reload has to know of a generation: its files, what its top level has declared, and what is called what in it.

use crate::engine::{
    compile::{
        meaning::Meaning,
        modules::{Modules, Unit},
    },
    internals::ANONYMOUS,
    reload::{
        changes::Changes,
        fillings::Filled,
        relink::Names,
        toplevel::{Key, TopLevel},
    },
};
use rhai::{Dynamic, FnPtr, ImmutableString, Position};
use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

/// See the module.
pub(crate) struct Edition {
    /// 1 at the first start.
    pub(crate) generation: u64,
    /// Does it run every initialiser, instead of taking over what lives?
    pub(crate) is_fresh: bool,
    pub(crate) modules: Rc<Modules>,
    /// Its top level, as soon as that runs.
    running: RefCell<Option<Rc<TopLevel>>>,
    /// The same, when it has ended.
    top_level: OnceCell<Rc<TopLevel>>,
}

impl Edition {
    pub(in crate::engine) fn new(generation: u64, is_fresh: bool, modules: Rc<Modules>) -> Self {
        let (running, top_level) = (RefCell::default(), OnceCell::new());
        Self { generation, is_fresh, modules, running, top_level }
    }

    /// Its top level begins to run.
    pub(in crate::engine) fn begin(&self, top_level: &Rc<TopLevel>) {
        *self.running.borrow_mut() = Some(top_level.clone());
    }

    /// It has ended.
    pub(in crate::engine) fn ended(&self, top_level: Rc<TopLevel>) -> &TopLevel {
        self.top_level.get_or_init(|| top_level)
    }

    /// Has its top level run?
    pub(in crate::engine) fn has_run(&self) -> bool {
        self.top_level.get().is_some()
    }

    /// The reload is accepted: the state that lives on is this generation's from now on. Gives what happened to values.
    pub(crate) fn accept_state(&self) -> Changes {
        self.top_level.get().map_or_else(Changes::default, |t| t.accept(&self.modules))
    }

    /// Where the statement of the top level stands that took longest.
    pub(crate) fn slowest(&self) -> Option<String> {
        self.top_level.get()?.slowest()
    }

    /// What would happen to values.
    pub(crate) fn preview_state(&self) -> Changes {
        self.top_level.get().map_or_else(Changes::default, |t| t.preview(&self.modules))
    }

    /// What the top level has put into a map or an array, if that is one.
    pub(crate) fn inventory(&self, value: &Dynamic) -> Filled {
        self.top_level.get().map_or(Filled::Other, |t| t.inventory(&self.modules, value))
    }

    /// Merges what the top level has put into `new` into what lives on. `filled` is what the one before has put there, and
    /// what this one has. A dry run only tells of it.
    pub(crate) fn merge(
        &self,
        name: &str,
        filled: (&Filled, &Filled),
        new: &Dynamic,
        living: &Dynamic,
        is_dry: bool,
    ) -> Changes {
        let top_level = self.top_level.get();
        top_level.map_or_else(Changes::default, |t| t.merge(name, filled, new, living, is_dry))
    }

    /// Is a living value still what a run of before has put there?
    pub(super) fn is_untouched(&self, put: &Filled, living: &Dynamic) -> bool {
        self.top_level.get().is_some_and(|t| t.is_untouched(put, living))
    }

    pub(super) fn filled(&self, key: &Key) -> Option<Filled> {
        self.top_level.get().and_then(|t| t.filled(key))
    }

    pub(in crate::engine) fn with_names<T>(
        &self,
        file: &str,
        f: impl FnOnce(&Names) -> T,
    ) -> Option<T> {
        self.top_level.get().and_then(|t| t.with_names(file, f))
    }

    pub(super) fn variable(&self, key: &Key) -> Option<Meaning> {
        self.top_level.get().and_then(|t| t.variable(key))
    }

    /// Does this generation know a closure of that name, its own or one that it continues?
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.file_of(name).is_some()
    }

    /// The file of the closure that has, or had, this name.
    pub(in crate::engine) fn file_of(&self, name: &str) -> Option<ImmutableString> {
        let units = self.modules.units.borrow();
        let known = |file: &str| self.with_names(file, |n| n.current(name).is_some());
        units.iter().find(|unit| known(&unit.file) == Some(true)).map(|unit| unit.file.clone())
    }

    /// Is there a closure that `older` could run and this generation cannot?
    pub(in crate::engine) fn abandons(&self, older: &Edition) -> bool {
        let units = older.modules.units.borrow();
        let lost = |file: &str| older.with_names(file, |n| n.all().any(|name| !self.knows(name)));
        units.iter().any(|unit| lost(&unit.file) == Some(true))
    }

    /// Did a variable start anew that closures of before may have captured?
    pub(crate) fn resets(&self) -> bool {
        self.top_level.get().is_some_and(|t| t.has_anew())
    }

    /// `push.rhai:18`: where a closure stands.
    pub(crate) fn place(&self, name: &str) -> String {
        let units = self.modules.units.borrow();
        let place = |unit: &Rc<Unit>| {
            let (line, _) = self.with_names(&unit.file, |n| n.place(name)).flatten()?;
            Some(format!("{}:{line}", unit.file))
        };
        units.iter().find_map(place).unwrap_or_default()
    }

    /// A closure of an earlier generation as what it is now, if it goes on.
    pub(crate) fn rebind(&self, f: &FnPtr) -> Option<FnPtr> {
        let globals = &self.modules.globals;
        let units = self.modules.units.borrow();
        let rebind = |file: &str| {
            let is_anew = |name: &str| self.top_level.get().is_some_and(|t| t.is_anew(file, name));
            let global = |name: &str| globals.get(Some(file), name);
            self.with_names(file, |names| names.rebind(f, &global, &is_anew))
        };
        f.is_anonymous()
            .then(|| units.iter().find_map(|unit| rebind(&unit.file).flatten()))
            .flatten()
    }

    /// Has another closure now the name that living values hold of one which goes on?
    pub(crate) fn has_taken_names(&self) -> bool {
        let units = self.modules.units.borrow();
        units.iter().any(|unit| self.with_names(&unit.file, Names::has_taken) == Some(true))
    }

    /// A callback that lived before this generation, by the name that its closure has now, if its own name is another's.
    pub(crate) fn give_back(&self, f: &FnPtr) -> Option<FnPtr> {
        let globals = &self.modules.globals;
        let units = self.modules.units.borrow();
        units.iter().find_map(|unit| {
            let file = unit.file.as_str();
            let is_anew = |name: &str| self.top_level.get().is_some_and(|t| t.is_anew(file, name));
            let global = |name: &str| globals.get(Some(file), name);
            self.with_names(file, |names| names.give_back(f, &global, &is_anew)).flatten()
        })
    }

    /// What a closure or function of that generation is called in this one, if it goes on.
    pub(crate) fn heir_of(
        &self,
        generation: u64,
        file: &str,
        name: &str,
    ) -> Option<ImmutableString> {
        match name.starts_with(ANONYMOUS) {
            true => {
                // Also while its top level runs.
                let running = self.running.borrow();
                running.as_ref()?.heir(generation, file, name)
            }
            false => Some(name.into()),
        }
    }

    /// What is initialised by the code that runs now, which stands there.
    pub(crate) fn meaning_at(&self, file: &str, at: Position) -> Meaning {
        let running = self.running.borrow();
        running.as_ref().map_or_else(Meaning::default, |t| t.meaning_at(&self.modules, file, at))
    }

    /// Does an initialiser say what it said in the generation before?
    pub(crate) fn continues(&self, meaning: &Meaning, older: &Meaning) -> bool {
        self.top_level.get().is_some_and(|t| t.continues(meaning, older))
    }
}
