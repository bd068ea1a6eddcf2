//! Text in a page of HTML.

use html_escape::decode_html_entities;

/// The text with the five signs that mean something in HTML written as entities, so that it is safe between tags and
/// inside of quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\'')) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out
}

/// The text with every entity of HTML, by name or number, as the sign that it stands for. What is no entity stays.
pub(super) fn unescape(text: &str) -> String {
    decode_html_entities(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_signs_are_written_as_entities() {
        let evil = r#"<a href="x" onclick='y'>&amp;</a> ü"#;
        let safe = "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt; ü";
        assert_eq!(escape(evil), safe);
        assert_eq!(unescape(safe), evil);
        assert_eq!((escape(""), escape("plain")), (String::new(), "plain".to_owned()));
    }

    #[test]
    fn entities_by_name_and_number_are_read() {
        assert_eq!(unescape("&eacute;&nbsp;&#8364;&#x20AC;&copy;"), "é\u{a0}€€©");
        assert_eq!(
            unescape("a & b &unknown; &; &#xD800; 100%"),
            "a & b &unknown; &; &#xD800; 100%"
        );
    }
}
