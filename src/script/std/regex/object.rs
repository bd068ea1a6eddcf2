//! `Pattern` as scripts see it, and what it finds as values of scripts.

use super::{
    cache,
    search::{self, Failure, Limits, Place},
};
use crate::{
    engine::{
        call::time_limit::check_time,
        values::{json, ref_map::RefMap, sizes},
    },
    runtime::{
        outcome::{Outcome, error},
        waiting,
    },
};
use regex::Regex;
use rhai::{Array, Dynamic, FnPtr, ImmutableString, NativeCallContext};
use std::sync::Arc;

/// Bytes of a text beyond which it is searched on another thread, while the isolate goes on. Fixed: to hand it over costs
/// about as much as to search so many.
const BESIDE: usize = 16 << 10;

/// Bytes of a text that is searched. Fixed: as much as a message may have.
const MAX_TEXT: usize = 64 << 20;

/// The object.
#[derive(Clone)]
pub(super) struct Pattern {
    regex: Arc<Regex>,
    /// Letters in their order, none twice.
    flags: ImmutableString,
}

impl Pattern {
    pub(super) fn compile(text: &str, flags: &str) -> Result<Self, String> {
        let regex = cache::compiled(text, flags)?;
        let mut letters: Vec<char> = flags.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        Ok(Self { regex, flags: letters.into_iter().collect::<String>().into() })
    }

    /// The pattern that a script gives: a compiled one, or the text of one.
    pub(super) fn of(value: &Dynamic) -> Outcome<Self> {
        if let Some(pattern) = value.read_lock::<Self>() {
            return Ok(pattern.clone());
        }
        match value.as_immutable_string_ref() {
            Ok(text) => Self::compile(&text, "").map_err(error),
            Err(_) => Err(error(format!(
                "a pattern is a string or what `compile` gives, not {}",
                json::show(value)
            ))),
        }
    }

