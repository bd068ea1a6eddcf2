//! `file_exists_in(directory, path)`: is there something that `with_file_in` would answer with?

use super::root_options;
use crate::{
    engine::natives::Natives,
    script::{
        ctx::Ctx,
        value::{Outcome, error, waiting},
    },
    web::{document_root::DocumentRoot, patience::Patience},
};
use rhai::{Dynamic, Engine, ImmutableString};
use std::{io, rc::Rc};
use tokio::task::spawn_blocking;

fn exists(ctx: &Ctx, directory: &str, path: &str, options: &Dynamic) -> Outcome<bool> {
    if directory.is_empty() || directory.contains('\0') {
        return Err(error("the path of the directory is empty, or has a zero byte in it"));
    }
    let home = ctx.program().map(|program| program.directory()).unwrap_or_default();
    let root = DocumentRoot::at(&home.join(directory), root_options(options)?);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let look = async move {
        match root.has(&path, Patience::AtOnce) {
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                let looked = spawn_blocking(move || root.has(&path, Patience::Waits)).await;
                looked.unwrap_or_else(|stopped| Err(stopped.into()))
            }
            found => found,
        }
    };
    waiting("file_exists_in", look)?.map_err(|fault| error(fault.to_string()))
}

/// Registers the function.
pub(super) fn register(engine: &mut Engine, natives: &mut Natives, ctx: &Rc<Ctx>) {
    type Text = ImmutableString;
    let home = ctx.clone();
    natives.function(engine, "file_exists_in", move |directory: Text, path: Text| {
        exists(&home, &directory, &path, &Dynamic::UNIT)
    });
    let home = ctx.clone();
    natives.function(
        engine,
        "file_exists_in",
        move |directory: Text, path: Text, options: Dynamic| {
            exists(&home, &directory, &path, &options)
        },
    );
}
