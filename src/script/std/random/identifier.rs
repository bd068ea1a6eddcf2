//! Texts that nobody else has: UUIDs of RFC 9562, and tokens.

use super::source::Source;
use uuid::Builder;

/// Letters of a token if the script names none: those of base64 for addresses. Sixty-four, so that each is six bits.
pub(super) const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Letters of a token if the script names no number: 192 bits, which cannot be guessed.
pub(super) const TOKEN_LETTERS: i64 = 32;

/// Letters of the longest token. Fixed: who wants more wants bytes.
const MAX_TOKEN: i64 = 4096;

/// Different letters that a token may be made of. Fixed: all that a person can tell apart are fewer.
const MAX_LETTERS: usize = 1024;

/// The bits of a UUID that say when it was made.
const MILLIS_BYTES: usize = 6;

/// A UUID of version 4: nothing but random bits.
pub(super) fn uuid_v4(source: &mut Source) -> String {
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// UUIDs of version 7, which begin with the time: later ones are greater, also of one millisecond.
#[derive(Default)]
pub(super) struct Sorted {
    last: u128,
}

impl Sorted {
    /// The next one, made so many milliseconds after the beginning of 1970.
    pub(super) fn next(&mut self, source: &mut Source, millis: u64) -> String {
        let mut random = [0; 10];
        source.fill(&mut random);
        // The number that grows within one millisecond has room for that.
        random[0] &= 0x07;
        let mut next = Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128();
        if next <= self.last {
            next =
                successor(self.last, u64::from_be_bytes(random[2..].try_into().unwrap_or([0; 8])));
        }
        self.last = next;
        uuid::Uuid::from_u128(next).to_string()
    }
}

/// A greater one than `last`, of its millisecond or of the next: the twelve bits behind the version grow by one, and what
/// is behind the variant is random.
fn successor(last: u128, random: u64) -> u128 {
    let bytes = last.to_be_bytes();
    let counter = u16::from_be_bytes([bytes[6] & 0x0f, bytes[7]]) + 1;
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&bytes[..MILLIS_BYTES]);
    let carry = u64::from(counter >> 12);
    let millis = u64::from_be_bytes(millis) + carry;
    let mut rest = [0; 10];
    rest[..2].copy_from_slice(&(counter & 0x0fff).to_be_bytes());
    rest[2..].copy_from_slice(&random.to_be_bytes());
    Builder::from_unix_timestamp_millis(millis, &rest).into_uuid().as_u128()
}

/// A token of so many of these letters.
pub(super) fn token(source: &mut Source, length: i64, letters: &str) -> Result<String, String> {
    let length = match usize::try_from(length) {
        Ok(length) if (1..=MAX_TOKEN).contains(&(length as i64)) => length,
        _ => return Err(format!("a token has 1 to {MAX_TOKEN} letters, not {length}")),
    };
    let letters: Vec<char> = letters.chars().take(MAX_LETTERS + 1).collect();
    if letters.len() < 2 || letters.len() > MAX_LETTERS {
        let shown: String = letters.iter().take(40).collect();
        return Err(format!(
            "a token is made of 2 to {MAX_LETTERS} different letters, not of `{shown}`"
        ));
    }
    let mut seen: Vec<char> = letters.clone();
    seen.sort_unstable();
    if let Some(twice) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!(
            "the letters of a token are different ones, and `{}` is there twice",
            twice[0]
        ));
    }
    let draw = |_| letters[source.below(letters.len() as u64) as usize];
    Ok((0..length).map(draw).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn uuids_have_their_version_and_are_different_ones() {
        let mut source = Source::System;
        let all: HashSet<String> = (0..1000).map(|_| uuid_v4(&mut source)).collect();
        assert_eq!(all.len(), 1000);
        for id in all {
            assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
            assert!(["8", "9", "a", "b"].contains(&&id[19..20]), "{id}");
        }
    }

    #[test]
    fn sorted_uuids_grow_within_a_millisecond_and_when_the_clock_goes_back() {
        let (mut source, mut sorted) = (Source::System, Sorted::default());
        let mut last = String::new();
        for millis in [1000, 1000, 999, 1001].into_iter().cycle().take(20_000) {
            let id = sorted.next(&mut source, millis);
            assert!(id > last, "{id} after {last}");
            assert_eq!((&id[14..15], id.len()), ("7", 36));
            assert!(["8", "9", "a", "b"].contains(&&id[19..20]), "{id}");
            last = id;
        }
        let id = sorted.next(&mut source, 0x0123_4567_89ab);
        assert!(id.starts_with("01234567-89ab-7"), "{id}");
    }

    #[test]
    fn tokens_are_made_of_their_letters() {
        let mut source = Source::System;
        let token = |source: &mut Source, n, letters| super::token(source, n, letters);
        let long = token(&mut source, 4096, LETTERS).expect("a token");
        assert_eq!(long.chars().count(), 4096);
        assert!(LETTERS.chars().all(|letter| long.contains(letter)));
        assert!(token(&mut source, 6, "äö").expect("a token").chars().all(|c| "äö".contains(c)));
        for (n, letters, part) in [
            (0, LETTERS, "not 0"),
            (-1, LETTERS, "not -1"),
            (5000, LETTERS, "not 5000"),
            (6, "a", "not of `a`"),
            (6, "abca", "`a` is there twice"),
        ] {
            let told = token(&mut source, n, letters).expect_err(letters);
            assert!(told.contains(part), "{told}");
        }
    }
}
