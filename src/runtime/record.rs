//! What the host has announced to scripts: one line for each function, property and callback.

use super::entry::Place;
use std::any::TypeId;

/// One name that scripts can use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Announced {
    /// Whose name it is: a type, a module, or `functions`.
    pub owner: &'static str,
    /// The name alone.
    pub name: &'static str,
    /// How many arguments it takes, without the object itself; `None` for a property.
    pub arguments: Option<usize>,
    /// Whether it may suspend the handler that calls it.
    pub waits: bool,
    /// Where it may be used.
    pub place: Place,
}

/// What was announced to one engine.
#[derive(Default)]
pub(crate) struct Record {
    /// Every name.
    pub(crate) names: Vec<Announced>,
    /// The types whose values are references by themselves.
    pub(crate) handles: Vec<TypeId>,
}
