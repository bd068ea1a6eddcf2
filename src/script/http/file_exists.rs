//! `file_exists_in(directory, path)`: is there something that `with_file_in` would answer with?

use super::root_options;
use crate::{
    engine::call::coroutine,
    runtime::{
        outcome::{Outcome, error},
        registry::Registry,
        waiting::{beside, not_here},
    },
    script::ctx::Ctx,
    web::{document_root::DocumentRoot, patience::Patience},
};
use rhai::{Dynamic, ImmutableString};
use std::{io, rc::Rc};

const NAME: &str = "file_exists_in";

fn exists(ctx: &Ctx, directory: &str, path: &str, options: &Dynamic) -> Outcome<bool> {
    if directory.is_empty() || directory.contains('\0') {
        return Err(error("the path of the directory is empty, or has a zero byte in it"));
    }
    let home = ctx.program().map(|program| program.directory()).unwrap_or_default();
    let root = DocumentRoot::at(&home.join(directory), root_options(options)?);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    if !coroutine::may_wait() {
        return Err(not_here(NAME));
    }
    let found = match root.has(&path, Patience::AtOnce) {
        Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
            beside(NAME, move |_| root.has(&path, Patience::Waits))?
        }
        found => found,
    };
    found.map_err(|fault| error(fault.to_string()))
}

/// Announces the function.
pub(super) fn register(registry: &mut Registry, ctx: &Rc<Ctx>) {
    type Text = ImmutableString;
    let home = ctx.clone();
    registry.waiting(NAME, move |directory: Text, path: Text| {
        exists(&home, &directory, &path, &Dynamic::UNIT)
    });
    let home = ctx.clone();
    registry.waiting(NAME, move |directory: Text, path: Text, options: Dynamic| {
        exists(&home, &directory, &path, &options)
    });
}
