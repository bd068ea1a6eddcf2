//! `Worker(address)`: a listener, its settings, its callbacks and its connections.

mod accepting;
mod core;
mod listening;
mod namespace;
mod roots;
mod web_server;

pub(crate) use self::core::WorkerCore;

use super::{
    callback::Event,
    connections::Connections,
    ctx::Ctx,
    object::Object,
    plan::same_name,
    settings::Settings,
    tcp_connection::TcpConnection,
    value::{Outcome, error, with_payload},
};
use crate::{
    engine::{
        call::allowance,
        nearest::nearest,
        reload::rerun,
        values::{ref_array::RefArray, ref_map::RefMap},
    },
    net::{
        address::Address,
        conn::{Sent, broadcast::Broadcast},
    },
    runtime::registry::Registry,
};
use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext};
use std::{cell::RefCell, rc::Rc};

/// The handle: a slot, so that after a reload what the new program declared is the Worker that lives on.
#[derive(Clone)]
pub(crate) struct Worker(Rc<RefCell<Rc<WorkerCore>>>);

impl Worker {
    /// Names of the properties that the host defines, besides settings and callbacks.
    pub(crate) const PROPERTIES: [&'static str; 3] = ["connections", "address", "generation"];

    fn new(ctx: &Rc<Ctx>, call: &NativeCallContext, declared: &str) -> Outcome<Self> {
        let address = match declared.is_empty() {
            true => None,
            false => Some(Address::parse(declared).map_err(error)?),
        };
        let is_inner = !ctx.is_declaring();
        let core = WorkerCore::new(ctx, declared, address, place_of(call), is_inner);
        if is_inner {
            ctx.note_inner(&core);
        }
        let worker = Self(Rc::new(RefCell::new(core)));
        if !is_inner {
            ctx.declared.borrow_mut().push(worker.clone());
        }
        Ok(worker)
    }

    pub(crate) fn core(&self) -> Rc<WorkerCore> {
        self.0.borrow().clone()
    }

    pub(crate) fn is_same(&self, other: &Worker) -> bool {
        Rc::ptr_eq(&self.core(), &other.core())
    }

    /// From now on this handle is the same Worker as `other`.
    pub(crate) fn alias_to(&self, other: &Worker) {
        let core = other.core();
        drop(self.0.replace(core));
    }

    /// Notes where the top level names it, unless it has given that name to another one.
    fn note_name(&self, call: &NativeCallContext, name: &Dynamic) -> Outcome<()> {
        let core = self.core();
        if let Ok(name) = name.as_immutable_string_ref() {
            let declared = core.ctx.declared.borrow();
            let has_it =
                |w: &&Worker| !w.is_same(self) && *w.core().settings.name.borrow() == *name;
            if !name.is_empty()
                && let Some(other) = declared.iter().find(has_it)
            {
                return Err(error(same_name(&name, &other.core().named_at.borrow())));
            }
        }
        *core.named_at.borrow_mut() = place_of(call);
        Ok(())
    }

    fn broadcast(&self, data: &Dynamic) -> Outcome<i64> {
        let conns: Vec<_> =
            self.core().with_connections(|c| c.values().map(TcpConnection::conn).collect());
        with_payload(data, |kind, payload| {
            let mut broadcast = Broadcast::new(kind, payload);
            let sent = conns
                .iter()
                .filter(|conn| matches!(broadcast.send(conn), Ok(Sent::Written | Sent::Queued)));
            sent.count() as i64
        })
    }
}

/// `main.rhai:3`: where a function is called.
fn place_of(call: &NativeCallContext) -> String {
    let file = call.call_source().unwrap_or_default();
    let line = call.call_position().line().unwrap_or_default();
    format!("{file}:{line}")
}

impl Object for Worker {
    const NAME: &'static str = "Worker";

    fn is_known(name: &str) -> bool {
        Self::PROPERTIES.contains(&name) || Settings::has(name) || Event::named(name).is_some()
    }

    fn known(&self, name: &str) -> Dynamic {
        let core = self.core();
        if let Some(value) = core.settings.get(name) {
            return value;
        }
        match name {
            "connections" => Dynamic::from(Connections(self.clone())),
            "generation" => (core.generation.get() as i64 - 1).into(),
            "transport" => core.transport().name().into(),
            "address" => match core.listens_at() {
                Some(bound) => bound.to_string().into(),
                None => core.declared.borrow().clone().into(),
            },
            _ => Event::named(name)
                .and_then(|event| core.callbacks.get(event))
                .map_or(Dynamic::UNIT, |handler| Dynamic::from(handler.fn_ptr().clone())),
        }
    }

    fn free(&self, name: &str) -> Dynamic {
        self.core().properties.get(name)
    }

