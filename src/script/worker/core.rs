//! The Worker itself, behind all of its handles: settings, callbacks, properties, connections, and what a reload makes of them.

use super::{Worker, accepting::Accepting, roots::Roots};
use crate::{
    engine::{
        compile::meaning::Meaning,
        program::Program,
        reload::{changes::Changes, fillings::Filled},
        values::{ref_array::RefArray, ref_map::RefMap},
    },
    net::{
        address::{Address, Endpoint},
        listen::ListenHandle,
        transport::TransportKind,
    },
    protocol::id::ProtocolId,
    script::{
        callback::Callbacks,
        ctx::Ctx,
        http::{RouteTable, root_options},
        plan::WorkerSpec,
        properties::Properties,
        settings::Settings,
        tcp_connection::TcpConnection,
        value::{Outcome, error},
    },
};
use rhai::{Dynamic, ImmutableString, NativeCallContext};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    rc::Rc,
};
use tokio::sync::Notify;

/// The Worker itself.
pub(crate) struct WorkerCore {
    pub(super) ctx: Rc<Ctx>,
    /// As the script wrote it.
    pub(super) declared: RefCell<String>,
    pub(super) address: RefCell<Option<Address>>,
    pub(crate) settings: Settings,
    /// What it is called if the script gives it no name; empty until all of the top level is known.
    called: RefCell<String>,
    /// Where the top level named it.
    pub(super) named_at: RefCell<String>,
    /// Where it was made, `main.rhai:3`.
    made_at: String,
    pub(crate) callbacks: Callbacks,
    pub(crate) properties: Properties,
    /// Directories whose files it answers with.
    pub(crate) roots: Roots,
    /// Was it made to answer with files?
    pub(super) is_web_server: Cell<bool>,
    /// For each property that the top level set, a hash of the statements that did.
    texts: RefCell<HashMap<ImmutableString, Meaning>>,
    /// What that has put into those that are maps or arrays.
    filled: RefCell<HashMap<ImmutableString, Filled>>,
    connections: RefCell<BTreeMap<u64, TcpConnection>>,
    pub(super) accepting: RefCell<Vec<Accepting>>,
    pub(super) paused: Cell<bool>,
    pub(super) resumed: Notify,
    is_gone: Cell<bool>,
    /// Made while a script was running events, not by its top level.
    pub(crate) is_inner: bool,
    /// The generation whose `on_worker_start` asked for it; 0 if that was another event.
    pub(crate) asked_by: Cell<u64>,
    pub(crate) generation: Cell<u64>,
    /// Was it declared to start anew, whatever lives?
    is_fresh: bool,
}

impl WorkerCore {
    pub(super) fn new(
        ctx: &Rc<Ctx>,
        declared: &str,
        address: Option<Address>,
        made_at: String,
        is_inner: bool,
    ) -> Rc<Self> {
        Rc::new(Self {
            ctx: ctx.clone(),
            declared: RefCell::new(declared.to_owned()),
            settings: Settings::new(address.as_ref(), ctx.handler_timeout, ctx.handler_memory),
            called: RefCell::default(),
            named_at: RefCell::default(),
            made_at,
            address: RefCell::new(address),
            callbacks: Callbacks::default(),
            properties: Properties::default(),
            roots: Roots::default(),
            is_web_server: Cell::new(false),
            texts: RefCell::default(),
            filled: RefCell::default(),
            connections: RefCell::default(),
            accepting: RefCell::default(),
            paused: Cell::new(false),
            resumed: Notify::new(),
            is_gone: Cell::new(false),
            is_inner,
            asked_by: Cell::new(0),
            generation: Cell::new(ctx.program().map_or(0, |p| p.edition.generation)),
            is_fresh: ctx.program().is_some_and(|p| p.edition.is_fresh),
        })
    }

    /// What the host holds for this Worker in this isolate, if it is the one that the isolate serves.
    pub(super) fn seat(self: &Rc<Self>) -> Option<ListenHandle> {
        let served = self.ctx.served.borrow();
        let serves = served.as_ref().is_some_and(|worker| Rc::ptr_eq(&worker.core(), self));
        self.ctx.seat.borrow().clone().filter(|_| serves)
    }

    /// What people call it.
    pub(crate) fn title(&self) -> String {
        let names = [&self.settings.name, &self.called, &self.declared];
        let name = names.into_iter().find(|name| !name.borrow().is_empty());
        name.map_or(String::new(), |name| name.borrow().clone())
    }

    pub(crate) fn set_title(&self, title: String) {
        *self.called.borrow_mut() = title;
    }

