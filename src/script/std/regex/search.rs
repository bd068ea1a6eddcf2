//! Searches, which give places in the text. They know no script, so that long texts are searched beside the isolate.

use regex::{Captures, Regex};

/// Matches between two questions whether the search has to stop.
const STOP_MASK: usize = 1023;

/// Bytes that a script needs for one match or group, beside its text: a value, its counted reference and the block that
/// both lie in.
const PIECE: usize = 80;

/// Where something lies, in bytes; `None`: it took no part in the match.
pub(super) type Place = Option<(usize, usize)>;

/// Why a search ended before it was done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Somebody has stopped it.
    Stopped,
    /// What it found takes more memory than there is for it.
    TooBig,
}

/// What a search may use.
pub(super) struct Limits<'a> {
    /// Bytes of the result.
    pub(super) bytes: usize,
    /// Matches.
    pub(super) matches: usize,
    /// Asked now and then whether to stop.
    pub(super) stop: &'a dyn Fn() -> bool,
}

impl Limits<'_> {
    /// Takes so much for the match of that number.
    fn take(&mut self, bytes: usize, number: usize) -> Result<(), Failure> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Failure::TooBig)?;
        match number & STOP_MASK == STOP_MASK && (self.stop)() {
            true => Err(Failure::Stopped),
            false => Ok(()),
        }
    }
}

/// The matches.
pub(super) fn matches(
    regex: &Regex,
    text: &str,
    mut limits: Limits,
) -> Result<Vec<(usize, usize)>, Failure> {
    let mut found = Vec::new();
    for one in regex.find_iter(text).take(limits.matches) {
        limits.take(PIECE + one.len(), found.len())?;
        found.push((one.start(), one.end()));
    }
    Ok(found)
}

/// The groups of each match, the first of which is all of it.
pub(super) fn groups(
    regex: &Regex,
    text: &str,
    mut limits: Limits,
) -> Result<Vec<Vec<Place>>, Failure> {
    let mut found = Vec::new();
    for one in regex.captures_iter(text).take(limits.matches) {
        let places: Vec<Place> =
            one.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect();
        let bytes: usize = places.iter().flatten().map(|(start, end)| end - start).sum();
        // A group with a name stands in the map twice.
        limits.take(2 * places.len() * PIECE + bytes, found.len())?;
        found.push(places);
    }
    Ok(found)
}

/// The text with `template` in the place of the matches, in which `$1` and `${name}` are groups and `$$` is a `$`.
pub(super) fn replaced(
    regex: &Regex,
    text: &str,
    template: &str,
    mut limits: Limits,
) -> Result<String, Failure> {
    let mut out = String::new();
    let mut behind = 0;
    let is_plain = !template.contains('$');
    let mut before = 0;
    let mut add =
        |limits: &mut Limits, number, (start, end): (usize, usize), groups: Option<&Captures>| {
            out.push_str(&text[behind..start]);
            match groups {
                Some(groups) => groups.expand(template, &mut out),
                None => out.push_str(template),
            }
            behind = end;
            limits.take(out.len() - before, number)?;
            before = out.len();
            Ok(())
        };
    if is_plain {
        for (number, one) in regex.find_iter(text).take(limits.matches).enumerate() {
            add(&mut limits, number, (one.start(), one.end()), None)?;
        }
    } else {
        for (number, one) in regex.captures_iter(text).take(limits.matches).enumerate() {
            let whole = one.get_match();
            add(&mut limits, number, (whole.start(), whole.end()), Some(&one))?;
        }
    }
    out.push_str(&text[behind..]);
    limits.take(text.len() - behind, 0)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits<'a>(bytes: usize, matches: usize) -> Limits<'a> {
        Limits { bytes, matches, stop: &|| false }
    }

    fn regex(text: &str) -> Regex {
        Regex::new(text).expect(text)
    }

    #[test]
    fn matches_and_groups_are_places_in_bytes() {
        let all = || limits(1 << 20, usize::MAX);
        assert_eq!(matches(&regex("ä+"), "xäxää", all()), Ok(vec![(1, 3), (4, 8)]));
        assert_eq!(matches(&regex("ä+"), "xäxää", limits(1 << 20, 1)), Ok(vec![(1, 3)]));
        let found = groups(&regex("(a)|(b)"), "ab", all()).expect("groups");
        assert_eq!(
            found,
            [vec![Some((0, 1)), Some((0, 1)), None], vec![Some((1, 2)), None, Some((1, 2))]]
        );
        assert_eq!(matches(&regex(""), "ä", all()), Ok(vec![(0, 0), (2, 2)]));
    }

    #[test]
    fn groups_are_put_into_the_text_that_replaces() {
        let replace =
            |pattern, text, by, n| replaced(&regex(pattern), text, by, limits(1 << 20, n));
        let swapped = replace(r"(\w+) (?P<second>\w+)", "a b, c d", "${second}-$1", usize::MAX);
        assert_eq!(swapped.as_deref(), Ok("b-a, d-c"));
        assert_eq!(replace("a", "aaa", "$$", usize::MAX).as_deref(), Ok("$$$"));
        assert_eq!(replace("a", "aaa", "b", 1).as_deref(), Ok("baa"));
        assert_eq!(replace("x*", "ab", "-", usize::MAX).as_deref(), Ok("-a-b-"));
        assert_eq!(replace("z", "ab", "-", usize::MAX).as_deref(), Ok("ab"));
    }

    #[test]
    fn what_takes_too_much_ends() {
        let text = "a".repeat(10_000);
        assert_eq!(matches(&regex("a"), &text, limits(1000, usize::MAX)), Err(Failure::TooBig));
        assert_eq!(groups(&regex("a"), &text, limits(1000, usize::MAX)), Err(Failure::TooBig));
        let long = "b".repeat(10_000);
        let replaced = |limits| replaced(&regex("a"), &text, &long, limits);
        assert_eq!(replaced(limits(1 << 20, usize::MAX)), Err(Failure::TooBig));
        let stopped = || Limits { bytes: usize::MAX, matches: usize::MAX, stop: &|| true };
        assert_eq!(replaced(stopped()), Err(Failure::Stopped));
        assert_eq!(matches(&regex("a"), &text, stopped()), Err(Failure::Stopped));
    }
}
