//! Functions with a body of ours. Rhai makes functions from text only; so a function is parsed whose only expression is a
//! custom node, which is told what it stands for.
#![allow(deprecated)]

use crate::engine::internals::hooks::on_token;
use rhai::{Dynamic, Engine, OptimizationLevel, ScriptFuncDef, Token};
use std::{cell::RefCell, rc::Rc};

/// What the parsed functions consist of.
const SOURCE: &str = "fn graft() { body }";

/// Makes functions with other bodies.
pub(in crate::engine) struct Grafts {
    engine: Engine,
    /// The state of the node that is parsed next.
    next: Rc<RefCell<Dynamic>>,
}

impl Grafts {
    /// Bodies are nodes of this key.
    pub(in crate::engine) fn new(key: &'static str) -> Self {
        let (mut engine, next) = (Engine::new_raw(), Rc::new(RefCell::new(Dynamic::UNIT)));
        engine.set_optimization_level(OptimizationLevel::None);
        on_token(&mut engine, move |token, _| match token {
            Token::Identifier(name) if name.as_str() == "body" => {
                Token::Custom(Box::new(key.into()))
            }
            token => token,
        });
        let state = next.clone();
        engine.register_custom_syntax_with_state_raw(
            key,
            move |_, _, told| {
                *told = state.take();
                Ok(None)
            },
            false,
            |_, _, _| Ok(Dynamic::UNIT),
        );
        Self { engine, next }
    }

    /// The function with a node of this state as its body; the one that there is if that cannot be.
    pub(in crate::engine) fn graft(&self, def: &ScriptFuncDef, state: Dynamic) -> ScriptFuncDef {
        let mut def = def.clone();
        *self.next.borrow_mut() = state;
        let parsed = self.engine.compile(SOURCE).ok();
        if let Some(parsed) = parsed.as_ref().and_then(|ast| ast.iter_fn_def().next()) {
            def.body = parsed.body.clone();
        }
        def
    }
}
