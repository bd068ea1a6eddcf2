//! Roots of a WebServer: who has the name and the path now, the pages for what is not there, and the types of files.

use crate::{
    support::answer::{ask, get},
    support::host::TestHost,
};
use std::{fs, os::unix::fs::symlink};

const ADDRESS: &str = "http://127.0.0.1:0";

const FILES: [(&str, &str); 6] = [
    ("v1/a.txt", "one"),
    ("v2/a.txt", "two"),
    ("www/index.html", "app"),
    ("www/errors/404.html", "no such page"),
    ("www/app.js", "let a;"),
    ("other/index.html", "other"),
];

#[test]
fn a_directory_that_is_swapped_by_a_deployment_is_seen_at_once() {
    let server = "let server = WebServer(\"http://127.0.0.1:0\"); server.add_root(\"v1\");";
    let mut host = TestHost::start_with(server, &FILES);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/a.txt").1, "one");
    fs::rename(host.path("v1"), host.path("old")).unwrap();
    // A root that is gone is trouble of this machine, and told as such.
    assert_eq!(get(&mut client, "/a.txt"), (500, "this file cannot be read\n".into()));
    assert!(host.wait_for_log("cannot be served").to_string().contains("v1"));
    symlink("v2", host.path("v1")).unwrap();
    assert_eq!(get(&mut client, "/a.txt").1, "two");
    fs::remove_file(host.path("v1")).unwrap();
    symlink("old", host.path("v1")).unwrap();
    assert_eq!(get(&mut client, "/a.txt").1, "one");
}

