//! Fields of queries and forms as script values.

use crate::{engine::values::ref_map::RefMap, web::form::FormValue};
use rhai::{Array, Dynamic};

/// A map of all fields.
pub(super) fn fields(entries: Vec<(String, FormValue)>) -> Dynamic {
    let entries = entries.into_iter().map(|(name, field)| (name, value(field)));
    Dynamic::from(entries.collect::<RefMap>())
}

fn value(field: FormValue) -> Dynamic {
    match field {
        FormValue::Text(text) => text.into(),
        FormValue::List(list) => {
            RefMap::wrap(list.into_iter().map(value).collect::<Array>().into())
        }
        FormValue::Map(entries) => fields(entries),
    }
}

/// The field of that name, else the default.
pub(super) fn field(all: &Dynamic, name: &str, default: Dynamic) -> Dynamic {
    let found = all.read_lock::<RefMap>().map(|map| map.get(name));
    found.filter(|value| !value.is_unit()).unwrap_or(default)
}
