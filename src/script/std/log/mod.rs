//! `std/log`: lines for the host's log, with a level and fields.

use super::argument::refused;
use crate::{
    engine::values::{json, ref_map::RefMap},
    log::Level,
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
    },
    script::{ctx::Ctx, process},
};
use rhai::{Dynamic, NativeCallContext};
use std::rc::Rc;

/// The functions of the module.
pub(super) fn module(ctx: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/log");
    for (name, level) in [
        ("trace", Level::Debug),
        ("info", Level::Info),
        ("warn", Level::Warn),
        ("error", Level::Error),
    ] {
        let home = ctx.clone();
        module.function(name, move |call: NativeCallContext, message: Dynamic| {
            process::log_line(&home, &call, level, message, String::new());
        });
        let home = ctx.clone();
        module.function(
            name,
            move |call: NativeCallContext, message: Dynamic, fields: Dynamic| -> Outcome<()> {
                let fields = fields_of(name, &fields)?;
                process::log_line(&home, &call, level, message, fields);
                Ok(())
            },
        );
    }
    module
}

/// The fields as JSON.
fn fields_of(function: &str, fields: &Dynamic) -> Outcome<String> {
    if RefMap::entries_of(fields).is_none() {
        let shown = json::show(fields);
        return Err(error(format!("{function}: the fields are a map, not {shown}")));
    }
    refused(function, json::encode(fields).map_err(|why| format!("the fields: {why}")))
}