#[test]
fn a_dot_at_the_end_of_a_host_names_the_same_host() {
    let mut host = TestHost::start_with(
        "let server = WebServer(\"http://127.0.0.1:0\");
        server.add_root(\"a.example\", \"www\");
        server.add_root(\"b.example.\", \"other\");",
        &FILES,
    );
    let mut client = host.tcp(ADDRESS);
    for name in ["b.example", "b.example.", "B.EXAMPLE:80", "b.example.:80"] {
        let line = format!("Host: {name}");
        assert_eq!(ask(&mut client, "GET", "/", &[&line]).text(), "other", "{name}");
    }
    for name in ["a.example.", "c.example", "b.example.."] {
        let line = format!("Host: {name}");
        assert_eq!(ask(&mut client, "GET", "/", &[&line]).text(), "app", "{name}");
    }
}

#[test]
fn a_root_has_pages_of_its_own_for_what_is_not_there() {
    let mut host = TestHost::start_with(
        "let server = WebServer(\"http://127.0.0.1:0\");
        server.add_root(\"a.example\", \"www\", #{ not_found: \"errors/404.html\" });
        server.add_root(\"app.example\", \"www\", #{ fallback: \"index.html\", not_found: \"errors/404.html\" });",
        &FILES,
    );
    let mut client = host.tcp(ADDRESS);
    let mut asked = |name: &str, path: &str, method: &str| {
        let host = format!("Host: {name}");
        ask(&mut client, method, path, &[&host, "If-None-Match: *", "Range: bytes=0-1"])
    };
    let page = asked("a.example", "/users/7", "GET");
    assert_eq!((page.status, page.text()), (404, "no such page"));
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    for of_the_file in ["ETag", "Last-Modified", "Accept-Ranges", "Cache-Control"] {
        assert_eq!(page.header(of_the_file), None, "{of_the_file}");
    }
    let head = asked("a.example", "/users/7", "HEAD");
    assert_eq!((head.status, head.header("Content-Length")), (404, Some("12")));
    assert_eq!(asked("app.example", "/users/7", "GET").status, 304, "the page itself is kept");
    assert_eq!(asked("app.example", "/nothing.js", "GET").status, 404);
    let mut client = host.tcp(ADDRESS);
    let app = ask(&mut client, "GET", "/users/7", &["Host: app.example"]);
    assert_eq!((app.status, app.text()), (200, "app"));
    let error = TestHost::try_start(
        "let server = WebServer(\"http://127.0.0.1:0\");
        server.add_root(\"www\", #{ not_found: \"../secret.html\" });",
        &FILES,
    );
    let error = error.err().expect("refused").to_string();
    assert!(error.contains("not_found is a file below the root") && error.contains("main.rhai:2"));
    assert!(error.contains("such as \"404.html\", not \"../secret.html\""), "{error}");
}

#[test]
fn a_script_can_correct_the_types_of_files() {
    let mut host = TestHost::start_with(
        "let server = WebServer(\"http://127.0.0.1:0\");
        server.add_root(\"a.example\", \"www\");
        server.add_root(\"b.example\", \"www\", #{ types: #{ \".ts\": \"text/x-own\", js: \"text/plain\" } });",
        &FILES,
    );
    for name in ["v.ts", "a.mts", "a.cjs", "a.tsx", "a.m4s", "a.ndjson", "a.jsonl"] {
        fs::write(host.path("www").join(name), "x").unwrap();
    }
    let mut client = host.tcp(ADDRESS);
    for (host, path, media_type) in [
        ("a", "/v.ts", "video/mp2t"),
        ("a", "/a.mts", "video/mp2t"),
        ("a", "/a.cjs", "text/javascript; charset=utf-8"),
        ("a", "/a.tsx", "text/plain; charset=utf-8"),
        ("a", "/a.m4s", "video/iso.segment"),
        ("a", "/a.ndjson", "application/x-ndjson"),
        ("a", "/a.jsonl", "application/jsonl"),
        ("b", "/v.ts", "text/x-own"),
        ("b", "/app.js", "text/plain"),
        ("b", "/a.tsx", "text/plain; charset=utf-8"),
    ] {
        let line = format!("Host: {host}.example");
        let answer = ask(&mut client, "GET", path, &[&line]);
        assert_eq!(answer.header("Content-Type"), Some(media_type), "{host} {path}");
    }
    for wrong in ["1", "#{ ts: 1 }", "#{ ts: \"text\" }", "#{ ts: \"a/b\\r\\nX: y\" }"] {
        let script = format!(
            "let server = WebServer(\"http://127.0.0.1:0\");\nserver.add_root(\"www\", #{{ types: {wrong} }});"
        );
        let error = TestHost::try_start(&script, &FILES).err().expect("refused").to_string();
        assert!(error.contains("main.rhai:2"), "{error}");
    }
}

#[test]
fn a_script_can_ask_whether_a_file_is_there_and_nothing_outside_is() {
    let mut host = TestHost::start_with(
        r#"
        let worker = Worker("http://127.0.0.1:0");
        worker.on_message = |connection, request| connection.send(switch request.path() {
            "/gone" => file_exists_in("nowhere", "/a"),
            "/list" => file_exists_in("v1", "/", #{ listing: true }),
            _ => file_exists_in("www", request.get("path")),
        });
        "#,
        &FILES,
    );
    symlink("../v1/a.txt", host.path("www/out.txt")).unwrap();
    symlink("app.js", host.path("www/in.js")).unwrap();
    fs::write(host.path("www/.env"), "secret").unwrap();
    fs::create_dir(host.path("www/empty")).unwrap();
    let mut client = host.tcp(ADDRESS);
    for (path, exists) in [
        ("/app.js", true),
        ("app.js", true),
        ("/", true),
        ("/in.js", true),
        ("/errors", false),
        ("/errors/404.html", true),
        ("/empty", false),
        ("/none", false),
        ("/out.txt", false),
        ("/.env", false),
        ("/../v1/a.txt", false),
        ("/%252e%252e/v1/a.txt", false),
        ("/app.js%2500", false),
    ] {
        let answer = get(&mut client, &format!("/?path={path}"));
        assert_eq!(answer, (200, exists.to_string()), "{path}");
    }
    assert_eq!(get(&mut client, "/list").1, "true");
    assert_eq!(host.errors(), 0);
    assert_eq!(get(&mut client, "/gone").0, 500);
    assert!(host.fault().to_string().contains("the directory"), "it says which");
}

#[test]
fn a_mount_asks_the_app_for_what_is_not_there() {
    let script = |options: &str, more: &str| {
        format!(
            "import \"std/router\" as router;
            let app = router::create();
            router::mount(app, \"/site\", \"www\"{options});
            {more}
            let worker = Worker(\"http://127.0.0.1:0\");
            worker.on_message = |connection, request| router::handle(app, connection, request);"
        )
    };
    let nowhere =
        "router::not_found(app, |request| Response(404, #{}, `nothing at ${request.path()}`));";
    let mut host = TestHost::start_with(&script("", nowhere), &FILES);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/site/app.js"), (200, "let a;".into()));
    assert_eq!(get(&mut client, "/site/"), (200, "app".into()));
    for path in ["/site/none", "/site/errors/", "/site/../v1/a.txt", "/elsewhere"] {
        assert_eq!(get(&mut client, path), (404, format!("nothing at {path}")), "{path}");
    }
    let own = ", #{ not_found: \"errors/404.html\" }";
    let mut host = TestHost::start_with(&script(own, nowhere), &FILES);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/site/none"), (404, "no such page".into()));
    assert_eq!(get(&mut client, "/elsewhere").1, "nothing at /elsewhere");
    let app = ", #{ fallback: \"index.html\" }";
    let mut host = TestHost::start_with(&script(app, ""), &FILES);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/site/users/7"), (200, "app".into()));
    assert_eq!(get(&mut client, "/site/none.js").0, 404);
    assert_eq!(host.errors(), 0);
    let wrong = script(", #{ falback: \"index.html\" }", "");
    let error = TestHost::try_start(&wrong, &FILES).err().expect("refused").to_string();
    assert!(error.contains("no option `falback`") && error.contains("main.rhai:3"), "{error}");
}
