//! JSON Web Tokens (RFC 7519) in their signed form. The verifier says which algorithm it takes: what a token says of itself
//! is compared with that and never followed, so that no token can choose `none`, or have a public key taken for a secret.

use super::{digest, signature};
use crate::script::std::crypto::digest::Algorithm as Digest;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

/// Bytes of a token. Fixed: headers and cookies take no longer ones.
const MAX_TOKEN: usize = 16 * 1024;

/// Seconds that the clocks of two machines may differ. Changed by the option `leeway`.
pub(super) const LEEWAY: i64 = 30;

/// The largest such difference. Fixed: with more, an end means nothing.
pub(super) const MAX_LEEWAY: i64 = 600;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// With a secret that both sides know.
    Hs256,
    Hs384,
    Hs512,
    /// With an Ed25519 key pair.
    EdDsa,
}

impl Algorithm {
    const TABLE: [(Algorithm, &'static str); 4] = [
        (Algorithm::Hs256, "HS256"),
        (Algorithm::Hs384, "HS384"),
        (Algorithm::Hs512, "HS512"),
        (Algorithm::EdDsa, "EdDSA"),
    ];

    pub(super) fn named(name: &str) -> Result<Self, String> {
        let found = Self::TABLE.iter().find(|(_, known)| *known == name);
        found.map(|(algorithm, _)| *algorithm).ok_or_else(|| {
            format!("an algorithm is one of HS256, HS384, HS512, EdDSA, not {name:?}")
        })
    }

    fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    fn digest(self) -> Option<(Digest, usize)> {
        match self {
            Algorithm::Hs256 => Some((Digest::Sha256, 32)),
            Algorithm::Hs384 => Some((Digest::Sha384, 48)),
            Algorithm::Hs512 => Some((Digest::Sha512, 64)),
            Algorithm::EdDsa => None,
        }
    }

    /// The signature of a text; of a secret key it is the keyed digest.
    fn sign(self, text: &[u8], key: &[u8]) -> Result<Vec<u8>, String> {
        match self.digest() {
            Some((digest, least)) => {
                check_secret(key, least, self)?;
                digest.keyed(text, key)
            }
            None => signature::sign(text, key),
        }
    }

    fn is_signed(self, text: &[u8], signature: &[u8], key: &[u8]) -> Result<bool, String> {
        match self.digest() {
            Some(_) => Ok(digest::is_equal(&self.sign(text, key)?, signature)),
            None => signature::is_signed(text, signature, key),
        }
    }
}

/// A secret that is shorter than its digest can be guessed from one token (RFC 7518 §3.2).
fn check_secret(key: &[u8], least: usize, algorithm: Algorithm) -> Result<(), String> {
    match key.len() >= least {
        true => Ok(()),
        false => Err(format!(
            "the secret of {} has at least {least} bytes, not {}: make one by `token({least})`",
            algorithm.name(),
            key.len()
        )),
    }
}

/// What is added to the claims.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Issue {
    /// Seconds from now until the token ends, if the claims do not say when.
    pub(super) expires_in: Option<i64>,
}

/// A token of these claims, a JSON object, at a time in seconds since 1970.
pub(super) fn sign(
    claims: &str,
    key: &[u8],
    algorithm: Algorithm,
    issue: Issue,
    now: i64,
) -> Result<String, String> {
    let parsed = serde_json::from_str(claims);
    let mut claims: Map<String, Value> = parsed.map_err(|_| "the claims are a map".to_owned())?;
    if let Some(seconds) = issue.expires_in {
        claims.entry("iat").or_insert_with(|| now.into());
        claims.entry("exp").or_insert_with(|| now.saturating_add(seconds).into());
    }
    for name in ["exp", "nbf", "iat"] {
        if claims.get(name).is_some_and(|value| !value.is_number()) {
            return Err(format!("the claim `{name}` is a number of seconds since 1970"));
        }
    }
    let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, algorithm.name());
    let claims = Value::Object(claims).to_string();
    let mut token = BASE64URL_NOPAD.encode(header.as_bytes());
    token.push('.');
    BASE64URL_NOPAD.encode_append(claims.as_bytes(), &mut token);
    let signature = algorithm.sign(token.as_bytes(), key)?;
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signature, &mut token);
    if token.len() > MAX_TOKEN {
        return Err(format!("a token has at most {MAX_TOKEN} bytes, and this one {}", token.len()));
    }
    Ok(token)
}

/// What a token has to be, besides signed.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Whoever has to have issued it.
    pub(super) issuer: Option<String>,
    /// Whom it has to be for.
    pub(super) audience: Option<String>,
    /// Whether it may have no end. Default: it may not.
    pub(super) is_endless: bool,
    /// Seconds.
    pub(super) leeway: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { issuer: None, audience: None, is_endless: false, leeway: LEEWAY }
    }
}

/// Why there are no claims.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The token is not valid: the usual thing with tokens of strangers.
    Token(String),
    /// The verifier asked for what cannot be.
    Caller(String),
}

