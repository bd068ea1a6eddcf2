//! A reload that was asked for.

use super::{ReloadOptions, ReloadOutcome};
use std::sync::mpsc::Sender;

/// A reload that will be made.
#[derive(Default)]
pub(super) struct WantedReload {
    pub(super) options: ReloadOptions,
    /// Who waits for what comes of it.
    pub(super) replies: Vec<Sender<ReloadOutcome>>,
}

impl WantedReload {
    pub(super) fn answer(self, outcome: &ReloadOutcome) {
        for reply in self.replies {
            let _ = reply.send(outcome.clone());
        }
    }
}
