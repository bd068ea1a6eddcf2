//! Entity tags: what tells one state of a file from another (RFC 9110 §8.8.3).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// `"abc"`, or `W/"abc"` if the bytes may differ and mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag {
    weak: bool,
    /// Without its quotes.
    opaque: String,
}

impl EntityTag {
    /// A file that is written anew has another time, to the nanosecond, or another size.
    pub(crate) fn of_file(modified: SystemTime, size: u64) -> Self {
        let since =
            |from: SystemTime, to: SystemTime| to.duration_since(from).map_or(0, |d| d.as_nanos());
        let (after, before) = (since(UNIX_EPOCH, modified), since(modified, UNIX_EPOCH));
        let sign = if before > 0 { "-" } else { "" };
        Self { weak: false, opaque: format!("{sign}{:x}-{size:x}", after + before) }
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
        assert_eq!(EntityTag::of_file(at(255), 16).to_string(), "\"ff-10\"");
        let before = UNIX_EPOCH - Duration::from_nanos(255);
        assert_eq!(EntityTag::of_file(before, 16).to_string(), "\"-ff-10\"");
        assert_eq!(EntityTag::of_file(at(255), 16).weakened().to_string(), "W/\"ff-10\"");
    }
}
