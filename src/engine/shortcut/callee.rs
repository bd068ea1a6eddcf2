//! A function of the host at one place of a script: which one is meant depends on the types of the values, and is
//! remembered for those that came last.

use super::{Finder, MAX_OPERANDS, Outcome, placed};
use crate::engine::natives::{Native, Natives};
use rhai::{Dynamic, EvalContext, ImmutableString, NativeCallContext, Position};
use std::{any::TypeId, cell::RefCell, rc::Rc};

/// Values of one call: the operands, and what a method is called on.
const MAX_VALUES: usize = MAX_OPERANDS + 1;

type Types = [TypeId; MAX_VALUES];

/// See the module.
pub(super) struct Callee {
    name: ImmutableString,
    position: Position,
    natives: Rc<Natives>,
    found: RefCell<Option<(Types, Option<Native>)>>,
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
        is_known.then(|| Self { name, position, natives, found: RefCell::default() })
    }

    /// Calls it. `None`: there is no function for these values in the table, and they are as they were.
    pub(super) fn call(
        &self,
        context: &EvalContext,
        values: &mut [&mut Dynamic],
    ) -> Option<Outcome<Dynamic>> {
        // (unused ones are of a type that no value has)
        let mut types: Types = [TypeId::of::<Self>(); MAX_VALUES];
        for (id, value) in types.iter_mut().zip(values.iter()) {
            if value.is_shared() {
                return None;
            }
            *id = value.type_id();
        }
        let native = self.find(&types, values.len())?;
        let call = native.has_context.then(|| {
            let state = context.global_runtime_state();
            let engine = context.engine();
            NativeCallContext::new_with_all_fields(engine, &self.name, None, state, self.position)
        });
        Some((native.function)(call, values).map_err(|error| placed(error, self.position)))
    }

    fn find(&self, types: &Types, count: usize) -> Option<Native> {
        if let Some((of, native)) = &*self.found.borrow()
            && of == types
        {
            return native.clone();
        }
        let native = self.natives.find(&self.name, &types[..count]).cloned();
        *self.found.borrow_mut() = Some((*types, native.clone()));
        native
    }
}
