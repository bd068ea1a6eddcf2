//! `std/crypto`: digests, password hashes, encryption, signatures and tokens.

mod cipher;
mod digest;
mod jwt;
mod logins;
mod password;
mod signature;
mod token;

use self::{cipher::Key, digest::Algorithm, password::Method};
use super::argument::{Options, bytes, refused, with_bytes};
use crate::{
    engine::values::{
        json,
        ref_map::{RefMap, Table},
    },
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
        waiting::beside_or_at_once,
    },
    script::{
        ctx::Ctx,
        value::{text, whole},
    },
};
use data_encoding::HEXLOWER;
use rhai::{Blob, Dynamic, ImmutableString};
use std::{
    rc::Rc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Seconds that a token of ours may hold. Fixed: a hundred years, for those that end in practice never.
const MAX_LIFE: i64 = 3_200_000_000;

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/crypto");
    add_digests(&mut module);
    add_passwords(&mut module);
    add_encryption(&mut module);
    add_signatures(&mut module);
    add_jwt(&mut module);
    module.function("token", || refused("token", token::token(token::TOKEN_BYTES)));
    module.function("token", |bytes: Dynamic| {
        let range = token::MIN_TOKEN as i64..=token::MAX_TOKEN as i64;
        let bytes = whole(&bytes, "token: the number of bytes", range)?;
        refused("token", token::token(usize::try_from(bytes).unwrap_or(token::TOKEN_BYTES)))
    });
    module
}

fn add_digests(module: &mut Namespace) {
    for name in ["md5", "sha1", "sha256", "sha384", "sha512", "blake3"] {
        // Every one of these is in the table.
        let Ok(algorithm) = Algorithm::named(name) else { continue };
        module.waiting_in_handlers(name, move |data: Dynamic| -> Outcome<String> {
            Ok(HEXLOWER.encode(&digest_of(name, algorithm, &data)?))
        });
        module.waiting_in_handlers(name, move |data: Dynamic, options: Dynamic| {
            let options = Options::of(name, &options, &["blob"])?;
            shown(digest_of(name, algorithm, &data)?, &options)
        });
    }
    module.waiting_in_handlers("crc32", |data: Dynamic| -> Outcome<i64> {
        let sum = digest_of("crc32", Algorithm::Crc32, &data)?;
        Ok(sum.iter().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte)))
    });
    module.waiting_in_handlers(
        "hmac",
        |algorithm: ImmutableString, data: Dynamic, key: Dynamic| -> Outcome<String> {
            Ok(HEXLOWER.encode(&hmac(&algorithm, &data, &key)?))
        },
    );
    module.waiting_in_handlers(
        "hmac",
        |algorithm: ImmutableString, data: Dynamic, key: Dynamic, options: Dynamic| {
            let options = Options::of("hmac", &options, &["blob"])?;
            shown(hmac(&algorithm, &data, &key)?, &options)
        },
    );
    module.function("equals", |known: Dynamic, given: Dynamic| {
        with_bytes(&known, "equals: the first value", |known| {
            with_bytes(&given, "equals: the second value", |given| digest::is_equal(known, given))
        })?
    });
}

/// Hexadecimal digits, or the bytes where the option `blob` asks for them.
fn shown(digest: Vec<u8>, options: &Options) -> Outcome<Dynamic> {
    Ok(match options.flag("blob")?.unwrap_or(false) {
        true => Dynamic::from_blob(digest),
        false => HEXLOWER.encode(&digest).into(),
    })
}

/// Works on bytes where they are, or beside the isolate if there are more than `at_once`.
fn on_bytes<T: Send + 'static>(
    function: &'static str,
    data: &Dynamic,
    at_once: usize,
    work: impl FnOnce(&[u8]) -> Result<T, String> + Send + 'static,
) -> Outcome<T> {
    let what = "the data";
    let is_short =
        with_bytes(data, &format!("{function}: {what}"), |bytes| bytes.len() <= at_once)?;
    let done = match is_short {
        true => with_bytes(data, what, work)?,
        false => {
            let bytes = bytes(data, what)?;
            beside_or_at_once(function, move |_| work(&bytes))?
        }
    };
    refused(function, done)
}

