//! What ends a script whose calls are nested too deeply, with the calls that led there. Rhai's own error keeps the outermost
//! place only; scripts can catch neither.

use rhai::{EvalAltResult, Position};
use std::fmt;

/// One call, with the file in which it stands.
#[derive(Debug)]
pub(in crate::engine) struct Call {
    pub(in crate::engine) name: String,
    pub(in crate::engine) file: String,
    pub(in crate::engine) position: Position,
}

/// See the module.
#[derive(Debug)]
pub(in crate::engine) struct Overflow {
    /// The call that was one too many.
    pub(in crate::engine) position: Position,
    /// The calls around it, innermost first.
    pub(in crate::engine) calls: Vec<Call>,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stack overflow")
    }
}

impl std::error::Error for Overflow {}

impl Overflow {
    /// The error of a call that is one too many.
    pub(in crate::engine) fn at(position: Position) -> Box<EvalAltResult> {
        let overflow = Self { position, calls: Vec::new() };
        EvalAltResult::ErrorSystem(String::new(), overflow.into()).into()
    }

    /// What an error says, if it is one of these.
    pub(in crate::engine) fn of(error: &EvalAltResult) -> Option<&Self> {
        match error {
            EvalAltResult::ErrorSystem(_, inner) => inner.downcast_ref(),
            _ => None,
        }
    }

    /// Notes a call that an error came through. False: it is none of these, nor rhai's own.
    pub(in crate::engine) fn passes(error: &mut Box<EvalAltResult>, call: Call) -> bool {
        if let EvalAltResult::ErrorStackOverflow(position) = **error {
            *error = Self::at(position);
        }
        let EvalAltResult::ErrorSystem(_, inner) = &mut **error else { return false };
        let Some(overflow) = inner.downcast_mut::<Self>() else { return false };
        overflow.calls.push(call);
        true
    }
}
