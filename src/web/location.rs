//! Where an answer sends a client: a URI reference, which is ASCII and has no spaces (RFC 9110 §10.2.2, RFC 3986).

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What stands nowhere in a URI as it is. The backslash is here because browsers take it for a slash, so that `/\x` would be
/// another host.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A percent sign that begins no escape.
const PERCENT: &str = "%25";

/// The same with everything encoded that may not stand in a URI. Escapes that are there stay, so that a path that came with a
/// request is sent back as it is.
pub(crate) fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (n, part) in text.split('%').enumerate() {
        if n > 0 {
            let is_escape =
                part.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
            safe.push_str(if is_escape { "%" } else { PERCENT });
        }
        safe.extend(utf8_percent_encode(part, ENCODED));
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chance::Chance;

    #[test]
    fn what_cannot_stand_in_a_uri_is_encoded_once() {
        for (text, uri) in [
            ("/käse kuchen?q=\"a\"", "/k%C3%A4se%20kuchen?q=%22a%22"),
            ("/a%20b?x=%C3%A4#top", "/a%20b?x=%C3%A4#top"),
            ("/100%", "/100%25"),
            ("/%zz%4", "/%25zz%254"),
            ("/%ä", "/%25%C3%A4"),
            ("https://[::1]:80/a?b=c&d=(e)'!*;,$@:+~", "https://[::1]:80/a?b=c&d=(e)'!*;,$@:+~"),
            ("/\\evil.example/", "/%5Cevil.example/"),
            ("/<a>{b}|^`", "/%3Ca%3E%7Bb%7D%7C%5E%60"),
            ("../up", "../up"),
            ("", ""),
        ] {
            assert_eq!(encoded(text), uri);
            assert_eq!(encoded(uri), uri, "it is encoded already");
        }
    }

    #[test]
    fn random_text_becomes_a_uri() {
        let mut chance = Chance::new(4);
        for _ in 0..20_000 {
            let text = String::from_utf8_lossy(&chance.bytes_of(b"/%2ezZ ?#\"\\\xc3\xa4", 20))
                .into_owned();
            let uri = encoded(&text);
            assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{uri}");
            assert_eq!(encoded(&uri), uri);
        }
    }
}
