//! The script reference: every function, property and callback that a script can see, each with an example that a test
//! runs. A test compares it with what is really registered, so that nothing is added without an entry; an entry that
//! lacks something does not compile.

mod array;
pub(super) mod array_changes;
mod callbacks;
mod connections;
mod entry;
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
mod timer;
mod uploads;
mod web_server;
mod worker;

pub use entry::{Entry, Place, Section};
pub use lookup::{all_names, explain};

/// All sections, in the order in which people learn them.
const SECTIONS: [Section; 22] = [
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
    timer::SECTION,
    functions::SECTION,
    map::SECTION,
    array::SECTION,
    array_changes::SECTION,
    std_push::SECTION,
    std_router::SECTION,
    route_table::SECTION,
    route_table::FAILURE,
];

const _: () = {
    let mut at = 0;
    while at < SECTIONS.len() {
        assert!(SECTIONS[at].is_complete(), "an entry of the script reference is not complete");
        at += 1;
    }
};

/// The script reference.
pub fn script_reference() -> &'static [Section] {
    &SECTIONS
}
