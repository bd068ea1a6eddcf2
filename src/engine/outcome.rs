//! What functions give to scripts: a value, or an error that says where it happened.

use rhai::{EvalAltResult, Position};

/// What a function gives to a script.
pub(crate) type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// A script error with this text; rhai adds the place.
pub(crate) fn error(text: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE).into()
}
