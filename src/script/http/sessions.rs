//! All sessions of the process: shared by its isolates, and not touched by a reload. What a script does with one of them is
//! in `session`.
//!
//! # A session is stored before its answer is sent
//!
//! A session is stored before its answer is sent, under a lock that all isolates share,
//! as the changes of this request to what the store has then: of two requests at once the last one wins for each
//! key.

use crate::{
    script::session_configuration::SessionConfiguration,
    web::{
        file_store::FileStore, memory_store::MemoryStore, session_id::SessionId,
        session_store::SessionStore,
    },
};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::absolute,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::sync;

/// How often sessions that are over are removed. Fixed: one that is over is not given out, so it only takes space.
const COLLECT: Duration = Duration::from_secs(300);

/// Locks that the sessions share, each being read, changed and written under one of them. Fixed: some times as many as
/// there are isolates.
const LOCKS: usize = 64;

/// See the module.
pub(crate) struct Sessions {
    /// Sessions in memory stay there also while a script tries another store.
    memory: Arc<MemoryStore>,
    regime: RwLock<Arc<Regime>>,
}

/// What holds for sessions now.
pub(crate) struct Regime {
    pub(super) configuration: SessionConfiguration,
    pub(super) store: Arc<dyn SessionStore>,
    locks: Arc<[sync::Mutex<()>]>,
    collected: Mutex<Instant>,
}

impl Default for Sessions {
    fn default() -> Self {
        let memory = Arc::<MemoryStore>::default();
        let regime = Regime {
            configuration: SessionConfiguration::default(),
            store: memory.clone(),
            locks: (0..LOCKS).map(|_| sync::Mutex::default()).collect(),
            collected: Mutex::new(Instant::now()),
        };
        Self { memory, regime: RwLock::new(Arc::new(regime)) }
    }
}

impl Sessions {
    /// What holds now.
    pub(super) fn regime(&self) -> Arc<Regime> {
        self.regime.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is going to hold by this configuration; nothing changes yet. The error says why it cannot.
    pub(crate) fn prepare(
        &self,
        configuration: Option<&SessionConfiguration>,
    ) -> Result<Arc<Regime>, String> {
        let (new, now) = (configuration.cloned().unwrap_or_default(), self.regime());
        if new == now.configuration {
            return Ok(now);
        }
        let store: Arc<dyn SessionStore> = match &new.path {
            None => self.memory.clone(),
            Some(path) if now.configuration.path.as_ref() == Some(path) => now.store.clone(),
            Some(path) => {
                let path = absolute(path).map_err(|why| format!("{}: {why}", path.display()))?;
                Arc::new(FileStore::open(&path)?)
            }
        };
        let collected = Mutex::new(Instant::now());
        Ok(Arc::new(Regime { configuration: new, store, locks: now.locks.clone(), collected }))
    }

    /// From now on this holds, for sessions that are not loaded yet.
    pub(crate) fn serve(&self, regime: Arc<Regime>) {
        *self.regime.write().unwrap_or_else(PoisonError::into_inner) = regime;
    }
}

impl Regime {
    /// Held while a session is read, changed and written, so that nobody else does it in between.
    pub(super) fn lock(&self, id: &SessionId) -> &sync::Mutex<()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        &self.locks[hasher.finish() as usize % self.locks.len()]
    }

    /// Removes what is over, now and then, as a task of the isolate that comes by first.
    pub(super) fn collect(&self) {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        if collected.elapsed() >= COLLECT {
            *collected = Instant::now();
            let store = self.store.clone();
            // A store that fails says so to whoever loads or saves.
            tokio::task::spawn_local(async move { store.collect().await.map(drop).ok() });
        }
    }
}
