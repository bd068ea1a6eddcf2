//! The patterns that an isolate has compiled, by their texts: a handler that names a pattern compiles it once.

use super::pattern;
use regex::Regex;
use std::{cell::RefCell, collections::HashMap};

/// Patterns that an isolate remembers; those that were used last. Fixed: more are made from values, and would only use up
/// memory.
const MAX_PATTERNS: usize = 256;

#[derive(Default)]
struct Cache {
    known: HashMap<(String, String), Known>,
    uses: u64,
}

struct Known {
    regex: Regex,
    last_use: u64,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// The compiled pattern of that text and these flags.
pub(super) fn compiled(text: &str, flags: &str) -> Result<Regex, String> {
    CACHE.with_borrow_mut(|cache| cache.compiled(text, flags))
}

impl Cache {
    fn compiled(&mut self, text: &str, flags: &str) -> Result<Regex, String> {
        self.uses += 1;
        let key = (text.to_owned(), flags.to_owned());
        if let Some(known) = self.known.get_mut(&key) {
            known.last_use = self.uses;
            return Ok(known.regex.clone());
        }
        let regex = pattern::compile(text, flags)?;
        if self.known.len() >= MAX_PATTERNS {
            let oldest = self.known.iter().min_by_key(|(_, known)| known.last_use);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.known.remove(&oldest);
            }
        }
        self.known.insert(key, Known { regex: regex.clone(), last_use: self.uses });
        Ok(regex)
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
        assert_eq!(cache.known.len(), MAX_PATTERNS);
        assert!(cache.known.contains_key(&("often".to_owned(), "i".to_owned())));
        assert!(
            cache.known.contains_key(&(format!("once {}", 2 * MAX_PATTERNS - 1), String::new()))
        );
        assert!(!cache.known.contains_key(&("once 0".to_owned(), String::new())));
        assert!(cache.compiled("(", "").is_err());
        assert_eq!(cache.known.len(), MAX_PATTERNS);
    }
}
