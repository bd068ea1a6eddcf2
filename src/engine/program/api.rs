//! What a program is made with.

use crate::engine::{compile::host_modules::HostModules, natives::Natives};
use rhai::{Engine, ImmutableString};
use std::{any::TypeId, collections::BTreeSet};

/// What the host offers to scripts, registered into every generation's engine.
pub(crate) trait Api {
    /// What scripts can import besides files.
    fn modules(&self) -> HostModules;

    /// Functions and types. Gives the types that are references by themselves.
    fn register(&self, engine: &mut Engine, natives: &mut Natives) -> Vec<TypeId>;

    /// Getters and setters of these property names, for all types that have properties.
    fn register_properties(
        &self,
        engine: &mut Engine,
        natives: &mut Natives,
        names: &BTreeSet<ImmutableString>,
    );
}

/// How a generation begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// 1 at the first start.
    pub(crate) generation: u64,
    /// Run every initialiser, instead of taking over what lives?
    pub(crate) is_fresh: bool,
}

impl Start {
    /// The very first.
    pub(crate) const FIRST: Self = Self { generation: 1, is_fresh: false };
}
