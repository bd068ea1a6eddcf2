//! The script reference: every function, property and callback that a script can see, each with an example that a test
//! runs. It is read from the pages beside the objects; `src/runtime/README.md` says what a page looks like. A test compares
//! it with what is really registered, so that nothing is added without an entry.

mod language;
mod lookup;
pub(crate) mod registered;

pub use crate::runtime::entry::{Entry, Place, Section};
pub(in crate::script) use lookup::advice;
pub use lookup::{all_names, explain};

use super::std::{NATIVE, TEXTS};
use crate::runtime::page;
use ::std::sync::LazyLock;

/// The pages of what every script has, in the order in which people learn them.
const PAGES: [&str; 20] = [
    include_str!("../worker.md"),
    include_str!("../settings.md"),
    include_str!("../callback.md"),
    include_str!("../tcp_connection.md"),
    include_str!("../connections.md"),
    include_str!("../http/request.md"),
    include_str!("../http/response.md"),
    include_str!("../http/chunk.md"),
    include_str!("../http/server_sent_events.md"),
    include_str!("../http/uploads.md"),
    include_str!("../http/request/session.md"),
    include_str!("../http/session.md"),
    include_str!("../worker/web_server.md"),
    include_str!("../timer.md"),
    include_str!("../process.md"),
    include_str!("../../engine/values/ref_map.md"),
    include_str!("../../engine/values/ref_array.md"),
    include_str!("../../engine/values/ref_array_changes.md"),
    include_str!("../http/route_table.md"),
    include_str!("../http/failure.md"),
];

/// The title of the page of methods that change the array they are called on.
pub(in crate::script) const CHANGING_ARRAYS: &str = "Changing arrays";

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    let modules = TEXTS.iter().map(|module| module.page).chain(NATIVE.iter().map(|m| m.page));
    let read = |text| match page::read(text) {
        Ok(section) => section,
        // Every test of the reference reads all of them.
        Err(why) => panic!("a page of the script reference is not complete: {why}"),
    };
    PAGES.into_iter().chain(modules).map(read).collect()
});

/// The script reference: what every script has, in the order in which people learn it, then the modules.
pub fn script_reference() -> &'static [Section] {
    &SECTIONS
}
