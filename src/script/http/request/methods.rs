//! The names under which scripts ask a request.

use super::Request;
use crate::{
    runtime::registry::Registry,
    script::{http::form::field, value::Outcome},
};
use rhai::{Dynamic, ImmutableString};
use std::rc::Rc;

/// Registers the methods.
pub(in crate::script::http) fn register(registry: &mut Registry) {
    type This<'a> = &'a mut Request;
    type Text = ImmutableString;
    let same = |a: &Request, b: &Request| Rc::ptr_eq(&a.0, &b.0);
    let mut class = crate::script::object::register::<Request>(registry, same);
    class.method("method", |r: This| -> Text { r.head().method().into() });
    class.method("path", |r: This| -> Text { r.head().path().into() });
    class.method("uri", |r: This| -> Text { r.head().uri().into() });
    class.method("query_string", |r: This| -> Text { r.head().query().into() });
    class.method("protocol_version", |r: This| -> Text {
        let head = r.head();
        if head.is_http2 { "2".into() } else { format!("1.{}", head.minor).into() }
    });
    class.method("host", |r: This| -> Text { r.host(false).into() });
    class.method("host", |r: This, without_port: bool| -> Text { r.host(without_port).into() });
    macro_rules! all_or_one {
        ($name:expr, $all:expr) => {
            all_or_one!($name, $all, |r: &Request, n: &str, d| field(&$all(r), n, d));
        };
        ($name:expr, $all:expr, $one:expr) => {
            class.method($name, |r: This| $all(r));
            class.method($name, |r: This, name: Text| $one(r, &name, Dynamic::UNIT));
            class.method($name, |r: This, name: Text, default: Dynamic| $one(r, &name, default));
        };
    }
    let one = |all: Outcome<Dynamic>, name: &str, default| -> Outcome<Dynamic> {
        Ok(field(&all?, name, default))
    };
    class.method("get", |r: This| r.query());
    class.method("get", move |r: This, name: Text| one(r.query(), &name, Dynamic::UNIT));
    class
        .method("get", move |r: This, name: Text, default: Dynamic| one(r.query(), &name, default));
    class.method("post", |r: This| r.form());
    class.method("post", move |r: This, name: Text| one(r.form(), &name, Dynamic::UNIT));
    class
        .method("post", move |r: This, name: Text, default: Dynamic| one(r.form(), &name, default));
    class.waiting("file", |r: This| r.files());
    class.waiting("file", move |r: This, name: Text| one(r.files(), &name, Dynamic::UNIT));
    class.waiting("move_file", |r: This, file: Dynamic, to: Text| r.move_file(&file, &to, false));
    class.waiting("move_file", |r: This, file: Dynamic, to: Text, replace: bool| {
        r.move_file(&file, &to, replace)
    });
    class.waiting("session", |r: This| r.session());
    class.waiting("session_id", |r: This| r.session()?.id());
    class.waiting("session_regenerate_id", |r: This| r.regenerate_id(false));
    class.waiting("session_regenerate_id", |r: This, delete_old: bool| r.regenerate_id(delete_old));
    all_or_one!("cookie", Request::cookies);
    all_or_one!("trailer", Request::trailers);
    all_or_one!("header", Request::headers, |r: &Request, name: &str, default| {
        r.header(name).map_or(default, Dynamic::from)
    });
    class.method("raw_head", |r: This| -> Text {
        String::from_utf8_lossy(r.head().bytes()).trim_end().to_owned().into()
    });
    class.method("raw_body", |r: This| -> Outcome<Dynamic> {
        Ok(Dynamic::from_blob(r.0.body.bytes()?.into_owned()))
    });
    class.method("body", |r: This| r.text());
    class.method("json", |r: This| r.json());
    class.method("ip", |r: This| -> Text { r.ip().into() });
    class.method("scheme", |r: This| -> Text { r.scheme().into() });
    class.display(|r: This| format!("Request({} {})", r.head().method(), r.head().uri()));
}
