//! Bodies of functions that say something else than what was parsed. Rhai lets nobody write one, but it parses them: a
//! function is parsed whose only expression is of a syntax of ours, and that expression is told what it stands for.
#![allow(deprecated)] // (volatile parts of rhai)

use crate::engine::fast_path::{KEY, Shortcut};
use rhai::{
    AST, ASTNode, Dynamic, Engine, Expr, Module, OptimizationLevel, ScriptFuncDef, Shared, Stmt,
    StmtBlock, Token,
};
use std::{cell::RefCell, rc::Rc};

/// What the parsed functions consist of.
const SOURCE: &str = "fn graft() { body }";

/// Makes functions with other bodies.
pub(in crate::engine) struct Grafts {
    engine: Engine,
    /// What the next parsed body stands for.
    next: Rc<RefCell<Dynamic>>,
}

impl Grafts {
    pub(in crate::engine) fn new() -> Self {
        let (mut engine, next) = (Engine::new_raw(), Rc::new(RefCell::new(Dynamic::UNIT)));
        engine.set_optimization_level(OptimizationLevel::None);
        engine.on_parse_token(|token, _, _| match token {
            Token::Identifier(name) if name.as_str() == "body" => {
                Token::Custom(Box::new(KEY.into()))
            }
            token => token,
        });
        let state = next.clone();
        engine.register_custom_syntax_with_state_raw(
            KEY,
            move |_, _, told| {
                *told = state.take();
                Ok(None)
            },
            false,
            |_, _, _| Ok(Dynamic::UNIT),
        );
        Self { engine, next }
    }

    /// The function with that body; the one that there is if that cannot be.
    pub(in crate::engine) fn graft(&self, def: &ScriptFuncDef, body: Expr) -> ScriptFuncDef {
        let mut def = def.clone();
        *self.next.borrow_mut() =
            Dynamic::from((Rc::new(Shortcut::Body(body)), def.body.start_position()));
        let parsed = self.engine.compile(SOURCE).ok();
        if let Some(parsed) = parsed.as_ref().and_then(|ast| ast.iter_fn_def().next()) {
            def.body = parsed.body.clone();
        }
        def
    }
}

/// The body of one function as a block.
pub(in crate::engine) fn body(def: &Shared<ScriptFuncDef>) -> Expr {
    let mut module = Module::new();
    module.set_script_fn(def.clone());
    let (start, end) = (def.body.start_position(), def.body.end_position());
    let mut statements: Vec<Stmt> = Vec::new();
    AST::new([], module).walk(&mut |path: &[ASTNode]| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    Expr::Stmt(Box::new(StmtBlock::new(statements, start, end)))
}
