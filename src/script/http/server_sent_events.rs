//! `ServerSentEvents(#{event, id, retry, data})`: one event of a `text/event-stream`, as the HTML standard writes it.

use crate::{
    engine::values::ref_map::RefMap,
    runtime::registry::Registry,
    script::value::{Outcome, error, whole, with_payload},
};
use rhai::Dynamic;
use std::rc::Rc;

/// The text of one event.
#[derive(Clone)]
pub(crate) struct ServerSentEvents(Rc<str>);

/// Its fields, in the order in which they are written.
const FIELDS: [&str; 5] = ["", "event", "id", "retry", "data"];

impl ServerSentEvents {
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    fn new(fields: &Dynamic) -> Outcome<Self> {
        let fields = RefMap::wrap(fields.clone());
        let Some(map) = fields.read_lock::<RefMap>() else {
            return Err(error("ServerSentEvents takes a map: #{ event, id, retry, data }"));
        };
        let entries: Vec<_> = map.entries();
        if let Some((unknown, _)) = entries.iter().find(|(n, _)| !FIELDS.contains(&n.as_str())) {
            return Err(error(format!(
                "ServerSentEvents has no field `{unknown}`: known are event, id, retry, data, and \"\" for a comment"
            )));
        }
        let mut text = String::new();
        for field in FIELDS {
            let value = map.get(field);
            if value.is_unit() {
                continue;
            }
            if field == "retry" {
                whole(&value, "retry (milliseconds)", 0..=i64::MAX)?;
            }
            let shown =
                with_payload(&value, |_, bytes| String::from_utf8_lossy(bytes).into_owned())?;
            let one_line = matches!(field, "event" | "id");
            if one_line && shown.contains(['\n', '\r', '\0']) {
                return Err(error(format!("{field} of an event is one line")));
            }
            // All three line ends of the standard begin a new line.
            let lines = shown.replace("\r\n", "\n").replace('\r', "\n");
            for line in lines.split('\n') {
                text.push_str(&format!("{field}: {line}\n"));
            }
        }
        text.push('\n');
        Ok(Self(text.into()))
    }
}

/// Registers the constructor.
pub(super) fn register(registry: &mut Registry) {
    registry
        .class::<ServerSentEvents>("ServerSentEvents")
        .handle(|a, b| Rc::ptr_eq(&a.0, &b.0))
        .constructor(|fields: Dynamic| ServerSentEvents::new(&fields))
        .display(|event| event.text().to_owned());
}
