//! `Worker::configure(#{ session: #{ … } })`: where sessions are kept, for how long, and in which cookie their ids travel.

use super::value::{Outcome, boolean, error, text, whole};
use crate::{
    engine::{
        nearest::nearest,
        values::{json, ref_map::RefMap},
    },
    web::cookies::{self, SetCookie},
};
use rhai::Dynamic;
use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long an unused session lives, unless `lifetime` says otherwise. As in PHP and Workerman: 24 minutes.
const LIFETIME: Duration = Duration::from_secs(1440);

/// The range of `lifetime`, seconds; five years are as long as files can have.
const LIFETIMES: RangeInclusive<i64> = 1..=5 * 365 * 24 * 3600;

/// Where sessions are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum SessionStore {
    /// In memory, shared by all isolates.
    #[default]
    Memory,
    /// In files of a directory.
    File,
}

/// Makes [`SessionConfiguration`] of a table. Each row is a key, its type, its default, and how a value that a script gives
/// becomes one of that type; relative paths begin at the script's folder.
macro_rules! session_configuration {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr, $read:expr;)*) => {
        /// What is said about sessions. All of it changes on reload.
        #[derive(Clone, Debug, PartialEq)]
        pub struct SessionConfiguration {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Default for SessionConfiguration {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl SessionConfiguration {
            /// All keys.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Takes the value of one key. `None`: there is no such key.
            fn set(&mut self, name: &str, value: &Dynamic, folder: &Path) -> Option<Outcome<()>> {
                Some(match name {
                    $(stringify!($name) => {
                        let read: fn(&Dynamic, &str, &Path) -> Outcome<$type> = $read;
                        read(value, name, folder).map(|value| self.$name = value)
                    })*
                    _ => return None,
                })
            }
        }
    };
}

session_configuration! {
    /// Where they are.
    store: SessionStore = SessionStore::Memory, |value, name, _| match text(value, name)?.as_str() {
        "memory" => Ok(SessionStore::Memory),
        "file" => Ok(SessionStore::File),
        other => Err(error(format!("store is \"memory\" or \"file\", not {other:?}"))),
    };
    /// The directory of their files; none: they are in memory.
    path: Option<PathBuf> = None, |value, name, folder| {
        let path = text(value, name)?;
        Ok((!path.is_empty()).then(|| folder.join(path)))
    };
    /// How long one lives after it was used last.
    lifetime: Duration = LIFETIME, |value, _, _| {
        let seconds = whole(value, "lifetime (seconds)", LIFETIMES)?;
        Ok(Duration::from_secs(seconds.unsigned_abs()))
    };
    /// The cookie with the id.
    cookie_name: String = "session_id".to_owned(), |value, name, _| text(value, name);
    /// Is the cookie for https only? None: as the request came.
    secure: Option<bool> = None, |value, name, _| boolean(value, name).map(Some);
    /// `Lax`, `Strict` or `None`.
    same_site: String = "Lax".to_owned(), |value, name, _| text(value, name);
}

impl SessionConfiguration {
    pub(crate) fn read(given: &Dynamic, folder: &Path) -> Outcome<Self> {
        let Some(entries) = RefMap::entries_of(given) else {
            return Err(error(format!("session is a map, not {}", json::show(given))));
        };
        let mut new = Self::default();
        for (name, value) in entries {
            new.set(&name, &value, folder).unwrap_or_else(|| {
                let advice = nearest(&name, Self::NAMES.iter().copied());
                let advice = advice.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                Err(error(format!("sessions have no option `{name}`{advice}")))
            })?;
        }
        if new.path.is_some() != (new.store == SessionStore::File) {
            return Err(error(
                "a path goes with the store \"file\", which needs one: #{ store: \"file\", path: \"sessions\" }",
            ));
        }
        // Whatever no cookie can be is told here, and not when the first client comes.
        new.cookie("x".to_owned(), 0, true).map_err(error)?;
        if new.same_site.eq_ignore_ascii_case("none") && new.secure == Some(false) {
            return Err(error(
                "browsers take a cookie with same_site \"None\" only if it is secure",
            ));
        }
        Ok(new)
    }

    /// The Set-Cookie header for an id; `max_age` 0 removes the cookie.
    pub(crate) fn cookie(
        &self,
        id: String,
        max_age: i64,
        is_https: bool,
    ) -> Result<String, String> {
        let cookie = SetCookie {
            name: self.cookie_name.clone(),
            value: id,
            max_age: Some(max_age),
            path: Some("/".to_owned()),
            domain: None,
            secure: self.secure.unwrap_or(is_https),
            http_only: true,
            same_site: Some(cookies::same_site(&self.same_site)?),
        };
        cookie.header()
    }
}