fn digest_of(function: &'static str, algorithm: Algorithm, data: &Dynamic) -> Outcome<Vec<u8>> {
    on_bytes(function, data, algorithm.at_once(), move |bytes| Ok(algorithm.digest(bytes)))
}

fn hmac(algorithm: &str, data: &Dynamic, key: &Dynamic) -> Outcome<Vec<u8>> {
    let algorithm = refused("hmac", Algorithm::named(algorithm))?;
    let key = bytes(key, "hmac: the key")?;
    on_bytes("hmac", data, algorithm.at_once(), move |bytes| algorithm.keyed(bytes, &key))
}

fn add_passwords(module: &mut Namespace) {
    const OPTIONS: [&str; 4] = ["algorithm", "memory", "passes", "cost"];
    const HASH: &str = "hash_password";
    let hash = |password: Dynamic, options: &Options| {
        let (password, method) = (secret(&password, HASH)?, method(options)?);
        refused(HASH, password::check(&password).and_then(|()| method.check()))?;
        refused(HASH, logins::run(HASH, move || password::hash(&password, method))?)
    };
    module.waiting(HASH, move |password: Dynamic| hash(password, &Options::none(HASH)));
    module.waiting(HASH, move |password: Dynamic, options: Dynamic| {
        hash(password, &Options::of(HASH, &options, &OPTIONS)?)
    });
    module.waiting("verify_password", |password: Dynamic, hash: Dynamic| -> Outcome<bool> {
        let function = "verify_password";
        let password = secret(&password, function)?;
        let hash = match hash.is_unit() {
            true => None,
            false => Some(text(&hash, "verify_password: the hash")?),
        };
        // What no password is, is none that matches.
        if password::check(&password).is_err() {
            return Ok(false);
        }
        let verify = move || password::verify(&password, hash.as_deref());
        refused(function, logins::run(function, verify)?)
    });
    const OUTDATED: &str = "password_needs_rehash";
    let is_outdated = |hash: &str, options: &Options| {
        refused(OUTDATED, password::is_outdated(hash, method(options)?))
    };
    module.function(OUTDATED, move |hash: ImmutableString| {
        is_outdated(&hash, &Options::none(OUTDATED))
    });
    module.function(OUTDATED, move |hash: ImmutableString, options: Dynamic| {
        is_outdated(&hash, &Options::of(OUTDATED, &options, &OPTIONS)?)
    });
}

/// The bytes of a password. An error never shows what was given.
fn secret(password: &Dynamic, function: &str) -> Outcome<Vec<u8>> {
    let read = with_bytes(password, "the password", <[u8]>::to_vec);
    read.map_err(|_| error(format!("{function}: the password is a string or a blob")))
}

fn method(options: &Options) -> Outcome<Method> {
    let any = 0..=i64::from(u32::MAX);
    let number = |name: &str, default: u32| -> Outcome<u32> {
        let given = options.whole(name, any.clone())?;
        Ok(given.and_then(|n| u32::try_from(n).ok()).unwrap_or(default))
    };
    let algorithm = options.text("algorithm")?;
    let (default, foreign): (Method, &[&str]) = match algorithm.as_deref() {
        None | Some("argon2id") => (Method::default(), &["cost"]),
        Some("bcrypt") => (Method::bcrypt(), &["memory", "passes"]),
        Some(other) => {
            return Err(error(format!(
                "the option `algorithm` is \"argon2id\" or \"bcrypt\", not {other:?}"
            )));
        }
    };
    if let Some(name) = foreign.iter().find(|name| options.get(name).is_some()) {
        return Err(error(format!("the option `{name}` belongs to the other algorithm")));
    }
    Ok(match default {
        Method::Argon2id { memory, passes } => Method::Argon2id {
            memory: number("memory", memory)?,
            passes: number("passes", passes)?,
        },
        Method::Bcrypt { cost } => Method::Bcrypt { cost: number("cost", cost)? },
    })
}

