//! What everything that scripts can hold and call has in common, whether the core or a component offers it: how it is
//! announced, how its functions wait, what their errors are and how it is described.
//!
//! # How something is announced
//!
//! A [`Class`](registry::Class) is a type with methods. A [`Namespace`](namespace::Namespace) is a set of functions:
//! `Timer::add`, which every script can name, or a module that a script imports, `import "std/env" as env;`. Both take
//! Rust functions and record for each its owner, name, number of arguments, where it may be called and whether it waits.
//! What tells people and checks scripts reads that record and the page, and nothing is listed anywhere else.
//!
//! # How it is described
//!
//! Each class and each namespace has a page in Markdown beside its Rust file, `timer.md` beside `timer.rs`. `README.md` in
//! this folder says what a page looks like, and [`page`] reads it.

pub(crate) mod entry;
pub(crate) mod namespace;
pub(crate) mod outcome;
pub(crate) mod page;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod waiting;
