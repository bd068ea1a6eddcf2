//! `std/random`: numbers, choices, names and bytes that nobody can foresee.

mod generator;
mod identifier;
mod source;

use self::generator::Generator;
use crate::{
    runtime::{namespace::Namespace, registry::Registry},
    script::ctx::Ctx,
};
use rhai::{Dynamic, ImmutableString as Text};
use std::rc::Rc;

/// What all draw with, as functions of the module and as methods of a generator with a seed.
macro_rules! drawing {
    ($name_it:ident) => {
        $name_it!("int", (min: i64, max: i64) => |by| by.int(min, max));
        $name_it!("float", () => |by| by.fraction());
        $name_it!("float", (min: Dynamic, max: Dynamic) => |by| by.float(&min, &max));
        $name_it!("bool", () => |by| by.fraction() < 0.5);
        $name_it!("bool", (probability: f64) => |by| by.bool(probability));
        $name_it!("bytes", (count: i64) => |by| by.bytes(count));
        $name_it!("choice", (list: Dynamic) => |by| by.choice(&list));
        $name_it!("shuffle", (list: Dynamic) => |by| by.shuffle(&list));
        $name_it!("sample", (list: Dynamic, count: i64) => |by| by.sample(&list, count));
        $name_it!("uuid", () => |by| by.uuid());
        $name_it!("uuid_v7", () => |by| by.uuid_v7());
        $name_it!("token", () => |by| by.token(identifier::TOKEN_LETTERS, identifier::LETTERS));
        $name_it!("token", (length: i64) => |by| by.token(length, identifier::LETTERS));
        $name_it!("token", (length: i64, letters: Text) => |by| by.token(length, &letters));
    };
}

/// Announces generators with a seed.
pub(in crate::script) fn register(registry: &mut Registry) {
    let mut class = registry.class::<Generator>("Generator");
    class.handle(Generator::is_same).display(|_: &mut Generator| "Generator".to_owned());
    macro_rules! method {
        ($name:literal, ($($arg:ident: $type:ty),*) => |$by:ident| $body:expr) => {
            class.method($name, |$by: &mut Generator $(, $arg: $type)*| $body);
        };
    }
    drawing!(method);
}

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/random");
    let system = Generator::system();
    macro_rules! function {
        ($name:literal, ($($arg:ident: $type:ty),*) => |$by:ident| $body:expr) => {
            let $by = system.clone();
            module.function($name, move |$($arg: $type),*| $body);
        };
    }
    drawing!(function);
    module.function("seeded", Generator::seeded);
    module
}
