//! Text in an address: percent encoding, and query strings as forms send them.

use crate::{
    script::std::tree::Tree,
    web::form::{self, FormValue},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but letters, digits and `-._~`, which never mean anything else (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text as it may stand in any part of an address.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The text of such a part; a `+` is a plus sign. The error: it is not UTF-8.
pub(super) fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| "what it encodes is not UTF-8".to_owned())
}

/// The parts of an address, as RFC 3986 names them. Those that are not there are left out. Nothing: it is no address.
pub(super) fn parse_url(text: &str) -> Option<Tree> {
    let is_bad = |c: char| c.is_control() || c.is_whitespace();
    if text.is_empty() || text.contains(is_bad) {
        return None;
    }
    let mut parts: Vec<(String, Tree)> = Vec::new();
    let mut add =
        |name: &str, text: &str| parts.push((name.to_owned(), Tree::Text(text.to_owned())));
    let (rest, fragment) = split_at(text, '#');
    let (rest, query) = split_at(rest, '?');
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
        _ => (None, rest),
    };
    if let Some(scheme) = scheme {
        add("scheme", &scheme.to_ascii_lowercase());
    }
    let mut path = rest;
    let mut port = None;
    if let Some(rest) = rest.strip_prefix("//") {
        let end = rest.find('/').unwrap_or(rest.len());
        path = &rest[end..];
        let (login, host) = match rest[..end].rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, &rest[..end]),
        };
        if let Some(login) = login {
            let (user, password) = split_at(login, ':');
            add("user", &decode(user).ok()?);
            if let Some(password) = password {
                add("password", &decode(password).ok()?);
            }
        }
        // A colon inside of brackets belongs to the address.
        let colon = host.rfind(':').filter(|at| !host[*at..].contains(']'));
        let name = &host[..colon.unwrap_or(host.len())];
        add("host", &name.to_ascii_lowercase());
        if let Some(digits) = colon.map(|at| &host[at + 1..]).filter(|digits| !digits.is_empty()) {
            port = Some(digits.parse::<u16>().ok()?);
        }
    }
    if let Some(port) = port {
        parts.push(("port".to_owned(), Tree::Int(port.into())));
    }
    for (name, part) in [("path", Some(path)), ("query", query), ("fragment", fragment)] {
        if let Some(part) = part.filter(|part| name != "path" || !part.is_empty()) {
            parts.push((name.to_owned(), Tree::Text(part.to_owned())));
        }
    }
    Some(Tree::Map(parts))
}

/// What comes before the first such sign, and what comes behind it.
fn split_at(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// The fields of a query string, or of a form's body.
pub(super) fn parse_query(text: &str) -> Result<Tree, String> {
    let text = text.strip_prefix('?').unwrap_or(text);
    let entries = form::parse(text.as_bytes()).map_err(|why| format!("it has {why}"))?;
    Ok(map(entries))
}

fn map(entries: Vec<(String, FormValue)>) -> Tree {
    Tree::Map(entries.into_iter().map(|(key, value)| (key, tree(value))).collect())
}

fn tree(value: FormValue) -> Tree {
    match value {
        FormValue::Text(text) => Tree::Text(text),
        FormValue::List(items) => Tree::List(items.into_iter().map(tree).collect()),
        FormValue::Map(entries) => map(entries),
    }
}

/// The query string of a map, which [`parse_query`] reads back as texts. Entries that are `()` are left out.
pub(super) fn query(fields: &Tree) -> Result<String, String> {
    let Tree::Map(entries) = fields else {
        return Err(format!("a query is made of a map, not of {}", fields.kind()));
    };
    let mut out = String::new();
    for (key, value) in entries {
        write_field(&mut out, key, value, 0)?;
    }
    Ok(out)
}

fn write_field(out: &mut String, name: &str, value: &Tree, depth: usize) -> Result<(), String> {
    if depth > form::MAX_DEPTH {
        return Err(format!("it is nested deeper than {} brackets", form::MAX_DEPTH));
    }
    match value {
        Tree::Unit => Ok(()),
        Tree::Map(entries) => entries.iter().try_for_each(|(key, value)| {
            write_field(out, &format!("{name}[{key}]"), value, depth + 1)
        }),
        // `a[]` for plain values, as pages write it; of maps each needs a number, or their keys would be mixed up.
        Tree::List(items) => items.iter().enumerate().try_for_each(|(at, item)| {
            let is_plain = !matches!(item, Tree::Map(_) | Tree::List(_));
            let name = if is_plain { format!("{name}[]") } else { format!("{name}[{at}]") };
            write_field(out, &name, item, depth + 1)
        }),
        plain => {
            let text = plain
                .plain_text()
                .ok_or_else(|| format!("`{name}` is {}, which has no text", plain.kind()))?;
            if !out.is_empty() {
                out.push('&');
            }
            push_encoded(out, name);
            out.push('=');
            push_encoded(out, &text);
            Ok(())
        }
    }
}

/// As forms encode: a space is `+`.
fn push_encoded(out: &mut String, text: &str) {
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            out.push('+');
        }
        out.extend(utf8_percent_encode(word, RESERVED));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    #[test]
    fn only_unreserved_signs_stay_as_they_are() {
        assert_eq!(encode("aZ09-._~"), "aZ09-._~");
        assert_eq!(encode("a b/ü?&=+%"), "a%20b%2F%C3%BC%3F%26%3D%2B%25");
        assert_eq!(decode("a%20b%2F%C3%BC+%zz%").unwrap(), "a b/ü+%zz%");
        assert!(decode("%ff").is_err());
    }

    #[test]
    fn a_query_is_read_as_forms_write_it() {
        let read = parse_query("?name=ann+b&tags[]=a&tags[]=b&user[city]=K%C3%B6ln&empty").unwrap();
        let wanted = Tree::Map(vec![
            ("name".into(), text("ann b")),
            ("tags".into(), Tree::List(vec![text("a"), text("b")])),
            ("user".into(), Tree::Map(vec![("city".into(), text("Köln"))])),
            ("empty".into(), text("")),
        ]);
        assert_eq!(read, wanted);
        assert_eq!(parse_query("").unwrap(), Tree::Map(Vec::new()));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let fields = Tree::Map(vec![
            ("q".into(), text("a b&c=d ü")),
            ("n".into(), Tree::Int(-3)),
            ("on".into(), Tree::Bool(true)),
            ("none".into(), Tree::Unit),
            ("tags".into(), Tree::List(vec![text("x"), text("y")])),
            (
                "rows".into(),
                Tree::List(vec![
                    Tree::Map(vec![("id".into(), Tree::Int(1))]),
                    Tree::Map(vec![("id".into(), Tree::Int(2))]),
                ]),
            ),
        ]);
        let written = query(&fields).unwrap();
        assert_eq!(
            written,
            "q=a+b%26c%3Dd+%C3%BC&n=-3&on=true&tags%5B%5D=x&tags%5B%5D=y&rows%5B0%5D%5Bid%5D=1&rows%5B1%5D%5Bid%5D=2"
        );
        let Tree::Map(back) = parse_query(&written).unwrap() else { panic!("a map") };
        let names: Vec<_> = back.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["q", "n", "on", "tags", "rows"]);
        assert_eq!(back[0].1, text("a b&c=d ü"));
    }

    #[test]
    fn what_has_no_text_is_named() {
        let fields = Tree::Map(vec![("file".into(), Tree::Blob(vec![1]))]);
        assert_eq!(query(&fields).unwrap_err(), "`file` is a blob, which has no text");
        assert!(query(&Tree::Int(1)).is_err());
    }
}
