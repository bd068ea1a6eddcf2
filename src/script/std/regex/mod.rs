//! `std/regex`: patterns. A search takes time in proportion to the text, whatever the pattern.

mod cache;
mod object;
mod pattern;
mod search;

use self::object::Pattern;
use crate::{
    runtime::{namespace::Namespace, outcome::error, registry::Registry},
    script::ctx::Ctx,
};
use rhai::{Dynamic, FnPtr, ImmutableString as Text, NativeCallContext};
use std::rc::Rc;

type Call<'a> = NativeCallContext<'a>;

/// What is done with a pattern, as functions of the module and as methods of a compiled pattern.
macro_rules! searching {
    ($name_it:ident) => {
        $name_it!("is_match", (text: Text) => |of| of.is_match(&text));
        $name_it!("find", (text: Text) => |of| of.find(&text));
        $name_it!("find_all", (text: Text) => |of| of.find_all(&text));
        $name_it!("index_of", (text: Text) => |of| of.index_of(&text));
        $name_it!("positions", (text: Text) => |of| of.positions(&text));
        $name_it!("captures", (text: Text) => |of| of.captures(&text));
        $name_it!("captures_all", (text: Text) => |of| of.captures_all(&text));
        $name_it!("split", (text: Text) => |of| of.split(&text, i64::MAX));
        $name_it!("split", (text: Text, limit: i64) => |of| of.split(&text, limit));
        $name_it!("replace", (text: Text, by: Text) => |of| of.replace(&text, &by, 1));
        $name_it!("replace_all", (text: Text, by: Text) => |of| of.replace(&text, &by, usize::MAX));
    };
}

/// Announces compiled patterns.
pub(in crate::script) fn register(registry: &mut Registry) {
    let mut class = registry.class::<Pattern>("Pattern");
    class.handle(Pattern::is_same).display(|of: &mut Pattern| of.text().to_owned());
    class.property("text", |of: &mut Pattern| of.text().to_owned());
    macro_rules! method {
        ($name:literal, ($($arg:ident: $type:ty),*) => |$of:ident| $body:expr) => {
            class.waiting_in_handlers($name, |$of: &mut Pattern $(, $arg: $type)*| $body);
        };
    }
    searching!(method);
    for (name, most) in [("replace", 1), ("replace_all", usize::MAX)] {
        class.waiting_in_handlers(
            name,
            move |call: Call, of: &mut Pattern, text: Text, f: FnPtr| {
                of.replace_by(&call, &text, &f, most)
            },
        );
    }
}

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/regex");
    macro_rules! function {
        ($name:literal, ($($arg:ident: $type:ty),*) => |$of:ident| $body:expr) => {
            module.waiting_in_handlers($name, |pattern: Dynamic $(, $arg: $type)*| {
                let $of = Pattern::of(&pattern)?;
                $body
            });
        };
    }
    searching!(function);
    for (name, most) in [("replace", 1), ("replace_all", usize::MAX)] {
        module.waiting_in_handlers(name, move |call: Call, of: Dynamic, text: Text, f: FnPtr| {
            Pattern::of(&of)?.replace_by(&call, &text, &f, most)
        });
    }
    module
        .function("compile", |text: Text| Pattern::compile(&text, "").map_err(error))
        .function("compile", |text: Text, flags: Text| {
            Pattern::compile(&text, &flags).map_err(error)
        })
        .function("escape", |text: Text| regex::escape(&text));
    module
}
