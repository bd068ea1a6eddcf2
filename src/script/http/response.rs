//! `Response(status, headers, body)`: an answer, made before it is sent. Its methods change it and give it back.

use super::{file::FileBody, root_options};
use crate::{
    engine::values::{ref_array::RefArray, ref_map::RefMap},
    protocol::http::check_header,
    runtime::{namespace::Namespace, registry::Registry},
    script::value::{Outcome, boolean, error, text, whole, with_payload},
    web::{
        answer_headers::{self, Headers},
        cookies::{self, SameSite, SetCookie},
        location,
    },
};
use rhai::{Dynamic, ImmutableString};
use std::{
    cell::{Ref, RefCell},
    rc::Rc,
};

/// Headers of one response. Fixed: clients refuse more than about a hundred.
const MAX_HEADERS: usize = 100;

/// Statuses that a script can send: those that end a request.
const STATUSES: std::ops::RangeInclusive<i64> = 200..=599;

/// A status that can be sent.
pub(crate) fn check_status(value: &Dynamic) -> Outcome<u16> {
    whole(value, "status", STATUSES).map(|status| status as u16)
}

/// What follows the head.
#[derive(Clone)]
pub(super) enum Body {
    None,
    Value { value: Dynamic, is_json: bool },
    File(FileBody),
}

/// All of a response.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) status: u16,
    pub(super) reason: Option<String>,
    pub(super) headers: Headers,
    pub(super) body: Body,
}

impl Parts {
    fn header(&self, name: &str) -> Option<&str> {
        answer_headers::get(&self.headers, name)
    }

    pub(super) fn is_event_stream(&self) -> bool {
        self.header("content-type").is_some_and(|value| {
            let kind = value.split(';').next().unwrap_or_default();
            kind.trim().eq_ignore_ascii_case("text/event-stream")
        })
    }

    /// Do parts follow?
    pub(super) fn is_stream(&self) -> bool {
        let coding = self.header("transfer-encoding");
        coding.is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
            || self.is_event_stream()
    }

    /// Removes a header, whatever its case.
    fn without(&mut self, name: &str) {
        answer_headers::remove(&mut self.headers, name);
    }

    /// Adds a header, or as many as `value` has elements. A cookie takes the place of the same one.
    fn add(&mut self, name: &str, value: &Dynamic) -> Outcome<()> {
        let wrapped = RefMap::wrap(value.clone());
        let values = match wrapped.read_lock::<RefArray>() {
            Some(array) => array.copy(),
            None => vec![value.clone()],
        };
        for value in values {
            let shown = with_payload(&value, |_, b| String::from_utf8_lossy(b).into_owned())?;
            check_header(name, &shown).map_err(error)?;
            match name.to_ascii_lowercase().as_str() {
                "set-cookie" => answer_headers::set_cookie(&mut self.headers, shown),
                "location" | "content-location" => {
                    self.headers.push((name.to_owned(), location::encoded(&shown)));
                }
                _ => self.headers.push((name.to_owned(), shown)),
            }
            if self.headers.len() > MAX_HEADERS {
                self.headers.truncate(MAX_HEADERS);
                return Err(error(format!("a response has at most {MAX_HEADERS} headers")));
            }
        }
        Ok(())
    }
}

/// The handle.
#[derive(Clone)]
pub(crate) struct Response(Rc<RefCell<Parts>>);

type Made = Outcome<Response>;

impl Response {
    fn new(status: i64) -> Made {
        let new = Self(Rc::new(RefCell::new(Parts {
            status: 200,
            reason: None,
            headers: Vec::new(),
            body: Body::None,
        })));
        new.with_status(status)
    }

