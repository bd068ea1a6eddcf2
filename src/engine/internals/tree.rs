//! Trees that Rhai shows to nobody, or takes from its own parser only: the bodies of functions, programs that are put
//! together, calls that are marked as native.
#![allow(deprecated)]

use rhai::{
    AST, ASTNode, Expr, FnCallExpr, FnCallHashes, ImmutableString, Module, ScriptFuncDef, Shared,
    Stmt, StmtBlock,
};

/// The statements of a function's body. Rhai shows them to a walk over a program only.
pub(in crate::engine) fn statements(def: &Shared<ScriptFuncDef>) -> Vec<Stmt> {
    let mut module = Module::new();
    module.set_script_fn(def.clone());
    let mut statements = Vec::new();
    AST::new([], module).walk(&mut |path: &[ASTNode]| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    statements
}

/// The body of a function as a block.
pub(in crate::engine) fn body(def: &Shared<ScriptFuncDef>) -> Expr {
    let (start, end) = (def.body.start_position(), def.body.end_position());
    Expr::Stmt(Box::new(StmtBlock::new(statements(def), start, end)))
}

/// The functions of a program.
pub(in crate::engine) fn library(ast: &AST) -> &Shared<Module> {
    ast.shared_lib()
}

/// A program of these statements and functions.
pub(in crate::engine) fn program(
    statements: impl IntoIterator<Item = Stmt>,
    functions: impl Into<Shared<Module>>,
    source: impl Into<ImmutableString>,
) -> AST {
    AST::new_with_source(statements, functions, source)
}

/// Lets a call look for native functions only, which saves it two look-ups that fail.
pub(in crate::engine) fn make_native(call: &mut FnCallExpr) {
    if !call.hashes.is_native_only() {
        call.hashes = FnCallHashes::from_native_only(call.hashes.native());
    }
}

/// The same, with the hash of a function that is not the one of its name.
pub(in crate::engine) fn make_native_as(call: &mut FnCallExpr, hash: u64) {
    call.hashes = FnCallHashes::from_native_only(hash);
}
