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

/// What is said about sessions. All of it changes on reload.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionConfiguration {
    /// The directory of their files; none: they are in memory.
    pub path: Option<PathBuf>,
    /// How long one lives after it was used last.
    pub lifetime: Duration,
    /// The cookie with the id.
    pub cookie_name: String,
    /// Is the cookie for https only? None: as the request came.
    pub secure: Option<bool>,
    /// `Lax`, `Strict` or `None`.
    pub same_site: String,
}

impl Default for SessionConfiguration {
    fn default() -> Self {
        Self {
            path: None,
            lifetime: LIFETIME,
            cookie_name: "session_id".to_owned(),
            secure: None,
            same_site: "Lax".to_owned(),
        }
    }
}

impl SessionConfiguration {
    /// All keys.
    const NAMES: [&'static str; 6] =
        ["store", "path", "lifetime", "cookie_name", "secure", "same_site"];

    pub(crate) fn read(given: &Dynamic, folder: &Path) -> Outcome<Self> {
        let Some(entries) = RefMap::entries_of(given) else {
            return Err(error(format!("session is a map, not {}", json::show(given))));
        };
        let mut new = Self::default();
        let mut store = "memory".to_owned();
        for (name, value) in entries {
            match name.as_str() {
                "store" => store = text(&value, "store")?,
                "path" => {
                    let path = text(&value, "path")?;
                    new.path = (!path.is_empty()).then(|| folder.join(path));
                }
                "lifetime" => {
                    let seconds = whole(&value, "lifetime (seconds)", LIFETIMES)?;
                    new.lifetime = Duration::from_secs(seconds.unsigned_abs());
                }
                "cookie_name" => new.cookie_name = text(&value, "cookie_name")?,
                "secure" => new.secure = Some(boolean(&value, "secure")?),
                "same_site" => new.same_site = text(&value, "same_site")?,
                other => {
                    let advice = nearest(other, Self::NAMES);
                    let advice = advice.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                    return Err(error(format!("sessions have no option `{other}`{advice}")));
                }
            }
        }
        let needs_path = match store.as_str() {
            "memory" => false,
            "file" => true,
            _ => return Err(error(format!("store is \"memory\" or \"file\", not {store:?}"))),
        };
        if new.path.is_some() != needs_path {
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
