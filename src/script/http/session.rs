//! `Session`: what is kept for one client from request to request. Values are copied in and out; only keys that changed are
//! written, so that of two requests at once the last writer wins for each key.

use super::sessions::Regime;
use crate::{
    engine::values::{json, ref_array::RefArray, ref_map::RefMap},
    runtime::registry::Registry,
    script::value::{Outcome, error, text, waiting},
    web::{session_id::SessionId, session_store::SessionError},
};
use rhai::{Dynamic, ImmutableString};
use serde_json::{Map, Value};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

/// The handle.
#[derive(Clone)]
pub(crate) struct Session(Rc<State>);

struct State {
    regime: Arc<Regime>,
    id: RefCell<SessionId>,
    /// As loaded, with all changes.
    values: RefCell<Map<String, Value>>,
    /// Since it was loaded or saved.
    changes: RefCell<Changes>,
    /// Did the client come with its id, so that the cookie has to be removed when the session is?
    was_known: Cell<bool>,
    /// Does the store have it?
    is_stored: Cell<bool>,
    /// Is it kept although it is empty?
    is_wanted: Cell<bool>,
    /// Is there something to save: a change, or that it was used?
    is_unsaved: Cell<bool>,
    /// Has the answer to the request gone out?
    is_answered: Cell<bool>,
}

#[derive(Default)]
struct Changes {
    /// Everything was removed before the changes below.
    flushed: bool,
    /// New values.
    keys: Map<String, Value>,
    removed: Vec<String>,
}

impl Changes {
    fn set(&mut self, key: &str, value: Value) {
        self.removed.retain(|removed| removed != key);
        self.keys.insert(key.to_owned(), value);
    }

    fn remove(&mut self, key: &str) {
        self.keys.shift_remove(key);
        self.removed.push(key.to_owned());
    }

    fn is_empty(&self) -> bool {
        !self.flushed && self.keys.is_empty() && self.removed.is_empty()
    }

    fn apply(self, values: &mut Map<String, Value>) {
        if self.flushed {
            values.clear();
        }
        for key in self.removed {
            values.shift_remove(&key);
        }
        values.extend(self.keys);
    }
}

impl Session {
    /// The session of an id that a client sent, else a new one. An id that the store does not know is not taken over:
    /// strangers could choose one for others.
    pub(super) async fn load(
        regime: Arc<Regime>,
        sent: Option<SessionId>,
        is_answered: bool,
    ) -> Result<Self, String> {
        regime.collect();
        let found = match sent {
            Some(id) => regime.store.load(&id).await.map_err(|e| e.to_string())?.map(|t| (id, t)),
            None => None,
        };
        let is_stored = found.is_some();
        let (id, values) = match found {
            Some((id, text)) => (id, parsed(&text)),
            None => (fresh()?, Map::new()),
        };
        Ok(Self(Rc::new(State {
            regime,
            id: RefCell::new(id),
            values: RefCell::new(values),
            changes: RefCell::default(),
            was_known: Cell::new(is_stored),
            is_stored: Cell::new(is_stored),
            is_wanted: Cell::new(false),
            is_unsaved: Cell::new(true),
            is_answered: Cell::new(is_answered),
        })))
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.0.is_unsaved.get()
    }

    /// Writes what changed, and lets its lifetime begin anew. A session that is new and empty is not kept, so that visitors
    /// of whom there is nothing to remember cost nothing, and one that was emptied ends; one that somebody else has ended
    /// meanwhile stays ended.
    pub(crate) async fn save(&self) -> Result<(), SessionError> {
        let state = &*self.0;
        if !state.is_unsaved.take() {
            return Ok(());
        }
        let (id, store) = (state.id.borrow().clone(), &state.regime.store);
        let _alone = state.regime.lock(&id).lock().await;
        let changes = state.changes.take();
        let is_as_before = state.is_stored.get() && changes.is_empty();
        let values = match state.is_stored.get() {
            false => state.values.borrow().clone(),
            true => {
                let Some(text) = store.load(&id).await? else {
                    state.is_stored.set(false);
                    state.is_answered.set(true);
                    // The client may have a new cookie by now, which must not be removed.
                    state.was_known.set(false);
                    return Ok(());
                };
                let mut values = parsed(&text);
                changes.apply(&mut values);
                values
            }
        };
        if values.is_empty() && !state.is_wanted.get() && !is_as_before {
            if state.is_stored.replace(false) {
                store.delete(&id).await?;
            }
            return Ok(());
        }
        let text = Value::Object(values).to_string();
        store.save(&id, text, state.regime.configuration.lifetime).await?;
        state.is_stored.set(true);
        Ok(())
    }

    /// The Set-Cookie header of the answer, which goes out now, if it needs one.
    pub(super) fn cookie(&self, is_https: bool) -> Option<String> {
        let state = &*self.0;
        let configuration = &state.regime.configuration;
        state.is_answered.set(true);
        let max_age = match state.is_stored.get() {
            true => configuration.lifetime.as_secs() as i64,
            false if state.was_known.get() => 0,
            false => return None,
        };
        // The configuration was tried when it was read.
        configuration.cookie(state.id.borrow().as_str().to_owned(), max_age, is_https).ok()
    }

    /// Before something changes that the client must have the cookie for.
    fn check_changeable(&self) -> Outcome<()> {
        match self.0.is_answered.get() && !self.0.is_stored.get() {
            false => Ok(()),
            true => Err(error(
                "the answer has gone out without the cookie of this session: begin a session before the request is answered",
            )),
        }
    }

    pub(super) fn id(&self) -> Outcome<ImmutableString> {
        self.check_changeable()?;
        if !self.0.is_wanted.replace(true) {
            self.0.is_unsaved.set(true);
        }
        Ok(self.0.id.borrow().as_str().into())
    }

