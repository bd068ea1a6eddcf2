//! The options of a directory that is served, as a script writes them.

use crate::{
    engine::values::{ref_array::RefArray, ref_map::RefMap},
    protocol::http::check_header,
    script::value::{Outcome, boolean, error, text},
    web::document_root::RootOptions,
};
use rhai::Dynamic;
use std::collections::BTreeMap;

/// All options.
const NAMES: &str = "index, listing, compress, not_found, fallback, types";

/// Reads the options of a root; `()` is the defaults.
pub(crate) fn root_options(given: &Dynamic) -> Outcome<RootOptions> {
    let mut options = RootOptions::default();
    let entries = match RefMap::entries_of(given) {
        Some(entries) => entries,
        None if given.is_unit() => Vec::new(),
        None => return Err(error("the options of a root are a map: #{ listing: true }")),
    };
    for (name, value) in entries {
        match name.as_str() {
            "index" => {
                let names = match value.read_lock::<RefArray>() {
                    Some(names) => names.copy(),
                    None => vec![value.clone()],
                };
                let names = names.iter().map(|value| text(value, "index (a name of a file)"));
                options.index = names.collect::<Outcome<_>>()?;
            }
            "listing" => options.listing = boolean(&value, &name)?,
            "compress" => options.compress = boolean(&value, &name)?,
            "not_found" => options.not_found = Some(text(&value, "not_found (a file)")?),
            "fallback" => options.fallback = Some(text(&value, "fallback (a file)")?),
            "types" => options.types = types(&value)?,
            _ => {
                return Err(error(format!("a root has no option `{name}`: known are {NAMES}")));
            }
        }
    }
    options.check().map_err(error)?;
    Ok(options)
}

/// Reads `#{ ts: "text/plain" }`.
fn types(given: &Dynamic) -> Outcome<BTreeMap<String, String>> {
    let Some(entries) = RefMap::entries_of(given) else {
        return Err(error("types are a map of media types by endings: #{ ts: \"text/plain\" }"));
    };
    let read = entries.into_iter().map(|(ending, value)| {
        let media_type = text(&value, "a media type")?;
        check_header("Content-Type", &media_type).map_err(error)?;
        if !media_type.contains('/') {
            return Err(error(format!("`{media_type}` is not a media type such as text/plain")));
        }
        Ok((ending.trim_start_matches('.').to_ascii_lowercase(), media_type))
    });
    read.collect()
}
