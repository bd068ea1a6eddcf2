//! `Worker(address)`: a listener, its settings, its callbacks and its connections.

mod core;
mod namespace;
mod roots;
mod web_server;

pub(crate) use self::core::WorkerCore;

use super::{
    callback::Event,
    connections::Connections,
    ctx::{Ctx, Wish},
    object::Object,
    plan::same_name,
    session,
    settings::Settings,
    tcp_connection::TcpConnection,
    value::{Outcome, error, with_payload},
};
use crate::{
    engine::{
        allowance, natives::Natives, ref_array::RefArray, ref_map::RefMap, report::nearest, rerun,
    },
    log::Level,
    net::{
        accept::Listener,
        address::Address,
        broadcast::Broadcast,
        link::Sent,
        listener::{Bound, Owner},
    },
};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext};
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

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
    pub(crate) fn stand_for(&self, other: &Worker) {
        let core = other.core();
        drop(self.0.replace(core));
    }

    /// Accepts on the sockets that the host has for this isolate, and on no others.
    pub(crate) fn accept_as_seated(&self) -> Result<(), String> {
        let seat = self.core().seat();
        self.accept_on(seat.map_or(Ok(Vec::new()), |seat| seat.take())?)
    }

    fn accept_on(&self, sockets: Vec<Bound>) -> Result<(), String> {
        let core = self.core();
        for bound in core.accept_only(sockets) {
            let address = bound.address.clone();
            let listener = Listener::open(bound);
            let listener = listener.map_err(|e| format!("cannot listen on {address}: {e}"))?;
            let listener = Rc::new(listener);
            let accepting = accept_for_ever(self.clone(), Rc::downgrade(&listener));
            core.accept_by(tokio::task::spawn_local(accepting).abort_handle(), listener);
        }
        core.ctx.note_listening();
        Ok(())
    }

    fn listen(&self) -> Outcome<()> {
        let core = self.core();
        let address = core.address.borrow().clone();
        let Some(address) = &address else { return Ok(()) };
        // What the top level declares is listened on when all of it has run.
        if core.ctx.is_declaring() || core.bound().is_some() {
            return Ok(());
        }
        if !core.is_inner {
            return self.listen_again();
        }
        let generation = super::timer::asking_generation();
        if let Some(living) = self.living_twin(generation) {
            if let Some(program) = core.ctx.program() {
                living.core().take_over(&core, &program, None);
            }
            living.core().asked_by.set(generation);
            self.stand_for(&living);
            return Ok(());
        }
        let owner = Owner::Isolate(core.ctx.isolate);
        let reuse_port = core.settings.reuse_port.get();
        let bound = core.ctx.listeners.bind(address, &owner, reuse_port).map_err(error)?;
        let real = bound.address.to_string();
        self.accept_on(vec![bound]).map_err(error)?;
        core.asked_by.set(generation);
        let mut workers = core.ctx.workers.borrow_mut();
        // Inner ones that neither listen nor have connections are over.
        workers.retain(|w| !w.core().is_inner || w.core().is_alive());
        workers.push(self.clone());
        drop(workers);
        core.ctx.note_listening();
        self.tell_listening(real);
        Ok(())
    }

    /// A Worker of the top level, after `unlisten()`.
    fn listen_again(&self) -> Outcome<()> {
        let Some(seat) = self.core().seat() else { return Ok(()) };
        let nobody_listens = seat.address().is_none();
        // In `on_worker_start` it is too early; it listens when that is done.
        if !seat.rejoin() || super::timer::asking_generation() > 0 {
            return Ok(());
        }
        if let Err(why) = self.accept_as_seated() {
            seat.leave();
            return Err(error(why));
        }
        if nobody_listens && let Some(address) = self.core().bound() {
            self.tell_listening(address.to_string());
        }
        Ok(())
    }

    fn tell_listening(&self, bound: String) {
        let core = self.core();
        let (worker, declared) = (core.title(), core.declared.borrow().clone());
        core.ctx.wish(Wish::Listening { worker, declared, bound });
    }

    /// `unlisten()`: gives up our part of the host's sockets as well, for clients would hang in them.
    fn stop_listening(&self) {
        let core = self.core();
        core.unlisten();
        if let Some(address) = core.seat().and_then(|seat| seat.leave()) {
            let text = format!("stopped listening on {address}");
            core.ctx.log.worker(Level::Info, &core.title(), text);
        }
    }

    /// The inner Worker of the same address that an earlier generation's `on_worker_start` asked for, and this one's has
    /// not yet.
    fn living_twin(&self, generation: u64) -> Option<Worker> {
        if generation == 0 {
            return None;
        }
        let core = self.core();
        let workers = core.ctx.workers.borrow();
        let twin = workers.iter().find(|w| {
            let living = w.core();
            living.is_inner
                && living.continues(&core)
                && (1..generation).contains(&living.asked_by.get())
                && living.bound().is_some()
        });
        twin.cloned()
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
        let links: Vec<_> =
            self.core().with_connections(|c| c.values().map(TcpConnection::link).collect());
        with_payload(data, |kind, payload| {
            let mut broadcast = Broadcast::new(kind, payload);
            let sent = links
                .iter()
                .filter(|link| matches!(broadcast.send(link), Ok(Sent::Written | Sent::Queued)));
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

async fn accept_for_ever(worker: Worker, listener: Weak<Listener>) {
    loop {
        let core = worker.core();
        while core.paused.get() {
            core.resumed.notified().await;
        }
        let title = core.title();
        let stream = tokio::select! {
            stream = Listener::accept(&listener, &core.ctx.log, &title) => stream,
            // A pause while nothing came: wait for its end instead.
            () = core.resumed.notified() => continue,
        };
        let Some(stream) = stream else { return };
        session::open(&worker, stream);
    }
}

impl Object for Worker {
    const NAME: &'static str = "Worker";

    fn is_known(name: &str) -> bool {
        Self::PROPERTIES.contains(&name)
            || Settings::NAMES.contains(&name)
            || Event::named(name).is_some()
    }

    fn known(&self, name: &str) -> Dynamic {
        let core = self.core();
        if let Some(value) = core.settings.get(name) {
            return value;
        }
        match name {
            "connections" => Dynamic::from(Connections(self.clone())),
            "generation" => (core.generation.get() as i64 - 1).into(),
            "transport" => core.address.borrow().as_ref().map_or("tcp", Address::transport).into(),
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
        if name.starts_with("on_") && !Settings::NAMES.contains(&name.as_str()) {
            return Err(unknown_callback(Self::NAME, name));
        }
        if Settings::OF_THE_TOP_LEVEL.contains(&name.as_str()) && !core.ctx.is_declaring() {
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
                core.ctx.turn.look_at_all();
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
pub(crate) fn register(engine: &mut Engine, natives: &mut Natives, ctx: &Rc<Ctx>) {
    super::object::register::<Worker>(engine, natives, Worker::is_same);
    let home = ctx.clone();
    engine.register_fn("Worker", move |call: NativeCallContext, address: &str| {
        Worker::new(&home, &call, address)
    });
    let home = ctx.clone();
    engine.register_fn("Worker", move |call: NativeCallContext| Worker::new(&home, &call, ""));
    web_server::register(engine, ctx);
    macro_rules! method {
        ($name:expr, $function:expr) => {
            natives.function(engine, $name, $function);
        };
    }
    method!("listen", |worker: &mut Worker| worker.listen());
    method!("unlisten", |worker: &mut Worker| worker.stop_listening());
    method!("pause_accept", |worker: &mut Worker| worker.core().pause_accept(true));
    method!("resume_accept", |worker: &mut Worker| worker.core().pause_accept(false));
    method!("broadcast", |worker: &mut Worker, data: Dynamic| worker.broadcast(&data));
    for name in ["to_string", "to_debug"] {
        method!(name, |worker: &mut Worker| format!("Worker({})", worker.core().title()));
    }
    namespace::register(engine, ctx);
}
