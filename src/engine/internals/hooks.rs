//! Where an engine asks before it goes on by itself. Each hook can be set once for an engine.
#![allow(deprecated)]

use crate::engine::outcome::Outcome;
use rhai::{Dynamic, Engine, EvalContext, Position, Token};

/// Asks for each variable: its name, and how far it lies before the newest one, or 0 if the parser did not know. `None` lets
/// Rhai look for it.
pub(in crate::engine) fn on_variable(
    engine: &mut Engine,
    hook: impl Fn(&str, usize, EvalContext) -> Outcome<Option<Dynamic>> + 'static,
) {
    engine.on_var(hook);
}

/// Shows each token to the hook before it is parsed, which gives the one that is parsed.
pub(in crate::engine) fn on_token(
    engine: &mut Engine,
    hook: impl Fn(Token, Position) -> Token + 'static,
) {
    engine.on_parse_token(move |token, position, _| hook(token, position));
}

/// Asks for each call of a function that Rhai does not find: its name, the arguments, whether it is a method. `None` makes
/// it an error.
pub(in crate::engine) fn on_missing_function(
    engine: &mut Engine,
    hook: impl Fn(&str, &mut [&mut Dynamic], bool, EvalContext) -> Outcome<Option<Dynamic>> + 'static,
) {
    engine.on_missing_function(hook);
}
