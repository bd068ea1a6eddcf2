//! `Request`: what a client asked. Nothing is parsed before a script wants it.

use super::form::{field, fields};
use crate::{
    engine::{json, ref_array::RefArray, ref_map::RefMap},
    protocol::http,
    script::{object::Object, properties::Properties, value::Outcome},
    web::{cookies, form},
};
use rhai::{Dynamic, Engine, FuncRegistration, ImmutableString, Map, NativeCallContext};
use std::{
    cell::{OnceCell, RefCell},
    net::SocketAddr,
    rc::Rc,
};

/// The handle.
#[derive(Clone)]
pub(crate) struct Request(Rc<Inner>);

struct Inner {
    request: http::Request,
    peer: Option<SocketAddr>,
    /// What scripts attach to it.
    properties: Properties,
    /// Headers for its answer, whoever gives it.
    pending: RefCell<Vec<(String, String)>>,
    /// What was parsed of it, when it was first asked for.
    query: OnceCell<Dynamic>,
    cookies: OnceCell<Dynamic>,
    form: OnceCell<Dynamic>,
}

impl Request {
    pub(crate) fn new(request: http::Request, peer: Option<SocketAddr>) -> Self {
        Self(Rc::new(Inner {
            request,
            peer,
            properties: Properties::default(),
            pending: RefCell::default(),
            query: OnceCell::new(),
            cookies: OnceCell::new(),
            form: OnceCell::new(),
        }))
    }

    /// Headers that its answer has to have, given once.
    pub(crate) fn take_pending(&self) -> Vec<(String, String)> {
        self.0.pending.take()
    }

    fn head(&self) -> &http::Head {
        &self.0.request.head
    }

    pub(super) fn method(&self) -> &str {
        self.head().method()
    }

    /// What comes before the `?`, as received.
    pub(super) fn path(&self) -> &str {
        self.head().path()
    }

    /// What follows the `?`, as received.
    pub(super) fn query_string(&self) -> &str {
        self.head().query()
    }

    /// The value of a header; repeated ones joined.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.head().header(name)
    }

    /// All fields of the query.
    fn query(&self) -> Dynamic {
        let parsed = || fields(form::parse(self.head().query().as_bytes()));
        self.0.query.get_or_init(parsed).clone()
    }

    fn cookies(&self) -> Dynamic {
        let parsed = || {
            let headers = self.head().headers();
            let cookies = headers.filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
            let pairs = cookies::parse(cookies.map(|(_, value)| value));
            RefMap::wrap(
                pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect::<Map>().into(),
            )
        };
        self.0.cookies.get_or_init(parsed).clone()
    }

    /// All fields of the body, by its type: JSON, multipart, else a form.
    fn form(&self) -> Dynamic {
        let parsed = || {
            let media_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
            if !media_type.contains("json") {
                return fields(form::parse(&self.0.request.body));
            }
            let value = RefMap::wrap(self.json());
            match value.is::<RefMap>() || value.is::<RefArray>() {
                true => value,
                false if value.is_unit() => RefMap::wrap(Map::new().into()),
                false => RefMap::wrap(vec![value].into()),
            }
        };
        self.0.form.get_or_init(parsed).clone()
    }

    /// It is answered: what scripts attached goes, so that a request that holds itself does not stay.
    pub(crate) fn retire(&self) {
        self.0.properties.clear();
    }

    pub(crate) fn host(&self, without_port: bool) -> String {
        let mut host = self.head().host();
        // (a colon inside of brackets belongs to the address)
        if without_port && let Some(at) = host.rfind(':').filter(|at| !host[*at..].contains(']')) {
            host.truncate(at);
        }
        host
    }

    fn headers(&self) -> Dynamic {
        let mut all = Map::new();
        for (name, _) in self.head().headers() {
            let name = name.to_ascii_lowercase();
            if !all.contains_key(name.as_str()) {
                let value = self.head().header(&name).unwrap_or_default();
                all.insert(name.into(), value.into());
            }
        }
        RefMap::wrap(all.into())
    }

    fn trailers(&self) -> Dynamic {
        let mut all = Map::new();
        for (name, value) in &self.0.request.trailers {
            all.insert(name.as_str().into(), value.into());
        }
        RefMap::wrap(all.into())
    }

    fn text(&self) -> ImmutableString {
        String::from_utf8_lossy(&self.0.request.body).into_owned().into()
    }

    /// The body as JSON, `()` if it is none.
    fn json(&self) -> Dynamic {
        let text = std::str::from_utf8(&self.0.request.body);
        text.ok().and_then(|text| json::decode(text).ok()).unwrap_or(Dynamic::UNIT)
    }
}

impl Object for Request {
    const NAME: &'static str = "Request";

    fn is_known(_: &str) -> bool {
        false
    }

    fn known(&self, _: &str) -> Dynamic {
        Dynamic::UNIT
    }

    fn free(&self, name: &str) -> Dynamic {
        self.0.properties.get(name)
    }

    fn set(&self, _: &NativeCallContext, name: &ImmutableString, value: Dynamic) -> Outcome<()> {
        self.0.properties.set(name, value);
        Ok(())
    }
}

/// Registers the methods.
pub(super) fn register(engine: &mut Engine) {
    type This<'a> = &'a mut Request;
    type Text = ImmutableString;
    crate::script::object::register::<Request>(engine, |a, b| Rc::ptr_eq(&a.0, &b.0));
    macro_rules! method {
        ($name:expr, $function:expr) => {
            FuncRegistration::new($name).with_purity(true).register_into_engine(engine, $function);
        };
    }
    method!("method", |r: This| -> Text { r.head().method().into() });
    method!("path", |r: This| -> Text { r.head().path().into() });
    method!("uri", |r: This| -> Text { r.head().uri().into() });
    method!("query_string", |r: This| -> Text { r.head().query().into() });
    method!("protocol_version", |r: This| -> Text { format!("1.{}", r.head().minor).into() });
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
    all_or_one!("get", Request::query);
    all_or_one!("post", Request::form);
    all_or_one!("cookie", Request::cookies);
    all_or_one!("trailer", Request::trailers);
    all_or_one!("header", Request::headers, |r: &Request, name: &str, default| {
        r.header(name).map_or(default, Dynamic::from)
    });
    method!("raw_head", |r: This| -> Text {
        String::from_utf8_lossy(r.head().bytes()).trim_end().to_owned().into()
    });
    method!("raw_body", |r: This| -> Dynamic { Dynamic::from_blob(r.0.request.body.clone()) });
    method!("body", |r: This| r.text());
    method!("json", |r: This| r.json());
    method!("ip", |r: This| -> Text {
        r.0.peer.map(|p| p.ip().to_canonical().to_string()).unwrap_or_default().into()
    });
    for name in ["to_string", "to_debug"] {
        method!(name, |r: This| format!("Request({} {})", r.head().method(), r.head().uri()));
    }
}
