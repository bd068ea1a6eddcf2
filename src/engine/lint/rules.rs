//! What the lint is told of the host: the names that scripts can use, with their types, and a judge for what only the
//! host can judge. The lint itself knows the language and no name of the host.

use rhai::Dynamic;
use std::collections::BTreeMap;

/// The type of a value, by its name in the script reference. `None`: it is not known, or may be one of several.
pub(crate) type Kind = Option<&'static str>;

/// The names that scripts can use.
#[derive(Default)]
pub(crate) struct Rules {
    /// What values of a type have, by the type's name.
    pub(crate) objects: BTreeMap<&'static str, Object>,
    /// Functions that no object has: `sleep`, `Timer::add`, `std/router::get`.
    pub(crate) functions: BTreeMap<String, Vec<Form>>,
    /// What a loop over values of a type meets.
    pub(crate) elements: Vec<(&'static str, &'static str)>,
    /// The functions that call a closure which they are given, with what it is given, and when they do.
    pub(crate) callers: Vec<Caller>,
    /// The functions that add a route: the function, the method that it stands for, and where its path is among the
    /// arguments. Without a method, that is the argument before the path.
    pub(crate) routes: Vec<(&'static str, Option<&'static str>, usize)>,
    /// Methods that change what they are called on.
    pub(crate) changers: Vec<&'static str>,
    /// Methods that send what they are given first, to whoever.
    pub(crate) senders: Vec<&'static str>,
    /// The objects that run apart from each other when the top level makes them, with what of one means nothing to another.
    pub(crate) apart: Option<Apart>,
    /// The function that ends the top level.
    pub(crate) last: &'static str,
    /// What is configured for the whole process, and the function that does so.
    pub(crate) options: &'static [&'static str],
    pub(crate) configure: &'static str,
}

/// What the values of one type have.
#[derive(Default)]
pub(crate) struct Object {
    /// Properties that the host defines.
    pub(crate) properties: BTreeMap<&'static str, Property>,
    /// Methods.
    pub(crate) methods: BTreeMap<&'static str, Vec<Form>>,
    /// Callbacks that can be assigned, with the types of what they are given.
    pub(crate) callbacks: BTreeMap<&'static str, Vec<Kind>>,
    /// Can scripts attach properties of their own?
    pub(crate) is_open: bool,
}

/// A property that the host defines.
pub(crate) struct Property {
    pub(crate) kind: Kind,
    pub(crate) is_read_only: bool,
    /// Where it may be assigned.
    pub(crate) place: Where,
}

/// One way to call a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    /// The types of the parameters.
    pub(crate) parameters: Vec<&'static str>,
    pub(crate) gives: Kind,
    pub(crate) waits: bool,
    pub(crate) place: Where,
}

/// Where a function may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Anywhere,
    TopLevel,
    Handler,
}

/// A function that calls a closure which it is given.
pub(crate) struct Caller {
    pub(crate) function: &'static str,
    /// Which of the arguments is the closure; `None`: the last.
    pub(crate) closure: Option<usize>,
    /// Which of the arguments is an array of what the closure is given, if it is there.
    pub(crate) arguments: Option<usize>,
    /// The types of what the closure is given besides.
    pub(crate) given: &'static [Kind],
    /// Does it keep the closure for later, when the top level has ended?
    pub(crate) is_later: bool,
}

impl Caller {
    /// Which of so many arguments is the closure.
    pub(super) fn closure_at(&self, arguments: usize) -> usize {
        self.closure.unwrap_or(arguments.saturating_sub(1))
    }
}

/// Objects that run apart from each other.
pub(crate) struct Apart {
    /// The functions that make them, and their type.
    pub(crate) made_by: &'static [&'static str],
    pub(crate) kind: &'static str,
    /// Properties and methods that only tell of what is beside the caller.
    pub(crate) local: &'static [&'static str],
    /// The property that must differ.
    pub(crate) name: &'static str,
    /// The callback of one in which others can be made that do not run apart from it.
    pub(crate) start: &'static str,
}

/// A table of routes that is told of one after the other, by method and path; it says what is wrong with the last.
pub(crate) type Routes = Box<dyn FnMut(&str, &str) -> Option<String>>;

/// What only the host can judge. Each answer is what is wrong, or `None`.
pub(crate) trait Judge {
    /// A value that is assigned to a property of an object.
    fn property(&self, object: &str, name: &str, value: &Dynamic) -> Option<String>;

    /// The argument of a function; the answer has the code of the finding.
    fn argument(
        &self,
        function: &str,
        at: usize,
        value: &Dynamic,
    ) -> Option<(&'static str, String)>;

    /// A name that looks like a callback's and is of none.
    fn callback(&self, object: Kind, name: &str) -> String;

    /// The type of a callback's parameter, where it depends on the argument that its object was made with.
    fn parameter(&self, callback: &str, at: usize, made_with: &str) -> Kind;

    /// A name that another object was given already, at that place.
    fn same_name(&self, name: &str, place: &str) -> String;

    /// An empty table of routes.
    fn routes(&self) -> Routes;
}

impl Rules {
    /// The property of an object that the host defines.
    pub(super) fn property(&self, kind: Kind, name: &str) -> Option<&Property> {
        self.objects.get(kind?)?.properties.get(name)
    }

    /// The ways to call a method.
    pub(super) fn method(&self, kind: Kind, name: &str) -> Option<&Vec<Form>> {
        self.objects.get(kind?)?.methods.get(name)
    }

    /// What a callback of that name is given, of the first object that has one.
    pub(super) fn callback(&self, kind: Kind, name: &str) -> Option<&Vec<Kind>> {
        match kind {
            Some(kind) => self.objects.get(kind)?.callbacks.get(name),
            None => self.objects.values().find_map(|object| object.callbacks.get(name)),
        }
    }

    /// Is there a setting or another property of the host's that has this name, on any object?
    pub(super) fn is_property(&self, name: &str) -> bool {
        self.objects.values().any(|object| object.properties.contains_key(name))
    }

    /// The function that calls its last argument.
    pub(super) fn caller(&self, function: &str) -> Option<&Caller> {
        self.callers.iter().find(|caller| caller.function == function)
    }
}
