//! Functions that are called by the name of what they belong to: `Timer::add(…)`, which every script knows, and
//! `env::get(…)` after `import "std/env" as env;`.

use super::{
    entry::{Place, Section},
    record::Announced,
    registry::Registry,
};
use crate::engine::compile::host_modules::{NativeFunction, NativeModule};
use rhai::{
    EvalAltResult, FuncRegistration, Module, NativeCallContext, RhaiFunc, RhaiNativeFunc, Shared,
    Variant,
};

/// A set of functions under one name.
///
/// Functions are Rust closures that take what rhai can convert, with a [`NativeCallContext`] first if they want to know
/// where they are called, and give a value or an [`Outcome`](super::outcome::Outcome). Several of one name differ in their
/// parameters. An error without a place gets that of the call.
pub(crate) struct Namespace {
    name: &'static str,
    module: Module,
    names: Vec<Announced>,
}

impl Namespace {
    /// One without functions. `name` is what scripts write or import.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, module: Module::new(), names: Vec::new() }
    }

    /// Adds a function that can be called anywhere and does not wait.
    pub(crate) fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        self.add(name, Place::Both, false, function)
    }

    /// Adds a function that suspends the handler which calls it: see [`waiting`](super::waiting).
    pub(crate) fn waiting<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        self.add(name, Place::Handler, true, function)
    }

    /// Adds a function that suspends a handler, and that the top level can call, too: it stops there until it is done.
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
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        self.add(name, Place::Both, true, function)
    }

    /// Adds a function that only `place` can call, and that does not wait. The function itself refuses other places.
    pub(crate) fn only_in<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        place: Place,
        name: &'static str,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        self.add(name, place, false, function)
    }

    fn add<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        place: Place,
        waits: bool,
        function: FUNC,
    ) -> &mut Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        let function = placed(function.into_rhai_function(true, true));
        FuncRegistration::new(name).in_internal_namespace().set_into_module_raw(
            &mut self.module,
            FUNC::param_types(),
            function,
        );
        self.names.push(Announced { owner: self.name, name, arguments: Some(N), waits, place });
        self
    }

    /// What was announced.
    pub(crate) fn names(&self) -> &[Announced] {
        &self.names
    }

    /// Makes it known to every script.
    pub(crate) fn register(self, registry: &mut Registry) {
        registry.record.names.extend(self.names);
        registry.engine.register_static_module(self.name, self.module.into());
    }

    /// Makes it a module that scripts import, which its page describes.
    pub(crate) fn into_module(mut self, page: Option<&'static Section>) -> NativeModule {
        self.module.build_index();
        let functions = self.names.iter().map(|function| NativeFunction {
            name: function.name,
            parameters: function.arguments.unwrap_or_default(),
            form: page.and_then(|page| page.form(function)).unwrap_or(function.name),
        });
        NativeModule { functions: functions.collect(), module: Shared::new(self.module) }
    }
}

/// The same function, whose errors get the place of the call.
fn placed(function: RhaiFunc) -> RhaiFunc {
    let Some(inner) = function.get_native_fn().cloned() else { return function };
    let (wants_context, is_method) = (function.has_context(), function.is_method());
    let func = move |call: Option<NativeCallContext>, args: &mut [&mut rhai::Dynamic]| {
        let at = call.as_ref().map(NativeCallContext::call_position);
        let call = call.filter(|_| wants_context);
        inner(call, args).map_err(|mut error: Box<EvalAltResult>| {
            if let Some(at) = at.filter(|_| error.position().is_none()) {
                error.set_position(at);
            }
            error
        })
    };
    let (func, has_context, is_pure, is_volatile) = (Shared::new(func), true, true, true);
    match is_method {
        true => RhaiFunc::Method { func, has_context, is_pure, is_volatile },
        false => RhaiFunc::Pure { func, has_context, is_pure, is_volatile },
    }
}