    /// Whether both find the same in every text, as far as what they are made of tells.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.text() == other.text() && self.flags == other.flags
    }

    pub(super) fn text(&self) -> &str {
        self.regex.as_str()
    }

    /// Searches a text, on another thread if it is long.
    fn search<T: Send + 'static>(
        &self,
        text: &str,
        matches: usize,
        search: impl FnOnce(&Regex, &str, Limits) -> Result<T, Failure> + Send + 'static,
    ) -> Outcome<T> {
        if text.len() > MAX_TEXT {
            return Err(error(format!(
                "a text that is searched has at most {} MiB, and this one {}",
                MAX_TEXT >> 20,
                text.len() >> 20
            )));
        }
        let bytes = sizes::room();
        let found = if text.len() <= BESIDE {
            search(&self.regex, text, Limits { bytes, matches, stop: &|| check_time().is_err() })
        } else {
            let (regex, text) = (self.regex.clone(), text.to_owned());
            waiting::beside_or_at_once("regex", move |cancelled| {
                search(&regex, &text, Limits { bytes, matches, stop: &|| cancelled.is_set() })
            })?
        };
        found.or_else(|why| match why {
            Failure::Stopped => {
                check_time()?;
                Err(error("the search was stopped"))
            }
            Failure::TooBig => {
                sizes::check_bytes(usize::MAX, "what the search found")?;
                Err(error("what the search found is too big"))
            }
        })
    }

    pub(super) fn is_match(&self, text: &str) -> Outcome<bool> {
        self.search(text, 1, |regex, text, _| Ok(regex.is_match(text)))
    }

    fn first(&self, text: &str) -> Outcome<Place> {
        Ok(self.search(text, 1, search::matches)?.first().copied())
    }

    pub(super) fn find(&self, text: &str) -> Outcome<Dynamic> {
        Ok(value(text, self.first(text)?))
    }

    pub(super) fn find_all(&self, text: &str) -> Outcome<Array> {
        let found = self.search(text, usize::MAX, search::matches)?;
        Ok(found.into_iter().map(|place| value(text, Some(place))).collect())
    }

    pub(super) fn index_of(&self, text: &str) -> Outcome<i64> {
        Ok(self.first(text)?.map_or(-1, |(start, _)| letters(&text[..start])))
    }

    pub(super) fn positions(&self, text: &str) -> Outcome<Array> {
        let found = self.search(text, usize::MAX, search::matches)?;
        let (mut behind, mut passed) = (0, 0);
        let mut place = |at: usize| {
            passed += letters(&text[behind..at]);
            behind = at;
            Dynamic::from(passed)
        };
        let pairs = found.into_iter().map(|(start, end)| vec![place(start), place(end)].into());
        Ok(pairs.collect())
    }

    pub(super) fn captures(&self, text: &str) -> Outcome<Dynamic> {
        let found = self.search(text, 1, search::groups)?;
        Ok(found.first().map_or(Dynamic::UNIT, |groups| Dynamic::from(self.map(text, groups))))
    }

    pub(super) fn captures_all(&self, text: &str) -> Outcome<Array> {
        let found = self.search(text, usize::MAX, search::groups)?;
        Ok(found.iter().map(|groups| Dynamic::from(self.map(text, groups))).collect())
    }

    /// The groups of a match by their numbers, and those with names by their names as well.
    fn map(&self, text: &str, groups: &[Place]) -> RefMap {
        let numbered = groups.iter().enumerate().map(|(number, place)| {
            (ImmutableString::from(number.to_string()), value(text, *place))
        });
        let names = self.regex.capture_names().zip(groups);
        let named = names.filter_map(|(name, place)| Some((name?.into(), value(text, *place))));
        numbered.chain(named).collect()
    }

    pub(super) fn split(&self, text: &str, limit: i64) -> Outcome<Array> {
        let parts = usize::try_from(limit).ok().filter(|parts| *parts > 0);
        let parts = parts.ok_or_else(|| {
            error(format!("split takes how many parts there are at most, 1 or more, not {limit}"))
        })?;
        let found = self.search(text, parts - 1, search::matches)?;
        let mut out = Array::new();
        let mut behind = 0;
        for (start, end) in found {
            out.push(text[behind..start].into());
            behind = end;
        }
        out.push(text[behind..].into());
        Ok(out)
    }

    pub(super) fn replace(&self, text: &str, by: &str, most: usize) -> Outcome<String> {
        let by = by.to_owned();
        self.search(text, most, move |regex, text, limits| {
            search::replaced(regex, text, &by, limits)
        })
    }

    /// The text with what a function gives for each match in its place. The function may wait.
    pub(super) fn replace_by(
        &self,
        call: &NativeCallContext,
        text: &str,
        f: &FnPtr,
        most: usize,
    ) -> Outcome<String> {
        let found = self.search(text, most, search::groups)?;
        let mut out = String::new();
        let mut behind = 0;
        for groups in found {
            let Some((start, end)) = groups.first().copied().flatten() else { continue };
            let answer = f.call_raw(call, None, [Dynamic::from(self.map(text, &groups))])?;
            let shown = match answer.as_immutable_string_ref() {
                Ok(text) => text.clone(),
                Err(_) if answer.is_unit() => ImmutableString::new(),
                Err(_) => json::show_in(call, &answer).into(),
            };
            let more = start - behind + shown.len();
            if out.len() + more > out.capacity() {
                sizes::check_bytes(2 * (out.len() + more), "the string")?;
            }
            out.push_str(&text[behind..start]);
            out.push_str(&shown);
            behind = end;
        }
        out.push_str(&text[behind..]);
        Ok(out)
    }
}

/// A part of a text as a value.
fn value(text: &str, place: Place) -> Dynamic {
    place.map_or(Dynamic::UNIT, |(start, end)| text[start..end].into())
}

fn letters(text: &str) -> i64 {
    text.chars().count() as i64
}
