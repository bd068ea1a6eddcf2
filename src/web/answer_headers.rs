//! Headers of an answer about which more than one has something to say: a script, the file that is sent, the session.

use crate::web::cookies;

/// Names with their values, in the order in which they are sent.
pub(crate) type Headers = Vec<(String, String)>;

/// Headers that tell of the content that a script meant to send. What is sent instead of it, to say that there is none, goes
/// without them; all others are about the answer itself, whatever it is (CORS, HSTS, cookies), and stay.
const OF_THE_CONTENT: [&str; 15] = [
    "accept-ranges",
    "age",
    "cache-control",
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "etag",
    "expires",
    "last-modified",
    "repr-digest",
];

pub(crate) fn without_content(headers: &mut Headers) {
    headers.retain(|(name, _)| !OF_THE_CONTENT.iter().any(|of| name.eq_ignore_ascii_case(of)));
}

pub(crate) fn get<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

pub(crate) fn remove(headers: &mut Headers, name: &str) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
}

/// Adds what is known of the file. What a script said of it counts more, but for what the host alone can know: how the bytes
/// are coded, which of them they are, and where a directory is.
pub(crate) fn add_facts(headers: &mut Headers, facts: Vec<(&'static str, String)>) {
    for (name, value) in facts {
        match name {
            "Vary" => vary(headers, &value),
            "ETag" | "Content-Encoding" | "Content-Range" | "Location" => {
                remove(headers, name);
                headers.push((name.to_owned(), value));
            }
            _ if get(headers, name).is_some() => (),
            _ => headers.push((name.to_owned(), value)),
        }
    }
}

/// Says that the answer depends on this header of the request, too (RFC 9110 §12.5.5).
pub(crate) fn vary(headers: &mut Headers, field: &str) {
    let mut lines = headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("vary"));
    let Some((_, first)) = lines.next() else {
        return headers.push(("Vary".to_owned(), field.to_owned()));
    };
    let has = |line: &str| {
        line.split(',').map(str::trim).any(|one| one == "*" || one.eq_ignore_ascii_case(field))
    };
    if !has(first) && !lines.any(|(_, line)| has(line)) {
        let separator = if first.trim().is_empty() { "" } else { ", " };
        first.push_str(separator);
        first.push_str(field);
    }
}

/// Adds a Set-Cookie line in the place of one that sets the same cookie: of two, a client may keep either.
pub(crate) fn set_cookie(headers: &mut Headers, cookie: String) {
    headers.retain(|(name, known)| {
        !name.eq_ignore_ascii_case("set-cookie") || !cookies::is_same(known, &cookie)
    });
    headers.push(("Set-Cookie".to_owned(), cookie));
}

/// Keeps shared caches from storing the answer, which has something for one client in it: they would hand it to others
/// (RFC 9111 §7.3). What the script says of caching stays as far as it allows nobody else to have it.
pub(crate) fn keep_private(headers: &mut Headers) {
    let is_it = |name: &str| name.eq_ignore_ascii_case("cache-control");
    let lines = headers.iter().filter(|(name, _)| is_it(name));
    let said: Vec<String> = lines
        .flat_map(|(_, value)| directives(value))
        .map(|directive| directive.trim().to_owned())
        .filter(|directive| !directive.is_empty())
        .collect();
    let word = |directive: &str| {
        directive.split('=').next().unwrap_or_default().trim_end().to_ascii_lowercase()
    };
    // With a list of headers, `private` and `no-cache` are about these alone.
    let is_kept = |directive: &String| {
        matches!(directive.to_ascii_lowercase().as_str(), "private" | "no-store")
    };
    if said.iter().any(is_kept) {
        return;
    }
    let opens = |directive: &String| matches!(word(directive).as_str(), "public" | "s-maxage");
    let mut all = vec!["private".to_owned()];
    all.extend(said.into_iter().filter(|directive| !opens(directive)));
    headers.retain(|(name, _)| !is_it(name));
    headers.push(("Cache-Control".to_owned(), all.join(", ")));
}

