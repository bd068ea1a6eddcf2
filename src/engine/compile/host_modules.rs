//! The modules that the host has for scripts to import, `std/…`: texts in Rhai and tables of native functions. The rooms
//! above hand them in as data; the engine knows none of them by its name.

use rhai::{Module, Shared};
use std::{cell::OnceCell, collections::BTreeMap, path::Path};

/// One module.
pub(crate) enum HostModule {
    /// A text, which becomes a file of the program that imports it.
    Text(&'static str),
    /// Functions in Rust, made when a program first imports them: most scripts import few modules.
    Native(LazyNative),
}

impl HostModule {
    /// A module of native functions.
    pub(crate) fn native(make: impl Fn() -> NativeModule + 'static) -> Self {
        Self::Native(LazyNative { make: Box::new(make), made: OnceCell::new() })
    }
}

/// A module of native functions that is made when it is asked for.
pub(crate) struct LazyNative {
    make: Box<dyn Fn() -> NativeModule>,
    made: OnceCell<Shared<NativeModule>>,
}

/// The functions of a native module.
pub(crate) struct NativeModule {
    pub(crate) module: Shared<Module>,
    pub(crate) functions: Vec<NativeFunction>,
}

/// One function of a native module.
pub(crate) struct NativeFunction {
    pub(crate) name: &'static str,
    pub(crate) parameters: usize,
    /// How it is written, as its documentation says: `get(name: string) -> string`, without the module's name.
    pub(crate) form: &'static str,
}

impl NativeModule {
    /// The numbers of parameters of the functions of that name.
    pub(in crate::engine) fn arities(&self, name: &str) -> Vec<usize> {
        let same_name = self.functions.iter().filter(|function| function.name == name);
        same_name.map(|function| function.parameters).collect()
    }
}

/// What stands for a name of another language here: a sentence without its full stop.
pub(crate) type Advice = fn(&str) -> Option<String>;

/// All modules of the host, by the names that scripts import.
pub(crate) struct HostModules {
    modules: BTreeMap<&'static str, HostModule>,
    advice: Advice,
}

impl Default for HostModules {
    /// A host without modules.
    fn default() -> Self {
        Self::new([], |_| None)
    }
}

impl HostModules {
    /// These modules. `advice` knows which of the host's functions stand for those of other languages.
    pub(crate) fn new(
        modules: impl IntoIterator<Item = (&'static str, HostModule)>,
        advice: Advice,
    ) -> Self {
        Self { modules: modules.into_iter().collect(), advice }
    }

    /// The names of all.
    pub(in crate::engine) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.modules.keys().copied()
    }

    /// Returns whether a file of a program is a module of the host.
    pub(in crate::engine) fn has(&self, file: &str) -> bool {
        self.modules.contains_key(file)
    }

    /// The text of a module that is written in Rhai.
    pub(in crate::engine) fn text(&self, path: &Path) -> Option<&'static str> {
        match self.modules.get(path.to_str()?)? {
            HostModule::Text(text) => Some(text),
            HostModule::Native(_) => None,
        }
    }

    /// A module of native functions, with the name that scripts import.
    pub(in crate::engine) fn native(&self, name: &str) -> Option<&Shared<NativeModule>> {
        match self.modules.get(name)? {
            HostModule::Text(_) => None,
            HostModule::Native(lazy) => Some(lazy.made.get_or_init(|| Shared::new((lazy.make)()))),
        }
    }

    /// What stands for a name of another language here.
    pub(in crate::engine) fn advice(&self, name: &str) -> Option<String> {
        (self.advice)(name)
    }
}
