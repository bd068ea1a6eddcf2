//! Hashes of passwords: Argon2id for new ones, and bcrypt for those that PHP's `password_hash` made. Each takes tens of
//! milliseconds by intention, so they are made beside the isolate.

use argon2::{
    Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use std::sync::LazyLock;

/// Bytes of a password. Fixed: nobody types more, and to hash megabytes would be an attack.
const MAX_PASSWORD: usize = 4096;

/// Bytes of which bcrypt takes notice. Fixed: its definition.
const BCRYPT_BYTES: usize = 72;

/// KiB of memory, passes and lanes of an Argon2id hash. Changed by the options of `hash_password`: what OWASP's cheat sheet
/// on password storage gives as its first choice with little memory.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// KiB of memory that one hash may take. Fixed: a mistyped option must not take the machine's.
const MAX_MEMORY: u32 = 256 * 1024;

/// Passes that one hash may make over its memory. Fixed: beyond it a login takes seconds.
const MAX_PASSES: u32 = 32;

/// The cost of a bcrypt hash, as in PHP 8.4. Changed by the option `cost`.
const COST: u32 = 12;

/// The highest cost that is hashed or verified. Fixed: each step doubles the time, 16 takes some five seconds.
const MAX_COST: u32 = 16;

/// How a password is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Argon2id {
        /// KiB.
        memory: u32,
        passes: u32,
    },
    Bcrypt {
        cost: u32,
    },
}

impl Default for Method {
    fn default() -> Self {
        Method::Argon2id { memory: MEMORY, passes: PASSES }
    }
}

impl Method {
    /// That with bcrypt and its usual cost.
    pub(super) fn bcrypt() -> Self {
        Method::Bcrypt { cost: COST }
    }

    /// The error says which value cannot be.
    pub(super) fn check(self) -> Result<(), String> {
        let range = |what: &str, value: u32, least: u32, most: u32| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(format!("{what} is a whole number from {least} to {most}, not {value}"))
        };
        match self {
            Method::Argon2id { memory, passes } => {
                range("memory", memory, 8 * LANES, MAX_MEMORY)?;
                range("passes", passes, 1, MAX_PASSES)
            }
            Method::Bcrypt { cost } => range("cost", cost, 4, MAX_COST),
        }
    }
}

/// Refuses a password that no form of ours would send.
pub(super) fn check(password: &[u8]) -> Result<(), String> {
    match password.len() <= MAX_PASSWORD {
        true => Ok(()),
        false => {
            Err(format!("a password has at most {MAX_PASSWORD} bytes, not {}", password.len()))
        }
    }
}

/// The hash of a password, in the form that carries its method and salt.
pub(super) fn hash(password: &[u8], method: Method) -> Result<String, String> {
    check(password)?;
    method.check()?;
    match method {
        Method::Argon2id { memory, passes } => {
            let salt = super::token::random::<16>()?;
            let hash = argon2id(memory, passes)?.hash_password_with_salt(password, &salt);
            hash.map(|hash| hash.to_string()).map_err(|fault| fault.to_string())
        }
        Method::Bcrypt { cost } => {
            if password.len() > BCRYPT_BYTES {
                return Err(format!(
                    "bcrypt takes no notice of what follows {BCRYPT_BYTES} bytes, and this password has {}: use argon2id",
                    password.len()
                ));
            }
            let salt = super::token::random::<16>()?;
            let hash = bcrypt::hash_with_salt(password, cost, salt).map_err(|e| e.to_string())?;
            Ok(hash.format_for_version(bcrypt::Version::TwoY))
        }
    }
}

fn argon2id(memory: u32, passes: u32) -> Result<Argon2<'static>, String> {
    let params = Params::new(memory, passes, LANES, None).map_err(|fault| fault.to_string())?;
    Ok(Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params))
}

/// Whether this is the password of a hash. Without one it takes as long as with one and gives false, so that a stranger
/// cannot measure which users there are. The error: it is no hash, or one that would take too long.
pub(super) fn verify(password: &[u8], hash: Option<&str>) -> Result<bool, String> {
    static NOBODY: LazyLock<Option<String>> =
        LazyLock::new(|| self::hash(b"nobody", Method::default()).ok());
    check(password)?;
    let Some(hash) = hash else {
        if let Some(nobody) = &*NOBODY {
            matches(password, nobody)?;
        }
        return Ok(false);
    };
    matches(password, hash)
}