    pub(super) fn parts(&self) -> Ref<'_, Parts> {
        self.0.borrow()
    }

    fn with_status(&self, status: i64) -> Made {
        self.0.borrow_mut().status = check_status(&status.into())?;
        self.0.borrow_mut().reason = None;
        Ok(self.clone())
    }

    fn with_reason(&self, status: i64, reason: &str) -> Made {
        self.with_status(status)?;
        check_header("reason", reason).map_err(|_| error("a reason is one line of text"))?;
        self.0.borrow_mut().reason = Some(reason.to_owned());
        Ok(self.clone())
    }

    /// In place of whatever has the same name.
    fn with_header(&self, name: &str, value: &Dynamic) -> Made {
        let mut parts = self.0.borrow_mut();
        let before = parts.headers.clone();
        parts.without(name);
        if let Err(why) = parts.add(name, value) {
            parts.headers = before;
            return Err(why);
        }
        drop(parts);
        Ok(self.clone())
    }

    fn with_headers(&self, headers: &Dynamic) -> Made {
        let Some(entries) = RefMap::entries_of(headers) else {
            return Err(error("headers are a map: #{ \"Content-Type\": \"text/plain\" }"));
        };
        for (name, value) in entries {
            self.with_header(&name, &value)?;
        }
        Ok(self.clone())
    }

    fn without_header(&self, name: &str) -> Self {
        self.0.borrow_mut().without(name);
        self.clone()
    }

    fn with_body(&self, value: Dynamic) -> Made {
        let wrapped = RefMap::wrap(value);
        let is_json = wrapped.is::<RefMap>() || wrapped.is::<RefArray>();
        // What cannot be sent is told here, where the mistake is.
        let is_empty = with_payload(&wrapped, |_, bytes| bytes.is_empty())?;
        self.0.borrow_mut().body = match is_empty {
            true => Body::None,
            false => Body::Value { value: wrapped, is_json },
        };
        Ok(self.clone())
    }

    /// The file is opened when this is sent.
    fn with_file(&self, path: &str, offset: i64, length: i64) -> Made {
        let number = |value: i64, what| whole(&value.into(), what, 0..=i64::MAX);
        let (offset, length) = (number(offset, "offset")? as u64, number(length, "length")? as u64);
        if path.is_empty() || path.contains('\0') {
            return Err(error("a file has a path"));
        }
        self.0.borrow_mut().body = Body::File(FileBody::Part { path: path.into(), offset, length });
        Ok(self.clone())
    }

    /// The file that a path, as a request writes it, leads to below a directory.
    fn with_file_in(&self, directory: &str, path: &str, options: &Dynamic) -> Made {
        if directory.is_empty() || directory.contains('\0') {
            return Err(error("a directory has a path"));
        }
        let (directory, options, path) =
            (directory.into(), root_options(options)?, path.to_owned());
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        self.0.borrow_mut().body = Body::File(FileBody::Below { directory, options, path });
        Ok(self.clone())
    }

    /// Adds a Set-Cookie header, in the place of one for the same name, path and domain.
    fn cookie(&self, name: &str, value: &str, options: &Dynamic) -> Made {
        let cookie = cookie(name, value, options)?;
        self.0.borrow_mut().add("Set-Cookie", &cookie.into())?;
        Ok(self.clone())
    }

    /// A line of plain text.
    pub(super) fn plain(status: u16, text: &str) -> Made {
        let response = Self::new(status.into())?;
        response.with_header("Content-Type", &super::PLAIN.into())?.with_body(text.into())
    }

    pub(super) fn status(&self) -> u16 {
        self.parts().status
    }

    fn json(value: &Dynamic) -> Made {
        let json = crate::engine::values::json::encode(value)
            .map_err(|why| error(format!("this cannot be sent: {why}")))?;
        let response = Self::new(200)?;
        response.with_header("Content-Type", &super::JSON.into())?;
        response.with_body(json.into())
    }

    fn redirect(location: &str, status: i64) -> Made {
        if !(300..=399).contains(&status) {
            return Err(error("a redirect has a status from 300 to 399"));
        }
        Self::new(status)?.with_header("Location", &location.into())
    }

    fn get_header(&self, name: &str) -> Dynamic {
        let parts = self.parts();
        parts.header(name).map_or(Dynamic::UNIT, |value| value.into())
    }

    fn get_body(&self) -> Dynamic {
        match &self.parts().body {
            Body::Value { value, .. } => value.clone(),
            Body::None | Body::File(_) => Dynamic::UNIT,
        }
    }
}

