//! A function of the host at one place of a script: which one is meant depends on the types of the values, and is
//! remembered for those that came last.

use super::{Finder, MAX_OPERANDS, Outcome};
use crate::engine::{
    internals::evaluate,
    natives::{Native, Natives},
    values::ref_map::RefMap,
};
use rhai::{
    Dynamic, EvalAltResult, EvalContext, FnArgsVec, ImmutableString, NativeCallContext, Position,
};
use std::{any::TypeId, cell::RefCell, rc::Rc};

/// Values of one call: the operands, and what a method is called on.
const MAX_VALUES: usize = MAX_OPERANDS + 1;

/// See the module.
pub(super) struct Callee {
    name: ImmutableString,
    position: Position,
    natives: Rc<Natives>,
    last: RefCell<Option<Last>>,
}

/// What was found for these types, if anything was.
struct Last {
    types: [TypeId; MAX_VALUES],
    native: Option<Native>,
    /// Is the first one a map, which may have a function of that name itself?
    is_of_map: bool,
}

impl Callee {
    /// `None`: there is no function of that name in the table.
    pub(super) fn of(
        name: impl Into<ImmutableString>,
        position: Position,
        finder: &Finder,
    ) -> Option<Self> {
        let (name, natives) = (name.into(), finder.natives.clone());
        let is_known = natives.knows(&name) && !finder.is_foreign(&name);
        is_known.then(|| Self { name, position, natives, last: RefCell::default() })
    }

    /// Calls it. `None`: there is no function for these values in the table, and they are as they were.
    pub(super) fn call(
        &self,
        context: &mut EvalContext,
        first: &mut Dynamic,
        others: &mut [Dynamic],
    ) -> Option<Outcome<Dynamic>> {
        let native = self.find(first, others)?;
        let value = match native.has_context {
            false => run(&native, None, first, others),
            true => {
                // What it calls is one level further in.
                evaluate::state_mut(context).level += 1;
                let (engine, state) = (context.engine(), evaluate::state(context));
                let call = evaluate::native_call(engine, state, &self.name, self.position);
                let value = run(&native, Some(call), first, others);
                evaluate::state_mut(context).level -= 1;
                value
            }
        };
        Some(value.map_err(|error| self.here(error)))
    }

    /// Calls it on a variable where that lies, which saves a copy of the handle. `None`: it has to be called otherwise.
    pub(super) fn call_on(
        &self,
        variable: &mut Dynamic,
        others: &mut [Dynamic],
    ) -> Option<Outcome<Dynamic>> {
        let native = self.find(variable, others)?;
        let is_simple = native.by_reference && !native.has_context;
        is_simple.then(|| run(&native, None, variable, others).map_err(|error| self.here(error)))
    }

    fn here(&self, mut error: Box<EvalAltResult>) -> Box<EvalAltResult> {
        if error.position().is_none() {
            error.set_position(self.position);
        }
        error
    }

    fn find(&self, first: &Dynamic, others: &[Dynamic]) -> Option<Native> {
        // To ask a locked cell for its type would panic.
        if first.is_shared() || others.iter().any(Dynamic::is_shared) {
            return None;
        }
        if let Some(last) = &*self.last.borrow()
            && last.types[0] == first.type_id()
            && others.iter().zip(&last.types[1..]).all(|(value, id)| value.type_id() == *id)
        {
            let is_own = last.is_of_map && self.is_own(first);
            return last.native.clone().filter(|_| !is_own);
        }
        self.look_up(first, others)
    }

    /// Has this map a function of that name? Rhai finds it then.
    fn is_own(&self, map: &Dynamic) -> bool {
        map.read_lock::<RefMap>().is_some_and(|map| map.function(&self.name).is_some())
    }

    #[cold]
    fn look_up(&self, first: &Dynamic, others: &[Dynamic]) -> Option<Native> {
        let mut types = [TypeId::of::<Self>(); MAX_VALUES];
        let values = [first].into_iter().chain(others);
        types.iter_mut().zip(values).for_each(|(id, value)| *id = value.type_id());
        let native = self.natives.find(&self.name, types.get(..=others.len())?).cloned();
        // No script can name what reads an entry or a property.
        let is_of_map = first.is::<RefMap>() && !self.name.contains('$');
        *self.last.borrow_mut() = Some(Last { types, native: native.clone(), is_of_map });
        native.filter(|_| !is_of_map || !self.is_own(first))
    }
}

fn run(
    native: &Native,
    call: Option<NativeCallContext>,
    first: &mut Dynamic,
    others: &mut [Dynamic],
) -> Outcome<Dynamic> {
    let f = &native.function;
    match others {
        [] => f(call, &mut [first]),
        [a] => f(call, &mut [first, a]),
        [a, b] => f(call, &mut [first, a, b]),
        _ => f(call, &mut [first].into_iter().chain(others).collect::<FnArgsVec<_>>()),
    }
}
