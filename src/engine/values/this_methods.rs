//! `room.count.add(1)` where `add` is a function of the script that changes its `this`, and `count` is what a reference or a
//! handle holds. Rhai hands such a function a copy, and puts the copy back where it came from only when a function of the
//! host may have changed it. So the call becomes one of a function of the host, which calls the script's.

use crate::engine::{
    internals::evaluate,
    outcome::Outcome,
    values::{ref_array::RefArray, ref_map::RefMap},
};
use rhai::{
    Dynamic, Engine, FnPtr, FuncRegistration, ImmutableString, Map, Module, NativeCallContext,
    RhaiFunc,
};
use std::{any::TypeId, rc::Rc};

/// What rhai knows the host's function by. No script can have such a name.
pub(in crate::engine) const NAME: &str = "this\u{5}";

/// Rhai's method that calls a function, or a closure with what it is called on as `this`.
pub(in crate::engine) const CALL: &str = "call";

/// Parameters that such a function has at most; with more it stays as it is. Fixed: rhai looks for each combination of them.
pub(in crate::engine) const MAX_PARAMS: usize = 8;

type Function = dyn Fn(Option<NativeCallContext>, &mut [&mut Dynamic]) -> Outcome<Dynamic>;

/// Calls the script's function: `this`, its name, its arguments.
fn call(context: &NativeCallContext, args: &mut [&mut Dynamic]) -> Outcome<Dynamic> {
    let [this, name, given @ ..] = args else { return Ok(Dynamic::UNIT) };
    let name = name.take().into_immutable_string().unwrap_or_default();
    if name == CALL {
        let mut given: Vec<_> = given.iter_mut().map(|value| value.take()).collect();
        if let Some(f) = this.read_lock::<FnPtr>().map(|f| f.clone()) {
            return f.call_raw(context, None, given);
        }
        // It was called with a closure.
        let f = given.remove(0).try_cast::<FnPtr>();
        return f.map_or(Ok(Dynamic::UNIT), |f| f.call_raw(context, Some(this), given));
    }
    // A function in an entry of a plain map comes first, as for rhai.
    if let Some(f) = entry(this, &name) {
        let given: Vec<_> = given.iter_mut().map(|value| value.take()).collect();
        return f.call_raw(context, Some(this), given);
    }
    let mut state = evaluate::state_of(context);
    // Rhai has counted this call, and counts the one that it makes: for the script there is one.
    state.level = state.level.saturating_sub(2);
    let (engine, at) = (context.engine(), context.call_position());
    let mut all: Vec<&mut Dynamic> = Vec::with_capacity(given.len() + 1);
    all.push(this);
    all.extend(given.iter_mut().map(|value| &mut **value));
    evaluate::call_method(engine, &state, at, &name, &mut all)
}

fn entry(this: &Dynamic, name: &str) -> Option<FnPtr> {
    let map = this.read_lock::<Map>()?;
    map.get(name)?.read_lock::<FnPtr>().map(|f| f.clone())
}

/// Registers the host's function. What is a reference by itself is not put back, for others may have put something else in
/// its place meanwhile.
pub(in crate::engine) fn register(engine: &mut Engine, handles: &[TypeId]) {
    let func: Rc<Function> = Rc::new(|context: Option<NativeCallContext>, args| {
        call(&context.expect("it asks for its context"), args)
    });
    let mut module = Module::new();
    let (any, text) = (TypeId::of::<Dynamic>(), TypeId::of::<ImmutableString>());
    let references = [TypeId::of::<RefMap>(), TypeId::of::<RefArray>()];
    for params in 0..=MAX_PARAMS {
        let types = |first| [vec![first, text], vec![any; params]].concat();
        let function = || FuncRegistration::new(NAME);
        function().set_into_module_raw(
            &mut module,
            types(any),
            RhaiFunc::Method {
                func: func.clone(),
                has_context: true,
                is_pure: true,
                is_volatile: true,
            },
        );
        for handle in references.iter().chain(handles) {
            let func = func.clone();
            let kept = RhaiFunc::Pure { func, has_context: true, is_pure: true, is_volatile: true };
            function().set_into_module_raw(&mut module, types(*handle), kept);
        }
    }
    engine.register_global_module(module.into());
}
