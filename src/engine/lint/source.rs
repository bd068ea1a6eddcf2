//! The statements of a file's functions, which rhai shows to nobody but a walk over them.
#![allow(deprecated)] // (volatile parts of rhai)

use crate::engine::compile::modules::Unit;
use rhai::{AST, ASTNode, Module, ScriptFuncDef, Shared, Stmt};
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
        let mut alone = Module::new();
        alone.set_script_fn(def.clone());
        let mut statements = Vec::new();
        AST::new(std::iter::empty::<Stmt>(), alone).walk(&mut |path: &[ASTNode]| {
            if let [ASTNode::Stmt(statement)] = path {
                statements.push((*statement).clone());
            }
            true
        });
        Self { def: def.clone(), statements }
    }
}
