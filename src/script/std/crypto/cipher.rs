//! AES in Galois/counter mode: what is encrypted can be read with the key alone, and whoever changes a bit of it is found
//! out.

use super::token;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes of a new key.
pub(super) const KEY_BYTES: usize = 32;

/// Bytes up to which is encrypted and decrypted at once, 50 µs on one core; what is longer is worth another thread.
pub(super) const AT_ONCE: usize = 192 << 10;

/// A key of 16 or 32 bytes.
pub(super) struct Key(LessSafeKey);

impl Key {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, String> {
        let algorithm = match bytes.len() {
            16 => &AES_128_GCM,
            KEY_BYTES => &AES_256_GCM,
            n => {
                return Err(format!(
                    "a key has 16 or {KEY_BYTES} bytes, not {n}: make one by `key()`"
                ));
            }
        };
        let key = UnboundKey::new(algorithm, bytes).map_err(|_| "this key is not taken")?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// The nonce, the encrypted bytes and the tag, in this order. `context` is not part of it, and has to be the same when it
    /// is decrypted. The nonce is made by chance, which is safe for four thousand million messages of one key.
    pub(super) fn encrypt(&self, bytes: &[u8], context: &[u8]) -> Result<Vec<u8>, String> {
        let nonce = token::random::<NONCE_LEN>()?;
        self.encrypt_with(nonce, bytes, context)
    }

    fn encrypt_with(
        &self,
        nonce: [u8; NONCE_LEN],
        bytes: &[u8],
        context: &[u8],
    ) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(NONCE_LEN + bytes.len() + self.0.algorithm().tag_len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(bytes);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed =
            self.0.seal_in_place_separate_tag(nonce, Aad::from(context), &mut out[NONCE_LEN..]);
        let tag = sealed.map_err(|_| "it is too long to be encrypted")?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// What was encrypted by [`Key::encrypt`]; nothing if the key or the context is another one, or if it was changed.
    pub(super) fn decrypt(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut rest = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(context), &mut rest).ok()?.len();
        rest.truncate(length);
        Some(rest)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
    }

    #[test]
    fn it_agrees_with_the_vectors_of_its_designers() {
        // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 4 and 16.
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let nonce: [u8; 12] = bytes("cafebabefacedbaddecaf888").try_into().unwrap();
        let cases = [
            (
                "feffe9928665731c6d6a8f9467308308",
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
                "5bc94fbc3221a5db94fae95ae7121a47",
            ),
            (
                "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ];
        for (key, sealed, tag) in cases {
            let key = Key::new(&bytes(key)).unwrap();
            let out = key.encrypt_with(nonce, &plain, &context).unwrap();
            assert_eq!(out, [&nonce[..], &bytes(sealed), &bytes(tag)].concat());
            assert_eq!(key.decrypt(&out, &context).unwrap(), plain);
        }
    }

    #[test]
    fn another_key_another_context_and_every_changed_byte_are_found_out() {
        let key = Key::new(&[1; 32]).unwrap();
        let sealed = key.encrypt(b"secret", b"user 1").unwrap();
        assert_eq!(key.decrypt(&sealed, b"user 1").unwrap(), b"secret");
        assert_ne!(key.encrypt(b"secret", b"user 1").unwrap(), sealed, "each has its own nonce");
        assert!(key.decrypt(&sealed, b"user 2").is_none());
        assert!(Key::new(&[2; 32]).unwrap().decrypt(&sealed, b"user 1").is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.decrypt(&changed, b"user 1").is_none(), "byte {at}");
            assert!(key.decrypt(&sealed[..at], b"user 1").is_none(), "cut at {at}");
        }
        assert!(Key::new(&[1; 24]).is_err());
    }
}