/// The parts of a list whose elements may have commas inside of quotes.
fn directives(value: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut is_quoted) = (Vec::new(), 0, false);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                parts.push(&value[begin..at]);
                begin = at + 1;
            }
            _ => (),
        }
    }
    parts.push(&value[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_an_answer_depends_on_is_joined() {
        for (before, after) in [
            ("Origin", "Origin, Accept-Encoding"),
            ("origin , accept-encoding", "origin , accept-encoding"),
            ("*", "*"),
            ("", "Accept-Encoding"),
        ] {
            let mut given = headers(&[("vary", before)]);
            vary(&mut given, "Accept-Encoding");
            assert_eq!(given, headers(&[("vary", after)]));
        }
        let mut two = headers(&[("Vary", "Origin"), ("Vary", "Cookie")]);
        vary(&mut two, "cookie");
        vary(&mut two, "Accept");
        assert_eq!(two, headers(&[("Vary", "Origin, Accept"), ("Vary", "Cookie")]));
        let mut none = Headers::new();
        vary(&mut none, "Cookie");
        assert_eq!(none, headers(&[("Vary", "Cookie")]));
    }

    #[test]
    fn what_is_for_one_client_is_not_for_shared_caches() {
        for (before, after) in [
            ("public, max-age=60", "private, max-age=60"),
            ("max-age=60", "private, max-age=60"),
            ("s-maxage=60, Max-Age=5", "private, Max-Age=5"),
            ("no-cache", "private, no-cache"),
            ("PRIVATE, max-age=1", "PRIVATE, max-age=1"),
            ("no-store", "no-store"),
            ("private=\"x-a, x-b\", max-age=1", "private, private=\"x-a, x-b\", max-age=1"),
            ("", "private"),
        ] {
            let mut given = headers(&[("Cache-Control", before)]);
            keep_private(&mut given);
            assert_eq!(given, headers(&[("Cache-Control", after)]), "{before}");
        }
        let mut none = Headers::new();
        keep_private(&mut none);
        assert_eq!(none, headers(&[("Cache-Control", "private")]));
    }

    #[test]
    fn the_host_knows_the_bytes_and_the_script_what_they_mean() {
        let mut given = headers(&[
            ("content-type", "text/x-own"),
            ("vary", "Origin"),
            ("etag", "\"v1\""),
            ("Content-Encoding", "br"),
        ]);
        let facts = [
            ("Content-Type", "text/plain"),
            ("Vary", "Accept-Encoding"),
            ("ETag", "W/\"v1\""),
            ("Content-Encoding", "gzip"),
        ];
        add_facts(&mut given, facts.map(|(name, value)| (name, value.to_owned())).into());
        let wanted = [
            ("content-type", "text/x-own"),
            ("vary", "Origin, Accept-Encoding"),
            ("ETag", "W/\"v1\""),
            ("Content-Encoding", "gzip"),
        ];
        assert_eq!(given, headers(&wanted));
    }

    #[test]
    fn what_tells_of_content_that_is_not_sent_goes() {
        let mut given = headers(&[
            ("Content-Disposition", "attachment"),
            ("CACHE-CONTROL", "immutable"),
            ("Content-Security-Policy", "default-src 'none'"),
            ("Strict-Transport-Security", "max-age=1"),
            ("Access-Control-Allow-Origin", "*"),
            ("Set-Cookie", "a=1"),
            ("Vary", "Origin"),
        ]);
        without_content(&mut given);
        let left: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        let wanted = [
            "Content-Security-Policy",
            "Strict-Transport-Security",
            "Access-Control-Allow-Origin",
            "Set-Cookie",
            "Vary",
        ];
        assert_eq!(left, wanted);
    }

    #[test]
    fn a_cookie_takes_the_place_of_the_same() {
        let mut given = headers(&[("Set-Cookie", "a=1; Path=/"), ("set-cookie", "b=1; Path=/")]);
        set_cookie(&mut given, "a=2; Path=/; HttpOnly".to_owned());
        set_cookie(&mut given, "b=2; Path=/x".to_owned());
        let wanted = [
            ("set-cookie", "b=1; Path=/"),
            ("Set-Cookie", "a=2; Path=/; HttpOnly"),
            ("Set-Cookie", "b=2; Path=/x"),
        ];
        assert_eq!(given, headers(&wanted));
    }
}
