//! The script reference: every function, property and callback that a script can see, each with an example that a test
//! runs. It is read from the pages beside the objects; `src/runtime/README.md` says what a page looks like. A test compares
//! it with what is really registered, so that nothing is added without an entry.

mod language;
mod lookup;
mod manual;
pub(crate) mod registered;

pub use crate::runtime::entry::{Entry, Place, Section};
pub(in crate::script) use lookup::advice;
pub use lookup::{Match, all_names, entries, explain, search};
pub use manual::{ManualPage, manual};

use super::std::{NATIVE, OBJECTS, TEXTS};
use crate::runtime::page;
use ::std::sync::LazyLock;

/// A page, with where it lies in the repository.
macro_rules! page {
    ($source:expr) => {
        ($source, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $source)))
    };
}

/// The pages of what every script has, in the order in which people learn them.
const PAGES: [(&str, &str); 24] = [
    page!("src/script/worker.md"),
    page!("src/script/settings.md"),
    page!("src/script/callback.md"),
    page!("src/script/tcp_connection.md"),
    page!("src/script/connections.md"),
    page!("src/script/http/request.md"),
    page!("src/script/http/response.md"),
    page!("src/script/http/chunk.md"),
    page!("src/script/http/server_sent_events.md"),
    page!("src/script/http/uploads.md"),
    page!("src/script/http/request/request_session.md"),
    page!("src/script/http/session.md"),
    page!("src/script/worker/web_server.md"),
    page!("src/script/timer.md"),
    page!("src/script/process.md"),
    page!("src/engine/values/ref_map.md"),
    page!("src/engine/values/ref_array.md"),
    page!("src/engine/values/ref_array_changes.md"),
    page!("src/engine/values/lists.md"),
    page!("src/engine/values/map_parts.md"),
    page!("src/engine/values/texts.md"),
    page!("src/engine/values/numbers.md"),
    page!("src/script/http/route_table.md"),
    page!("src/script/http/failure.md"),
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
    let sections = PAGES.iter().map(|(_, text)| *text).chain(modules).chain(OBJECTS);
    sections.map(read).collect()
});

/// The script reference: what every script has, in the order in which people learn it, then the modules.
pub fn script_reference() -> &'static [Section] {
    &SECTIONS
}
