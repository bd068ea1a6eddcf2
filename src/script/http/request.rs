//! `Request`: what a client asked. Nothing is parsed before a script wants it.

mod logging;
mod methods;

pub(super) use methods::register;

use super::{
    body::Body,
    form::{field, fields},
    session::Session,
    uploads::{Refused, Uploads},
};
use crate::{
    engine::values::{json, ref_array::RefArray, ref_map::RefMap},
    net::{conn::Conn, drivers::Spool},
    protocol::http,
    script::{
        object::Object,
        properties::Properties,
        value::{Outcome, error, waiting},
        worker::Worker,
    },
    web::{
        answer_headers::{self, Headers},
        cookies,
        form::{self, FormError},
        header_parameters::HeaderParameters,
        multipart::UploadLimits,
        session_id::SessionId,
    },
};
use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext};
use std::{
    cell::{Cell, OnceCell, RefCell},
    net::{IpAddr, SocketAddr},
    rc::Rc,
    time::{Instant, SystemTime},
};
use tokio::sync;

/// The handle.
#[derive(Clone)]
pub(crate) struct Request(Rc<Inner>);

struct Inner {
    request: http::Request,
    body: Body,
    peer: Option<SocketAddr>,
    worker: Worker,
    /// Of its connection.
    id: u64,
    /// The pattern of the route that it took, if a router answers it.
    route: RefCell<Option<ImmutableString>>,
    /// When it was there, if its answer is to be told to the access log.
    began: Cell<Option<(SystemTime, Instant)>>,
    /// What its handler did instead of answering it.
    outcome: RefCell<Option<String>>,
    is_answered: Cell<bool>,
    /// What scripts attach to it.
    properties: Properties,
    /// Why its query or its form was not taken.
    refused: RefCell<Option<Refused>>,
    /// What was parsed of it, when it was first asked for.
    query: OnceCell<Dynamic>,
    cookies: OnceCell<Dynamic>,
    form: OnceCell<Dynamic>,
    uploads: sync::OnceCell<Result<Uploads, Refused>>,
    session: sync::OnceCell<Session>,
}

impl Request {
    pub(crate) fn new(
        mut request: http::Request,
        spool: Option<Spool>,
        connection: &Conn,
        worker: &Worker,
    ) -> Self {
        let is_logged = worker.core().settings.access_log.get();
        let body = Body::new(std::mem::take(&mut request.body), spool);
        Self(Rc::new(Inner {
            request,
            body,
            peer: connection.info.peer(),
            worker: worker.clone(),
            id: connection.id,
            route: RefCell::default(),
            began: Cell::new(is_logged.then(|| (SystemTime::now(), Instant::now()))),
            outcome: RefCell::default(),
            is_answered: Cell::new(false),
            properties: Properties::default(),
            refused: RefCell::default(),
            query: OnceCell::new(),
            cookies: OnceCell::new(),
            form: OnceCell::new(),
            uploads: sync::OnceCell::new(),
            session: sync::OnceCell::new(),
        }))
    }

    /// Adds what its session has for the answer, which goes out now.
    pub(crate) fn complete(&self, headers: &mut Headers) {
        if self.complete_opening(headers) {
            answer_headers::keep_private(headers);
        }
        if self.0.session.get().is_some() {
            // Whoever has another cookie may be answered otherwise.
            answer_headers::vary(headers, "Cookie");
        }
    }

    /// The same for an answer that no cache keeps. False: there is no cookie.
    pub(crate) fn complete_opening(&self, headers: &mut Headers) -> bool {
        self.0.is_answered.set(true);
        let session = self.0.session.get();
        let cookie = session.and_then(|session| session.cookie(self.scheme() == "https"));
        let has_cookie = cookie.is_some();
        if let Some(cookie) = cookie {
            answer_headers::set_cookie(headers, cookie);
        }
        has_cookie
    }

    fn head(&self) -> &http::Head {
        &self.0.request.head
    }

    pub(crate) fn method(&self) -> &str {
        self.head().method()
    }

