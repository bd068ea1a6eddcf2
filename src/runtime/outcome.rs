//! What functions give to scripts, under the name that the rooms above the engine know it by.

pub(crate) use crate::engine::outcome::{Outcome, error};
