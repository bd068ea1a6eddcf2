//! Where sessions are kept: what a store has to do, whatever it is made of.

use crate::web::session_id::SessionId;
use std::{io, pin::Pin, time::Duration};

/// Bytes of the text of one session. Fixed: it is read and written as a whole at each request that uses it.
pub(crate) const MAX_SESSION_BYTES: usize = 256 * 1024;

/// What a store does when it is awaited. It may move between threads, as that of a database may have to.
pub(crate) type Stored<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionError>> + Send + 'a>>;

/// A place for sessions, shared by all isolates. An isolate awaits it: a store that blocks does so on the blocking pool,
/// one behind a socket waits for that. Nothing is locked between a load and a save; the last save wins.
pub(crate) trait SessionStore: Send + Sync {
    /// The text as it was saved, or nothing if there is none or it has expired.
    fn load<'a>(&'a self, id: &'a SessionId) -> Stored<'a, Option<String>>;

    /// Keeps the text, JSON of the session's values, for that long from now on.
    fn save<'a>(&'a self, id: &'a SessionId, text: String, lifetime: Duration) -> Stored<'a, ()>;

    /// Forgets a session. It is no error if there is none.
    fn delete<'a>(&'a self, id: &'a SessionId) -> Stored<'a, ()>;

    /// Removes what has expired, and says how many sessions that were. To be called now and then by one isolate. A store
    /// that does it by itself has nothing to do here.
    fn collect(&self) -> Stored<'_, usize>;
}

/// Why a session could not be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(
        "a session of {bytes} bytes, the most is {MAX_SESSION_BYTES}; keep large things elsewhere and their key in the \
         session"
    )]
    TooLarge { bytes: usize },
    #[error("the store of sessions failed: {0}")]
    Failed(#[from] io::Error),
}

/// Each store asks this before it keeps a text.
pub(crate) fn check_size(text: &str) -> Result<(), SessionError> {
    match text.len() {
        bytes if bytes > MAX_SESSION_BYTES => Err(SessionError::TooLarge { bytes }),
        _ => Ok(()),
    }
}

/// What every store has to pass.
#[cfg(test)]
pub(crate) mod stores {
    use super::*;

    pub(crate) fn check(store: &dyn SessionStore) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let hour = Duration::from_secs(3600);
            let (one, other) = (SessionId::fresh().unwrap(), SessionId::fresh().unwrap());
            assert_eq!(store.load(&one).await.unwrap(), None);
            store.save(&one, "{\"a\":\"ä\0\n\"}".into(), hour).await.unwrap();
            store.save(&other, "{}".into(), hour).await.unwrap();
            assert_eq!(store.load(&one).await.unwrap().as_deref(), Some("{\"a\":\"ä\0\n\"}"));
            store.save(&one, "{}".into(), hour).await.unwrap();
            assert_eq!(store.load(&one).await.unwrap().as_deref(), Some("{}"));
            assert_eq!(store.collect().await.unwrap(), 0);

            store.delete(&one).await.unwrap();
            store.delete(&one).await.unwrap();
            assert_eq!(store.load(&one).await.unwrap(), None);
            assert_eq!(store.load(&other).await.unwrap().as_deref(), Some("{}"));

            // A lifetime of nothing is over at once, one without end never.
            store.save(&other, "{}".into(), Duration::ZERO).await.unwrap();
            assert_eq!(store.load(&other).await.unwrap(), None);
            store.save(&other, "{}".into(), Duration::MAX).await.unwrap();
            assert_eq!(store.load(&other).await.unwrap().as_deref(), Some("{}"));

            let most = "x".repeat(MAX_SESSION_BYTES);
            store.save(&one, most.clone(), hour).await.unwrap();
            assert!(store.load(&one).await.unwrap() == Some(most.clone()));
            let fault = store.save(&one, most.clone() + "x", hour).await.unwrap_err();
            assert!(
                matches!(fault, SessionError::TooLarge { bytes } if bytes == MAX_SESSION_BYTES + 1)
            );
            assert!(store.load(&one).await.unwrap() == Some(most));
        });
    }
}
