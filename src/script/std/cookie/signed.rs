//! Texts that a client keeps and cannot change: signed with a secret of the server, for one purpose, until some time.

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;

/// The fewest bytes of a secret. Fixed: a shorter one can be guessed from one signed text.
const MIN_SECRET: usize = 16;

/// Secrets that are tried. Fixed: one that signs, and those that it took the place of.
const MAX_SECRETS: usize = 8;

/// Bytes of a signed text that are looked at. Fixed: browsers keep no longer cookies.
const MAX_SIGNED: usize = 4096;

/// Secrets: the first signs, all verify, so that one can be replaced while clients still hold texts of the one before.
pub(super) struct Secrets(Vec<hmac::Key>);

impl Secrets {
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, String> {
        let keys = secrets.into_iter().map(|secret| match secret.len() >= MIN_SECRET {
            true => Ok(hmac::Key::new(hmac::HMAC_SHA256, secret)),
            false => Err(format!(
                "a secret has at least {MIN_SECRET} bytes, not {}: make one by `token()` of std/crypto and keep it in the \
                 configuration",
                secret.len()
            )),
        });
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() || keys.len() > MAX_SECRETS {
            return Err(format!("there are 1 to {MAX_SECRETS} secrets, not {}", keys.len()));
        }
        Ok(Self(keys))
    }

    /// The payload with its end and its signature. `purpose` is signed too: what was signed for one is worth nothing for
    /// another. `end` is in seconds since 1970, 0 means never.
    pub(super) fn sign(&self, purpose: &str, payload: &[u8], end: i64) -> String {
        let text = format!("{}.{end}", BASE64URL_NOPAD.encode(payload));
        let signature = hmac::sign(&self.0[0], &signed(purpose, &text));
        format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    /// The payload, if the text was signed for this purpose with one of the secrets and has not ended.
    pub(super) fn verify(&self, purpose: &str, text: &str, now: i64) -> Option<Vec<u8>> {
        if text.len() > MAX_SIGNED {
            return None;
        }
        let (text, signature) = text.rsplit_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let message = signed(purpose, text);
        self.0.iter().find(|key| hmac::verify(key, &message, &signature).is_ok())?;
        let (payload, end) = text.split_once('.')?;
        let end: i64 = end.parse().ok()?;
        if end != 0 && now >= end {
            return None;
        }
        BASE64URL_NOPAD.decode(payload.as_bytes()).ok()
    }
}

/// What is signed. The length in front keeps a purpose from running into the text.
fn signed(purpose: &str, text: &str) -> Vec<u8> {
    let length = purpose.len() as u64;
    [&length.to_be_bytes()[..], purpose.as_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secrets(all: &[&str]) -> Secrets {
        Secrets::new(all.iter().map(|secret| secret.as_bytes())).unwrap()
    }

    #[test]
    fn what_was_signed_comes_back_for_its_purpose_until_its_end() {
        let secrets = secrets(&["0123456789abcdef"]);
        let text = secrets.sign("login", b"ann", 100);
        assert_eq!(secrets.verify("login", &text, 99).unwrap(), b"ann");
        assert!(secrets.verify("login", &text, 100).is_none(), "it has ended");
        assert!(secrets.verify("remember", &text, 99).is_none(), "another purpose");
        let endless = secrets.sign("login", b"", 0);
        assert_eq!(secrets.verify("login", &endless, i64::MAX).unwrap(), b"");
    }

    #[test]
    fn every_changed_sign_and_every_cut_is_found_out() {
        let secrets = secrets(&["0123456789abcdef"]);
        let text = secrets.sign("login", b"ann", 100);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
            assert!(secrets.verify("login", &String::from_utf8(changed).unwrap(), 1).is_none());
            assert!(secrets.verify("login", &text[..at], 1).is_none());
        }
        assert!(secrets.verify("login", &"x".repeat(10_000), 1).is_none());
    }

    #[test]
    fn a_secret_is_replaced_while_clients_hold_texts_of_the_old_one() {
        let old = secrets(&["old secret 123456"]).sign("login", b"ann", 0);
        let both = secrets(&["new secret 123456", "old secret 123456"]);
        assert_eq!(both.verify("login", &old, 1).unwrap(), b"ann");
        let new = both.sign("login", b"ann", 0);
        assert!(secrets(&["old secret 123456"]).verify("login", &new, 1).is_none());
    }

    #[test]
    fn a_purpose_cannot_run_into_the_text() {
        assert_ne!(signed("ab", "c"), signed("a", "bc"));
        assert!(Secrets::new([&b"short"[..]]).is_err());
        assert!(Secrets::new([]).is_err());
    }
}
