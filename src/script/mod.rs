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
mod std;
pub(crate) mod tcp_connection;
pub(crate) mod timer;
pub(crate) mod value;
pub(crate) mod worker;

use crate::{
    engine::{compile::host_modules::HostModules, natives::Natives, program::Api},
    runtime::{record::Record, registry::Registry},
};
use ::std::{any::TypeId, collections::BTreeSet, rc::Rc};
use ctx::Ctx;
use rhai::{Engine, ImmutableString};

/// Everything of this room, for one isolate.
pub(crate) struct Objects(pub(crate) Rc<Ctx>);

impl Objects {
    /// Registers everything but the modules that scripts import, and says what that is.
    pub(crate) fn announce(&self, engine: &mut Engine, natives: &mut Natives) -> Record {
        let mut registry = Registry::new(engine, natives);
        worker::register(&mut registry, &self.0);
        tcp_connection::register(registry.engine, registry.natives);
        connections::register(registry.engine, registry.natives);
        http::register(&mut registry, &self.0);
        timer::register(&mut registry, &self.0);
        process::register(registry.engine, registry.natives, &self.0);
        registry.record.handles.extend([
            TypeId::of::<tcp_connection::TcpConnection>(),
            TypeId::of::<worker::Worker>(),
            TypeId::of::<connections::Connections>(),
            TypeId::of::<http::Request>(),
            TypeId::of::<http::Response>(),
            TypeId::of::<http::Session>(),
            TypeId::of::<http::ServerSentEvents>(),
            TypeId::of::<http::RouteTable>(),
        ]);
        registry.record
    }
}

impl Api for Objects {
    fn modules(&self) -> HostModules {
        std::modules(&self.0)
    }

    fn register(&self, engine: &mut Engine, natives: &mut Natives) -> Vec<TypeId> {
        self.announce(engine, natives).handles
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