fn matches(password: &[u8], hash: &str) -> Result<bool, String> {
    method_of(hash)?.check().map_err(|why| format!("this hash is not verified: its {why}"))?;
    if hash.starts_with("$argon2") {
        let hash = PasswordHash::new(hash).map_err(|_| no_hash())?;
        return Ok(Argon2::default().verify_password(password, &hash).is_ok());
    }
    // As PHP, which reads so much and no more.
    let password = &password[..password.len().min(BCRYPT_BYTES)];
    bcrypt::verify(password, hash).map_err(|_| no_hash())
}

fn no_hash() -> String {
    "it is no hash of a password, as `hash_password` or PHP's `password_hash` makes them".to_owned()
}

/// How a hash was made.
pub(super) fn method_of(hash: &str) -> Result<Method, String> {
    if let Some(rest) = ["$2y$", "$2b$", "$2a$"].iter().find_map(|kind| hash.strip_prefix(kind)) {
        let cost = rest.split('$').next().and_then(|cost| cost.parse().ok());
        return cost.map(|cost| Method::Bcrypt { cost }).ok_or_else(no_hash);
    }
    if !hash.starts_with("$argon2id$") && !hash.starts_with("$argon2i$") {
        return Err(no_hash());
    }
    let hash = PasswordHash::new(hash).map_err(|_| no_hash())?;
    let params = Params::try_from(&hash).map_err(|_| no_hash())?;
    Ok(Method::Argon2id { memory: params.m_cost(), passes: params.t_cost() })
}

/// Whether a hash was made in another way than new ones are, so that it should be made anew while the password is known.
pub(super) fn is_outdated(hash: &str, method: Method) -> Result<bool, String> {
    Ok(hash.starts_with("$argon2i$") || method_of(hash)? != method)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// So little that a test is quick.
    const QUICK: Method = Method::Argon2id { memory: 64, passes: 1 };

    #[test]
    fn a_password_matches_its_hash_alone() {
        for method in [QUICK, Method::Bcrypt { cost: 4 }] {
            let hash = hash(b"secret", method).unwrap();
            assert!(verify(b"secret", Some(&hash)).unwrap(), "{hash}");
            assert!(!verify(b"Secret", Some(&hash)).unwrap());
            assert_eq!(method_of(&hash).unwrap(), method);
            assert_ne!(self::hash(b"secret", method).unwrap(), hash, "each has a salt of its own");
        }
    }

    #[test]
    fn new_hashes_have_the_parameters_of_today() {
        let hash = hash(b"secret", Method::default()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(!is_outdated(&hash, Method::default()).unwrap());
        assert!(is_outdated(&hash, QUICK).unwrap());
    }

    #[test]
    fn hashes_of_other_programs_are_verified() {
        // From PHP's manual, and from the reference implementation of Argon2.
        let php = "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq";
        assert!(verify(b"rasmuslerdorf", Some(php)).unwrap());
        let argon2i =
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
        assert!(verify(b"password", Some(argon2i)).unwrap());
        assert!(is_outdated(argon2i, Method::default()).unwrap());
    }

    #[test]
    fn nobody_has_no_password() {
        assert!(!verify(b"nobody", None).unwrap());
    }

    #[test]
    fn what_is_no_hash_or_too_dear_is_refused() {
        for text in ["", "secret", "5f4dcc3b5aa765d61d8327deb882cf99", "$2y$x$", "$argon2id$v=19$"]
        {
            assert!(verify(b"x", Some(text)).unwrap_err().contains("no hash"), "{text}");
        }
        let dear = "$2y$31$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq";
        assert!(
            verify(b"x", Some(dear)).unwrap_err().contains("cost is a whole number from 4 to 16")
        );
        let large = "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
        assert!(verify(b"x", Some(large)).unwrap_err().contains("memory"));
        assert!(hash(&[b'x'; 73], Method::bcrypt()).unwrap_err().contains("use argon2id"));
        assert!(hash(&[b'x'; 5000], QUICK).unwrap_err().contains("at most 4096 bytes"));
    }
}
