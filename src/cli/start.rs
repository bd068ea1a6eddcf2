//! `rhost run`, `rhost start` and `rhost restart`.

use super::{
    arguments::{Serving, Start, Stop, Target},
    exit::{Exit, Failure},
    launch,
    plan::Plan,
    serve, stop,
};

pub fn run(serving: Serving, watch: bool) -> Result<u8, Failure> {
    let (plan, _) = Plan::new(serving, watch)?;
    serve::in_the_foreground(plan)
}

pub fn start(start: Start) -> Result<u8, Failure> {
    let (plan, wants_to_be_a_daemon) = Plan::new(start.serving, start.watch)?;
    match start.daemon || wants_to_be_a_daemon {
        true => launch::as_daemon(plan),
        false => serve::in_the_foreground(plan),
    }
}

/// Starts even if nothing ran, and stops nothing if the script cannot be read.
pub fn restart(start: Start, graceful: bool) -> Result<u8, Failure> {
    let (plan, _) = Plan::new(start.serving.clone(), start.watch)?;
    let target = Target { file: plan.file, pid_file: start.serving.pid_file.clone() };
    match stop::stop(&Stop { target, graceful, timeout: None }) {
        Err(failure) if failure.exit != Exit::NotRunning => Err(failure),
        _ => self::start(start),
    }
}
