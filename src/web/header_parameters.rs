//! Header values that have parameters: `text/html; charset=utf-8`, `form-data; name="a"; filename*=UTF-8''b`.

use percent_encoding::percent_decode_str;

/// How many parameters are read, the rest is ignored. Fixed: four are known, and finding one walks them all.
const MAX_PARAMETERS: usize = 16;

/// A value of Content-Type or Content-Disposition, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderParameters {
    /// What stands before the first semicolon, in small letters.
    pub(crate) value: String,
    /// Names in small letters, values without their quotes.
    parameters: Vec<(String, String)>,
}

impl HeaderParameters {
    /// What cannot be a parameter is left out; no header is so broken that the rest of it says nothing.
    pub(crate) fn parse(header: &[u8]) -> Self {
        let text = String::from_utf8_lossy(header);
        let (value, mut rest) = text.split_once(';').unwrap_or((&text, ""));
        let mut parameters = Vec::new();
        while !rest.is_empty() && parameters.len() < MAX_PARAMETERS {
            let (name, value, after) = next_parameter(rest);
            if !name.is_empty() {
                parameters.push((name.to_ascii_lowercase(), value));
            }
            rest = after;
        }
        Self { value: value.trim().to_ascii_lowercase(), parameters }
    }

    /// The first parameter of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// A parameter whose form with a star, which has a character set, goes before the plain one (RFC 6266 §4.3).
    pub(crate) fn get_extended(&self, name: &str) -> Option<String> {
        let extended = self.get(&format!("{name}*")).and_then(decode_extended);
        extended.or_else(|| self.get(name).map(str::to_owned))
    }
}

/// Name and value of the first parameter, and what follows it.
fn next_parameter(text: &str) -> (&str, String, &str) {
    let end = text.find(['=', ';']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(rest) = rest.strip_prefix('=') else {
        return ("", String::new(), rest.get(1..).unwrap_or_default());
    };
    if let Some(quoted) = rest.trim_start().strip_prefix('"') {
        let (value, rest) = unquote(quoted);
        let after = rest.split_once(';').map_or("", |(_, after)| after);
        return (name.trim(), value, after);
    }
    let (value, after) = rest.split_once(';').unwrap_or((rest, ""));
    (name.trim(), value.trim().to_owned(), after)
}

/// Reads up to the closing quote. A backslash hides only a quote or another backslash: old browsers sent whole paths of
/// Windows here and escaped nothing. It does not hide a quote behind which the next parameter or the end of the header comes:
/// curl escapes quotes and no backslashes, so a name that ends in one looks like that.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '"' => return (value, &text[at + 1..]),
            '\\' => {
                let hides = |at: usize, next: char| match next {
                    '"' => !matches!(text.as_bytes().get(at + 1), None | Some(b';')),
                    next => next == '\\',
                };
                let hidden = signs.next_if(|(at, next)| hides(*at, *next));
                value.push(hidden.map_or('\\', |(_, next)| next));
            }
            _ => value.push(sign),
        }
    }
    (value, "")
}

/// `UTF-8''%c3%a4` (RFC 8187). Of character sets there are the two that the standard once named.
fn decode_extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = percent_decode_str(text);
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => bytes.decode_utf8().ok().map(|text| text.into_owned()),
        "iso-8859-1" => Some(bytes.map(char::from).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chance::Chance;

    fn parsed(header: &str) -> HeaderParameters {
        HeaderParameters::parse(header.as_bytes())
    }

    #[test]
    fn value_and_parameters_are_told_apart() {
        let header = parsed(" Text/HTML ; Charset=UTF-8;x = \"a;b\" ; y=; z; w=1");
        assert_eq!(header.value, "text/html");
        assert_eq!(header.get("charset"), Some("UTF-8"));
        assert_eq!(header.get("x"), Some("a;b"));
        assert_eq!(header.get("y"), Some(""));
        assert_eq!(header.get("z"), None);
        assert_eq!(header.get("w"), Some("1"));
        assert_eq!(parsed("").value, "");
        assert_eq!(parsed("text/plain; a=1; a=2").get("a"), Some("1"));
    }

    #[test]
    fn names_inside_of_quotes_are_no_names() {
        let header = parsed(r#"form-data; filename="x; name=evil"; name="real""#);
        assert_eq!(header.get("name"), Some("real"));
        assert_eq!(header.get("filename"), Some("x; name=evil"));
    }

    #[test]
    fn a_backslash_hides_quotes_and_backslashes_only() {
        assert_eq!(parsed(r#"a; b="x\"y\\z\n""#).get("b"), Some(r#"x"y\z\n"#));
        assert_eq!(parsed(r#"a; b="C:\dir\file"#).get("b"), Some(r"C:\dir\file"));
    }

    #[test]
    fn a_quote_before_the_next_parameter_closes_even_behind_a_backslash() {
        let header = parsed(r#"form-data; name="dir\"; filename="a.txt""#);
        assert_eq!((header.get("name"), header.get("filename")), (Some(r"dir\"), Some("a.txt")));
        assert_eq!(parsed(r#"form-data; filename="C:\""#).get("filename"), Some(r"C:\"));
        let name = parsed(r#"form-data; name="100129-03\"100129.jpg"; filename=b"#);
        assert_eq!(name.get("name"), Some(r#"100129-03"100129.jpg"#));
        assert_eq!(name.get("filename"), Some("b"));
        assert_eq!(parsed(r#"a; b="x\"""#).get("b"), Some(r#"x""#));
        assert_eq!(parsed(r#"a; b="x\\"; c=1"#).get("b"), Some(r"x\"));
    }

    #[test]
    fn a_star_goes_first_if_it_can_be_read() {
        let get = |header: &str| parsed(header).get_extended("filename");
        assert_eq!(get("a; filename=x; filename*=UTF-8''%e2%82%ac%20y"), Some("€ y".into()));
        assert_eq!(get("a; filename*=iso-8859-1'en'%A3; filename=x"), Some("£".into()));
        assert_eq!(get("a; filename*=UTF-8''%FF; filename=x"), Some("x".into()));
        assert_eq!(get("a; filename*=KOI8-R''a; filename=x"), Some("x".into()));
        assert_eq!(get("a; filename*=UTF-8'x; filename=\"\""), Some("".into()));
        assert_eq!(get("a; name=x"), None);
    }

    #[test]
    fn random_headers_do_no_harm() {
        let mut chance = Chance::new(4);
        for _ in 0..20_000 {
            let header = HeaderParameters::parse(&chance.bytes_of(b"a=\";\\* '%c3\xc3", 40));
            header.get_extended("a");
            assert!(header.parameters.iter().all(|(name, _)| !name.is_empty()));
        }
        parsed(&";=".repeat(1_000_000));
        parsed(&"a=\"\\".repeat(1_000_000));
    }
}
