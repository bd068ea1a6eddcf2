//! `WebServer(address)`: a Worker that answers with the files of its roots.

use super::Worker;
use crate::{
    runtime::registry::Registry,
    script::{ctx::Ctx, value::Outcome},
};
use rhai::{Dynamic, ImmutableString, NativeCallContext};
use std::rc::Rc;

/// A Worker that needs a root.
fn web_server(ctx: &Rc<Ctx>, call: &NativeCallContext, declared: &str) -> Outcome<Worker> {
    let worker = Worker::new(ctx, call, declared)?;
    let core = worker.core();
    core.check_http()?;
    core.is_web_server.set(true);
    Ok(worker)
}

/// Announces the constructor, and the method that only such a worker has.
pub(super) fn register(registry: &mut Registry, ctx: &Rc<Ctx>) {
    type This<'a> = &'a mut Worker;
    type Text = ImmutableString;
    let home = ctx.clone();
    let mut class = registry.names_of::<Worker>("WebServer");
    class
        .constructor(move |call: NativeCallContext, address: Text| {
            web_server(&home, &call, &address)
        })
        .method("add_root", |w: This, directory: Text| {
            w.core().add_root("", &directory, &Dynamic::UNIT)
        })
        .method("add_root", |w: This, directory: Text, options: Dynamic| {
            w.core().add_root("", &directory, &options)
        })
        .method("add_root", |w: This, domain: Text, directory: Text| {
            w.core().add_root(&domain, &directory, &Dynamic::UNIT)
        })
        .method("add_root", |w: This, domain: Text, directory: Text, options: Dynamic| {
            w.core().add_root(&domain, &directory, &options)
        });
}
