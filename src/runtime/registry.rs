//! Where types and functions are announced to an engine: rhai learns of them, and so does the record.

use super::{
    entry::Place,
    record::{Announced, Record},
};
use crate::engine::{natives::Natives, values::data_forms};
use rhai::{Dynamic, Engine, FuncRegistration, RhaiNativeFunc, Variant};
use std::{any::TypeId, marker::PhantomData};

/// Whose names functions have that belong to no object.
pub(crate) const FUNCTIONS: &str = "functions";

/// One engine that learns what the host has.
pub(crate) struct Registry<'a> {
    /// The engine, for what has no form of its own here.
    pub(crate) engine: &'a mut Engine,
    /// The table of functions that bodies of handlers find without rhai's resolution.
    pub(crate) natives: &'a mut Natives,
    pub(crate) record: Record,
}

impl<'a> Registry<'a> {
    /// One for this engine.
    pub(crate) fn new(engine: &'a mut Engine, natives: &'a mut Natives) -> Self {
        Self { engine, natives, record: Record::default() }
    }

    /// Announces a type by the name that scripts see.
    pub(crate) fn class<T: Variant + Clone>(&mut self, name: &'static str) -> Class<'_, 'a, T> {
        self.engine.register_type_with_name::<T>(name);
        self.record.types.push((TypeId::of::<T>(), name));
        Class { registry: self, name, of: PhantomData }
    }

    /// Announces names of a type under the name of a page of their own: a `WebServer` is a `Worker` that answers with files.
    pub(crate) fn names_of<T: Variant + Clone>(&mut self, name: &'static str) -> Class<'_, 'a, T> {
        self.record.pages.push(name);
        Class { registry: self, name, of: PhantomData }
    }

    /// Announces a function that belongs to no object, can be called anywhere and does not wait.
    pub(crate) fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        self.add((FUNCTIONS, name), 0, (Place::Both, false), function);
        self
    }

    /// Announces a function that belongs to no object and suspends the handler which calls it.
    pub(crate) fn waiting<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        self.add((FUNCTIONS, name), 0, (Place::Handler, true), function);
        self
    }

    /// `objects`: how many of the parameters are what it is called on.
    fn add<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        (owner, name): (&'static str, &'static str),
        objects: usize,
        (place, waits): (Place, bool),
        function: FUNC,
    ) where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        self.natives.function(self.engine, name, function);
        let arguments = Some(N - objects);
        self.record.names.push(Announced { owner, name, arguments, waits, place });
    }
}

/// A type whose values scripts hold.
pub(crate) struct Class<'r, 'e, T> {
    registry: &'r mut Registry<'e>,
    name: &'static str,
    of: PhantomData<T>,
}

impl<T: Variant + Clone> Class<'_, '_, T> {
    /// Says that values are references by themselves: a copy is the same thing, and reading one never locks a variable.
    /// `same` is what `==` says of two of them. Compared with anything else, `()` included, a handle is different, and that
    /// is no error.
    pub(crate) fn handle(&mut self, same: impl Fn(&T, &T) -> bool + Copy + 'static) -> &mut Self {
        self.registry.record.handles.push(TypeId::of::<T>());
        let engine = &mut *self.registry.engine;
        for (name, is_wanted) in [("==", true), ("!=", false)] {
            FuncRegistration::new(name)
                .with_purity(true)
                .register_into_engine(engine, move |a: &mut T, b: T| same(a, &b) == is_wanted);
            FuncRegistration::new(name)
                .with_purity(true)
                .register_into_engine(engine, move |_: &mut T, _: Dynamic| !is_wanted);
        }
        self
    }

    /// Adds a function of the type's name, which makes a value.
    pub(crate) fn constructor<A: 'static, const N: usize, const X: bool, const F: bool, FUNC>(
        &mut self,
        function: FUNC,
    ) -> &mut Self
    where
        FUNC: RhaiNativeFunc<A, N, X, T, F> + Clone + 'static,
    {
        self.registry.add((self.name, self.name), 0, (Place::Both, false), function);
        self
    }

    /// Adds a method that can be called anywhere and does not wait. The object is the function's first parameter, by
    /// `&mut`.
    pub(crate) fn method<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        self.add(name, (Place::Both, false), function)
    }

    /// Adds a property that scripts can read.
    pub(crate) fn property<A: 'static, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, 1, X, R, F> + Clone + 'static,
    {
        let registry = &mut *self.registry;
        registry.natives.getter(registry.engine, name, function);
        let (owner, place) = (self.name, Place::Both);
        let announced = Announced { owner, name, arguments: None, waits: false, place };
        registry.record.names.push(announced);
        self
    }

    /// Adds a method that suspends a handler, and that the top level can call, too: it stops there until it is done.
    pub(crate) fn waiting_in_handlers<
        A: 'static,
        const N: usize,
        const X: bool,
        R,
        const F: bool,
        FUNC,
    >(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        self.add(name, (Place::Both, true), function)
    }

    /// Adds a method that suspends the handler which calls it.
    pub(crate) fn waiting<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        self.add(name, (Place::Handler, true), function)
    }

    fn add<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        place: (Place, bool),
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
    {
        debug_assert_eq!(FUNC::param_types().first(), Some(&TypeId::of::<T>()), "{name}");
        self.registry.add((self.name, name), 1, place, function);
        self
    }

    /// Adds what `value[key]` gives.
    pub(crate) fn index_getter<A: 'static, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, 2, X, R, F> + Clone + 'static,
    {
        self.registry.natives.index_getter(self.registry.engine, function);
        self
    }

    /// Says that values are data, and which text stands for one where data is written: in JSON, templates and formats.
    pub(crate) fn data(&mut self, form: impl Fn(&T) -> String + 'static) -> &mut Self {
        data_forms::announce(form);
        self
    }

    /// Says how a value looks: what `to_string`, `to_debug`, `print` and texts in backticks show.
    pub(crate) fn display(
        &mut self,
        show: impl Fn(&mut T) -> String + Clone + 'static,
    ) -> &mut Self {
        self.method("to_string", show.clone()).method("to_debug", show)
    }
}
