//! The path of a request, taken apart so that it can only lead down.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Signs that stand in a path as they are (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The only hidden name that is shown (RFC 8615).
const WELL_KNOWN: &[u8] = b".well-known";

/// Names from the root down. None is empty or hidden, so none is `.` or `..`; none has a separator or a NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RootPath {
    segments: Vec<Vec<u8>>,
    /// It ended in a slash.
    directory: bool,
}

impl RootPath {
    /// Decodes the path once. Nothing if no file can be meant: an encoded slash, a backslash, a NUL, a hidden name.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        let names = rest.split('/').filter(|segment| !segment.is_empty());
        let names = names.map(|segment| percent_decode_str(segment).collect());
        let segments = names.map(allowed).collect::<Option<Vec<_>>>()?;
        let directory = segments.is_empty() || path.ends_with('/');
        Some(Self { segments, directory })
    }

    /// A file that a script names, as it is called: `errors/404.html`. Nothing for what no request could ask for.
    pub(crate) fn of_file(path: &str) -> Option<Self> {
        let names = path.split('/').map(|name| name.as_bytes().to_vec());
        let segments = names.map(|name| allowed(name).filter(|name| !name.is_empty()));
        Some(Self { segments: segments.collect::<Option<_>>()?, directory: false })
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.directory
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.segments.iter().map(Vec::as_slice)
    }

    /// As the kernel takes it, relative to the root.
    pub(crate) fn relative(&self) -> OsString {
        match self.segments.is_empty() {
            true => ".".into(),
            false => OsString::from_vec(self.segments.join(&b'/')),
        }
    }

    /// The last name, to be shown and to tell the media type.
    pub(crate) fn name(&self) -> String {
        self.segments
            .last()
            .map_or(String::new(), |name| String::from_utf8_lossy(name).into_owned())
    }

    /// A file in this directory.
    pub(crate) fn join(&self, name: &str) -> Self {
        let mut segments = self.segments.clone();
        segments.push(name.as_bytes().to_vec());
        Self { segments, directory: false }
    }

    /// `a.js` → `a.js.gz`
    pub(crate) fn with_ending(&self, ending: &str) -> Self {
        let mut path = self.clone();
        if let Some(name) = path.segments.last_mut() {
            name.push(b'.');
            name.extend_from_slice(ending.as_bytes());
        }
        path
    }

    /// As a URL path of a directory. It begins with one slash, whatever was sent: with two it would name another host.
    pub(crate) fn with_slash(&self) -> String {
        let mut url = "/".to_owned();
        for segment in &self.segments {
            url.push_str(&encoded(segment));
            url.push('/');
        }
        url
    }

    /// To be read by people.
    pub(crate) fn shown(&self) -> String {
        let names = self.segments().map(|name| format!("{}/", String::from_utf8_lossy(name)));
        format!("/{}", names.collect::<String>())
    }
}

/// The name, if it can be that of something in a directory and is not hidden.
fn allowed(name: Vec<u8>) -> Option<Vec<u8>> {
    let leads_elsewhere = name.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0));
    (!leads_elsewhere && !is_hidden(&name)).then_some(name)
}

pub(crate) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".") && name != WELL_KNOWN
}

/// A name as part of a URL.
pub(crate) fn encoded(name: &[u8]) -> String {
    percent_encode(name, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chance::Chance;

    fn relative(path: &str) -> Option<String> {
        RootPath::parse(path).map(|path| path.relative().to_string_lossy().into_owned())
    }

    #[test]
    fn paths_are_decoded_once() {
        assert_eq!(relative("/").as_deref(), Some("."));
        assert_eq!(relative("/a/b.txt").as_deref(), Some("a/b.txt"));
        assert_eq!(relative("//a///b/").as_deref(), Some("a/b"));
        assert_eq!(relative("/a%20b").as_deref(), Some("a b"));
        assert_eq!(relative("/a%2520b").as_deref(), Some("a%20b"));
        assert_eq!(relative("/%zz%4").as_deref(), Some("%zz%4"));
        assert_eq!(relative("/a+b").as_deref(), Some("a+b"));
        assert_eq!(relative("/.well-known/x").as_deref(), Some(".well-known/x"));
    }

    #[test]
    fn what_could_lead_elsewhere_is_nothing() {
        for path in [
            "",
            "a",
            "*",
            "http://x/",
            "/..",
            "/../a",
            "/a/..",
            "/a/../b",
            "/%2e%2e/a",
            "/.%2E/a",
            "/.",
            "/a/./b",
            "/a%2fb",
            "/a%2Fb",
            "/..%2fa",
            "/a\\b",
            "/..\\a",
            "/a%5cb",
            "/a%00",
            "/%00",
            "/.env",
            "/a/.git/config",
            "/%2eenv",
            "/.well-known/.x",
            "/.well-knownx",
            "/...",
        ] {
            assert_eq!(relative(path), None, "{path}");
        }
        // Dots that are no step up.
        assert!(relative("/a..").is_some() && relative("/a..b/c.").is_some());
        assert_eq!(relative("/%252e%252e/a").as_deref(), Some("%2e%2e/a"));
    }

    #[test]
    fn a_redirect_stays_on_this_host() {
        let with_slash = |path: &str| RootPath::parse(path).unwrap().with_slash();
        assert_eq!(with_slash("//evil.example/x"), "/evil.example/x/");
        assert_eq!(with_slash("/a%0d%0ab%3f c"), "/a%0D%0Ab%3F%20c/");
        assert_eq!(with_slash("/"), "/");
    }

    #[test]
    fn random_paths_lead_down() {
        let mut chance = Chance::new(11);
        for _ in 0..50_000 {
            let text = chance.bytes_of(b"/.%25efc0aE\\ ", 24);
            let Some(path) = RootPath::parse(&String::from_utf8_lossy(&text)) else { continue };
            let bad = |name: &[u8]| {
                name == b".." || name == b"." || name.is_empty() || name.contains(&b'/')
            };
            assert!(!path.segments().any(bad), "{path:?}");
            assert_eq!(RootPath::parse(&path.with_slash()).unwrap().segments, path.segments);
        }
    }
}
