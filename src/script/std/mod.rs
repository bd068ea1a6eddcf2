//! The modules that scripts import as `std/…`: one file for each, beside its page. A module that is written in Rhai has its
//! text in `stdlib/`.

mod argument;
mod bytes;
mod cookie;
mod crypto;
mod encoding;
mod env;
mod file;
mod log;
mod process;
mod random;
mod regex;
mod template;
mod time;
mod tree;

pub(crate) use file::Watches;

use super::{ctx::Ctx, reference};
use crate::{
    engine::compile::host_modules::{HostModule, HostModules},
    runtime::{entry::Section, namespace::Namespace, record::Announced, registry::Registry},
};
use std::rc::Rc;

/// One module of native functions: a row of [`NATIVE`].
pub(super) struct NativeRow {
    /// What scripts import.
    pub(super) name: &'static str,
    /// Its page.
    pub(super) page: &'static str,
    /// Makes its functions, for the isolate that the script runs in.
    make: fn(&Rc<Ctx>) -> Namespace,
}

/// Every module of native functions, in the order of the alphabet.
pub(super) const NATIVE: [NativeRow; 12] = [
    NativeRow { name: "std/bytes", page: include_str!("bytes/bytes.md"), make: bytes::module },
    NativeRow { name: "std/cookie", page: include_str!("cookie/cookie.md"), make: cookie::module },
    NativeRow { name: "std/crypto", page: include_str!("crypto/crypto.md"), make: crypto::module },
    NativeRow {
        name: "std/encoding",
        page: include_str!("encoding/encoding.md"),
        make: encoding::module,
    },
    NativeRow { name: "std/env", page: include_str!("env.md"), make: env::module },
    NativeRow { name: "std/file", page: include_str!("file/file.md"), make: file::module },
    NativeRow { name: "std/log", page: include_str!("log/log.md"), make: log::module },
    NativeRow {
        name: "std/process",
        page: include_str!("process/process.md"),
        make: process::module,
    },
    NativeRow { name: "std/random", page: include_str!("random/random.md"), make: random::module },
    NativeRow { name: "std/regex", page: include_str!("regex/regex.md"), make: regex::module },
    NativeRow {
        name: "std/template",
        page: include_str!("template/template.md"),
        make: template::module,
    },
    NativeRow { name: "std/time", page: include_str!("time/time.md"), make: time::module },
];

/// Pages of the objects that the modules make.
pub(super) const OBJECTS: [&str; 7] = [
    include_str!("bytes/byte_reader.md"),
    include_str!("bytes/byte_writer.md"),
    include_str!("file/file_pieces.md"),
    include_str!("file/file_root.md"),
    include_str!("random/generator.md"),
    include_str!("regex/pattern.md"),
    include_str!("time/date_time.md"),
];

/// Announces those objects, and what every script has of the modules.
pub(super) fn register(registry: &mut Registry) {
    bytes::register(registry);
    file::register(registry);
    random::register(registry);
    regex::register(registry);
    time::register(registry);
}

/// One module that is written in Rhai: a row of [`TEXTS`].
pub(super) struct TextRow {
    /// What scripts import.
    pub(super) name: &'static str,
    /// Its page.
    pub(super) page: &'static str,
    /// Its functions.
    pub(super) text: &'static str,
}

/// Every module that is written in Rhai.
pub(super) const TEXTS: [TextRow; 2] = [
    TextRow {
        name: "std/push",
        page: include_str!("../../../stdlib/push.md"),
        text: include_str!("../../../stdlib/push.rhai"),
    },
    TextRow {
        name: "std/router",
        page: include_str!("../../../stdlib/router.md"),
        text: include_str!("../../../stdlib/router.rhai"),
    },
];

/// All of them, as scripts of this isolate import them.
pub(super) fn modules(ctx: &Rc<Ctx>) -> HostModules {
    let native = NATIVE.into_iter().map(|row| {
        let ctx = ctx.clone();
        let make = move || (row.make)(&ctx).into_module(page(row.name));
        (row.name, HostModule::native(make))
    });
    let texts = TEXTS.into_iter().map(|row| (row.name, HostModule::Text(row.text)));
    HostModules::new(native.chain(texts), reference::advice)
}

/// What the native ones announce.
pub(super) fn announced(ctx: &Rc<Ctx>) -> Vec<Announced> {
    NATIVE.iter().flat_map(|row| (row.make)(ctx).names().to_vec()).collect()
}

fn page(name: &str) -> Option<&'static Section> {
    reference::script_reference().iter().find(|section| section.owner == name)
}
