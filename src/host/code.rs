//! What a worker runs: usually the text that was loaded last, and an older one if it is not reloadable.

use crate::engine::{compile::sources::Sources, program::Start};

/// See the module.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) sources: Sources,
    /// Which generation loaded it.
    pub(super) generation: u64,
    /// Which of the workers that it declares this is.
    pub(super) at: usize,
}

impl Code {
    /// The number of its generation as people are told it: the first start was 0.
    pub(super) fn shown(&self) -> u64 {
        self.generation.saturating_sub(1)
    }

    /// As what an isolate that was not there yet begins with it.
    pub(super) fn start(&self) -> Start {
        Start { generation: self.generation, is_fresh: false }
    }
}
