//! What the functions of the standard library are given: bytes of strings and blobs, and maps of options.

use crate::{
    engine::values::{json, ref_map::RefMap},
    runtime::outcome::{Outcome, error},
    script::value::{boolean, seconds, text, whole},
};
use rhai::{Dynamic, ImmutableString};
use std::{ops::RangeInclusive, time::Duration};

/// Calls `f` with the bytes of a string or a character, in UTF-8, or of a blob. `what` names the argument in the error.
pub(super) fn with_bytes<T>(value: &Dynamic, what: &str, f: impl FnOnce(&[u8]) -> T) -> Outcome<T> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(f(text.as_bytes()));
    }
    if let Ok(letter) = value.as_char() {
        return Ok(f(letter.encode_utf8(&mut [0; 4]).as_bytes()));
    }
    match value.as_blob_ref() {
        Ok(blob) => Ok(f(&blob)),
        Err(_) => Err(error(format!("{what} is a string or a blob, not {}", json::show(value)))),
    }
}

/// The bytes of a string or blob, to be kept.
pub(super) fn bytes(value: &Dynamic, what: &str) -> Outcome<Vec<u8>> {
    with_bytes(value, what, <[u8]>::to_vec)
}

/// A map of options. Every entry of it is known to the function that takes them.
pub(super) struct Options {
    /// The function, for errors.
    function: &'static str,
    entries: Vec<(ImmutableString, Dynamic)>,
}

impl Options {
    /// No options.
    pub(super) fn none(function: &'static str) -> Self {
        Self { function, entries: Vec::new() }
    }

    /// Those of a map. A name that is not `known` is an error.
    pub(super) fn of(function: &'static str, value: &Dynamic, known: &[&str]) -> Outcome<Self> {
        let Some(entries) = RefMap::entries_of(value) else {
            let shown = json::show(value);
            return Err(error(format!("{function}: the options are a map, not {shown}")));
        };
        match entries.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(Self { function, entries }),
            Some((name, _)) => Err(error(format!(
                "{function} has no option `{name}`: known are {}",
                known.join(", ")
            ))),
        }
    }

    /// The value of an option that is set to something else than `()`.
    pub(super) fn get(&self, name: &str) -> Option<&Dynamic> {
        let found = self.entries.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).filter(|value| !value.is_unit())
    }

    fn named(&self, name: &str) -> String {
        format!("{}: the option `{name}`", self.function)
    }

    /// An option that is true or false.
    pub(super) fn flag(&self, name: &str) -> Outcome<Option<bool>> {
        self.get(name).map(|value| boolean(value, &self.named(name))).transpose()
    }

    /// An option that is a whole number.
    pub(super) fn whole(&self, name: &str, range: RangeInclusive<i64>) -> Outcome<Option<i64>> {
        self.get(name).map(|value| whole(value, &self.named(name), range)).transpose()
    }

    /// An option that is a string.
    pub(super) fn text(&self, name: &str) -> Outcome<Option<String>> {
        self.get(name).map(|value| text(value, &self.named(name))).transpose()
    }

    /// An option that is a number of seconds.
    pub(super) fn seconds(&self, name: &str) -> Outcome<Option<Duration>> {
        self.get(name).map(|value| seconds(value, &self.named(name))).transpose()
    }

    /// The bytes of an option that is a string or a blob.
    pub(super) fn bytes(&self, name: &str) -> Outcome<Option<Vec<u8>>> {
        self.get(name).map(|value| bytes(value, &self.named(name))).transpose()
    }
}

/// An error of a function, which begins with its name.
pub(super) fn refused<T>(function: &str, result: Result<T, String>) -> Outcome<T> {
    result.map_err(|why| error(format!("{function}: {why}")))
}
