//! The head of a request of HTTP/2. It came as values and is judged as any other, but it is not read again.

use super::{Content, Facts, Head, MAX_LINE, Refusal, check_method, check_target};

/// A judged head, or why it is refused.
pub(crate) struct Opening(pub(in crate::protocol::http) Result<Head, Refusal>);

impl Opening {
    /// `authority` is what the pseudo-header says, else the `host` field counts. `has_ended`: there is no body.
    pub(crate) fn new(
        method: &str,
        target: &str,
        authority: Option<&str>,
        fields: &[(&str, &[u8])],
        has_ended: bool,
    ) -> Self {
        Self(judge(method, target, authority, fields, has_ended))
    }
}

fn judge(
    method: &str,
    target: &str,
    authority: Option<&str>,
    fields: &[(&str, &[u8])],
    has_ended: bool,
) -> Result<Head, Refusal> {
    if target.len() > MAX_LINE {
        return Err(Refusal::new(414, "a request line that is too long"));
    }
    check_method(method)?;
    check_target(method, target)?;
    // Where a client splits its cookies is no matter of theirs (RFC 9113, 8.2.3).
    let is_cookie = |field: &&(&str, &[u8])| field.0 == "cookie";
    let cookies: Vec<&[u8]> = fields.iter().filter(is_cookie).map(|(_, value)| *value).collect();
    let all_cookies = cookies.join(&b"; "[..]);
    let cookies = (!cookies.is_empty()).then_some(("cookie", &all_cookies[..]));
    let host = authority.map(|authority| ("host", authority.as_bytes()));
    let others = fields.iter().filter(|field| !is_cookie(field));
    let others = others.filter(|(name, _)| host.is_none() || *name != "host");
    let mut facts = Facts { minor: 1, ..Facts::default() };
    let mut bytes = format!("{method} {target} HTTP/2\r\n").into_bytes();
    let lines = bytes.len();
    for (name, value) in host.into_iter().chain(others.copied()).chain(cookies) {
        facts.note(name, value)?;
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    if facts.hosts != 1 {
        return Err(Refusal::bad("not exactly one Host header"));
    }
    let content = match (has_ended, facts.length) {
        (true, _) => Content::Length(0),
        (false, Some(length)) => Content::Length(length),
        (false, None) => Content::Stream,
    };
    let begin = method.len() + 1;
    Ok(Head {
        method: method.len(),
        target: begin..begin + target.len(),
        lines,
        bytes: bytes.into(),
        minor: 1,
        is_http2: true,
        content,
        // A stream is one exchange.
        keeps_alive: false,
        expects_continue: facts.expects && !has_ended,
        wants_websocket: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(authority: Option<&str>, fields: &[(&str, &str)]) -> Result<Head, Refusal> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        Opening::new("GET", "/a?b", authority, &fields, true).0
    }

    #[test]
    fn cookies_are_one_line_however_many_there_are() {
        let crumbs: Vec<String> = (0..200).map(|n| format!("c{n}=v")).collect();
        let fields: Vec<_> = crumbs.iter().map(|crumb| ("cookie", crumb.as_str())).collect();
        let head = head(Some("a.example"), &fields).expect("a head");
        assert_eq!(head.header("cookie").as_deref(), Some(&*crumbs.join("; ")));
        assert_eq!(head.headers().filter(|(name, _)| *name == "cookie").count(), 1);
        assert_eq!((head.method(), head.uri(), &*head.host()), ("GET", "/a?b", "a.example"));
    }

    #[test]
    fn what_is_refused_over_http1_is_refused() {
        assert!(head(None, &[("host", "a")]).is_ok());
        assert!(head(Some("a"), &[("host", "b")]).is_ok_and(|head| head.host() == "a"));
        assert!(head(None, &[]).is_err(), "no host");
        assert!(head(None, &[("host", "a"), ("host", "b")]).is_err(), "two hosts");
        assert!(head(Some("a/b"), &[]).is_err(), "a bad host");
        assert!(head(Some("a"), &[("expect", "more")]).is_err(), "an unknown expectation");
        assert!(head(Some("a"), &[("expect", "100-continue")]).is_ok());
    }
}
