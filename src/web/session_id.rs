//! What names a session, and who it belongs to: whoever knows it.

use std::fmt;

/// Random bytes of an id. Fixed: 256 bits cannot be guessed, nor met twice.
const BYTES: usize = 32;

/// A session's id of our own making: 64 small hexadecimal digits, so it can be part of a file's name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionId(String);

impl SessionId {
    /// An id that nobody had before. Fails if the system has no random bytes.
    pub(crate) fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// An id as a client sent it, if it looks like one of ours. Only a store knows whether it is: a session that none
    /// has must get a fresh id, or strangers could choose one for others.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::is_wellformed(text).then(|| Self(text.to_owned()))
    }

    pub(crate) fn is_wellformed(text: &str) -> bool {
        text.len() == 2 * BYTES
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// No log may have a whole id: who reads it could take the session over.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", &self.0[..6])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_long_and_never_the_same() {
        let ids: HashSet<String> =
            (0..1000).map(|_| SessionId::fresh().unwrap().as_str().to_owned()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 64 && SessionId::parse(id).is_some()));
    }

    #[test]
    fn nothing_else_is_an_id() {
        let id = "0123456789abcdef".repeat(4);
        assert!(SessionId::is_wellformed(&id));
        for bad in
            ["", "../x", &id[1..], &format!("{id}0"), &id.to_uppercase(), &id.replace('a', "/")]
        {
            assert!(!SessionId::is_wellformed(bad), "{bad}");
        }
        assert!(
            !SessionId::is_wellformed(&"ä".repeat(32))
                && !SessionId::is_wellformed(&"\0".repeat(64))
        );
    }

    #[test]
    fn a_log_does_not_give_an_id_away() {
        let id = SessionId::fresh().unwrap();
        let shown = format!("{id:?}");
        assert!(shown.len() < 24 && !shown.contains(id.as_str()));
    }
}