    /// What comes before the `?`, as received.
    pub(crate) fn path(&self) -> &str {
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
    fn query(&self) -> Outcome<Dynamic> {
        if let Some(query) = self.0.query.get() {
            return Ok(query.clone());
        }
        let parsed = form::parse(self.head().query().as_bytes());
        let parsed = parsed.map(fields).map_err(|why| self.refuse("query", 414, why))?;
        Ok(self.0.query.get_or_init(|| parsed).clone())
    }

    /// Notes what a client did wrong, so that it is told if the script does not catch this error. `most` is the status for
    /// too much of it.
    fn refuse(&self, what: &str, most: u16, why: FormError) -> Box<EvalAltResult> {
        let (status, reason) = match why {
            FormError::Fields => (most, format!("a {what} with too much in it: {why}")),
            FormError::Depth | FormError::Index => (400, format!("a {what} with {why}")),
        };
        *self.0.refused.borrow_mut() = Some(Refused { status, reason: reason.clone() });
        error(reason)
    }

    fn cookies(&self) -> Dynamic {
        let parsed = || {
            let headers = self.head().headers();
            let cookies = headers.filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
            let pairs = cookies::parse(cookies.map(|(_, value)| value));
            let pairs = pairs.into_iter().map(|(name, value)| (name, value.into()));
            Dynamic::from(pairs.collect::<RefMap>())
        };
        self.0.cookies.get_or_init(parsed).clone()
    }

    /// All fields of the body, by its type: JSON, multipart, else a form.
    fn form(&self) -> Outcome<Dynamic> {
        if let Some(form) = self.0.form.get() {
            return Ok(form.clone());
        }
        let parsed = self.parse_form()?;
        Ok(self.0.form.get_or_init(|| parsed).clone())
    }

    fn parse_form(&self) -> Outcome<Dynamic> {
        if let Some(uploads) = self.uploads()? {
            return Ok(uploads.fields.clone());
        }
        let media_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !media_type.contains("json") {
            let parsed = form::parse(&self.0.body.bytes()?);
            return parsed.map(fields).map_err(|why| self.refuse("form", 413, why));
        }
        let value = self.json()?;
        Ok(match value.is::<RefMap>() || value.is::<RefArray>() {
            true => value,
            false if value.is_unit() => Dynamic::from(RefMap::default()),
            false => RefMap::wrap(vec![value].into()),
        })
    }

    /// What a multipart body brought, none of any other. The body is read when this is first asked, which is waited for.
    fn uploads(&self) -> Outcome<Option<&Uploads>> {
        let content_type = self.header("content-type").unwrap_or_default();
        if HeaderParameters::parse(content_type.as_bytes()).value != "multipart/form-data" {
            return Ok(None);
        }
        let read = match self.0.uploads.get() {
            Some(read) => read,
            None => {
                let core = self.0.worker.core();
                let mut limits = UploadLimits::within(core.upload_dir());
                limits.files = core.settings.max_file_uploads.get();
                let read = || Uploads::read(&content_type, self.0.body.source(), limits);
                waiting("reading a form with files", self.0.uploads.get_or_init(read))?
            }
        };
        read.as_ref().map(Some).map_err(|refused| error(refused.reason.clone()))
    }

    /// Did a handler end with this text because the form was not taken, by the client's own fault? Then the status of the
    /// answer, and why. (What went wrong here is nothing for strangers.)
    pub(crate) fn refused_form(&self, text: &str) -> Option<(u16, String)> {
        let noted = self.0.refused.borrow();
        let upload = || self.0.uploads.get()?.as_ref().err();
        let refused = noted.as_ref().or_else(upload)?;
        let is_it = refused.status < 500 && text.contains(&refused.reason);
        is_it.then(|| (refused.status, refused.reason.clone()))
    }

    /// Maps of the files that came, by field.
    fn files(&self) -> Outcome<Dynamic> {
        let none = || Dynamic::from(RefMap::default());
        Ok(self.uploads()?.map_or_else(none, |uploads| uploads.files.clone()))
    }

    fn move_file(&self, file: &Dynamic, to: &str, replace: bool) -> Outcome<()> {
        let Some(uploads) = self.uploads()? else {
            return Err(error("no file came with this request"));
        };
        if to.is_empty() || to.contains('\0') {
            return Err(error("move_file takes the path that the file is to have"));
        }
        uploads.move_file(file, self.0.worker.core().directory().join(to), replace)
    }

    /// The session of the cookie, else a new one. Loading it is waited for.
    fn session(&self) -> Outcome<Session> {
        if let Some(session) = self.0.session.get() {
            return Ok(session.clone());
        }
        let regime = self.0.worker.core().ctx().sessions.borrow().regime();
        let name = &regime.configuration.cookie_name;
        let sent = field(&self.cookies(), name, Dynamic::UNIT).into_string().ok();
        let id = sent.and_then(|id| SessionId::parse(&id));
        let load = || Session::load(regime.clone(), id, self.0.is_answered.get());
        let session = waiting("session", self.0.session.get_or_try_init(load))?;
        session.cloned().map_err(error)
    }

    /// The session, if the script has asked for it.
    pub(crate) fn opened_session(&self) -> Option<Session> {
        self.0.session.get().cloned()
    }

    /// Keeps what was changed in the session.
    pub(super) fn save_session(&self) -> Outcome<()> {
        match self.opened_session().filter(Session::is_unsaved) {
            None => Ok(()),
            Some(session) => {
                waiting("saving a session", session.save())?.map_err(|why| error(why.to_string()))
            }
        }
    }

    fn regenerate_id(&self, delete_old: bool) -> Outcome<ImmutableString> {
        let session = self.session()?;
        waiting("session_regenerate_id", session.regenerate(delete_old))?.map_err(error)?;
        session.id()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.peer.map(|peer| peer.ip().to_canonical())
    }

    /// Who sent it, as far as proxies that are trusted say so.
    fn ip(&self) -> String {
        let core = self.0.worker.core();
        let proxies = core.settings.trusted_proxies.borrow();
        let forwarded = self.header("x-forwarded-for").unwrap_or_default();
        proxies.client(self.peer(), &forwarded).map(|ip| ip.to_string()).unwrap_or_default()
    }

    /// What the nearest proxy says in such a header, if it is trusted.
    fn forwarded(&self, name: &str) -> Option<String> {
        let core = self.0.worker.core();
        if !core.settings.trusted_proxies.borrow().trusts(self.peer()) {
            return None;
        }
        let all = self.header(name)?;
        all.rsplit(',').next().map(|last| last.trim().to_ascii_lowercase())
    }

    fn scheme(&self) -> &'static str {
        match self.forwarded("x-forwarded-proto").as_deref() {
            // As some proxies call it for websockets.
            Some("https" | "wss") => "https",
            _ => "http",
        }
    }

