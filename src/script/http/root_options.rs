//! The options of a directory that is served, as a script writes them.

use crate::{
    engine::{ref_array::RefArray, ref_map::RefMap},
    script::value::{Outcome, boolean, error, text},
    web::document_root::RootOptions,
};
use rhai::Dynamic;

/// Reads `#{ index, listing, compress }`; `()` is the defaults.
pub(crate) fn root_options(given: &Dynamic) -> Outcome<RootOptions> {
    let mut options = RootOptions::default();
    let given = RefMap::wrap(given.clone());
    let entries = match given.read_lock::<RefMap>() {
        Some(map) => map.with(|table| table.entries().cloned().collect()),
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
            _ => {
                return Err(error(format!(
                    "a root has no option `{name}`: known are index, listing, compress"
                )));
            }
        }
    }
    Ok(options)
}