fn add_encryption(module: &mut Namespace) {
    const CONTEXT: [&str; 1] = ["context"];
    module.function("key", || -> Outcome<Blob> {
        let key = token::random::<{ cipher::KEY_BYTES }>();
        refused("key", key.map(|key| key.to_vec()))
    });
    module.waiting_in_handlers("encrypt", |data: Dynamic, key: Dynamic| {
        encrypt(&data, &key, &Options::none("encrypt"))
    });
    module.waiting_in_handlers("encrypt", |data: Dynamic, key: Dynamic, options: Dynamic| {
        encrypt(&data, &key, &Options::of("encrypt", &options, &CONTEXT)?)
    });
    module.waiting_in_handlers("decrypt", |sealed: Blob, key: Dynamic| {
        decrypt(sealed, &key, &Options::none("decrypt"))
    });
    module.waiting_in_handlers("decrypt", |sealed: Blob, key: Dynamic, options: Dynamic| {
        decrypt(sealed, &key, &Options::of("decrypt", &options, &CONTEXT)?)
    });
}

fn cipher_key(function: &str, key: &Dynamic) -> Outcome<Key> {
    let key = bytes(key, &format!("{function}: the key"));
    // An error never shows a key.
    let key = key.map_err(|_| error(format!("{function}: the key is a blob of 16 or 32 bytes")))?;
    refused(function, Key::new(&key))
}

fn encrypt(data: &Dynamic, key: &Dynamic, options: &Options) -> Outcome<Blob> {
    let key = cipher_key("encrypt", key)?;
    let context = options.bytes("context")?.unwrap_or_default();
    on_bytes("encrypt", data, cipher::AT_ONCE, move |bytes| key.encrypt(bytes, &context))
}

/// The bytes, or `()`: that somebody changed them is nothing that a handler should end for.
fn decrypt(sealed: Blob, key: &Dynamic, options: &Options) -> Outcome<Dynamic> {
    let key = cipher_key("decrypt", key)?;
    let context = options.bytes("context")?.unwrap_or_default();
    let sealed = Dynamic::from_blob(sealed);
    let decrypt = move |bytes: &[u8]| Ok(key.decrypt(bytes, &context));
    let opened = on_bytes("decrypt", &sealed, cipher::AT_ONCE, decrypt)?;
    Ok(opened.map_or(Dynamic::UNIT, Dynamic::from_blob))
}

fn add_signatures(module: &mut Namespace) {
    module.function("ed25519_keys", || {
        let (private, public) = refused("ed25519_keys", signature::keys())?;
        let mut keys = Table::default();
        drop(keys.set("secret_key".into(), Dynamic::from_blob(private)));
        drop(keys.set("public_key".into(), Dynamic::from_blob(public)));
        Ok::<_, Box<rhai::EvalAltResult>>(RefMap::from(keys))
    });
    module.function("ed25519_public", |private: Blob| -> Outcome<Blob> {
        refused("ed25519_public", signature::public(&private))
    });
    module.waiting_in_handlers("sign", |data: Dynamic, private: Blob| -> Outcome<Blob> {
        let at_once = Algorithm::Sha512.at_once();
        on_bytes("sign", &data, at_once, move |bytes| signature::sign(bytes, &private))
    });
    module.waiting_in_handlers("verify", |data: Dynamic, signature: Blob, public: Blob| {
        let at_once = Algorithm::Sha512.at_once();
        let verify = move |bytes: &[u8]| signature::is_signed(bytes, &signature, &public);
        on_bytes("verify", &data, at_once, verify)
    });
}

