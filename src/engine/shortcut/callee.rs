//! A function of the host at one place of a script: which one is meant depends on the types of the values, and is
//! remembered for those that came last.

use super::{Finder, MAX_OPERANDS, Outcome};
use crate::engine::natives::{Native, Natives};
use rhai::{Dynamic, EvalContext, ImmutableString, NativeCallContext, Position};
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
}

impl Callee {
    /// `None`: there is no function of that name in the table.
    pub(super) fn of(
        name: impl Into<ImmutableString>,
        position: Position,
        finder: &Finder,
    ) -> Option<Self> {
        let (name, natives) = (name.into(), finder.natives.clone());
        let is_known = natives.knows(&name);
        is_known.then(|| Self { name, position, natives, last: RefCell::default() })
    }

    /// The function for a value and others, if there is one in the table.
    #[inline]
    pub(super) fn find(&self, first: &Dynamic, others: &[Dynamic]) -> Option<Native> {
        // (to ask a locked cell for its type would panic)
        if first.is_shared() || others.iter().any(Dynamic::is_shared) {
            return None;
        }
        if let Some(last) = &*self.last.borrow()
            && last.types[0] == first.type_id()
            && others.iter().zip(&last.types[1..]).all(|(value, id)| value.type_id() == *id)
        {
            return last.native.clone();
        }
        self.look_up(first, others)
    }

    #[cold]
    fn look_up(&self, first: &Dynamic, others: &[Dynamic]) -> Option<Native> {
        let mut types = [TypeId::of::<Self>(); MAX_VALUES];
        let values = [first].into_iter().chain(others);
        types.iter_mut().zip(values).for_each(|(id, value)| *id = value.type_id());
        let native = self.natives.find(&self.name, types.get(..=others.len())?).cloned();
        *self.last.borrow_mut() = Some(Last { types, native: native.clone() });
        native
    }

    /// Calls what was found for these values.
    pub(super) fn call(
        &self,
        native: &Native,
        context: &EvalContext,
        first: &mut Dynamic,
        others: &mut [Dynamic],
    ) -> Outcome<Dynamic> {
        let call = native.has_context.then(|| {
            let state = context.global_runtime_state();
            let engine = context.engine();
            NativeCallContext::new_with_all_fields(engine, &self.name, None, state, self.position)
        });
        self.run(native, call, first, others)
    }

    /// The same for a function that does not want to know where it is called.
    pub(super) fn call_anywhere(
        &self,
        native: &Native,
        first: &mut Dynamic,
        others: &mut [Dynamic],
    ) -> Outcome<Dynamic> {
        self.run(native, None, first, others)
    }

    fn run(
        &self,
        native: &Native,
        call: Option<NativeCallContext>,
        first: &mut Dynamic,
        others: &mut [Dynamic],
    ) -> Outcome<Dynamic> {
        let f = &native.function;
        let value = match others {
            [] => f(call, &mut [first]),
            [a] => f(call, &mut [first, a]),
            [a, b] => f(call, &mut [first, a, b]),
            [a, b, c] => f(call, &mut [first, a, b, c]),
            _ => f(call, &mut [first].into_iter().chain(others).collect::<Vec<_>>()),
        };
        value.map_err(|mut error| {
            if error.position().is_none() {
                error.set_position(self.position);
            }
            error
        })
    }
}
