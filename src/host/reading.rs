//! Has an isolate read a script.

use super::supervisor::{Supervisor, await_answer};
use crate::{
    engine::{compile::sources::Sources, program::Start},
    error::{Error, ErrorKind},
    isolate::{Command, Isolate, Loaded},
};
use std::time::{Duration, Instant};

/// How long an isolate may be busy with other handlers before it reads a new script. Fixed: longer than several handlers
/// that run into their `handler_timeout`.
pub(super) const REHEARSAL_PATIENCE: Duration = Duration::from_secs(30);

/// An isolate reads a script, and keeps it until it is told what to do with it.
pub(super) fn read(
    host: &Supervisor,
    isolate: &Isolate,
    sources: &Sources,
    start: Start,
    loud: bool,
) -> Result<Loaded, Error> {
    let sources = sources.clone();
    let answer = isolate.ask(|reply| Command::Prepare { sources, start, loud, reply });
    let deadline = Instant::now() + REHEARSAL_PATIENCE;
    let loaded = await_answer(&answer, deadline, &host.stopping);
    Ok(loaded.ok_or_else(|| {
        let id = isolate.id;
        let text = format!("isolate {id} did not read the script: it is busy, or the host stops");
        Error::new(ErrorKind::System, text)
    })??)
}
