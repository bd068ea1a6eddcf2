//! Exit codes, and the failure that leads to one.

use std::fmt;

/// What `--help` says of the environment of a script.
pub const ENVIRONMENT: &str = "\
Environment:
  RHOST_OPTIMIZE=0  run handlers as they are written, without shorter ways; for whoever suspects these of a fault
  RUST_LOG=debug    show more in the log
  NO_COLOR=1        show no colours";

/// What `--help` says of the codes.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done; 0 to 255 from run and start: what Worker::stop_all(code) said
  1  failed: the script cannot be started, check found something, a second signal ended it
  2  the command line is wrong
  3  not running
  4  already running
  5  did not stop in time
  6  the reload was rejected
  7  runs, but does not answer, or not for all of its isolates, or does not serve yet
  8  done, but what was asked for could not be printed";

/// Why a command fails, as the code of the process. Code 2, a wrong command line, is clap's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The script cannot be started, or anything that has no code of its own.
    Failed = 1,
    /// There is nothing to stop, reload or ask.
    NotRunning = 3,
    /// There is nothing to start.
    AlreadyRunning = 4,
    /// It was told to stop and is still there.
    StillRunning = 5,
    /// The script is not fit to serve; the old one goes on.
    Rejected = 6,
    /// It is there and says nothing, or an isolate of it does, or it does not serve yet.
    Silent = 7,
    /// Standard output takes nothing, for another reason than that its reader has seen enough.
    Unprinted = 8,
}

impl Exit {
    /// The code of a command that ends with this error: what a [`Failure`] in it says, else that it failed.
    pub fn of(error: &anyhow::Error) -> Self {
        error.downcast_ref::<Failure>().map_or(Exit::Failed, |failure| failure.exit)
    }
}

/// Why a command fails, for people and for scripts. Where a command ends it is an error as any other.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub text: String,
}

impl Failure {
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    /// Code 1: what was tried, and what the system says.
    pub fn system(what: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

impl From<rhost::Error> for Failure {
    fn from(error: rhost::Error) -> Self {
        // The source, if any, is in the message already.
        Self::new(Exit::Failed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn an_error_has_the_code_of_the_failure_in_it_and_is_told_with_what_was_tried() {
        let failed: Result<(), _> = Err(Failure::new(Exit::NotRunning, "it is not running"));
        let error = failed.context("cannot stop it").expect_err("a failure");
        assert_eq!(Exit::of(&error), Exit::NotRunning);
        assert_eq!(format!("{error:#}"), "cannot stop it: it is not running");
        assert_eq!(Exit::of(&anyhow::anyhow!("anything else")), Exit::Failed);
    }
}
