//! `Worker::run_all()` and whatever else is said of all workers, or of the host.

use super::Worker;
use crate::{
    engine::values::ref_map::RefMap,
    script::{
        ctx::{Ctx, Wish},
        object::Object,
        value::{Outcome, at, error},
    },
};
use rhai::{Dynamic, Engine, EvalAltResult, Map, Module, NativeCallContext, Position};
use std::rc::Rc;

/// Registers the namespace.
pub(super) fn register(engine: &mut Engine, ctx: &Rc<Ctx>) {
    let mut module = Module::new();
    let home = ctx.clone();
    type Call<'a> = NativeCallContext<'a>;
    module.set_native_fn("run_all", move |call: Call| match home.is_declaring() {
        true => Err(EvalAltResult::Exit(Dynamic::UNIT, Position::NONE).into()),
        false => {
            let text = "the workers are running already: run_all() ends the top level";
            Err::<(), _>(at(&call, error(text)))
        }
    });
    let home = ctx.clone();
    module.set_native_fn("stop_all", move |call: Call| stop(&home, &call, 0));
    let home = ctx.clone();
    module.set_native_fn("stop_all", move |call: Call, code: i64| stop(&home, &call, code));
    let home = ctx.clone();
    module
        .set_native_fn("configure", move |call: Call, given: Map| configure(&home, &call, &given));
    let home = ctx.clone();
    module.set_native_fn("configure", move |call: Call, given: RefMap| {
        configure(&home, &call, &given.to_map())
    });
    let home = ctx.clone();
    module.set_native_fn("reload", move |call: Call| match home.is_declaring() {
        true => Err(at(&call, error("the top level cannot reload itself"))),
        false => {
            home.wish(Wish::Reload);
            Ok(())
        }
    });
    engine.register_static_module(Worker::NAME, module.into());
}

fn configure(ctx: &Ctx, call: &NativeCallContext, given: &Map) -> Outcome<()> {
    match ctx.is_declaring() {
        true => {
            let folder = ctx.program().map(|program| program.directory()).unwrap_or_default();
            ctx.configuration.borrow_mut().read(given, &folder).map_err(|e| at(call, e))
        }
        false => Err(at(call, error("configure is for the top level: call it there, and save"))),
    }
}

fn stop(ctx: &Ctx, call: &NativeCallContext, code: i64) -> Outcome<()> {
    let code = u8::try_from(code).map_err(|_| {
        at(call, error(format!("an exit code is a number from 0 to 255, not {code}")))
    })?;
    if ctx.is_declaring() {
        return Err(at(call, error("nothing is running yet that could be stopped")));
    }
    let at = call.call_position();
    let file = call.call_source().unwrap_or_default();
    let location = match (at.line(), at.position()) {
        (Some(line), column) => format!("{file}:{line}:{}", column.unwrap_or(1)),
        (None, _) => file.to_owned(),
    };
    ctx.wish(Wish::Stop { code, location });
    Ok(())
}
