//! Cookies in both directions: the Cookie header of a request, the Set-Cookie header of an answer. What a cookie is good
//! for may not enter.

pub(crate) use cookie::SameSite;
use cookie::{Cookie, time::Duration};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use std::collections::HashSet;

/// How many cookies of a request are taken; whoever asks for them tells the log of more. Fixed: browsers keep no more than
/// 180 for a site.
pub(crate) const MAX_COOKIES: usize = 200;

/// Bytes of a name and its encoded value together. Fixed: browsers drop what is longer without a word.
pub(crate) const MAX_COOKIE_BYTES: usize = 4096;

/// What may not stand in a value as it is (RFC 6265 §4.1.1), and `%`, so that it comes back as it was.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b',').add(b';').add(b'\\');

/// Reads Cookie headers; HTTP/2 may bring several. The first of a name wins, because browsers send the one with the
/// longest path first. Names are not decoded, so that none can pose as another, such as `__Host-…`.
pub(crate) fn parse<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let mut seen = HashSet::new();
    let parts = headers.into_iter().flat_map(|header| header.split(|byte| *byte == b';'));
    let pairs = parts.filter_map(|part| {
        let (name, value) = part.split_at(memchr::memchr(b'=', part)?);
        let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
        (!name.is_empty()).then(|| (name, decode(value[1..].trim_ascii())))
    });
    pairs.take(MAX_COOKIES).filter(|(name, _)| seen.insert(name.clone())).collect()
}

/// Without its quotes, and with `%xx` decoded if that gives UTF-8.
fn decode(value: &[u8]) -> String {
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    let value = quoted.unwrap_or(value);
    match percent_decode(value).decode_utf8() {
        Ok(text) => text.into_owned(),
        Err(_) => String::from_utf8_lossy(value).into_owned(),
    }
}

/// A cookie that an answer sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    /// Any text; it is percent-encoded, and [`parse`] gives it back as it is here.
    pub(crate) value: String,
    /// Seconds; zero and less remove the cookie, nothing lets it live as long as the browser's session.
    pub(crate) max_age: Option<i64>,
    pub(crate) path: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// `None` implies `secure`: browsers take it in no other way.
    pub(crate) same_site: Option<SameSite>,
}

impl SetCookie {
    /// The value of a Set-Cookie header, or why there can be none.
    pub(crate) fn header(&self) -> Result<String, String> {
        let Self { name, .. } = self;
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!(
                "a cookie cannot be named {name:?}: use letters, digits, `-` and `_`"
            ));
        }
        let value = utf8_percent_encode(&self.value, ENCODED).to_string();
        if name.len() + value.len() > MAX_COOKIE_BYTES {
            return Err(format!(
                "cookie {name}: name and value take {} bytes, browsers keep at most {MAX_COOKIE_BYTES}; keep the data in \
                 a session",
                name.len() + value.len()
            ));
        }
        let mut cookie = Cookie::build((name.as_str(), value)).http_only(self.http_only);
        if let Some(seconds) = self.max_age {
            cookie = cookie.max_age(Duration::seconds(seconds));
        }
        if let Some(path) = given(&self.path) {
            check(name, "path", path, |byte| matches!(byte, b' '..=b'~') && byte != b';')?;
            cookie = cookie.path(path);
        }
        if let Some(domain) = given(&self.domain) {
            check(name, "domain", domain, |b| b.is_ascii_alphanumeric() || b".-_".contains(&b))?;
            cookie = cookie.domain(domain);
        }
        // Left open it is decided by SameSite.
        if self.secure {
            cookie = cookie.secure(true);
        }
        if let Some(same_site) = self.same_site {
            cookie = cookie.same_site(same_site);
        }
        Ok(cookie.build().to_string())
    }
}

/// Do two Set-Cookie headers set the same cookie? That is one of the same name, path and domain (RFC 6265 §5.3).
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    identity(one) == identity(other)
}

/// Name, path and domain of a Set-Cookie header. Of an attribute that is there twice the last counts.
fn identity(header: &str) -> (&str, &str, String) {
    let mut parts = header.split(';').map(str::trim);
    let pair = parts.next().unwrap_or_default();
    let name = pair.split_once('=').map_or("", |(name, _)| name.trim_end());
    let (mut path, mut domain) = ("", "");
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        match attribute.trim_end() {
            a if a.eq_ignore_ascii_case("path") => path = value.trim_start(),
            a if a.eq_ignore_ascii_case("domain") => domain = value.trim_start(),
            _ => (),
        }
    }
    (name, path, domain.trim_start_matches('.').to_ascii_lowercase())
}

/// `Lax`, `Strict` or `None`, in any case.
pub(crate) fn same_site(text: &str) -> Result<SameSite, String> {
    match text.to_ascii_lowercase().as_str() {
        "lax" => Ok(SameSite::Lax),
        "strict" => Ok(SameSite::Strict),
        "none" => Ok(SameSite::None),
        _ => Err(format!("a cookie's same_site is \"Lax\", \"Strict\" or \"None\", not {text:?}")),
    }
}

/// An attribute that is empty is left out.
fn given(attribute: &Option<String>) -> Option<&str> {
    attribute.as_deref().filter(|text| !text.is_empty())
}

fn check(name: &str, what: &str, text: &str, allowed: fn(u8) -> bool) -> Result<(), String> {
    match text.bytes().all(allowed) {
        true => Ok(()),
        false => Err(format!("cookie {name}: its {what} cannot be {text:?}")),
    }
}

/// The signs of names in HTTP (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
#[path = "cookies_tests.rs"]
mod tests;
