//! `std/crypto`.

use super::{importing, printed, said};
use crate::support::host::TestHost;

#[test]
fn digests_of_long_data_wait_and_are_the_same() {
    let body = r#"
let long = "";
long.pad(1000000, "a");
Timer::delay(0, || print("meanwhile"));
print(crypto::sha256(long));
print(crypto::sha1(long));
print(crypto::sha256(long) == crypto::sha256(long.to_blob()));
print(crypto::hmac("sha256", long, "key") == crypto::hmac("sha256", long.to_blob(), "key".to_blob()));
"#;
    // FIPS 180: a million letters `a`.
    let wanted = [
        "meanwhile",
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
        "true",
        "true",
    ];
    assert_eq!(printed(&["crypto"], body), wanted);
}

#[test]
fn the_top_level_makes_digests_of_any_length() {
    let script = importing(&["crypto"])
        + "let long = \"\"; long.pad(1000000, \"a\"); print(crypto::sha1(long));\nWorker();";
    TestHost::start(&script).wait_for_log("34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

#[test]
fn a_login_verifies_a_password_and_gives_a_token() {
    let body = r#"
let hash = crypto::hash_password("correct horse", #{ memory: 1024, passes: 1 });
print(crypto::verify_password("correct horse", hash));
print(crypto::verify_password("battery staple", hash));
print(crypto::verify_password("anything", ()));
print(crypto::password_needs_rehash(hash));
print(crypto::password_needs_rehash(hash, #{ memory: 1024, passes: 1 }));
let secret = crypto::token();
let token = crypto::jwt_sign(#{ sub: "ann", roles: ["admin"] }, secret, "HS256", #{ expires_in: 60 });
let claims = crypto::jwt_verify(token, secret, "HS256");
print(`${claims.sub} ${claims.roles[0]} ${claims.exp - claims.iat}`);
print(crypto::jwt_verify(token + "x", secret, "HS256") == ());
print(crypto::jwt_verify((), secret, "HS256") == ());
print(crypto::jwt_refusal(token, crypto::token(), "HS256"));
print(crypto::jwt_refusal(token, secret + secret, "HS512"));
print(crypto::jwt_refusal(token, secret, "HS256") == ());
"#;
    let wanted = [
        "true",
        "false",
        "false",
        "true",
        "false",
        "ann admin 60",
        "true",
        "true",
        "its signature is not that of this key",
        "it says that it is signed with HS256, and only HS512 is taken",
        "true",
    ];
    assert_eq!(printed(&["crypto"], body), wanted);
}

#[test]
fn logins_are_hashed_beside_the_isolate_which_goes_on() {
    let script = importing(&["crypto"])
        + r#"
let worker = Worker();
let done = 0;
let ticks = 0;
worker.on_worker_start = |worker| {
    Timer::add(0.001, || ticks += 1);
    for n in 0..6 {
        Timer::delay(0, || {
            crypto::hash_password("secret");
            done += 1;
            if done == 6 { print(`all done, the isolate went on: ${ticks > 5}`); }
        });
    }
};
Worker::run_all();"#;
    TestHost::start(&script).wait_for_log("all done, the isolate went on: true");
}

#[test]
fn what_is_encrypted_is_read_with_key_and_context_alone() {
    let body = r#"
let key = crypto::key();
let long = "";
long.pad(500000, "secret ");
let sealed = crypto::encrypt(long, key, #{ context: "user 7" });
print(crypto::decrypt(sealed, key, #{ context: "user 7" }).as_string() == long);
print(crypto::decrypt(sealed, key, #{ context: "user 8" }) == ());
print(crypto::decrypt(sealed, key) == ());
sealed[20] = (sealed[20] + 1) % 256;
print(crypto::decrypt(sealed, key, #{ context: "user 7" }) == ());
"#;
    assert_eq!(printed(&["crypto"], body), ["true", "true", "true", "true"]);
}

#[test]
fn mistakes_are_told_and_secrets_are_not() {
    let cases = [
        ("crypto::hmac(\"md5\", \"a\", \"b\")", "hmac: md5 keeps no secret"),
        ("crypto::hmac(\"sha\", \"a\", \"b\")", "hmac: an algorithm is one of md5, sha1, sha256"),
        ("crypto::sha256(1)", "sha256: the data is a string or a blob, not 1"),
        ("crypto::encrypt(\"a\", \"geheim\")", "encrypt: a key has 16 or 32 bytes, not 6"),
        ("crypto::encrypt(\"a\", 4711)", "encrypt: the key is a blob of 16 or 32 bytes"),
        ("crypto::hash_password(4711)", "hash_password: the password is a string or a blob"),
        (
            "crypto::hash_password(\"geheim\", #{ cost: 4 })",
            "the option `cost` belongs to the other algorithm",
        ),
        (
            "crypto::hash_password(\"geheim\", #{ memory: 1 })",
            "hash_password: memory is a whole number from 8 to 262144, not 1",
        ),
        (
            "crypto::hash_password(\"geheim\", #{ algorithm: \"md5\" })",
            "\"argon2id\" or \"bcrypt\", not \"md5\"",
        ),
        (
            "crypto::verify_password(\"geheim\", \"geheim\")",
            "verify_password: it is no hash of a password",
        ),
        (
            "crypto::jwt_sign(#{}, \"geheim\", \"HS256\")",
            "jwt_sign: the secret of HS256 has at least 32 bytes, not 6",
        ),
        ("crypto::jwt_sign(1, crypto::token(), \"HS256\")", "jwt_sign: the claims are a map"),
        (
            "crypto::jwt_verify(\"\", crypto::token(), \"none\")",
            "an algorithm is one of HS256, HS384, HS512, EdDSA, not \"none\"",
        ),
        ("crypto::token(4)", "token: the number of bytes is a whole number from 16 to 1024, not 4"),
        ("crypto::sign(\"a\", blob(3))", "sign: a secret key has 32 bytes, not 3"),
    ];
    for (call, wanted) in cases {
        let text = said(&["crypto"], call);
        assert!(text.contains(wanted), "{call}: {text}");
        assert!(
            !text.contains("geheim") && !text.contains("4711"),
            "{call} shows a secret: {text}"
        );
    }
}
