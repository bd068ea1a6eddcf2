//! The one door to those parts of Rhai that its authors call volatile: how code is evaluated piece by piece, the hooks of
//! an engine, custom nodes, bodies of functions and trees that are put together by hand. An upgrade of Rhai begins here, and
//! nothing outside of this folder has to allow what Rhai marks as deprecated only because it may change.
//!
//! What stays outside is the shape of the tree itself, `Expr` and `Stmt`: who reads or changes code matches on it, and a second
//! set of types would have to be made of the first for each file. `tests/it/tidy.rs` lists the files that do.

pub(in crate::engine) mod evaluate;
pub(in crate::engine) mod grafts;
pub(in crate::engine) mod hooks;
pub(in crate::engine) mod nodes;
pub(in crate::engine) mod positions;
pub(in crate::engine) mod rewrite;
pub(in crate::engine) mod tree;

/// What Rhai's names of closures begin with.
pub(crate) const ANONYMOUS: &str = "anon$";

/// Calls that Rhai treats specially, by their hashes; they are in no list of functions.
pub(in crate::engine) const KEYWORDS: [&str; 8] =
    ["call", "curry", "Fn", "eval", "is_def_var", "is_def_fn", "is_shared", "type_of"];