    /// An error if requests are not what it is sent.
    pub(super) fn check_http(&self) -> Outcome<()> {
        match self.settings.protocol.get() {
            ProtocolId::Http => Ok(()),
            _ => Err(error(format!(
                "files are answered to HTTP requests, and `{}` takes none: its address begins with http://",
                self.title()
            ))),
        }
    }

    /// `add_root(domain, directory, options)`. The directory is opened now, so that what is wrong with it is told here.
    pub(super) fn add_root(&self, domain: &str, directory: &str, options: &Dynamic) -> Outcome<()> {
        self.check_http()?;
        let home = self.ctx.program().map(|program| program.directory()).unwrap_or_default();
        self.roots.add(domain, &home.join(directory), root_options(options)?).map_err(error)
    }

    /// What carries the bytes of its connections.
    pub(super) fn transport(&self) -> TransportKind {
        self.address.borrow().as_ref().map_or(TransportKind::Tcp, |address| address.transport)
    }

    /// Is it a WebServer that could only answer 404?
    pub(crate) fn lacks_root(&self) -> bool {
        self.is_web_server.get() && self.roots.is_empty()
    }

    pub(crate) fn ctx(&self) -> &Rc<Ctx> {
        &self.ctx
    }

    /// Where the script lies, which relative paths begin at.
    pub(crate) fn directory(&self) -> PathBuf {
        self.ctx.program().map(|program| program.directory()).unwrap_or_default()
    }

    /// Where uploads and large bodies lie while their request is answered; `/tmp`, or what TMPDIR says, unless it is set.
    pub(crate) fn upload_dir(&self) -> PathBuf {
        match &**self.settings.upload_dir.borrow() {
            "" => std::env::temp_dir(),
            set => self.directory().join(set),
        }
    }

    pub(crate) fn spec(&self) -> WorkerSpec {
        WorkerSpec {
            name: self.settings.name.borrow().clone(),
            title: self.title(),
            declared: self.declared.borrow().clone(),
            address: self
                .address
                .borrow()
                .clone()
                .map(|a| Address { protocol: self.settings.protocol.get(), ..a }),
            count: self.settings.count.get(),
            reuse_port: self.settings.reuse_port.get(),
            reloadable: self.settings.reloadable.get(),
            user: self.settings.user.borrow().clone(),
            group: self.settings.group.borrow().clone(),
            place: self.made_at.clone(),
        }
    }