fn add_jwt(module: &mut Namespace) {
    const SIGN: &str = "jwt_sign";
    const VERIFY: &str = "jwt_verify";
    const REFUSAL: &str = "jwt_refusal";
    const RULES: [&str; 4] = ["issuer", "audience", "leeway", "endless"];
    module.function(SIGN, |claims: Dynamic, key: Dynamic, algorithm: ImmutableString| {
        jwt_sign(&claims, &key, &algorithm, &Options::none(SIGN))
    });
    module.function(
        SIGN,
        |claims: Dynamic, key: Dynamic, algorithm: ImmutableString, options: Dynamic| {
            let options = Options::of(SIGN, &options, &["expires_in"])?;
            jwt_sign(&claims, &key, &algorithm, &options)
        },
    );
    for (name, of) in [(VERIFY, claims_of as fn(_) -> Outcome<Dynamic>), (REFUSAL, refusal_of)] {
        module.function(name, move |token: Dynamic, key: Dynamic, algorithm: ImmutableString| {
            of(jwt_verify(&token, &key, &algorithm, &Options::none(name))?)
        });
        module.function(
            name,
            move |token: Dynamic, key: Dynamic, algorithm: ImmutableString, options: Dynamic| {
                let options = Options::of(name, &options, &RULES)?;
                of(jwt_verify(&token, &key, &algorithm, &options)?)
            },
        );
    }
}

/// Claims as JSON, or why there are none.
type Verified = Result<String, String>;

fn claims_of(verified: Verified) -> Outcome<Dynamic> {
    match verified {
        Ok(claims) => refused("jwt_verify", json::decode(&claims)),
        Err(_) => Ok(Dynamic::UNIT),
    }
}

fn refusal_of(verified: Verified) -> Outcome<Dynamic> {
    Ok(verified.err().map_or(Dynamic::UNIT, Dynamic::from))
}

fn jwt_sign(
    claims: &Dynamic,
    key: &Dynamic,
    algorithm: &str,
    options: &Options,
) -> Outcome<String> {
    let algorithm = refused("jwt_sign", jwt::Algorithm::named(algorithm))?;
    let key = secret_key("jwt_sign", key)?;
    let expires_in = options.whole("expires_in", 1..=MAX_LIFE)?;
    let claims = refused("jwt_sign: the claims", json::encode(claims))?;
    let issue = jwt::Issue { expires_in };
    refused("jwt_sign", jwt::sign(&claims, &key, algorithm, issue, unix_time()))
}

fn jwt_verify(
    token: &Dynamic,
    key: &Dynamic,
    algorithm: &str,
    options: &Options,
) -> Outcome<Verified> {
    let algorithm = refused("jwt_verify", jwt::Algorithm::named(algorithm))?;
    let key = secret_key("jwt_verify", key)?;
    let rules = jwt::Rules {
        issuer: options.text("issuer")?,
        audience: options.text("audience")?,
        is_endless: options.flag("endless")?.unwrap_or(false),
        leeway: options.whole("leeway", 0..=jwt::MAX_LEEWAY)?.unwrap_or(jwt::LEEWAY),
    };
    // A request without a token has `()` for it.
    let Ok(token) = token.as_immutable_string_ref() else {
        return Ok(Err("there is no token".to_owned()));
    };
    match jwt::verify(&token, &key, algorithm, &rules, unix_time()) {
        Ok(claims) => Ok(Ok(claims)),
        Err(jwt::Refusal::Token(why)) => Ok(Err(why)),
        Err(jwt::Refusal::Caller(why)) => Err(error(format!("jwt_verify: {why}"))),
    }
}

/// A key, which no error shows.
fn secret_key(function: &str, key: &Dynamic) -> Outcome<Vec<u8>> {
    let key = bytes(key, "the key");
    key.map_err(|_| error(format!("{function}: the key is a string or a blob")))
}

/// Seconds since 1970.
fn unix_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
