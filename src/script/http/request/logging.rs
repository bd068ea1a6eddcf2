//! What the log says of a request: how it is called there, what became of it, and its line in the access log.

use super::Request;
use crate::{
    log::Access,
    net::{conn::Conn, drivers::http::exchange},
};
use rhai::ImmutableString;

/// The status of a request whose client left before it was answered, in the access log. As nginx has it.
const LEFT: u16 = 499;

/// Characters of a path that a line of the log shows. Fixed: a path has up to 8 KiB, and its beginning tells what was asked.
const MAX_SHOWN: usize = 200;

impl Request {
    pub(in crate::script::http) fn note_route(&self, pattern: ImmutableString) {
        *self.0.route.borrow_mut() = Some(pattern);
    }

    /// What it is called in the log: `GET /users/7 (route /users/:id)`.
    pub(crate) fn described(&self) -> String {
        let asked = format!("{} {}", self.method(), shown(self.path()));
        match self.0.route.borrow().as_ref().filter(|route| *route != self.path()) {
            Some(route) => format!("{asked} (route {})", shown(route)),
            None => asked,
        }
    }

    /// Its handler has returned, and it is not answered: should nobody do so later, the log says what came of that.
    pub(crate) fn note_outcome(&self, outcome: String) {
        *self.0.outcome.borrow_mut() = Some(outcome);
    }

    pub(crate) fn outcome(&self) -> Option<String> {
        self.0.outcome.borrow().clone()
    }

    /// A line in the log; beyond some a second they are counted.
    pub(in crate::script::http) fn warn(&self, line: &str) {
        let core = self.0.worker.core();
        core.ctx().warn(&core.title(), Some(self.0.id), line);
    }

    /// Tells the access log of it, if that is wanted and not done.
    pub(crate) fn log(&self, status: u16, bytes: u64) {
        let Some((time, began)) = self.0.began.take() else { return };
        let head = self.head();
        let protocol = match (head.is_http2, head.minor) {
            (true, _) => "HTTP/2.0",
            (false, 0) => "HTTP/1.0",
            (false, _) => "HTTP/1.1",
        };
        let core = self.0.worker.core();
        let access = Access {
            client: self.ip(),
            time,
            method: self.method().to_owned(),
            target: head.uri().to_owned(),
            protocol,
            route: self.0.route.borrow().as_ref().map(ToString::to_string),
            status,
            bytes,
            took: began.elapsed(),
            referer: self.header("referer").unwrap_or_default(),
            user_agent: self.header("user-agent").unwrap_or_default(),
        };
        core.ctx().log_access(core.title(), self.0.id, access);
    }

    /// It is answered: what scripts attached goes, so that a request that holds itself does not stay; and files that came go.
    pub(crate) fn retire(&self, conn: &Conn) {
        if self.0.began.get().is_some() {
            let (status, bytes) = exchange::take_answer(conn).unwrap_or((LEFT, 0));
            self.log(status, bytes);
        }
        self.0.properties.clear();
        if let Some(Ok(uploads)) = self.0.uploads.get() {
            uploads.remove();
        }
    }
}

/// Text of a stranger as the log shows it: it ends no line, and fills none.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (n, sign) in text.chars().enumerate() {
        match sign {
            _ if n == MAX_SHOWN => {
                shown.push('…');
                break;
            }
            sign if sign.is_control() => shown.extend(sign.escape_default()),
            sign => shown.push(sign),
        }
    }
    shown
}
