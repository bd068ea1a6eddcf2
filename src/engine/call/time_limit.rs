//! Scripts whose time is up: how they are ended, and how that is told from other errors.

use crate::engine::call::{coroutine, turns::Overdue};
use rhai::{EvalAltResult, Position};

/// How the message of a handler that was ended for its `handler_timeout` ends.
const TIMEOUT: &str = "(handler_timeout)";

/// Was a script ended because it ran too long?
pub(in crate::engine) fn is_timeout(error: &EvalAltResult) -> bool {
    match error.unwrap_inner() {
        EvalAltResult::ErrorTerminated(why, _) => why.to_string().ends_with(TIMEOUT),
        _ => false,
    }
}

/// Why a script that is overdue is ended.
pub(in crate::engine) fn reason(overdue: Overdue) -> String {
    match overdue {
        Overdue::TooLong(limit) => {
            format!("it ran {} s without waiting {TIMEOUT}", limit.as_secs_f64())
        }
        Overdue::Stopping => "the host stops".to_owned(),
    }
}

/// For native functions that may take long: the error that ends the script if its time is up.
pub(crate) fn check_time() -> Result<(), Box<EvalAltResult>> {
    match coroutine::turns().overdue() {
        None => Ok(()),
        Some(why) => Err(EvalAltResult::ErrorTerminated(reason(why).into(), Position::NONE).into()),
    }
}
