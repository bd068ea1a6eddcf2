//! Errors and messages, as people who write scripts understand them.

pub(crate) mod foreign_names;
pub(in crate::engine) mod hints;
pub(crate) mod report;
pub(crate) mod signatures;
pub(in crate::engine) mod syntax_help;
pub(in crate::engine) mod words;
