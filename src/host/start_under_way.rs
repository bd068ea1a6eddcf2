//! An `on_worker_start` or `on_worker_reload` that has not returned, for whoever waits for it.

use crate::net::starting::Start;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An `on_worker_start` or `on_worker_reload` that has not returned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StartUnderWay {
    /// Which of the two.
    pub event: String,
    /// The worker that starts, as in [`IsolateStatus::worker`](super::IsolateStatus::worker).
    pub worker: String,
    /// The isolate's number among those of the worker, if there are several.
    pub isolate: Option<usize>,
    /// Where that stands, `push.rhai:18`.
    pub place: String,
    /// For how long it has been running, seconds.
    pub seconds: f64,
    /// Does the isolate accept connections meanwhile? It does when this is a reload, and not before its first start is done.
    pub accepts: bool,
}

impl StartUnderWay {
    /// `on_worker_start of worker `push``, with the isolate where there are several.
    pub fn who(&self) -> String {
        let isolate = self.isolate.map_or(String::new(), |number| format!(", isolate {number},"));
        format!("{} of worker `{}`{isolate}", self.event, self.worker)
    }
}

impl From<Start> for StartUnderWay {
    fn from(start: Start) -> Self {
        Self {
            seconds: start.taken().as_secs_f64(),
            event: start.event.to_owned(),
            worker: start.worker,
            isolate: start.isolate,
            place: start.place,
            accepts: start.accepts,
        }
    }
}

/// `on_worker_start of worker `push` has not returned for 5 s (push.rhai:18): nothing is accepted before it does`
impl fmt::Display for StartUnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.accepts, self.isolate) {
            _ if self.event == "on_worker_reload" => "it serves all the same",
            (true, _) => "until it does, what the start before it has made stays",
            (false, None) => "nothing is accepted before it does",
            (false, Some(_)) => "this isolate accepts nothing before it does",
        };
        let (who, seconds, place) = (self.who(), self.seconds as u64, &self.place);
        write!(f, "{who} has not returned for {seconds} s ({place}): {what}")
    }
}
