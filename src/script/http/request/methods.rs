//! The names under which scripts ask a request.

use super::Request;
use crate::{
    engine::natives::Natives,
    script::{http::form::field, value::Outcome},
};
use rhai::{Dynamic, Engine, ImmutableString};
use std::rc::Rc;

/// Registers the methods.
pub(in crate::script::http) fn register(engine: &mut Engine, natives: &mut Natives) {
    type This<'a> = &'a mut Request;
    type Text = ImmutableString;
    crate::script::object::register::<Request>(engine, natives, |a, b| Rc::ptr_eq(&a.0, &b.0));
    macro_rules! method {
        ($name:expr, $function:expr) => {
            natives.function(engine, $name, $function);
        };
    }
    method!("method", |r: This| -> Text { r.head().method().into() });
    method!("path", |r: This| -> Text { r.head().path().into() });
    method!("uri", |r: This| -> Text { r.head().uri().into() });
    method!("query_string", |r: This| -> Text { r.head().query().into() });
    method!("protocol_version", |r: This| -> Text {
        let head = r.head();
        if head.is_http2 { "2".into() } else { format!("1.{}", head.minor).into() }
    });
    method!("host", |r: This| -> Text { r.host(false).into() });
    method!("host", |r: This, without_port: bool| -> Text { r.host(without_port).into() });
    macro_rules! all_or_one {
        ($name:expr, $all:expr) => {
            all_or_one!($name, $all, |r: &Request, n: &str, d| field(&$all(r), n, d));
        };
        ($name:expr, $all:expr, $one:expr) => {
            method!($name, |r: This| $all(r));
            method!($name, |r: This, name: Text| $one(r, &name, Dynamic::UNIT));
            method!($name, |r: This, name: Text, default: Dynamic| $one(r, &name, default));
        };
    }
    let one = |all: Outcome<Dynamic>, name: &str, default| -> Outcome<Dynamic> {
        Ok(field(&all?, name, default))
    };
    method!("get", |r: This| r.query());
    method!("get", move |r: This, name: Text| one(r.query(), &name, Dynamic::UNIT));
    method!("get", move |r: This, name: Text, default: Dynamic| one(r.query(), &name, default));
    method!("post", |r: This| r.form());
    method!("post", move |r: This, name: Text| one(r.form(), &name, Dynamic::UNIT));
    method!("post", move |r: This, name: Text, default: Dynamic| one(r.form(), &name, default));
    method!("file", |r: This| r.files());
    method!("file", move |r: This, name: Text| one(r.files(), &name, Dynamic::UNIT));
    method!("move_file", |r: This, file: Dynamic, to: Text| r.move_file(&file, &to, false));
    method!("move_file", |r: This, file: Dynamic, to: Text, replace: bool| {
        r.move_file(&file, &to, replace)
    });
    method!("session", |r: This| r.session());
    method!("session_id", |r: This| r.session()?.id());
    method!("session_regenerate_id", |r: This| r.regenerate_id(false));
    method!("session_regenerate_id", |r: This, delete_old: bool| r.regenerate_id(delete_old));
    all_or_one!("cookie", Request::cookies);
    all_or_one!("trailer", Request::trailers);
    all_or_one!("header", Request::headers, |r: &Request, name: &str, default| {
        r.header(name).map_or(default, Dynamic::from)
    });
    method!("raw_head", |r: This| -> Text {
        String::from_utf8_lossy(r.head().bytes()).trim_end().to_owned().into()
    });
    method!("raw_body", |r: This| -> Outcome<Dynamic> {
        Ok(Dynamic::from_blob(r.0.body.bytes()?.into_owned()))
    });
    method!("body", |r: This| r.text());
    method!("json", |r: This| r.json());
    method!("ip", |r: This| -> Text { r.ip().into() });
    method!("scheme", |r: This| -> Text { r.scheme().into() });
    for name in ["to_string", "to_debug"] {
        method!(name, |r: This| format!("Request({} {})", r.head().method(), r.head().uri()));
    }
}
