//! How a script was started, which a restart repeats where nothing else is said.

use super::arguments::{LogFormat, Start};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Manner {
    pub daemon: bool,
    pub watch: bool,
    pub settle: u64,
    pub log_format: LogFormat,
}

impl Manner {
    /// Fills in what the command line leaves open.
    pub fn repeat(self, start: &mut Start) {
        start.daemon |= self.daemon;
        start.watch |= self.watch;
        start.serving.settle.get_or_insert(self.settle);
        start.serving.log_format.get_or_insert(self.log_format);
    }
}
