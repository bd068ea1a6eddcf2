//! Sessions in the memory of the process: the default. They are gone when it ends, and stay through every reload.

use crate::web::{
    session_id::SessionId,
    session_store::{SessionError, SessionStore, Stored, check_size},
};
use std::{
    collections::{BTreeMap, HashMap},
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Sessions in memory; beyond it the one that was not saved for the longest time goes. Fixed: a stranger can begin as
/// many as they have requests, and each costs some hundred bytes at least. Who has more users takes another store.
pub(crate) const MAX_SESSIONS: usize = 100_000;

/// Bytes of all sessions in memory, with the same end for the oldest. Fixed, for the same reason.
pub(crate) const MAX_BYTES: usize = 256 * 1024 * 1024;

/// See the module.
#[derive(Default)]
pub(crate) struct MemoryStore {
    /// Held for a look-up at a time, or for one walk over all.
    sessions: Mutex<Sessions>,
}

impl MemoryStore {
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // Nothing in `Sessions` can panic half way.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for MemoryStore {
    fn load<'a>(&'a self, id: &'a SessionId) -> Stored<'a, Option<String>> {
        Box::pin(ready(Ok(self.sessions().load(id, Instant::now()))))
    }

    fn save<'a>(&'a self, id: &'a SessionId, text: String, lifetime: Duration) -> Stored<'a, ()> {
        Box::pin(ready(self.sessions().save(id, text, lifetime, Instant::now())))
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> Stored<'a, ()> {
        self.sessions().remove(id);
        Box::pin(ready(Ok(())))
    }

    fn collect(&self) -> Stored<'_, usize> {
        Box::pin(ready(Ok(self.sessions().collect(Instant::now()))))
    }
}

struct Session {
    text: String,
    /// Nothing for a lifetime that no clock reaches.
    expires: Option<Instant>,
    /// Its key in `Sessions::ages`.
    age: u64,
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

#[derive(Default)]
struct Sessions {
    by_id: HashMap<SessionId, Session>,
    /// From the one that was saved first to the one that was saved last.
    ages: BTreeMap<u64, SessionId>,
    next_age: u64,
    bytes: usize,
}

impl Sessions {
    fn load(&mut self, id: &SessionId, now: Instant) -> Option<String> {
        if self.by_id.get(id)?.is_over(now) {
            self.remove(id);
        }
        self.by_id.get(id).map(|session| session.text.clone())
    }

    fn save(
        &mut self,
        id: &SessionId,
        text: String,
        lifetime: Duration,
        now: Instant,
    ) -> Result<(), SessionError> {
        check_size(&text)?;
        self.remove(id);
        self.bytes += text.len();
        self.next_age += 1;
        let (expires, age) = (now.checked_add(lifetime), self.next_age);
        self.ages.insert(age, id.clone());
        self.by_id.insert(id.clone(), Session { text, expires, age });
        self.make_room(MAX_SESSIONS, MAX_BYTES);
        Ok(())
    }

    fn remove(&mut self, id: &SessionId) {
        if let Some(session) = self.by_id.remove(id) {
            self.ages.remove(&session.age);
            self.bytes -= session.text.len();
        }
    }

    fn make_room(&mut self, sessions: usize, bytes: usize) {
        while self.by_id.len() > sessions || self.bytes > bytes {
            let Some((_, oldest)) = self.ages.pop_first() else { return };
            self.remove(&oldest);
        }
    }

    fn collect(&mut self, now: Instant) -> usize {
        let over = self.by_id.iter().filter(|(_, session)| session.is_over(now));
        let over: Vec<SessionId> = over.map(|(id, _)| id.clone()).collect();
        over.iter().for_each(|id| self.remove(id));
        over.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::session_store::stores;

    const MINUTE: Duration = Duration::from_secs(60);

    fn id() -> SessionId {
        SessionId::fresh().unwrap()
    }

    #[test]
    fn it_is_a_store() {
        stores::check(&MemoryStore::default());
    }

    #[test]
    fn a_session_expires_and_is_collected() {
        let (mut sessions, now, id) = (Sessions::default(), Instant::now(), id());
        sessions.save(&id, "1".into(), MINUTE, now).unwrap();
        assert_eq!(sessions.collect(now + MINUTE / 2), 0);
        assert_eq!(sessions.load(&id, now + MINUTE / 2), Some("1".into()));
        sessions.save(&id, "2".into(), MINUTE, now + MINUTE / 2).unwrap();
        assert_eq!(sessions.load(&id, now + MINUTE), Some("2".into()));
        assert_eq!(sessions.collect(now + 2 * MINUTE), 1);
        assert_eq!((sessions.by_id.len(), sessions.ages.len(), sessions.bytes), (0, 0, 0));
        sessions.save(&id, "3".into(), Duration::MAX, now).unwrap();
        assert_eq!(sessions.collect(now + 1_000_000 * MINUTE), 0);
    }

    #[test]
    fn the_one_that_was_saved_longest_ago_goes_first() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let ids: Vec<_> = (0..4).map(|_| id()).collect();
        ids.iter().for_each(|id| sessions.save(id, "1234".into(), MINUTE, now).unwrap());
        sessions.save(&ids[0], "1234".into(), MINUTE, now).unwrap();
        sessions.make_room(3, MAX_BYTES);
        assert!(sessions.load(&ids[1], now).is_none());
        sessions.make_room(MAX_SESSIONS, 11);
        assert!(sessions.load(&ids[2], now).is_none());
        assert!(sessions.load(&ids[0], now).is_some() && sessions.load(&ids[3], now).is_some());
        assert_eq!((sessions.by_id.len(), sessions.ages.len(), sessions.bytes), (2, 2, 8));
    }

    #[test]
    fn their_number_ends_somewhere() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let first = id();
        sessions.save(&first, "{}".into(), MINUTE, now).unwrap();
        (1..MAX_SESSIONS).for_each(|_| sessions.save(&id(), "{}".into(), MINUTE, now).unwrap());
        assert!(sessions.load(&first, now).is_some());
        sessions.save(&id(), "{}".into(), MINUTE, now).unwrap();
        assert!(sessions.load(&first, now).is_none());
        assert_eq!((sessions.by_id.len(), sessions.ages.len()), (MAX_SESSIONS, MAX_SESSIONS));
    }
}
