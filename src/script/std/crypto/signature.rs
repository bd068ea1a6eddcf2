//! Ed25519 signatures: whoever has the private key signs, and everybody with the public one can tell.

use super::token;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// Bytes of a private key, which is the seed of RFC 8032.
const PRIVATE: usize = 32;

/// Bytes of a public key.
const PUBLIC: usize = 32;

/// A new private key and the public one that belongs to it.
pub(super) fn keys() -> Result<(Vec<u8>, Vec<u8>), String> {
    let private = token::random::<PRIVATE>()?;
    Ok((private.to_vec(), public(&private)?))
}

/// The public key of a private one.
pub(super) fn public(private: &[u8]) -> Result<Vec<u8>, String> {
    Ok(pair(private)?.public_key().as_ref().to_vec())
}

/// The 64 bytes that prove that the owner of the private key has seen these bytes.
pub(super) fn sign(bytes: &[u8], private: &[u8]) -> Result<Vec<u8>, String> {
    Ok(pair(private)?.sign(bytes).as_ref().to_vec())
}

fn pair(private: &[u8]) -> Result<Ed25519KeyPair, String> {
    Ed25519KeyPair::from_seed_unchecked(private)
        .map_err(|_| format!("a secret key has {PRIVATE} bytes, not {}", private.len()))
}

/// Whether a signature is that of these bytes by the owner of the public key. The error: it is no such key.
pub(super) fn is_signed(bytes: &[u8], signature: &[u8], public: &[u8]) -> Result<bool, String> {
    if public.len() != PUBLIC {
        return Err(format!("a public key has {PUBLIC} bytes, not {}", public.len()));
    }
    Ok(UnparsedPublicKey::new(&ED25519, public).verify(bytes, signature).is_ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
    }

    #[test]
    fn it_agrees_with_rfc_8032() {
        // §7.1, tests 1 to 3.
        let cases = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ];
        for (private, public_key, message, signature) in cases {
            let (private, message) = (bytes(private), bytes(message));
            assert_eq!(public(&private).unwrap(), bytes(public_key));
            assert_eq!(sign(&message, &private).unwrap(), bytes(signature));
            assert!(is_signed(&message, &bytes(signature), &bytes(public_key)).unwrap());
        }
    }

    #[test]
    fn another_text_or_key_is_found_out() {
        let ((private, public), (_, other)) = (keys().unwrap(), keys().unwrap());
        let signature = sign(b"pay 1", &private).unwrap();
        assert!(is_signed(b"pay 1", &signature, &public).unwrap());
        assert!(!is_signed(b"pay 2", &signature, &public).unwrap());
        assert!(!is_signed(b"pay 1", &signature, &other).unwrap());
        assert!(!is_signed(b"pay 1", b"", &public).unwrap());
        assert!(is_signed(b"pay 1", &signature, b"key").unwrap_err().contains("32 bytes, not 3"));
        assert!(sign(b"", b"key").unwrap_err().contains("32 bytes, not 3"));
    }
}