    /// Is this on the socket that `newer` wants? (Port 0 is a new one each time, so there the text has to be the same.)
    pub(super) fn continues(&self, newer: &WorkerCore) -> bool {
        let endpoint = |w: &WorkerCore| w.address.borrow().clone().map(|a| a.endpoint);
        let any_port = |e: &Endpoint| matches!(e, Endpoint::Ip(ip) if ip.port() == 0);
        match endpoint(newer) {
            Some(wanted) if !any_port(&wanted) => endpoint(self).as_ref() == Some(&wanted),
            _ => *self.declared.borrow() == *newer.declared.borrow(),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.accepting.borrow().is_empty() || !self.connections.borrow().is_empty()
    }

    pub(crate) fn enter(&self, connection: TcpConnection) {
        self.connections.borrow_mut().insert(connection.conn().id, connection);
    }

    pub(crate) fn leave(&self, id: u64) {
        let left = self.connections.borrow_mut().remove(&id);
        drop(left);
        if self.is_gone.get() && self.connections.borrow().is_empty() {
            self.retire();
        }
    }

    /// Nobody asks for this Worker any more. When its last connection has left it lets go of what scripts gave it, for else
    /// callbacks that captured it would keep it, and their program, alive.
    pub(crate) fn go(&self) {
        self.is_gone.set(true);
        self.unlisten();
        if self.connections.borrow().is_empty() {
            self.retire();
        }
    }

    pub(crate) fn with_connections<T>(
        &self,
        f: impl FnOnce(&BTreeMap<u64, TcpConnection>) -> T,
    ) -> T {
        f(&self.connections.borrow())
    }

    /// From now on this Worker is what `newer` declares in `program`: it has its settings and callbacks, and of its properties those whose text changed.
    /// What happened to values is added to `changes`.
    pub(crate) fn rebind(
        &self,
        newer: &WorkerCore,
        program: &Program,
        mut changes: Option<&mut Changes>,
    ) {
        self.settings.replace_by(&newer.settings);
        *self.declared.borrow_mut() = newer.declared.borrow().clone();
        *self.called.borrow_mut() = newer.called.borrow().clone();
        *self.address.borrow_mut() = newer.address.borrow().clone();
        self.ctx.carried.borrow_mut().extend(
            newer.callbacks.carry_over(&self.callbacks, |handler| self.ctx.origin(handler)),
        );
        self.callbacks.replace_by(&newer.callbacks);
        self.roots.replace_by(&newer.roots);
        self.is_web_server.set(newer.is_web_server.get());
        self.generation.set(newer.generation.get());
        newer.note_filled(program);
        let mut all = Changes::default();
        self.continue_properties(newer, program, &mut all, false);
        if let Some(changes) = &mut changes {
            changes.add(all);
        }
        self.apply_limits();
    }

    /// Properties whose text says what it said live on, the others are those of `newer`. A dry run only tells of it.
    pub(crate) fn continue_properties(
        &self,
        newer: &WorkerCore,
        program: &Program,
        changes: &mut Changes,
        is_dry: bool,
    ) {
        if is_dry {
            newer.note_filled(program);
        }
        let (old, new) = (self.texts.borrow().clone(), newer.texts.borrow().clone());
        let (filled, now_filled) = (self.filled.borrow().clone(), newer.filled.borrow().clone());
        for (name, value) in newer.properties.entries() {
            let was = self.properties.get(&name);
            let is_state = !value.is_fnptr() && !is_object(&value);
            let texts = old.get(&name).zip(new.get(&name));
            let same_text = texts.is_some_and(|(old, new)| program.edition.continues(new, old));
            if same_text && !newer.is_fresh && is_state {
                changes.kept.push(name.to_string());
                if let Some((old, now)) = filled.get(&name).zip(now_filled.get(&name)) {
                    changes.add(program.edition.merge(&name, (old, now), &value, &was, is_dry));
                }
                continue;
            }
            if !was.is_unit() && is_state {
                changes.reset.push(name.to_string());
            }
            if !is_dry {
                self.properties.set(&name, value);
            }
        }
        if is_dry {
            return;
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            self.properties.set(name, Dynamic::UNIT);
        }
        *self.texts.borrow_mut() = new;
        *self.filled.borrow_mut() = now_filled;
    }

    /// What tells it from all others that live.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Is the value of a property state that may live on in place of a new one? What is declared anew by each run is none.
    pub(super) fn keeps(&self, name: &str, new: &Dynamic) -> bool {
        let old = self.properties.get(name);
        !old.is_unit() && !new.is_unit() && [&old, new].into_iter().all(|v| !holds_object(v, 0))
    }

    /// Takes down what the top level has put into maps and arrays of properties.
    pub(crate) fn note_filled(&self, program: &Program) {
        let texts = self.texts.borrow();
        let filled = texts
            .keys()
            .map(|name| (name.clone(), program.edition.inventory(&self.properties.get(name))));
        *self.filled.borrow_mut() = filled.collect();
    }

    /// Makes the limits that connections take from their Worker hold for those that are open, too.
    pub(super) fn apply_limits(&self) {
        for connection in self.with_connections(|c| c.values().cloned().collect::<Vec<_>>()) {
            connection.apply_limits(&self.settings);
        }
        self.ctx.net.look_at_all();
    }

    /// Lets go of everything that scripts can reach through it.
    pub(crate) fn retire(&self) {
        self.unlisten();
        self.callbacks.clear();
        self.properties.clear();
        // Some may still be in a handler that never returns.
        self.connections.take().values().for_each(TcpConnection::retire);
    }

    /// Notes which statement of the top level set a property.
    pub(super) fn note_text(
        &self,
        program: &Program,
        call: &NativeCallContext,
        name: &ImmutableString,
    ) {
        let meaning = program
            .edition
            .meaning_at(call.call_source().unwrap_or_default(), call.call_position());
        let mut texts = self.texts.borrow_mut();
        let all = texts.entry(name.clone()).or_default();
        *all = std::mem::take(all).and(&meaning);
    }
}

/// Levels that are looked through for handles. Fixed: they are rarely held deeper.
const MAX_LEVELS: usize = 8;

/// Does a value hold what each run declares anew?
fn holds_object(value: &Dynamic, level: usize) -> bool {
    if level > MAX_LEVELS || value.is_shared() {
        return false;
    }
    if let Some(map) = value.read_lock::<RefMap>() {
        return map.with(|t| t.entries().any(|(_, value)| holds_object(value, level + 1)));
    }
    if let Some(array) = value.read_lock::<RefArray>() {
        return array.look(|values| values.iter().any(|value| holds_object(value, level + 1)));
    }
    level == 0 && value.is_fnptr() || value.is::<Worker>() || value.is::<RouteTable>()
}

/// Handles are declared anew by each run; they are not state.
fn is_object(value: &Dynamic) -> bool {
    value.is::<Worker>() || value.is::<TcpConnection>() || value.is::<RouteTable>()
}