/// The claims of a token as JSON, if it is signed with this algorithm and key and holds now.
pub(super) fn verify(
    token: &str,
    key: &[u8],
    algorithm: Algorithm,
    rules: &Rules,
    now: i64,
) -> Result<String, Refusal> {
    let refuse = |why: &str| Refusal::Token(why.to_owned());
    if token.len() > MAX_TOKEN {
        return Err(refuse("it is too long"));
    }
    let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
        let (header, claims) = signed.split_once('.')?;
        (!claims.contains('.')).then_some((signed, header, claims, signature))
    });
    let Some((signed, header, claims, signature)) = parts else {
        return Err(refuse("it has not three parts"));
    };
    let decode = |part: &str| {
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes());
        bytes.map_err(|_| refuse("a part of it is not base64 for addresses"))
    };
    let object = |bytes: &[u8]| {
        let value = serde_json::from_slice::<Map<String, Value>>(bytes);
        value.map_err(|_| refuse("a part of it is no JSON object"))
    };
    let header = object(&decode(header)?)?;
    let named = header.get("alg").and_then(Value::as_str);
    if named != Some(algorithm.name()) {
        return Err(Refusal::Token(format!(
            "it says that it is signed with {}, and only {} is taken",
            named.unwrap_or("nothing"),
            algorithm.name()
        )));
    }
    if header.contains_key("crit") {
        return Err(refuse("it demands extensions that are not known"));
    }
    let is_signed = algorithm.is_signed(signed.as_bytes(), &decode(signature)?, key);
    if !is_signed.map_err(Refusal::Caller)? {
        return Err(refuse("its signature is not that of this key"));
    }
    let claims = decode(claims)?;
    check(&object(&claims)?, rules, now).map_err(Refusal::Token)?;
    String::from_utf8(claims).map_err(|_| refuse("its claims are not UTF-8"))
}