/// The value of a Set-Cookie header. HttpOnly and SameSite=Lax unless the options say otherwise: cookies that scripts of a
/// page may read, and that other sites may send along, are how sessions are stolen.
fn cookie(name: &str, value: &str, options: &Dynamic) -> Outcome<String> {
    let mut cookie = SetCookie {
        name: name.to_owned(),
        value: value.to_owned(),
        path: Some("/".to_owned()),
        http_only: true,
        same_site: Some(SameSite::Lax),
        ..SetCookie::default()
    };
    let entries = match RefMap::entries_of(options) {
        Some(entries) => entries,
        None if options.is_unit() => Vec::new(),
        None => return Err(error("the options of a cookie are a map")),
    };
    for (option, value) in entries {
        let some_text = || text(&value, &option).map(|t| Some(t).filter(|t| !t.is_empty()));
        match option.as_str() {
            "max_age" => {
                let seconds = whole(&value, "max_age (seconds)", i64::MIN..=i64::MAX)?;
                cookie.max_age = Some(seconds);
            }
            "path" => cookie.path = some_text()?,
            "domain" => cookie.domain = some_text()?,
            "secure" => cookie.secure = boolean(&value, &option)?,
            "http_only" => cookie.http_only = boolean(&value, &option)?,
            "same_site" => {
                let wanted = some_text()?;
                let parse = |text: String| cookies::same_site(&text).map_err(error);
                cookie.same_site = wanted.map(parse).transpose()?;
            }
            _ => {
                return Err(error(format!(
                    "a cookie has no option `{option}`: known are max_age, path, domain, secure, \
                     http_only, same_site"
                )));
            }
        }
    }
    cookie.header().map_err(error)
}

/// Registers the constructor and its methods.
pub(super) fn register(registry: &mut Registry) {
    type This<'a> = &'a mut Response;
    type Text = ImmutableString;
    let mut response = Namespace::new("Response");
    response.function("json", |value: Dynamic| Response::json(&value));
    response.function("redirect", |to: Text| Response::redirect(&to, 302));
    response.function("redirect", |to: Text, status: i64| Response::redirect(&to, status));
    response.register(registry);
    let mut class = registry.class::<Response>("Response");
    class.handle(|a, b| Rc::ptr_eq(&a.0, &b.0));
    class.constructor(|| Response::new(200));
    class.constructor(Response::new);
    class
        .constructor(|status: i64, headers: Dynamic| Response::new(status)?.with_headers(&headers));
    class.constructor(|status: i64, headers: Dynamic, body: Dynamic| {
        Response::new(status)?.with_headers(&headers)?.with_body(body)
    });
    class.method("with_status", |r: This, status: i64| r.with_status(status));
    class
        .method("with_status", |r: This, status: i64, reason: Text| r.with_reason(status, &reason));
    class.method("with_header", |r: This, name: Text, value: Dynamic| r.with_header(&name, &value));
    class.method("header", |r: This, name: Text, value: Dynamic| r.with_header(&name, &value));
    class.method("with_headers", |r: This, headers: Dynamic| r.with_headers(&headers));
    class.method("without_header", |r: This, name: Text| r.without_header(&name));
    class.method("with_body", |r: This, body: Dynamic| r.with_body(body));
    class.method("with_file", |r: This, path: Text| r.with_file(&path, 0, 0));
    class.method("with_file", |r: This, path: Text, offset: i64| r.with_file(&path, offset, 0));
    class.method("with_file", |r: This, path: Text, offset: i64, length: i64| {
        r.with_file(&path, offset, length)
    });
    class.method("with_file_in", |r: This, directory: Text, path: Text| {
        r.with_file_in(&directory, &path, &Dynamic::UNIT)
    });
    class.method("with_file_in", |r: This, directory: Text, path: Text, options: Dynamic| {
        r.with_file_in(&directory, &path, &options)
    });
    class.method("cookie", |r: This, name: Text, value: Text| {
        r.cookie(&name, &value, &Dynamic::UNIT)
    });
    class.method("cookie", |r: This, name: Text, value: Text, options: Dynamic| {
        r.cookie(&name, &value, &options)
    });
    class.method("get_header", |r: This, name: Text| r.get_header(&name));
    class.method("get_status_code", |r: This| i64::from(r.parts().status));
    class.method("get_body", |r: This| r.get_body());
    class.display(|r: This| format!("Response({})", r.parts().status));
}