    fn set(&self, call: &NativeCallContext, name: &ImmutableString, value: Dynamic) -> Outcome<()> {
        let core = self.core();
        if let Some(event) = Event::named(name) {
            if core.is_inner && matches!(event, Event::WorkerStart | Event::WorkerReload) {
                let text = format!(
                    "{name} is called for workers of the top level only: an inner worker starts where its \
                     listen() stands, so do there what it needs"
                );
                return Err(error(text));
            }
            let handler = core.ctx.callback(call, event, value)?;
            core.callbacks.set(event, handler);
            return Ok(());
        }
        if name.starts_with("on_") && !Settings::has(name) {
            return Err(unknown_callback(Self::NAME, name));
        }
        if Settings::is_of_the_top_level(name) && !core.ctx.is_declaring() {
            let text = format!("{name} is read at the top level only: set it there, and save");
            return Err(error(text));
        }
        if matches!(name.as_str(), "handler_timeout" | "handler_memory") && core.is_inner {
            let text =
                format!("{name} holds for a whole isolate: set it on the worker of the top level");
            return Err(error(text));
        }
        if name == "name" && core.ctx.is_declaring() && !core.is_inner {
            self.note_name(call, &value)?;
        }
        if let Some(outcome) = core.settings.set(name, &value) {
            if outcome.is_ok() && name.starts_with("max_") {
                core.apply_limits();
            }
            if outcome.is_ok() {
                core.ctx.net.look_at_all();
            }
            if outcome.is_ok() && matches!(name.as_str(), "handler_timeout" | "handler_memory") {
                core.ctx.apply_handler_limits();
            }
            // A top level that makes more than others says so before it does.
            if outcome.is_ok() && name == "handler_memory" && core.ctx.is_declaring() {
                allowance::set_running_limit(core.settings.handler_memory.get());
            }
            return outcome;
        }
        if Self::is_known(name) {
            return Err(error(format!(
                "{name} cannot be assigned: the host sets it, and scripts read it"
            )));
        }
        if is_what_it_was(&value, &core.properties.get(name)) {
            return Ok(());
        }
        if rerun::is_noting()
            && !core.is_inner
            && rerun::skips_property(
                core.address(),
                name,
                (call.call_source().unwrap_or_default(), call.call_position()),
                core.keeps(name, &value),
            )
        {
            return Ok(());
        }
        // What the top level initialises, or `on_worker_start` for a Worker that it makes, is state that lives on.
        let initialises = match core.is_inner {
            false => core.ctx.is_declaring(),
            true => super::timer::asking_generation() > 0 && core.bound().is_none(),
        };
        if initialises && let Some(program) = core.ctx.program() {
            core.note_text(&program, call, name);
        }
        core.properties.set(name, value);
        Ok(())
    }
}

/// Rhai hands a map or an array that was changed in place back to the setter: nothing is set then.
fn is_what_it_was(value: &Dynamic, old: &Dynamic) -> bool {
    if let (Some(new), Some(old)) = (value.read_lock::<RefMap>(), old.read_lock::<RefMap>()) {
        return new.is_same(&old);
    }
    match (value.read_lock::<RefArray>(), old.read_lock::<RefArray>()) {
        (Some(new), Some(old)) => new.is_same(&old),
        _ => false,
    }
}

/// The error for a callback property that the host does not have.
pub(crate) fn unknown_callback(object: &str, name: &str) -> Box<EvalAltResult> {
    error(format!("{object} has {}", no_such_callback(object, name)))
}

/// `no callback `on_mesage`; did you mean `on_message`?`
pub(crate) fn no_such_callback(object: &str, name: &str) -> String {
    let offers = |event: &Event| object != TcpConnection::NAME || event.is_of_connection();
    let advice = nearest(name, Event::all().filter(offers).map(Event::name));
    let advice = advice.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
    format!("no callback `{name}`{advice}")
}

/// Registers the constructor, the methods and the namespace.
pub(crate) fn register(registry: &mut Registry, ctx: &Rc<Ctx>) {
    namespace::register(registry, ctx);
    web_server::register(registry, ctx);
    let mut class = super::object::register::<Worker>(registry, Worker::is_same);
    let home = ctx.clone();
    class.constructor(move |call: NativeCallContext, address: ImmutableString| {
        Worker::new(&home, &call, &address)
    });
    let home = ctx.clone();
    class.constructor(move |call: NativeCallContext| Worker::new(&home, &call, ""));
    class.method("listen", |worker: &mut Worker| worker.listen());
    class.method("unlisten", |worker: &mut Worker| worker.stop_listening());
    class.method("pause_accept", |worker: &mut Worker| worker.core().pause_accept(true));
    class.method("resume_accept", |worker: &mut Worker| worker.core().pause_accept(false));
    class.method("broadcast", |worker: &mut Worker, data: Dynamic| worker.broadcast(&data));
    class.display(|worker: &mut Worker| format!("Worker({})", worker.core().title()));
}
