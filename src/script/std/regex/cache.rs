//! The patterns that an isolate has compiled, by their texts: a handler that names a pattern compiles it once.

use super::pattern;
use crate::engine::call::allowance;
use regex::Regex;
use std::{cell::RefCell, collections::HashMap, sync::Arc};

/// Patterns that an isolate remembers: those that were used last. Fixed: more are made from values, and would only use up
/// memory.
const MAX_PATTERNS: usize = 256;

/// Bytes that they may have together, when they are compiled. Fixed: ordinary ones have some ten thousand.
const MAX_BYTES: usize = 32 << 20;

#[derive(Default)]
struct Cache {
    /// By flags, and then by text, so that nothing is copied to look one up.
    known: HashMap<String, HashMap<String, Known>>,
    patterns: usize,
    bytes: usize,
    uses: u64,
}

struct Known {
    /// Shared as it is: a copy of a `Regex` would have to learn again what this one has learnt of its texts.
    regex: Arc<Regex>,
    bytes: usize,
    last_use: u64,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// The compiled pattern of that text and these flags.
pub(super) fn compiled(text: &str, flags: &str) -> Result<Arc<Regex>, String> {
    CACHE.with_borrow_mut(|cache| cache.compiled(text, flags))
}

impl Cache {
    fn compiled(&mut self, text: &str, flags: &str) -> Result<Arc<Regex>, String> {
        self.uses += 1;
        if let Some(known) = self.known.get_mut(flags).and_then(|known| known.get_mut(text)) {
            known.last_use = self.uses;
            return Ok(known.regex.clone());
        }
        let (regex, bytes) = allowance::measured(|| pattern::compile(text, flags));
        let regex = Arc::new(regex?);
        self.patterns += 1;
        self.bytes += bytes;
        let known = Known { regex: regex.clone(), bytes, last_use: self.uses };
        self.known.entry(flags.to_owned()).or_default().insert(text.to_owned(), known);
        while self.patterns > MAX_PATTERNS || self.bytes > MAX_BYTES && self.patterns > 1 {
            self.forget_oldest();
        }
        Ok(regex)
    }

    fn forget_oldest(&mut self) {
        let all = self.known.iter().flat_map(|(flags, known)| {
            known.iter().map(move |(text, known)| (known.last_use, flags, text))
        });
        let oldest = all.min_by_key(|(last_use, ..)| *last_use);
        let Some((_, flags, text)) = oldest else { return };
        let (flags, text) = (flags.clone(), text.clone());
        if let Some(known) = self.known.get_mut(&flags).and_then(|known| known.remove(&text)) {
            self.patterns -= 1;
            self.bytes -= known.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_are_used_stay_and_others_go() {
        let mut cache = Cache::default();
        for n in 0..2 * MAX_PATTERNS {
            cache.compiled("often", "i").expect("a pattern");
            cache.compiled(&format!("once {n}"), "").expect("a pattern");
        }
        let has = |cache: &Cache, text: &str, flags: &str| {
            cache.known.get(flags).is_some_and(|known| known.contains_key(text))
        };
        assert_eq!(cache.patterns, MAX_PATTERNS);
        assert!(has(&cache, "often", "i"));
        assert!(has(&cache, &format!("once {}", 2 * MAX_PATTERNS - 1), ""));
        assert!(!has(&cache, "once 0", ""));
        assert!(cache.compiled("(", "").is_err());
        assert_eq!(cache.patterns, MAX_PATTERNS);
    }

    #[test]
    fn a_pattern_is_shared_and_not_copied() {
        let mut cache = Cache::default();
        let (one, other) = (cache.compiled("a", ""), cache.compiled("a", ""));
        assert!(Arc::ptr_eq(&one.expect("a pattern"), &other.expect("a pattern")));
    }

    #[test]
    fn big_patterns_go_early_but_for_the_last() {
        let mut cache = Cache::default();
        cache.compiled("small", "").expect("a pattern");
        for known in cache.known.values_mut().flat_map(HashMap::values_mut) {
            known.bytes = MAX_BYTES + 1;
            cache.bytes = MAX_BYTES + 1;
        }
        cache.compiled("other", "").expect("a pattern");
        assert_eq!(cache.patterns, 1);
        assert!(cache.known[""].contains_key("other") && cache.bytes <= MAX_BYTES);
    }
}
