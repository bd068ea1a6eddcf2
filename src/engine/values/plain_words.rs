//! The names that scripts have for types, in place of Rust's: messages of rhai and of libraries have these here and there.

use crate::engine::internals::ANONYMOUS;
use rhai::Engine;

/// How rhai writes a string that stands in the script.
const STRING: &str = "&str | ImmutableString | String";

/// How rhai's message ends where `f.call(x)` finds that `f` is no function: it takes it that `x` should have been one.
const NO_FUNCTION: &str = " (expecting Fn)";
/// What is said instead.
const NOT_CALLED: &str = "what is to be called is no function";

/// Names that rhai uses for its own types.
const TYPES: [(&str, &str); 14] = [
    ("Dynamic", "any"),
    ("ImmutableString", "string"),
    ("&str", "string"),
    ("str", "string"),
    ("String", "string"),
    ("SmartString", "string"),
    ("INT", "i64"),
    ("FLOAT", "f64"),
    ("Array", "array"),
    ("Map", "map"),
    ("Blob", "blob"),
    ("FnPtr", "function"),
    ("Fn", "function"),
    ("Instant", "timestamp"),
];

/// What scripts call a type.
pub(in crate::engine) fn type_name(engine: &Engine, rust: &str) -> String {
    let rust = rust.trim().trim_start_matches("&mut ").trim_start_matches('&');
    let mapped = engine.map_type_name(rust);
    let last = match mapped {
        _ if rust.contains("RangeInclusive") || rust.contains("InclusiveRange") => "range=",
        _ if rust.contains("Range") => "range",
        mapped if mapped.contains("::") => last(mapped),
        mapped => mapped,
    };
    TYPES.iter().find(|(rhais, _)| *rhais == last).map_or(last, |(_, ours)| *ours).to_owned()
}

/// The last name of a path, without what it is made of.
fn last(path: &str) -> &str {
    let outer = path.split('<').next().unwrap_or(path);
    outer.rsplit("::").next().unwrap_or(outer)
}

/// A message with Rust's names of types replaced. Paths that are of no type (`module::function`) stay.
pub(crate) fn plain(engine: &Engine, message: &str) -> String {
    let message = message.replace(STRING, "string");
    if !message.contains("::") {
        return message;
    }
    let (mut plain, mut rest) = (String::new(), message.as_str());
    while let Some(start) = rest.find(|c: char| c.is_alphabetic() || c == '_') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let path = path(rest);
        match is_rusts(engine, path) {
            true => plain.push_str(&type_name(engine, path)),
            false => plain.push_str(path),
        }
        rest = &rest[path.len()..];
    }
    plain + rest
}

/// A name with what belongs to it: `core::ops::Range<i64>`.
fn path(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(':');
    if !text[name.len()..].starts_with('<') || !name.contains("::") {
        return &text[..name.len()];
    }
    let mut depth = 0;
    for (at, c) in text.char_indices().skip(name.len()) {
        depth += i32::from(c == '<') - i32::from(c == '>');
        if depth == 0 {
            return &text[..at + 1];
        }
    }
    &text[..name.len()]
}

/// Is that the path of a type of Rust, and not of a function of a script's module?
fn is_rusts(engine: &Engine, path: &str) -> bool {
    const CRATES: [&str; 5] = ["rhost::", "rhai::", "alloc::", "core::", "std::"];
    let is_type = last(path).starts_with(char::is_uppercase);
    path.contains("::")
        && (engine.map_type_name(path) != path
            || is_type && CRATES.iter().any(|name| path.starts_with(name)))
}

/// A message of rhai's without its place, and in the words that scripts know.
pub(in crate::engine) fn title(engine: &Engine, message: &str) -> String {
    let place = message.rfind(" (line ").filter(|_| message.ends_with(')'));
    let short = &message[..place.unwrap_or(message.len())];
    let file = short.rfind(" @ '").filter(|_| short.ends_with('\''));
    let short = &short[..file.unwrap_or(short.len())];
    if short.ends_with(NO_FUNCTION) {
        return NOT_CALLED.into();
    }
    let short = short.replace(" - a getter is not registered for type ", " of type ");
    plain(engine, &without_hashes(short))
}

/// Replaces the names that rhai gives to closures.
pub(in crate::engine) fn without_hashes(mut text: String) -> String {
    while let Some(start) = text.find(ANONYMOUS) {
        let hash = text[start + ANONYMOUS.len()..].find(|c: char| !c.is_ascii_hexdigit());
        let end = hash.map_or(text.len(), |n| start + ANONYMOUS.len() + n);
        text.replace_range(start..end, "closure");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn types_have_the_names_that_scripts_know() {
        let mut engine = Engine::new();
        engine.register_type_with_name::<Rc<u8>>("Conn");
        for (rust, ours) in [
            ("alloc::rc::Rc<u8>", "Conn"),
            ("core::ops::range::Range<i64>", "range"),
            ("alloc::string::String", "string"),
            ("&mut rhai::types::dynamic::Dynamic", "any"),
        ] {
            assert_eq!(type_name(&engine, rust), ours);
        }
    }

    #[test]
    fn messages_lose_the_paths_of_types_and_keep_those_of_functions() {
        let mut engine = Engine::new();
        engine.register_type_with_name::<Rc<u8>>("Conn");
        let said = "f (alloc::rc::Rc<u8>, &str | ImmutableString | String): lib::Name, a::b: x::";
        assert_eq!(plain(&engine, said), "f (Conn, string): lib::Name, a::b: x::");
        let of_rust = "elements of rhost::engine::ref_map::RefMap cannot be sorted";
        assert_eq!(plain(&engine, of_rust), "elements of RefMap cannot be sorted");
    }
}
