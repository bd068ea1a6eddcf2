//! `WebServer(address)`: a Worker that answers with the files of its roots.

use super::Worker;
use crate::script::{ctx::Ctx, value::Outcome};
use rhai::{Dynamic, Engine, FuncRegistration, ImmutableString, NativeCallContext};
use std::rc::Rc;

/// A Worker that needs a root.
fn web_server(ctx: &Rc<Ctx>, call: &NativeCallContext, declared: &str) -> Outcome<Worker> {
    let worker = Worker::new(ctx, call, declared)?;
    let core = worker.core();
    core.check_http()?;
    core.is_web_server.set(true);
    Ok(worker)
}

/// Registers the constructor, and what any Worker for HTTP has of it.
pub(super) fn register(engine: &mut Engine, ctx: &Rc<Ctx>) {
    type This<'a> = &'a mut Worker;
    type Text = ImmutableString;
    let home = ctx.clone();
    engine.register_fn("WebServer", move |call: NativeCallContext, address: &str| {
        web_server(&home, &call, address)
    });
    macro_rules! add_root {
        ($function:expr) => {
            FuncRegistration::new("add_root")
                .with_purity(true)
                .register_into_engine(engine, $function);
        };
    }
    add_root!(|w: This, directory: Text| w.core().add_root("", &directory, &Dynamic::UNIT));
    add_root!(|w: This, directory: Text, options: Dynamic| {
        w.core().add_root("", &directory, &options)
    });
    add_root!(|w: This, domain: Text, directory: Text| {
        w.core().add_root(&domain, &directory, &Dynamic::UNIT)
    });
    add_root!(|w: This, domain: Text, directory: Text, options: Dynamic| {
        w.core().add_root(&domain, &directory, &options)
    });
}
