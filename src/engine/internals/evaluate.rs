//! Evaluation piece by piece, with a state that the host keeps: what Rhai's own `call_fn` and `eval` do inside, without what
//! they do around it.
#![allow(deprecated)]

use crate::engine::outcome::Outcome;
use rhai::{
    AST, Dynamic, Engine, EvalContext, Expr, Module, NativeCallContext, Position, Scope, Stmt,
    StmtBlock,
};

/// What was found for calls so far. It belongs to one state.
pub(in crate::engine) use rhai::Caches;
/// Imports, constants, functions and counters of running code.
pub(in crate::engine) use rhai::GlobalRuntimeState as State;

/// A state in which nothing has run yet.
pub(in crate::engine) fn new_state(engine: &Engine) -> State {
    engine.new_global_runtime_state()
}

/// The state of the code that has called a native function, as a copy.
pub(in crate::engine) fn state_of(call: &NativeCallContext) -> State {
    call.global_runtime_state().clone()
}

/// The state of the code that runs.
#[inline(always)]
pub(in crate::engine) fn state<'a>(context: &'a EvalContext) -> &'a State {
    context.global_runtime_state()
}

/// The same, to be changed.
#[inline(always)]
pub(in crate::engine) fn state_mut<'a>(context: &'a mut EvalContext) -> &'a mut State {
    context.global_runtime_state_mut()
}

/// A place to evaluate in, without a `this`.
#[inline(always)]
pub(in crate::engine) fn context<'a, 's, 'ps, 'g, 'c, 't>(
    engine: &'a Engine,
    state: &'g mut State,
    caches: &'c mut Caches,
    scope: &'s mut Scope<'ps>,
) -> EvalContext<'a, 's, 'ps, 'g, 'c, 't> {
    EvalContext::new(engine, state, caches, scope, None)
}

/// The value of an expression.
#[inline(always)]
pub(in crate::engine) fn expression(context: &mut EvalContext, e: &Expr) -> Outcome<Dynamic> {
    context.eval_expression_tree(&e.into())
}

/// Runs one statement. What it declares stays in the scope.
pub(in crate::engine) fn statement(
    context: &mut EvalContext,
    statement: &Stmt,
) -> Outcome<Dynamic> {
    let one = StmtBlock::new([statement.clone()], statement.position(), Position::NONE);
    let one = Expr::Stmt(Box::new(one));
    context.eval_expression_tree_raw(&(&one).into(), false)
}

/// Calls a function of the script, or a closure, by its name. As a method, the first argument is its `this`.
pub(in crate::engine) fn call(
    context: &mut EvalContext,
    name: &str,
    is_method: bool,
    args: &mut [&mut Dynamic],
) -> Outcome<Dynamic> {
    context.call_fn_raw(name, is_method, is_method, args)
}

/// Calls a method of the script's that may change its `this`, for a native function that was called in this state.
pub(in crate::engine) fn call_method(
    engine: &Engine,
    state: &State,
    at: Position,
    name: &str,
    args: &mut [&mut Dynamic],
) -> Outcome<Dynamic> {
    native_call(engine, state, name, at).call_fn_raw(name, true, true, args)
}

/// What a native function of that name is told of its call, which stands there.
#[inline(always)]
pub(in crate::engine) fn native_call<'a>(
    engine: &'a Engine,
    state: &'a State,
    name: &'a str,
    at: Position,
) -> NativeCallContext<'a> {
    NativeCallContext::new_with_all_fields(engine, name, None, state, at)
}

/// The module that a program makes.
pub(in crate::engine) fn module(engine: &Engine, scope: &mut Scope, ast: &AST) -> Outcome<Module> {
    Module::eval_ast_as_new_raw(engine, scope, &mut new_state(engine), ast)
}
