//! What caches are told: tags, conditions and `Vary` that the script and the host both have a part in, and answers that are
//! for one client only.

use crate::{
    support::answer::{Answer, ask},
    support::host::TestHost,
};
use std::{
    fs,
    time::{Duration, UNIX_EPOCH},
};

const ADDRESS: &str = "http://127.0.0.1:0";

/// A server that answers a path with what an expression gives, and these files.
fn serve(routes: &[(&str, &str)]) -> TestHost {
    let script = "console".repeat(600);
    let arms = routes.iter().map(|(path, answer)| format!("\"{path}\" => {answer},\n"));
    let text = format!(
        "let worker = Worker(\"{ADDRESS}\");
        worker.on_message = |connection, request| connection.send(switch request.path() {{
            {} _ => 404
        }});",
        arms.collect::<String>()
    );
    TestHost::start_with(&text, &[("public/a.txt", "hello world"), ("public/app.js", &script)])
}

/// All values of a header.
fn values<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    let found = answer.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_vary_of_the_script_is_joined_with_that_of_a_compressed_file() {
    let mut host = serve(&[
        (
            "/origin",
            r#"Response().with_file_in("public", "/app.js").with_header("Vary", "Origin")"#,
        ),
        ("/any", r#"Response().with_file_in("public", "/app.js").with_header("Vary", "*")"#),
    ]);
    let mut client = host.tcp(ADDRESS);
    let gzip = "Accept-Encoding: gzip";
    let whole = ask(&mut client, "GET", "/origin", &[gzip]);
    assert_eq!(values(&whole, "Vary"), ["Origin, Accept-Encoding"]);
    assert_eq!(whole.header("Content-Encoding"), Some("gzip"));
    let tag = format!("If-None-Match: {}", whole.header("ETag").unwrap());
    let known = ask(&mut client, "GET", "/origin", &[gzip, &tag]);
    assert_eq!((known.status, values(&known, "Vary")), (304, vec!["Origin, Accept-Encoding"]));
    let part = ask(&mut client, "GET", "/origin", &["Range: bytes=0-1"]);
    assert_eq!((part.status, values(&part, "Vary")), (206, vec!["Origin, Accept-Encoding"]));
    assert_eq!(values(&ask(&mut client, "GET", "/any", &[gzip]), "Vary"), ["*"]);
}

#[test]
fn conditions_are_about_the_scripts_own_tag_and_date() {
    let mut host = serve(&[
        ("/etag", r#"Response().with_file("public/a.txt").with_header("ETag", "\"v1\"")"#),
        (
            "/date",
            r#"Response().with_file("public/a.txt").with_header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")"#,
        ),
        ("/whole", r#"Response().with_file("public/a.txt").with_header("Accept-Ranges", "none")"#),
    ]);
    let mut client = host.tcp(ADDRESS);
    let mut status = |path: &str, line: &str| ask(&mut client, "GET", path, &[line]).status;
    assert_eq!(status("/etag", "If-None-Match: \"v1\""), 304);
    assert_eq!(status("/etag", "If-None-Match: \"v2\""), 200);
    assert_eq!(status("/etag", "If-Match: \"v2\""), 412);
    assert_eq!(status("/date", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), 304);
    assert_eq!(status("/date", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT"), 200);
    assert_eq!(status("/whole", "Range: bytes=0-1"), 200);
    let part = ["Range: bytes=0-1", "If-Range: \"v1\""];
    let part = ask(&mut client, "GET", "/etag", &part);
    assert_eq!((part.status, values(&part, "ETag")), (206, vec!["\"v1\""]));
    let whole = ask(&mut client, "GET", "/whole", &[]);
    assert_eq!(values(&whole, "Accept-Ranges"), ["none"]);
}

#[test]
fn what_the_script_has_coded_is_not_coded_once_more() {
    let mut host = serve(&[(
        "/coded",
        r#"Response().with_file_in("public", "/app.js").with_header("Content-Encoding", "br")"#,
    )]);
    let mut client = host.tcp(ADDRESS);
    let answer = ask(&mut client, "GET", "/coded", &["Accept-Encoding: gzip, br"]);
    assert_eq!(values(&answer, "Content-Encoding"), ["br"]);
    assert_eq!((answer.body.len(), answer.header("Vary")), (4200, None));
}

#[test]
fn files_of_one_time_and_size_have_tags_of_their_own() {
    let mut host = serve(&[
        ("/p.js", r#"Response().with_file_in("public", "/p.js")"#),
        ("/one", r#"Response().with_file("public/one.txt")"#),
        ("/two", r#"Response().with_file("public/two.txt")"#),
    ]);
    let built = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for (name, byte) in
        [("p.js", "0"), ("p.js.gz", "g"), ("p.js.br", "b"), ("one.txt", "1"), ("two.txt", "2")]
    {
        let path = host.path("public").join(name);
        fs::write(&path, byte.repeat(60)).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(built).unwrap();
    }
    let mut client = host.tcp(ADDRESS);
    let mut tag = |path: &str, accepted: &str| {
        let line = format!("Accept-Encoding: {accepted}");
        ask(&mut client, "GET", path, &[&line]).header("ETag").unwrap().to_owned()
    };
    let tags = [
        tag("/p.js", "identity"),
        tag("/p.js", "gzip"),
        tag("/p.js", "br"),
        tag("/one", "identity"),
        tag("/two", "identity"),
    ];
    for (n, one) in tags.iter().enumerate() {
        assert!(!one.starts_with("W/") && !tags[..n].contains(one), "{tags:?}");
    }
    assert_eq!(tag("/p.js", "br"), tags[2], "it is the same each time");
}

#[test]
fn a_file_that_is_not_there_leaves_the_headers_that_are_not_about_it() {
    let own = r#".with_headers(#{
        "Access-Control-Allow-Origin": "*", "X-Frame-Options": "DENY", "Content-Security-Policy": "default-src 'none'",
        "ETag": "\"v1\"", "Cache-Control": "max-age=60", "Content-Disposition": "attachment", "Content-Type": "text/css"
    })"#;
    let missing = format!("Response().with_file(\"public/nope.txt\"){own}");
    let below = format!("Response().with_file_in(\"public\", \"/nope.txt\"){own}");
    let directory = format!("Response().with_file_in(\"public\", \"/sub\"){own}");
    let mut host = serve(&[
        ("/missing", &missing),
        ("/below", &below),
        ("/sub", &directory),
        ("/a.txt", &format!("Response().with_file(\"public/a.txt\"){own}")),
    ]);
    fs::create_dir(host.path("public/sub")).unwrap();
    let mut client = host.tcp(ADDRESS);
    for (path, status) in [("/missing", 404), ("/below", 404), ("/sub", 301), ("/a.txt", 416)] {
        let answer = ask(&mut client, "GET", path, &["Range: bytes=99-"]);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"), "{path}");
        assert_eq!(answer.header("X-Frame-Options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("Content-Security-Policy"), Some("default-src 'none'"));
        for gone in ["ETag", "Cache-Control", "Content-Disposition"] {
            assert_eq!(answer.header(gone), None, "{path}: {gone}");
        }
        assert_ne!(answer.header("Content-Type"), Some("text/css"), "{path}");
    }
}

#[test]
fn what_carries_the_cookie_of_a_session_is_for_one_client() {
    let mut host = serve(&[
        ("/file", r#"{ request.session().set("a", 1); Response().with_file("public/a.txt") }"#),
        ("/text", r#"{ request.session().set("a", 1); "text" }"#),
        (
            "/public",
            r#"{ request.session().set("a", 1); Response().with_file("public/a.txt")
                .with_headers(#{ "Cache-Control": "public, max-age=600, s-maxage=60", "Vary": "Origin" }) }"#,
        ),
        (
            "/own",
            r#"{ request.session().set("a", 1); Response(200, #{ "Cache-Control": "no-store" }, "x") }"#,
        ),
        ("/gone", r#"{ request.session().set("a", 1); Response().with_file("public/nope.txt") }"#),
        ("/read", r#"`${request.session().get("a")}`"#),
        ("/script", r#"Response().with_file("public/a.txt").cookie("user", "ann")"#),
        ("/plain", r#"Response().with_file("public/a.txt")"#),
    ]);
    let mut client = host.tcp(ADDRESS);
    for (path, caching, varies) in [
        ("/file", Some("private"), Some("Cookie")),
        ("/text", Some("private"), Some("Cookie")),
        ("/public", Some("private, max-age=600"), Some("Origin, Cookie")),
        ("/own", Some("no-store"), Some("Cookie")),
        ("/gone", Some("private"), Some("Cookie")),
        ("/script", Some("private"), None),
    ] {
        let answer = ask(&mut client, "GET", path, &[]);
        assert!(answer.header("Set-Cookie").is_some(), "{path}");
        assert_eq!(
            (answer.header("Cache-Control"), answer.header("Vary")),
            (caching, varies),
            "{path}"
        );
    }
    let read = ask(&mut client, "GET", "/read", &[]);
    assert_eq!((read.header("Set-Cookie"), read.header("Vary")), (None, Some("Cookie")));
    let plain = ask(&mut client, "GET", "/plain", &[]);
    assert_eq!((plain.header("Cache-Control"), plain.header("Vary")), (None, None));
}
