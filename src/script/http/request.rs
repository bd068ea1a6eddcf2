//! `Request`: what a client asked. Nothing is parsed before a script wants it.

use crate::{
    engine::{json, ref_map::RefMap},
    protocol::http,
    script::{object::Object, properties::Properties, value::Outcome},
};
use rhai::{Dynamic, Engine, FuncRegistration, ImmutableString, Map, NativeCallContext};
use std::{cell::RefCell, net::SocketAddr, rc::Rc};

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
}

impl Request {
    pub(crate) fn new(request: http::Request, peer: Option<SocketAddr>) -> Self {
        Self(Rc::new(Inner {
            request,
            peer,
            properties: Properties::default(),
            pending: RefCell::default(),
        }))
    }

    /// Headers that its answer has to have, given once.
    pub(crate) fn take_pending(&self) -> Vec<(String, String)> {
        self.0.pending.take()
    }

    fn head(&self) -> &http::Head {
        &self.0.request.head
    }

    /// It is answered: what scripts attached goes, so that a request that holds itself does not stay.
    pub(crate) fn retire(&self) {
        self.0.properties.clear();
    }

    fn host(&self, without_port: bool) -> String {
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
    method!("header", |r: This| r.headers());
    method!("header", |r: This, name: Text| -> Dynamic {
        r.head().header(&name).map_or(Dynamic::UNIT, Dynamic::from)
    });
    method!("header", |r: This, name: Text, default: Dynamic| -> Dynamic {
        r.head().header(&name).map_or(default, Dynamic::from)
    });
    method!("trailer", |r: This| r.trailers());
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
