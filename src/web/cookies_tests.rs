//! Cookies as browsers send them, and as nobody should set them.

use super::*;
use crate::web::chance::Chance;

#[track_caller]
fn check(header: &str, expected: &[(&str, &str)]) {
    let found = parse([header.as_bytes()]);
    let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(found, expected, "{header}");
}

fn named(name: &str, value: &str) -> SetCookie {
    SetCookie { name: name.into(), value: value.into(), ..SetCookie::default() }
}

#[test]
fn a_header_is_names_and_values() {
    check("", &[]);
    check("a=1", &[("a", "1")]);
    check(" a = 1 ;b=2;  c=", &[("a", "1"), ("b", "2"), ("c", "")]);
    check("a=b=c", &[("a", "b=c")]);
    check("alone; =x; ; a=1", &[("a", "1")]);
    check("a=1; a=2; A=3", &[("a", "1"), ("A", "3")]);
}

#[test]
fn values_lose_their_quotes_and_are_decoded_where_that_makes_text() {
    check(r#"a="x y"; b="; c=""; d="%22""#, &[("a", "x y"), ("b", "\""), ("c", ""), ("d", "\"")]);
    check(
        "a=%C3%A4; b=%FF; c=100%; d=a+b",
        &[("a", "ä"), ("b", "%FF"), ("c", "100%"), ("d", "a+b")],
    );
    // A name that decodes to another is not that other.
    check("%5F%5FHost-a=1", &[("%5F%5FHost-a", "1")]);
}

#[test]
fn several_headers_are_one_and_their_number_is_limited() {
    let both = parse([&b"a=1; b=2"[..], b"b=3; c=4"]);
    assert_eq!(both.len(), 3);
    assert_eq!(both[1], ("b".to_owned(), "2".to_owned()));
    let many: String = (0..1000).map(|n| format!("c{n}=1;")).collect();
    assert_eq!(parse([many.as_bytes()]).len(), MAX_COOKIES);
}

#[test]
fn a_cookie_is_written_with_what_was_given() {
    assert_eq!(named("a", "1").header().unwrap(), "a=1");
    let all = SetCookie {
        max_age: Some(60),
        path: Some("/x".into()),
        domain: Some("example.org".into()),
        secure: true,
        http_only: true,
        same_site: Some(SameSite::Lax),
        ..named("a", "b c;\"\r\n")
    };
    let header = all.header().unwrap();
    let mut parts: Vec<&str> = header.split("; ").collect();
    parts.sort_unstable();
    let expected = [
        "Domain=example.org",
        "HttpOnly",
        "Max-Age=60",
        "Path=/x",
        "SameSite=Lax",
        "Secure",
        "a=b%20c%3B%22%0D%0A",
    ];
    assert_eq!(parts, expected);
    let empty = SetCookie { path: Some("".into()), domain: Some("".into()), ..named("a", "") };
    assert_eq!(empty.header().unwrap(), "a=");
    let gone = SetCookie { max_age: Some(i64::MIN), ..named("a", "") };
    assert_eq!(gone.header().unwrap(), format!("a=; Max-Age={}", i64::MIN));
}

#[test]
fn same_site_none_is_secure() {
    let cookie = SetCookie { same_site: Some(same_site("none").unwrap()), ..named("a", "1") };
    assert_eq!(cookie.header().unwrap(), "a=1; SameSite=None; Secure");
    assert!(same_site("").is_err() && same_site("Lax;").is_err());
}

#[test]
fn nothing_slips_into_the_header() {
    for name in ["", "a b", "a=b", "a;b", "a\r\nX: y", "a\0", "ä", "a,b", "\"a\""] {
        let fault = named(name, "1").header().unwrap_err();
        assert!(fault.contains("cannot be named"), "{fault}");
    }
    for bad in ["/;x", "/\r\n", "/\0", "/ä", "/\u{7f}"] {
        let path = SetCookie { path: Some(bad.into()), ..named("a", "1") };
        assert!(path.header().unwrap_err().contains("path"), "{bad:?}");
        let domain = SetCookie { domain: Some(bad.into()), ..named("a", "1") };
        assert!(domain.header().unwrap_err().contains("domain"), "{bad:?}");
    }
}

#[test]
fn a_cookie_that_browsers_would_drop_is_refused() {
    assert!(named("a", &"x".repeat(MAX_COOKIE_BYTES - 1)).header().is_ok());
    assert!(named("a", &"x".repeat(MAX_COOKIE_BYTES)).header().unwrap_err().contains("session"));
    assert!(named("a", &" ".repeat(MAX_COOKIE_BYTES / 3 + 1)).header().is_err());
}

#[test]
fn every_value_comes_back_as_it_was() {
    let mut chance = Chance::new(2);
    for _ in 0..5000 {
        let value = String::from_utf8_lossy(&chance.bytes(40)).into_owned();
        let header = named("a", &value).header().unwrap();
        assert!(header.bytes().all(|byte| matches!(byte, b'!'..=b'~')), "{header:?}");
        assert_eq!(parse([header.as_bytes()]), [("a".to_owned(), value)]);
    }
}

#[test]
fn random_headers_do_no_harm() {
    let mut chance = Chance::new(3);
    for _ in 0..20_000 {
        parse([chance.bytes_of(b"ab==;; \"%2\xff", 40).as_slice(), &chance.bytes(40)]);
    }
}

#[test]
fn a_cookie_is_its_name_path_and_domain() {
    for same in [
        ("a=1", "a=2"),
        ("a=1; Path=/; HttpOnly", "a=2; path = /; Max-Age=0"),
        ("a=1; Domain=.Example.com; Path=/", "a = 2; Path=/; domain=example.com"),
        ("a=1; Path=/x; Path=/", "a=1; Path=/"),
    ] {
        assert!(is_same(same.0, same.1), "{same:?}");
    }
    for different in [
        ("a=1", "b=1"),
        ("a=1", "A=1"),
        ("a=1; Path=/", "a=1"),
        ("a=1; Path=/", "a=1; Path=/x"),
        ("a=1; Domain=example.com", "a=1"),
    ] {
        assert!(!is_same(different.0, different.1), "{different:?}");
    }
}
