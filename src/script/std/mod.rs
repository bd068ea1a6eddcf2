//! The modules that scripts import as `std/…`: one file for each, beside its page. A module that is written in Rhai has its
//! text in `stdlib/`.

mod env;

use super::{ctx::Ctx, reference};
use crate::{
    engine::compile::host_modules::{HostModule, HostModules},
    runtime::{entry::Section, namespace::Namespace, record::Announced},
};
use std::rc::Rc;

/// One module of native functions: a row of [`NATIVE`].
pub(super) struct NativeRow {
    /// What scripts import.
    name: &'static str,
    /// Its page.
    pub(super) page: &'static str,
    /// Makes its functions, for the isolate that the script runs in.
    make: fn(&Rc<Ctx>) -> Namespace,
}

/// Every module of native functions, in the order of the alphabet.
pub(super) const NATIVE: [NativeRow; 1] =
    [NativeRow { name: "std/env", page: include_str!("env.md"), make: env::module }];

/// Every module that is written in Rhai.
pub(super) const TEXTS: [(&str, &str); 2] = [
    ("std/push", include_str!("../../../stdlib/push.rhai")),
    ("std/router", include_str!("../../../stdlib/router.rhai")),
];

/// All of them, as scripts of this isolate import them.
pub(super) fn modules(ctx: &Rc<Ctx>) -> HostModules {
    let native = NATIVE.into_iter().map(|row| {
        let ctx = ctx.clone();
        let make = move || (row.make)(&ctx).into_module(page(row.name));
        (row.name, HostModule::native(make))
    });
    let texts = TEXTS.into_iter().map(|(name, text)| (name, HostModule::Text(text)));
    HostModules::new(native.chain(texts), reference::advice)
}

/// What the native ones announce.
pub(super) fn announced(ctx: &Rc<Ctx>) -> Vec<Announced> {
    NATIVE.iter().flat_map(|row| (row.make)(ctx).names().to_vec()).collect()
}

fn page(name: &str) -> Option<&'static Section> {
    reference::script_reference().iter().find(|section| section.owner == name)
}
