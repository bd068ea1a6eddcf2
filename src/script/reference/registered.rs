//! What scripts can really see, asked of an engine that is made as the host makes it and of the tables of properties
//! and callbacks: the reference is held against this.

use crate::{
    engine::{
        self,
        compile::{host_modules::HostModules, modules::Modules, sources::Sources},
        globals::Globals,
        natives::Natives,
    },
    runtime::record::Announced,
    script::{
        Objects,
        callback::Event,
        connections::Connections,
        ctx::Ctx,
        http::{Chunk, Failure, Request, Response, RouteTable, ServerSentEvents, Session},
        settings::Settings,
        std,
        tcp_connection::TcpConnection,
        worker::Worker,
    },
};
use ::std::{any::TypeId, collections::BTreeSet, path::Path, time::Duration};
use rhai::{Engine, FuncInfo};

/// What was announced by a [`Registry`](crate::runtime::registry::Registry) or as a module, with its place and whether it
/// waits: the marks of the reference are held against this.
pub fn announced() -> Vec<Announced> {
    let config = config();
    let sources = Sources::new(Path::new("reference"));
    let ctx = Ctx::mute(&config);
    let globals = Globals::new("");
    let modules = Modules::new(sources, globals, HostModules::default(), &Default::default());
    let mut natives = Natives::default();
    let mut engine = engine::build(&config, &modules, &mut natives);
    let of_modules = std::announced(&ctx);
    let mut names = Objects(ctx).announce(&mut engine, &mut natives).names;
    names.extend(of_modules);
    names
}

fn config() -> engine::Config {
    engine::Config {
        kill: Default::default(),
        handler_timeout: Duration::ZERO,
        rehearsal_timeout: Duration::ZERO,
        handler_memory: 0,
        colour: false,
        explains: false,
        optimizes: true,
        register: None,
    }
}

/// (owner, name, number of arguments without the object itself; none for properties), as in
/// [`Section::owner`](super::Section) and [`Entry::name`](super::Entry). Rhai's own functions are left out.
pub fn registered_names() -> BTreeSet<(String, String, Option<usize>)> {
    let config = config();
    let sources = Sources::new(Path::new("reference"));
    let ctx = Ctx::mute(&config);
    let host = std::modules(&ctx);
    let modules = Modules::new(sources, Globals::new(""), host, &Default::default());
    let mut natives = Natives::default();
    let mut engine = engine::build(&config, &modules, &mut natives);
    let announced = std::announced(&ctx);
    Objects(ctx).announce(&mut engine, &mut natives);
    let new = |info: FuncInfo| if is_rhais(&info) { None } else { name_of(info) };
    let mut names: BTreeSet<_> = engine.collect_fn_metadata(None, new, false).into_iter().collect();
    for plain in Engine::new().collect_fn_metadata(None, name_of, false) {
        names.remove(&plain);
    }
    let mut property = |owner: &str, name: &str| {
        names.insert((owner.to_owned(), name.to_owned(), None));
    };
    let of_worker = Settings::NAMES.iter().chain(&Worker::PROPERTIES).copied();
    of_worker.chain(Event::all().map(Event::name)).for_each(|name| property("Worker", name));
    TcpConnection::PROPERTIES.iter().for_each(|name| property("TcpConnection", name));
    for (module, text) in std::TEXTS {
        // It is compiled at every start of a script that imports it.
        let ast = engine.compile(text).expect("the host's own modules compile");
        let is_public = |f: &rhai::ScriptFnMetadata| {
            f.access == rhai::FnAccess::Public && !f.name.starts_with(engine::internals::ANONYMOUS)
        };
        for function in ast.iter_functions().filter(is_public) {
            names.insert((module.into(), function.name.into(), Some(function.params.len())));
        }
    }
    let announced = announced.into_iter();
    names.extend(announced.map(|a| (a.owner.to_owned(), a.name.to_owned(), a.arguments)));
    names
}

/// Functions of rhai that the host has replaced by ones that do the same within limits, or that say they are not for scripts.
const REPLACED: [&str; 8] =
    ["blob", "exit", "pad", "replace", "split", "split_rev", "to_array", "to_chars"];

/// Is this a function of rhai's own arrays and maps, or one that stands for rhai's?
fn is_rhais(info: &FuncInfo) -> bool {
    let function = info.metadata;
    let first = function.param_types.first();
    let plain = [TypeId::of::<rhai::Array>(), TypeId::of::<rhai::Map>()];
    info.namespace.is_empty() && first.is_some_and(|first| plain.contains(first))
        // Any index of `()`.
        || first == Some(&TypeId::of::<()>())
        || REPLACED.contains(&function.name.as_str())
            && first != Some(&TypeId::of::<engine::values::ref_array::RefArray>())
}

fn name_of(info: FuncInfo) -> Option<(String, String, Option<usize>)> {
    let function = info.metadata;
    let (name, arguments) = (function.name.as_str(), function.num_params);
    // One that no script can name is part of how scripts run.
    if name.contains(char::is_control) {
        return None;
    }
    if !info.namespace.is_empty() {
        return Some((info.namespace.to_string(), name.to_owned(), Some(arguments)));
    }
    let types = [
        (TypeId::of::<Worker>(), "Worker"),
        (TypeId::of::<TcpConnection>(), "TcpConnection"),
        (TypeId::of::<Connections>(), "Connections"),
        (TypeId::of::<Request>(), "Request"),
        (TypeId::of::<Response>(), "Response"),
        (TypeId::of::<Session>(), "Session"),
        (TypeId::of::<Chunk>(), "Chunk"),
        (TypeId::of::<ServerSentEvents>(), "ServerSentEvents"),
        (TypeId::of::<RouteTable>(), "RouteTable"),
        (TypeId::of::<Failure>(), "Failure"),
        (TypeId::of::<engine::values::ref_map::RefMap>(), "map"),
        (TypeId::of::<engine::values::ref_array::RefArray>(), "array"),
    ];
    let first = function.param_types.first();
    let owner = types.iter().find(|(id, _)| Some(id) == first).map(|(_, owner)| *owner);
    // A WebServer is a Worker that answers with files.
    if let "WebServer" | "add_root" = name {
        let arguments = arguments - usize::from(owner.is_some());
        return Some(("WebServer".to_owned(), name.to_owned(), Some(arguments)));
    }
    Some(match (owner, name.strip_prefix("get$").or(name.strip_prefix("set$"))) {
        (Some(owner), Some(property)) => (owner.to_owned(), property.to_owned(), None),
        (Some(owner), None) => (owner.to_owned(), name.to_owned(), Some(arguments - 1)),
        // A constructor belongs to its type.
        (None, _) if types.iter().any(|(_, owner)| *owner == name) => {
            (name.to_owned(), name.to_owned(), Some(arguments))
        }
        (None, _) => ("functions".to_owned(), name.to_owned(), Some(arguments)),
    })
}
