//! `std/cookie`: values that a client keeps and cannot change, for logins, "remember me" and forms.

mod signed;

use self::signed::Secrets;
use super::argument::{refused, with_bytes};
use crate::{
    engine::values::json,
    runtime::{
        namespace::Namespace,
        outcome::{Outcome, error},
    },
    script::{ctx::Ctx, value::seconds},
};
use data_encoding::BASE64URL_NOPAD;
use rhai::{Dynamic, ImmutableString};
use std::{
    rc::Rc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Bytes of a signed value. Fixed: browsers keep no longer cookies, name and attributes included.
const MAX_VALUE: usize = 3800;

/// Seconds that a token of a form holds. Changed by its last argument: nobody fills in a form for longer than half a day.
const FORM_LIFE: i64 = 12 * 3600;

/// What tokens of forms are signed for. No cookie has a zero byte in its name.
const FORM: &str = "\0form";

/// Bytes by chance in each token of a form, so that no two are alike. Fixed.
const FORM_NONCE: usize = 16;

/// The functions of the module.
pub(super) fn module(_: &Rc<Ctx>) -> Namespace {
    let mut module = Namespace::new("std/cookie");
    module.function("sign", |name: ImmutableString, value: Dynamic, secret: Dynamic| {
        sign(&name, &value, &secret, 0)
    });
    module.function(
        "sign",
        |name: ImmutableString, value: Dynamic, secret: Dynamic, life: Dynamic| {
            sign(&name, &value, &secret, end(&life, "sign: the life of the cookie")?)
        },
    );
    module.function("verify", |name: ImmutableString, text: Dynamic, secret: Dynamic| {
        let payload = verified("verify", &name, &text, &secret)?;
        let value = payload.and_then(|payload| String::from_utf8(payload).ok());
        Ok(value.and_then(|json| json::decode(&json).ok()).unwrap_or(Dynamic::UNIT))
            as Outcome<Dynamic>
    });
    module.function("csrf_token", |session: ImmutableString, secret: Dynamic| {
        csrf_token(&session, &secret, now().saturating_add(FORM_LIFE))
    });
    module.function("csrf_token", |session: ImmutableString, secret: Dynamic, life: Dynamic| {
        csrf_token(&session, &secret, end(&life, "csrf_token: the life of the token")?)
    });
    module.function("is_csrf_token", |text: Dynamic, session: ImmutableString, secret: Dynamic| {
        let payload = verified("is_csrf_token", &form_of(&session), &text, &secret)?;
        Ok(payload.is_some()) as Outcome<bool>
    });
    module
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// When what lives for so many seconds from now ends.
fn end(life: &Dynamic, what: &str) -> Outcome<i64> {
    let life = seconds(life, what)?.as_secs_f64().ceil();
    // At most a hundred years.
    Ok(now().saturating_add(life as i64))
}

fn sign(name: &str, value: &Dynamic, secret: &Dynamic, end: i64) -> Outcome<String> {
    let secrets = secrets("sign", secret)?;
    let json = refused("sign: the value", json::encode(value))?;
    let text = secrets.sign(name, json.as_bytes(), end);
    match text.len() <= MAX_VALUE {
        true => Ok(text),
        false => Err(error(format!(
            "sign: the value takes {} bytes when it is signed, and browsers keep cookies of at most 4096: keep it in a \
             session",
            text.len()
        ))),
    }
}

/// What was signed; nothing of a text that is not valid, and of what is no text.
fn verified(
    function: &str,
    purpose: &str,
    text: &Dynamic,
    secret: &Dynamic,
) -> Outcome<Option<Vec<u8>>> {
    let secrets = secrets(function, secret)?;
    let text = text.as_immutable_string_ref().ok();
    Ok(text.and_then(|text| secrets.verify(purpose, &text, now())))
}

/// One secret, or an array of them. No error shows any.
fn secrets(function: &str, secret: &Dynamic) -> Outcome<Secrets> {
    let no_secret = |_| error(format!("{function}: a secret is a string or a blob"));
    let one = |value: &Dynamic| with_bytes(value, "", <[u8]>::to_vec).map_err(no_secret);
    let several = crate::script::std::tree::list_of(secret);
    let secrets: Vec<Vec<u8>> = match several {
        Some(values) => values.iter().map(one).collect::<Outcome<_>>()?,
        None => vec![one(secret)?],
    };
    refused(function, Secrets::new(secrets.iter().map(Vec::as_slice)))
}

fn form_of(session: &str) -> String {
    format!("{FORM}{session}")
}

fn csrf_token(session: &str, secret: &Dynamic, end: i64) -> Outcome<String> {
    if session.is_empty() {
        return Err(error(
            "csrf_token: the session's id is empty, so that the token would be everybody's",
        ));
    }
    let secrets = secrets("csrf_token", secret)?;
    let mut nonce = [0; FORM_NONCE];
    let filled = getrandom::fill(&mut nonce);
    filled.map_err(|why| error(format!("csrf_token: the system gives no random bytes: {why}")))?;
    Ok(secrets.sign(&form_of(session), BASE64URL_NOPAD.encode(&nonce).as_bytes(), end))
}