    /// The same session under a new id, which nobody knows who knew the old one.
    pub(super) async fn regenerate(&self, delete_old: bool) -> Result<(), String> {
        let state = &*self.0;
        if state.is_answered.get() {
            return Err("the answer has gone out: a client is told its new id before that".into());
        }
        let old = state.id.replace(fresh()?);
        if state.is_stored.replace(false) && delete_old {
            let _alone = state.regime.lock(&old).lock().await;
            state.regime.store.delete(&old).await.map_err(|e| e.to_string())?;
        }
        state.is_wanted.set(true);
        state.is_unsaved.set(true);
        Ok(())
    }

    fn get(&self, key: &str, default: Dynamic) -> Dynamic {
        let values = self.0.values.borrow();
        values.get(key).filter(|value| !value.is_null()).map_or(default, shown)
    }

    fn set(&self, key: &str, value: &Dynamic) -> Outcome<()> {
        self.check_changeable()?;
        let value = stored(key, value)?;
        self.note_set(key, value);
        Ok(())
    }

    fn note_set(&self, key: &str, value: Value) {
        self.0.values.borrow_mut().insert(key.to_owned(), value.clone());
        self.0.changes.borrow_mut().set(key, value);
        self.0.is_unsaved.set(true);
    }

    /// All or none.
    fn put(&self, values: &Dynamic) -> Outcome<()> {
        self.check_changeable()?;
        let Some(entries) = RefMap::entries_of(values) else {
            return Err(error("put takes a map: #{ name: \"Ann\" }"));
        };
        let checked = entries.iter().map(|(key, value)| Ok((key, stored(key, value)?)));
        let checked: Vec<_> = checked.collect::<Outcome<_>>()?;
        checked.into_iter().for_each(|(key, value)| self.note_set(key, value));
        Ok(())
    }

    fn delete(&self, key: &str) {
        if self.0.values.borrow_mut().shift_remove(key).is_some() {
            self.0.changes.borrow_mut().remove(key);
            self.0.is_unsaved.set(true);
        }
    }

    fn pull(&self, key: &str, default: Dynamic) -> Dynamic {
        let value = self.get(key, default);
        self.delete(key);
        value
    }

    /// One key, or a list of them.
    fn forget(&self, keys: &Dynamic) -> Outcome<()> {
        let wrapped = RefMap::wrap(keys.clone());
        let keys = match wrapped.read_lock::<RefArray>() {
            Some(array) => array.copy(),
            None => vec![keys.clone()],
        };
        let keys: Vec<_> = keys.iter().map(|key| text(key, "a key")).collect::<Outcome<_>>()?;
        keys.iter().for_each(|key| self.delete(key));
        Ok(())
    }

    fn flush(&self) {
        self.0.values.borrow_mut().clear();
        *self.0.changes.borrow_mut() = Changes { flushed: true, ..Changes::default() };
        self.0.is_unsaved.set(true);
    }

    fn all(&self) -> Dynamic {
        let all = self.0.values.borrow();
        let all = all.iter().map(|(key, value)| (key.as_str(), shown(value)));
        Dynamic::from(all.collect::<RefMap>())
    }

    fn save_now(&self) -> Outcome<()> {
        self.0.is_unsaved.set(true);
        waiting("save", self.save())?.map_err(|why| error(why.to_string()))
    }
}

fn fresh() -> Result<SessionId, String> {
    SessionId::fresh().map_err(|why| format!("there is no id for a new session: {why}"))
}

/// The values of a stored text; none of one that is not ours.
fn parsed(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

fn shown(value: &Value) -> Dynamic {
    json::decode(&value.to_string()).unwrap_or(Dynamic::UNIT)
}

fn stored(key: &str, value: &Dynamic) -> Outcome<Value> {
    let text = json::encode(value)
        .and_then(|text| serde_json::from_str(&text).map_err(|why| why.to_string()));
    text.map_err(|why| error(format!("`{key}` cannot be kept in a session: {why}")))
}

/// Registers the methods.
pub(super) fn register(registry: &mut Registry) {
    type This<'a> = &'a mut Session;
    type Text = ImmutableString;
    let mut class = registry.class::<Session>("Session");
    class.handle(|a, b| Rc::ptr_eq(&a.0, &b.0));
    class.method("get", |s: This, key: Text| s.get(&key, Dynamic::UNIT));
    class.method("get", |s: This, key: Text, default: Dynamic| s.get(&key, default));
    class.method("pull", |s: This, key: Text| s.pull(&key, Dynamic::UNIT));
    class.method("pull", |s: This, key: Text, default: Dynamic| s.pull(&key, default));
    class.method("set", |s: This, key: Text, value: Dynamic| s.set(&key, &value));
    class.method("put", |s: This, values: Dynamic| s.put(&values));
    for name in ["delete", "remove"] {
        class.method(name, |s: This, key: Text| s.delete(&key));
    }
    class.method("forget", |s: This, keys: Dynamic| s.forget(&keys));
    class.method("flush", |s: This| s.flush());
    class.method("all", |s: This| s.all());
    class.method("has", |s: This, key: Text| !s.get(&key, Dynamic::UNIT).is_unit());
    class.method("exists", |s: This, key: Text| s.0.values.borrow().contains_key(key.as_str()));
    for name in ["id", "get_id"] {
        class.method(name, |s: This| s.id());
    }
    for name in ["save", "refresh"] {
        class.waiting(name, |s: This| s.save_now());
    }
    // Not the id: whoever reads it in a log could take the session over.
    class.display(|s| format!("Session({} values)", s.0.values.borrow().len()));
}
