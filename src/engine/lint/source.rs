//! The statements of a file's functions.

use crate::engine::{compile::modules::Unit, internals::tree};
use rhai::{ScriptFuncDef, Shared, Stmt};
use std::rc::Rc;

/// A file with its functions in the order in which they stand there.
pub(super) struct Source {
    pub(super) unit: Rc<Unit>,
    pub(super) definitions: Vec<Definition>,
}

/// A function, or a closure.
pub(super) struct Definition {
    pub(super) def: Shared<ScriptFuncDef>,
    pub(super) statements: Vec<Stmt>,
}

impl Source {
    pub(super) fn of(unit: &Rc<Unit>) -> Self {
        let mut definitions: Vec<Definition> = unit.ast.iter_fn_def().map(Definition::of).collect();
        definitions.sort_by_key(|d| d.def.body.start_position());
        Self { unit: unit.clone(), definitions }
    }
}

impl Definition {
    fn of(def: &Shared<ScriptFuncDef>) -> Self {
        Self { def: def.clone(), statements: tree::statements(def) }
    }
}
