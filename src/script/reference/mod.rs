//! The script reference: every function, property and callback that a script can see, each with an example that a test
//! runs. A test compares it with what is really registered, so that nothing is added without an entry; an entry that
//! lacks something does not compile.

mod array;
pub(super) mod array_changes;
mod callbacks;
mod connections;
mod functions;
mod language;
mod lookup;
mod map;
mod properties;
pub(crate) mod registered;
mod request;
mod response;
mod route_table;
mod session;
mod std_push;
mod std_router;
mod streaming;
mod tcp_connection;
mod uploads;
mod web_server;
mod worker;

pub use crate::runtime::entry::{Entry, Place, Section};
pub(in crate::script) use lookup::advice;
pub use lookup::{all_names, explain};

use super::std::NATIVE;
use crate::runtime::page;
use ::std::sync::LazyLock;

/// All sections, in the order in which people learn them.
static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    let page = |text| match page::read(text) {
        Ok(section) => section,
        // A test reads all of them.
        Err(why) => panic!("a page of the script reference is not complete: {why}"),
    };
    let mut sections = vec![
        worker::SECTION,
        properties::SECTION,
        callbacks::SECTION,
        tcp_connection::SECTION,
        connections::SECTION,
        request::SECTION,
        response::SECTION,
        streaming::CHUNK,
        streaming::EVENTS,
        uploads::SECTION,
        session::OF_A_REQUEST,
        session::SECTION,
        web_server::SECTION,
        page(include_str!("../timer.md")),
        functions::SECTION,
        map::SECTION,
        array::SECTION,
        array_changes::SECTION,
        std_push::SECTION,
        std_router::SECTION,
        route_table::SECTION,
        route_table::FAILURE,
    ];
    sections.extend(NATIVE.iter().map(|module| page(module.page)));
    sections
});

/// The script reference.
pub fn script_reference() -> &'static [Section] {
    &SECTIONS
}
