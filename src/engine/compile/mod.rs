//! From files to a program: the files of one generation, their tokens and closures, and the tree that runs in place of the
//! one that was parsed.

pub(in crate::engine) mod captured_constants;
pub(crate) mod closures;
pub(crate) mod host_modules;
pub(in crate::engine) mod marks;
pub(crate) mod modules;
pub(in crate::engine) mod retouch;
pub(crate) mod sources;
pub(crate) mod tokens;
