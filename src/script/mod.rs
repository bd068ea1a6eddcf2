//! What a script can hold and call: one file for each object. Objects are thin: they check, convert and hand on.

pub(crate) mod callback;
pub(crate) mod configuration;
pub(crate) mod connections;
pub(crate) mod ctx;
mod encoding;
pub(crate) mod http;
pub(crate) mod lint_rules;
pub(crate) mod object;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod process;
pub(crate) mod properties;
mod ration;
pub(crate) mod reference;
pub(crate) mod session;
pub(crate) mod session_configuration;
pub(crate) mod settings;
pub(crate) mod tcp_connection;
pub(crate) mod timer;
pub(crate) mod value;
pub(crate) mod worker;

use crate::engine::{natives::Natives, program::Api};
use ctx::Ctx;
use rhai::{Engine, ImmutableString};
use std::{any::TypeId, collections::BTreeSet, rc::Rc};

/// Everything of this room, for one isolate.
pub(crate) struct Objects(pub(crate) Rc<Ctx>);

impl Api for Objects {
    const HANDLES: &'static [fn() -> TypeId] = &[
        TypeId::of::<tcp_connection::TcpConnection>,
        TypeId::of::<worker::Worker>,
        TypeId::of::<connections::Connections>,
        TypeId::of::<http::Request>,
        TypeId::of::<http::Response>,
        TypeId::of::<http::Session>,
        TypeId::of::<http::Chunk>,
        TypeId::of::<http::ServerSentEvents>,
        TypeId::of::<http::RouteTable>,
    ];

    fn register(&self, engine: &mut Engine, natives: &mut Natives) {
        worker::register(engine, natives, &self.0);
        tcp_connection::register(engine, natives);
        connections::register(engine, natives);
        http::register(engine, natives, &self.0);
        timer::register(engine, &self.0);
        process::register(engine, natives, &self.0);
    }

    fn register_properties(
        &self,
        engine: &mut Engine,
        natives: &mut Natives,
        names: &BTreeSet<ImmutableString>,
    ) {
        object::register_properties::<worker::Worker>(engine, natives, names);
        object::register_properties::<tcp_connection::TcpConnection>(engine, natives, names);
        object::register_properties::<http::Request>(engine, natives, names);
        object::register_properties::<http::RouteTable>(engine, natives, names);
    }
}