    pub(crate) fn host(&self, without_port: bool) -> String {
        let of_host = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        let forwarded = self.forwarded("x-forwarded-host");
        let forwarded = forwarded.filter(|host| !host.is_empty() && host.bytes().all(of_host));
        let mut host = forwarded.unwrap_or_else(|| self.head().host());
        // A colon inside of brackets belongs to the address.
        if without_port && let Some(at) = host.rfind(':').filter(|at| !host[*at..].contains(']')) {
            host.truncate(at);
        }
        host
    }

    fn headers(&self) -> Dynamic {
        let all = RefMap::default();
        for (name, _) in self.head().headers() {
            let name = name.to_ascii_lowercase();
            if !all.contains(&name) {
                let value = self.head().header(&name).unwrap_or_default();
                all.set(name.into(), value.into());
            }
        }
        Dynamic::from(all)
    }

    fn trailers(&self) -> Dynamic {
        let all = self.0.request.trailers.iter();
        Dynamic::from(all.map(|(name, value)| (name, value.into())).collect::<RefMap>())
    }

    fn text(&self) -> Outcome<ImmutableString> {
        Ok(String::from_utf8_lossy(&self.0.body.bytes()?).into_owned().into())
    }

    /// The body as JSON, `()` if it is none.
    fn json(&self) -> Outcome<Dynamic> {
        let body = self.0.body.bytes()?;
        let text = std::str::from_utf8(&body);
        Ok(text.ok().and_then(|text| json::decode(text).ok()).unwrap_or(Dynamic::UNIT))
    }
}

impl Object for Request {
    const NAME: &'static str = "Request";

    const METHODS: &'static [&'static str] = &[
        "method",
        "path",
        "uri",
        "query_string",
        "protocol_version",
        "host",
        "get",
        "post",
        "cookie",
        "trailer",
        "header",
        "raw_head",
        "raw_body",
        "body",
        "json",
        "ip",
        "scheme",
        "file",
        "move_file",
        "session",
        "session_id",
        "session_regenerate_id",
    ];

    const INSTEAD: &'static [(&'static str, &'static str)] =
        &[("query", "get(name)"), ("headers", "header(name)")];

    fn free(&self, name: &str) -> Dynamic {
        self.0.properties.get(name)
    }

    fn set(&self, _: &NativeCallContext, name: &ImmutableString, value: Dynamic) -> Outcome<()> {
        self.0.properties.set(name, value);
        Ok(())
    }
}
