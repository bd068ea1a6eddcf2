//! What a handler is called for, as reports and the status say it. Made whenever a handler has to wait, so it is cheap.

use crate::script::http::Request;
use std::{borrow::Cow, fmt};

/// See the module.
pub(crate) struct Occasion {
    /// The name of the callback, or the timer.
    pub(crate) event: Cow<'static, str>,
    /// The worker's title.
    pub(crate) worker: String,
    pub(crate) connection: Option<u64>,
    /// Is that connection closing or closed?
    pub(crate) is_gone: bool,
    pub(crate) request: Option<Request>,
}

impl Occasion {
    /// Something that no connection is the cause of.
    pub(crate) fn of_worker(event: impl Into<Cow<'static, str>>, worker: String) -> Self {
        Self { event: event.into(), worker, connection: None, is_gone: false, request: None }
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of worker `{}`", self.event, self.worker)?;
        if let Some(id) = self.connection {
            write!(f, ", connection {id}")?;
        }
        match &self.request {
            Some(request) => write!(f, ", for {}", request.described()),
            None => Ok(()),
        }
    }
}
