//! What functions give to scripts: a value, or an error that says where it happened.

use rhai::{EvalAltResult, NativeCallContext, Position};

/// What a function gives to a script.
pub(crate) type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// A script error with this text; rhai adds the place.
pub(crate) fn error(text: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE).into()
}

/// Gives an error the place of this call, if it has none: rhai adds none to the errors of functions in a namespace.
pub(crate) fn at(call: &NativeCallContext, mut error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    if error.position().is_none() {
        error.set_position(call.call_position());
    }
    error
}
