//! `Worker::run_all()` and whatever else is said of all workers, or of the host.

use super::Worker;
use crate::{
    engine::values::ref_map::RefMap,
    runtime::{
        entry::Place,
        namespace::Namespace,
        outcome::{Outcome, error},
        registry::Registry,
    },
    script::{
        ctx::{Ctx, Wish},
        object::Object,
    },
};
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext, Position};
use std::rc::Rc;

/// Announces the namespace.
pub(super) fn register(registry: &mut Registry, ctx: &Rc<Ctx>) {
    type Call<'a> = NativeCallContext<'a>;
    let mut worker = Namespace::new(Worker::NAME);
    let home = ctx.clone();
    worker.only_in(Place::TopLevel, "run_all", move || match home.is_declaring() {
        true => Err(EvalAltResult::Exit(Dynamic::UNIT, Position::NONE).into()),
        false => {
            Err::<(), _>(error("the workers are running already: run_all() ends the top level"))
        }
    });
    let home = ctx.clone();
    worker.only_in(Place::Handler, "stop_all", move |call: Call| stop(&home, &call, 0));
    let home = ctx.clone();
    worker
        .only_in(Place::Handler, "stop_all", move |call: Call, code: i64| stop(&home, &call, code));
    let home = ctx.clone();
    worker.only_in(Place::TopLevel, "configure", move |given: Map| configure(&home, &given));
    let home = ctx.clone();
    worker.only_in(Place::TopLevel, "configure", move |given: RefMap| {
        configure(&home, &given.to_map())
    });
    let home = ctx.clone();
    worker.only_in(Place::Handler, "reload", move || match home.is_declaring() {
        true => Err(error("the top level cannot reload itself")),
        false => {
            home.wish(Wish::Reload);
            Ok(())
        }
    });
    worker.register(registry);
}

fn configure(ctx: &Ctx, given: &Map) -> Outcome<()> {
    if !ctx.is_declaring() {
        return Err(error("configure is for the top level: call it there, and save"));
    }
    let folder = ctx.program().map(|program| program.directory()).unwrap_or_default();
    ctx.configuration.borrow_mut().read(given, &folder)
}

fn stop(ctx: &Ctx, call: &NativeCallContext, code: i64) -> Outcome<()> {
    let code = u8::try_from(code)
        .map_err(|_| error(format!("an exit code is a number from 0 to 255, not {code}")))?;
    if ctx.is_declaring() {
        return Err(error("nothing is running yet that could be stopped"));
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
