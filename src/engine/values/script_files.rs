//! What values have to know of the files whose code works with them.

use rhai::{Dynamic, EvalAltResult, EvalContext, NativeCallContext};

/// The files of one generation, as values see them.
pub(in crate::engine) trait ScriptFiles {
    /// An error that an index is the reason for, with the place of that index: rhai tells a function where the bracket in
    /// front of it stands.
    fn at_index(&self, call: &NativeCallContext, error: Box<EvalAltResult>) -> Box<EvalAltResult>;

    /// Does the call that rhai makes for a property or an index stand at a dot, which a property follows?
    fn is_at_dot(&self, call: &NativeCallContext) -> bool;

    /// Calls a closure that rhai does not find because it looks in the caller's file only: one of another file, else one
    /// of another generation. As a method, the first argument is its `this`. `None`: nobody knows it.
    fn call_foreign_closure(
        &self,
        name: &str,
        args: &mut [&mut Dynamic],
        is_method: bool,
        context: &EvalContext,
    ) -> Option<Result<Dynamic, Box<EvalAltResult>>>;
}