fn check(claims: &Map<String, Value>, rules: &Rules, now: i64) -> Result<(), String> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(format!("its `{name}` is no number")),
        },
    };
    let (now, leeway) = (now as f64, rules.leeway as f64);
    match time("exp")? {
        Some(end) if now >= end + leeway => return Err("it has ended".to_owned()),
        None if !rules.is_endless => return Err("it has no end (`exp`)".to_owned()),
        _ => (),
    }
    if time("nbf")?.is_some_and(|begin| now < begin - leeway) {
        return Err("it does not hold yet".to_owned());
    }
    if let Some(issuer) = &rules.issuer
        && claims.get("iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(format!("it was not issued by {issuer:?}"));
    }
    let audience = match claims.get("aud") {
        None => Vec::new(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(name) => name.as_str().into_iter().collect(),
    };
    match &rules.audience {
        Some(audience_) if !audience.contains(&audience_.as_str()) => {
            Err(format!("it is not meant for {audience_:?}"))
        }
        None if claims.contains_key("aud") => {
            Err("it is meant for somebody in particular, and `aud` does not say who asks"
                .to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SECRET: &[u8] = &[7; 64];
    const NOW: i64 = 1_700_000_000;

    fn refusal(token: &str, algorithm: Algorithm, rules: &Rules, now: i64) -> String {
        match verify(token, SECRET, algorithm, rules, now).unwrap_err() {
            Refusal::Token(why) => why,
            Refusal::Caller(why) => panic!("{why}"),
        }
    }

    fn signed(claims: &str) -> String {
        sign(claims, SECRET, Algorithm::Hs256, Issue::default(), NOW).unwrap()
    }

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (at, (algorithm, name)) in Algorithm::TABLE.iter().enumerate() {
            assert_eq!(*algorithm as usize, at);
            assert_eq!(Algorithm::named(name).unwrap(), *algorithm);
        }
        assert!(Algorithm::named("none").is_err());
    }

    #[test]
    fn the_token_of_rfc_7515_is_verified() {
        // Appendix A.1.
        let key = BASE64URL_NOPAD
            .decode(b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let rules = Rules { issuer: Some("joe".into()), ..Rules::default() };
        let claims = verify(token, &key, Algorithm::Hs256, &rules, 1_300_819_379).unwrap();
        assert!(claims.contains(r#""http://example.com/is_root":true"#));
        let late = verify(token, &key, Algorithm::Hs256, &rules, 1_300_819_380 + LEEWAY);
        assert_eq!(late, Err(Refusal::Token("it has ended".into())));
    }

    #[test]
    fn the_token_of_rfc_8037_is_verified() {
        // Appendix A.4 signs a text that is no JSON: the signature alone.
        let text = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let private =
            BASE64URL_NOPAD.decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let signature = Algorithm::EdDsa.sign(text, &private).unwrap();
        let wanted = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(BASE64URL_NOPAD.encode(&signature), wanted);
    }

    #[test]
    fn claims_come_back_with_every_algorithm() {
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            let issue = Issue { expires_in: Some(60) };
            let token = sign(r#"{"sub":"ann"}"#, SECRET, algorithm, issue, NOW).unwrap();
            let claims = verify(&token, SECRET, algorithm, &Rules::default(), NOW).unwrap();
            assert_eq!(claims, format!(r#"{{"sub":"ann","iat":{NOW},"exp":{}}}"#, NOW + 60));
        }
        let (private, public) = signature::keys().unwrap();
        let issue = Issue { expires_in: Some(60) };
        let token = sign("{}", &private, Algorithm::EdDsa, issue, NOW).unwrap();
        assert!(verify(&token, &public, Algorithm::EdDsa, &Rules::default(), NOW).is_ok());
        let other = signature::keys().unwrap().1;
        assert!(verify(&token, &other, Algorithm::EdDsa, &Rules::default(), NOW).is_err());
    }

    #[test]
    fn no_token_chooses_its_algorithm() {
        let endless = Rules { is_endless: true, ..Rules::default() };
        let unsigned = |alg: &str| {
            let header = BASE64URL_NOPAD.encode(format!(r#"{{"alg":"{alg}"}}"#).as_bytes());
            format!("{header}.{}.", BASE64URL_NOPAD.encode(b"{}"))
        };
        for alg in ["none", "None", "NONE", "nOnE", "", "hs256"] {
            let why = refusal(&unsigned(alg), Algorithm::Hs256, &endless, NOW);
            assert!(why.contains("only HS256 is taken"), "{alg}: {why}");
        }
        // The public key, which everybody knows, as a secret.
        let (_, public) = signature::keys().unwrap();
        let forged = sign("{}", &public, Algorithm::Hs256, Issue::default(), NOW).unwrap();
        let verified = verify(&forged, &public, Algorithm::EdDsa, &endless, NOW);
        assert!(matches!(verified, Err(Refusal::Token(why)) if why.contains("only EdDSA")));
        let why = refusal(&signed("{}"), Algorithm::Hs512, &endless, NOW);
        assert!(why.contains("HS256, and only HS512"), "{why}");
    }

    #[test]
    fn time_is_checked_with_leeway() {
        let rules = Rules { leeway: 10, ..Rules::default() };
        let token = signed(&format!(r#"{{"exp":{},"nbf":{}}}"#, NOW + 60, NOW));
        for (now, why) in [(NOW - 11, "not hold yet"), (NOW + 70, "has ended")] {
            assert!(refusal(&token, Algorithm::Hs256, &rules, now).contains(why));
        }
        for now in [NOW - 10, NOW + 69] {
            assert!(verify(&token, SECRET, Algorithm::Hs256, &rules, now).is_ok(), "{now}");
        }
        assert!(refusal(&signed("{}"), Algorithm::Hs256, &rules, NOW).contains("no end"));
        let evil = r#"{"exp":"9999999999"}"#;
        assert!(sign(evil, SECRET, Algorithm::Hs256, Issue::default(), NOW).is_err());
    }

    #[test]
    fn issuer_and_audience_have_to_be_right() {
        let rules = |issuer: Option<&str>, audience: Option<&str>| Rules {
            issuer: issuer.map(str::to_owned),
            audience: audience.map(str::to_owned),
            is_endless: true,
            leeway: 0,
        };
        let token = signed(r#"{"iss":"login","aud":["chat","mail"]}"#);
        let verified = |rules: &Rules| verify(&token, SECRET, Algorithm::Hs256, rules, NOW).is_ok();
        assert!(verified(&rules(Some("login"), Some("mail"))));
        assert!(!verified(&rules(Some("other"), Some("mail"))));
        assert!(!verified(&rules(None, Some("shop"))));
        assert!(!verified(&rules(None, None)), "it is for somebody in particular");
        let free = signed("{}");
        let with = rules(Some("login"), None);
        assert!(refusal(&free, Algorithm::Hs256, &with, NOW).contains("not issued"));
    }

    #[test]
    fn every_changed_sign_and_every_cut_is_found_out() {
        let token = signed(r#"{"exp":9999999999}"#);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(
                verify(&changed, SECRET, Algorithm::Hs256, &Rules::default(), NOW).is_err(),
                "{at}"
            );
            let cut = &token[..at];
            assert!(verify(cut, SECRET, Algorithm::Hs256, &Rules::default(), NOW).is_err(), "{at}");
        }
        for text in ["", ".", "..", "...", "a.b.c", &"x".repeat(20_000)] {
            assert!(verify(text, SECRET, Algorithm::Hs256, &Rules::default(), NOW).is_err());
        }
        let critical = BASE64URL_NOPAD.encode(br#"{"alg":"HS256","crit":["x"]}"#);
        assert!(
            refusal(&format!("{critical}.e30."), Algorithm::Hs256, &Rules::default(), NOW)
                .contains("extensions")
        );
    }

    #[test]
    fn a_short_secret_is_refused() {
        let why = sign("{}", b"secret", Algorithm::Hs256, Issue::default(), NOW).unwrap_err();
        assert!(why.contains("at least 32 bytes, not 6"), "{why}");
        let verified = verify(&signed("{}"), b"secret", Algorithm::Hs256, &Rules::default(), NOW);
        assert!(matches!(verified, Err(Refusal::Caller(why)) if why.contains("32 bytes")));
    }
}
