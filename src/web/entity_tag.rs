//! Entity tags: what tells one state of a file from another (RFC 9110 §8.8.3).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// The path of a file in few digits. It is the same on every machine that serves the same paths, unlike an inode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathSum(u32);

impl PathSum {
    /// Of the parts of a path, one after the other.
    pub(crate) fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        // FNV-1a: it only has to differ where paths do, and to be the same tomorrow.
        let step = |sum: u32, byte: &u8| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        let bytes = parts.into_iter().flat_map(|part| part.iter().chain(b"/"));
        Self(bytes.fold(0x811c_9dc5, step))
    }
}

/// `"abc"`, or `W/"abc"` if the bytes may differ and mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag {
    weak: bool,
    /// Without its quotes.
    opaque: String,
}

impl EntityTag {
    /// A file that is written anew has another time, to the nanosecond, or another size. Files of one time and size, as every
    /// reproducible build makes them, are told apart by their paths, and so are `a.js` and `a.js.gz`.
    pub(crate) fn of_file(modified: SystemTime, size: u64, path: PathSum) -> Self {
        let since =
            |from: SystemTime, to: SystemTime| to.duration_since(from).map_or(0, |d| d.as_nanos());
        let (after, before) = (since(UNIX_EPOCH, modified), since(modified, UNIX_EPOCH));
        let sign = if before > 0 { "-" } else { "" };
        Self { weak: false, opaque: format!("{sign}{:x}-{size:x}-{:x}", after + before, path.0) }
    }

    /// The tag of the same content in this coding, which is another sequence of bytes.
    pub(crate) fn coded(mut self, coding: &str) -> Self {
        self.opaque.push('-');
        self.opaque.push_str(coding);
        self
    }

    /// The same tag, of a body that is made anew for each answer.
    pub(crate) fn weakened(self) -> Self {
        Self { weak: true, ..self }
    }

    /// One tag and nothing else.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let (weak, text) = match text.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let opaque = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let opaque = (!opaque.contains(&b'"')).then_some(opaque)?;
        Some(Self { weak, opaque: String::from_utf8_lossy(opaque).into_owned() })
    }

    /// Byte for byte the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        !self.weak && self == other
    }

    /// Good enough for somebody who has a copy.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    /// Whether a list of tags, or `*`, has one that this is `like`. (Tags made here have no comma: splitting a foreign
    /// one that has some gives pieces that are no tags.)
    pub(crate) fn is_among(&self, tags: &[u8], like: fn(&Self, &Self) -> bool) -> bool {
        tags.trim_ascii() == b"*"
            || tags.split(|byte| *byte == b',').filter_map(Self::parse).any(|tag| like(self, &tag))
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\"{}\"", if self.weak { "W/" } else { "" }, self.opaque)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn tag(text: &str) -> EntityTag {
        EntityTag::parse(text.as_bytes()).unwrap()
    }

    /// The table of RFC 9110 §8.8.3.2.
    #[test]
    fn tags_are_compared_in_two_ways() {
        let table = [
            (r#"W/"1""#, r#"W/"1""#, false, true),
            (r#"W/"1""#, r#"W/"2""#, false, false),
            (r#"W/"1""#, r#""1""#, false, true),
            (r#""1""#, r#""1""#, true, true),
        ];
        for (one, other, same, alike) in table {
            assert_eq!(tag(one).is_same(&tag(other)), same, "{one} {other}");
            assert_eq!(tag(one).is_alike(&tag(other)), alike, "{one} {other}");
        }
    }

    #[test]
    fn only_quoted_text_is_a_tag() {
        for bad in ["", "a", "\"", "\"a", "w/\"a\"", "W/a", "\"a\"b\"", "\"a\" \"b\"", "*"] {
            assert_eq!(EntityTag::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(tag(" W/\"\" ").to_string(), "W/\"\"");
    }

    #[test]
    fn a_list_is_searched() {
        let mine = tag("\"b\"");
        let is_among = |tags: &str| mine.is_among(tags.as_bytes(), EntityTag::is_same);
        assert!(
            is_among("\"a\", \"b\"") && is_among("*") && is_among(",,\"b\",") && is_among("\"b\"")
        );
        assert!(!is_among("") && !is_among("b") && !is_among("W/\"b\"") && !is_among("\"a,b\""));
    }

    #[test]
    fn time_and_size_make_the_tag() {
        let at = |nanos: u64| UNIX_EPOCH + Duration::from_nanos(nanos);
        let of_file = |at, size| EntityTag::of_file(at, size, PathSum(10));
        assert_eq!(of_file(at(255), 16).to_string(), "\"ff-10-a\"");
        let before = UNIX_EPOCH - Duration::from_nanos(255);
        assert_eq!(of_file(before, 16).to_string(), "\"-ff-10-a\"");
        assert_eq!(of_file(at(255), 16).weakened().to_string(), "W/\"ff-10-a\"");
    }

    #[test]
    fn files_of_one_time_and_size_have_tags_of_their_own() {
        let tag = |path: &str| {
            let sum = PathSum::of(path.split('/').map(str::as_bytes));
            EntityTag::of_file(UNIX_EPOCH, 60, sum)
        };
        let paths = ["p.js", "p.js.gz", "p.js.br", "en/p.js", "de/p.js", "dep.js", ""];
        let tags: std::collections::HashSet<String> =
            paths.iter().map(|path| tag(path).to_string()).collect();
        assert_eq!(tags.len(), paths.len(), "{tags:?}");
        assert_eq!(tag("p.js"), tag("p.js"));
    }
}
