//! Bytes by chance, from the system's generator: keys, salts, nonces, tokens.

use data_encoding::BASE64URL_NOPAD;

/// Bytes of a token. Changed by its argument: 256 bits, which nobody guesses.
pub(super) const TOKEN_BYTES: usize = 32;

/// The fewest bytes that a token may have. Fixed: with less, someone who tries a thousand a second finds one.
pub(super) const MIN_TOKEN: usize = 16;

/// The most. Fixed: more make it no safer.
pub(super) const MAX_TOKEN: usize = 1024;

/// So many bytes by chance.
pub(super) fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Fills bytes by chance. The error: the system has no generator, which happens in broken sandboxes alone.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), String> {
    getrandom::fill(bytes).map_err(|fault| format!("the system gives no random bytes: {fault}"))
}

/// A text of letters, digits, `-` and `_`, made of so many bytes by chance.
pub(super) fn token(bytes: usize) -> Result<String, String> {
    let mut random = vec![0; bytes];
    fill(&mut random)?;
    Ok(BASE64URL_NOPAD.encode(&random))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_can_stand_in_addresses() {
        let (one, other) = (token(TOKEN_BYTES).unwrap(), token(TOKEN_BYTES).unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 43);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }
}
