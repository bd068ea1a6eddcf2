//! Digests of bytes, with and without a key.

use md5::Digest as _;
use ring::{digest, hmac};

/// A way to make a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Blake3,
    Crc32,
}

impl Algorithm {
    /// Every algorithm with its name and the bytes that it takes 50 µs for, as measured on one core of a server without
    /// instructions for SHA-512: what is longer is worth another thread.
    const TABLE: [(Algorithm, &'static str, usize); 7] = [
        (Algorithm::Md5, "md5", 20 << 10),
        (Algorithm::Sha1, "sha1", 16 << 10),
        (Algorithm::Sha256, "sha256", 48 << 10),
        (Algorithm::Sha384, "sha384", 20 << 10),
        (Algorithm::Sha512, "sha512", 20 << 10),
        (Algorithm::Blake3, "blake3", 256 << 10),
        (Algorithm::Crc32, "crc32", 2 << 20),
    ];

    /// The algorithm of this name. The error lists the names.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let found = Self::TABLE.iter().find(|(_, known, _)| *known == name);
        found.map(|(algorithm, ..)| *algorithm).ok_or_else(|| {
            let names: Vec<_> = Self::TABLE.iter().map(|(_, name, _)| *name).collect();
            format!("an algorithm is one of {}, not {name:?}", names.join(", "))
        })
    }

    pub(super) fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// Bytes up to which a digest is made where it was asked for.
    pub(super) fn at_once(self) -> usize {
        Self::TABLE[self as usize].2
    }

    /// The digest of some bytes. That of `crc32` are its four bytes, the highest first.
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let of_ring = |algorithm| digest::digest(algorithm, bytes).as_ref().to_vec();
        match self {
            Algorithm::Md5 => md5::Md5::digest(bytes).to_vec(),
            Algorithm::Sha1 => of_ring(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Algorithm::Sha256 => of_ring(&digest::SHA256),
            Algorithm::Sha384 => of_ring(&digest::SHA384),
            Algorithm::Sha512 => of_ring(&digest::SHA512),
            Algorithm::Blake3 => blake3::hash(bytes).as_bytes().to_vec(),
            Algorithm::Crc32 => crc32fast::hash(bytes).to_be_bytes().to_vec(),
        }
    }

    /// The digest of bytes and a key, which nobody can make without the key (RFC 2104). The error: the algorithm is none that
    /// is made for it.
    pub(super) fn keyed(self, bytes: &[u8], key: &[u8]) -> Result<Vec<u8>, String> {
        let algorithm = match self {
            Algorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Algorithm::Sha256 => hmac::HMAC_SHA256,
            Algorithm::Sha384 => hmac::HMAC_SHA384,
            Algorithm::Sha512 => hmac::HMAC_SHA512,
            Algorithm::Blake3 => {
                let key: &[u8; blake3::KEY_LEN] = key.try_into().map_err(|_| {
                    format!("a key of blake3 has {} bytes, not {}", blake3::KEY_LEN, key.len())
                })?;
                return Ok(blake3::keyed_hash(key, bytes).as_bytes().to_vec());
            }
            Algorithm::Md5 | Algorithm::Crc32 => {
                return Err(format!(
                    "{} keeps no secret: use \"sha256\", or \"sha1\" where another program wants it",
                    self.name()
                ));
            }
        };
        Ok(hmac::sign(&hmac::Key::new(algorithm, key), bytes).as_ref().to_vec())
    }
}

/// Whether two secrets are equal. How long that takes says nothing of where they differ, only that their lengths do.
pub(super) fn is_equal(one: &[u8], other: &[u8]) -> bool {
    bool::from(subtle::ConstantTimeEq::ct_eq(one, other))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (at, (algorithm, name, _)) in Algorithm::TABLE.iter().enumerate() {
            assert_eq!(*algorithm as usize, at);
            assert_eq!(Algorithm::named(name).unwrap(), *algorithm);
        }
        let why = Algorithm::named("SHA-256").unwrap_err();
        assert!(why.contains("md5, sha1, sha256") && why.contains("\"SHA-256\""), "{why}");
    }

    #[test]
    fn digests_agree_with_the_vectors_of_their_standards() {
        // RFC 1321, FIPS 180, the reference of BLAKE3, the check value of CRC-32.
        let cases = [
            (Algorithm::Md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
            (Algorithm::Sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                Algorithm::Sha256,
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                Algorithm::Sha384,
                "abc",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                Algorithm::Sha512,
                "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (
                Algorithm::Blake3,
                "",
                "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            ),
            (Algorithm::Crc32, "123456789", "cbf43926"),
        ];
        for (algorithm, text, digest) in cases {
            assert_eq!(hex(&algorithm.digest(text.as_bytes())), digest, "{algorithm:?}");
        }
    }

    #[test]
    fn keyed_digests_agree_with_rfc_4231_and_rfc_2202() {
        let (key, text) = (b"Jefe", b"what do ya want for nothing?");
        let cases = [
            (Algorithm::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Algorithm::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Algorithm::Sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                Algorithm::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ];
        for (algorithm, digest) in cases {
            assert_eq!(hex(&algorithm.keyed(text, key).unwrap()), digest, "{algorithm:?}");
        }
        assert!(Algorithm::Md5.keyed(text, key).unwrap_err().contains("keeps no secret"));
        assert!(Algorithm::Blake3.keyed(text, key).unwrap_err().contains("32 bytes, not 4"));
        let keyed = Algorithm::Blake3.keyed(b"", b"whats the Elvish word for friend").unwrap();
        let reference = "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26";
        assert_eq!(hex(&keyed), reference);
    }

    #[test]
    fn secrets_are_equal_or_not() {
        assert!(is_equal(b"", b"") && is_equal(b"abc", b"abc"));
        assert!(!is_equal(b"abc", b"abd") && !is_equal(b"abc", b"ab"));
    }
}
