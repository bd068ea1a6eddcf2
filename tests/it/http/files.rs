//! `WebServer`: files of its roots on the wire.

use crate::support::{
    answer::{Answer, ask, get},
    client::Client,
    host::TestHost,
};
use std::{fs, os::unix::fs::symlink};

const ADDRESS: &str = "http://127.0.0.1:0";

/// A WebServer with these statements more.
fn script(more: &str) -> String {
    format!("let server = WebServer(\"{ADDRESS}\");\n{more}\nWorker::run_all();\n")
}

const FILES: [(&str, &str); 8] = [
    ("www/index.html", "<h1>home</h1>"),
    ("www/a.txt", "abcdefghij"),
    ("www/empty.txt", ""),
    ("www/docs/index.html", "docs"),
    ("www/list/one.txt", "1"),
    ("www/.secret", "hidden"),
    ("shop/index.html", "shop"),
    ("secret.txt", "outside"),
];

fn start(more: &str) -> TestHost {
    TestHost::start_with(&script(more), &FILES)
}

const WWW: &str = "server.add_root(\"example.com\", \"www\");";

#[test]
fn files_are_answered_with_what_caches_want_to_know() {
    let mut host = start(WWW);
    let mut client = host.tcp(ADDRESS);
    let answer = ask(&mut client, "GET", "/a.txt", &[]);
    assert_eq!((answer.status, answer.text()), (200, "abcdefghij"));
    assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("Accept-Ranges"), Some("bytes"));
    assert_eq!(answer.header("Vary"), Some("Accept-Encoding"));
    let tag = format!("If-None-Match: {}", answer.header("ETag").unwrap());
    let since = format!("If-Modified-Since: {}", answer.header("Last-Modified").unwrap());
    for known in [tag, since] {
        let answer = ask(&mut client, "GET", "/a.txt", &[&known]);
        assert_eq!((answer.status, answer.header("Content-Length")), (304, None), "{known}");
    }
    let part = ask(&mut client, "GET", "/a.txt", &["Range: bytes=2-4"]);
    assert_eq!((part.status, part.text()), (206, "cde"));
    assert_eq!(part.header("Content-Range"), Some("bytes 2-4/10"));
    let beyond = ask(&mut client, "GET", "/a.txt", &["Range: bytes=10-"]);
    assert_eq!((beyond.status, beyond.header("Content-Range")), (416, Some("bytes */10")));
    let head = ask(&mut client, "HEAD", "/a.txt", &[]);
    assert_eq!((head.status, head.header("Content-Length")), (200, Some("10")));
    assert_eq!(get(&mut client, "/empty.txt"), (200, String::new()));
    assert_eq!(get(&mut client, "/a.txt"), (200, "abcdefghij".into()));
    assert_eq!(host.errors(), 0);
}

#[test]
fn a_directory_is_its_index_and_keeps_the_query_on_the_way_there() {
    let mut host = start(WWW);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/"), (200, "<h1>home</h1>".into()));
    assert_eq!(get(&mut client, "/docs/?a=1"), (200, "docs".into()));
    for (asked, found) in [
        ("/docs", "/docs/"),
        ("/docs?a=b&c", "/docs/?a=b&c"),
        ("//docs", "/docs/"),
        ("http://example.com/docs?x", "/docs/?x"),
    ] {
        let answer = ask(&mut client, "GET", asked, &[]);
        assert_eq!((answer.status, answer.header("Location")), (301, Some(found)), "{asked}");
    }
}

#[test]
fn what_is_not_below_the_root_is_not_there() {
    let mut host = start(WWW);
    symlink(host.path("secret.txt"), host.path("www/out.txt")).unwrap();
    symlink("a.txt", host.path("www/in.txt")).unwrap();
    let mut client = host.tcp(ADDRESS);
    for path in [
        "/nothing",
        "/list/",
        "/list",
        "/.secret",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/docs/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/out.txt",
        "/a.txt%00",
        "/a.txt/",
        "/a.txt/b",
        "//etc/passwd",
        "/docs/%2e%2e/%2e%2e/secret.txt",
    ] {
        let answer = ask(&mut client, "GET", path, &[]);
        let wanted = if path == "/list" { 301 } else { 404 };
        assert_eq!(answer.status, wanted, "{path}: {answer:?}");
        assert!(answer.body.len() < 100 && !answer.text().contains("outside"));
    }
    assert_eq!(get(&mut client, "/in.txt"), (200, "abcdefghij".into()));
    let head = ask(&mut client, "HEAD", "/nothing", &[]);
    assert_eq!(head.status, 404);
    // (the connection is the same all the time)
    assert_eq!(get(&mut client, "/docs/").0, 200);
}

#[test]
fn files_are_only_read() {
    let mut host = start(WWW);
    let mut client = host.tcp(ADDRESS);
    for method in ["POST", "PUT", "DELETE", "PATCH", "FIND"] {
        let answer = ask(&mut client, method, "/a.txt", &["Content-Length: 0"]);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
    }
    let answer = ask(&mut client, "OPTIONS", "/a.txt", &[]);
    assert_eq!((answer.status, answer.header("Allow")), (204, Some("GET, HEAD, OPTIONS")));
}

#[test]
fn the_host_that_is_asked_chooses_the_root_and_a_stranger_gets_the_first() {
    let mut host = start(&format!("{WWW} server.add_root(\"Shop.Example.com\", \"shop\");"));
    let mut client = host.tcp(ADDRESS);
    for (name, body) in [
        ("example.com", "<h1>home</h1>"),
        ("shop.example.com", "shop"),
        ("SHOP.example.COM:8080", "shop"),
        ("127.0.0.1:80", "<h1>home</h1>"),
        ("[::1]:80", "<h1>home</h1>"),
    ] {
        let answer = ask(&mut client, "GET", "/", &[&format!("Host: {name}")]);
        assert_eq!(answer.text(), body, "{name}");
    }
}

#[test]
fn text_goes_out_compressed_to_those_who_take_it() {
    let mut host = start(WWW);
    let text = "to be or not to be, ".repeat(1000);
    fs::write(host.path("www/long.txt"), &text).unwrap();
    fs::write(host.path("www/ready.js"), "var a;").unwrap();
    fs::write(host.path("www/ready.js.br"), "brotli").unwrap();
    fs::write(host.path("www/ready.js.gz"), "gzip").unwrap();
    let mut client = host.tcp(ADDRESS);
    let answer = ask(&mut client, "GET", "/long.txt", &["Accept-Encoding: gzip"]);
    assert!(answer.body.len() < 1000 && answer.unzipped() == text.as_bytes());
    assert!(answer.header("ETag").unwrap().starts_with("W/"));
    let head = ask(&mut client, "HEAD", "/long.txt", &["Accept-Encoding: gzip"]);
    assert_eq!(head.header("Content-Length").unwrap(), answer.body.len().to_string());
    let plain = ask(&mut client, "GET", "/long.txt", &[]);
    assert_eq!((plain.header("Content-Encoding"), plain.text()), (None, &*text));
    for (accepts, coding, body) in [
        ("gzip, br", Some("br"), "brotli"),
        ("gzip", Some("gzip"), "gzip"),
        ("identity", None, "var a;"),
    ] {
        let answer =
            ask(&mut client, "GET", "/ready.js", &[&format!("Accept-Encoding: {accepts}")]);
        assert_eq!((answer.header("Content-Encoding"), answer.text()), (coding, body));
        assert_eq!(answer.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    }
}

#[test]
fn options_of_a_root_say_how_it_behaves() {
    let mut host = start(
        "server.add_root(\"www\", #{ }); server.add_root(\"b\", \"www\", #{ index: \"a.txt\", listing: true, compress: false });",
    );
    let mut client = host.tcp(ADDRESS);
    let mut b = |path| ask(&mut client, "GET", path, &["Host: b", "Accept-Encoding: gzip"]);
    assert_eq!(b("/").text(), "abcdefghij");
    let list = b("/list/");
    assert_eq!(list.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(list.text().contains("<a href=\"one.txt\">one.txt</a>"), "{}", list.text());
    assert_eq!(b("/a.txt").header("Vary"), None);
}

#[test]
fn the_script_is_asked_first_and_what_it_does_not_answer_is_a_file() {
    let mut host = start(&format!(
        "{WWW}
        server.on_message = |connection, request| {{
            if request.path() == \"/api\" {{ connection.send(#{{ ok: true }}); }}
            if request.path() == \"/slow\" {{ sleep(0.01); connection.send(\"waited\"); }}
            if request.path() == \"/bye\" {{ connection.close(); }}
            if request.path() == \"/oops\" {{ throw \"oops\"; }}
            if request.path() == \"/file\" {{ connection.send(Response().with_file(\"www/a.txt\")); }}
        }};"
    ));
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/api"), (200, "{\"ok\":true}".into()));
    assert_eq!(get(&mut client, "/a.txt"), (200, "abcdefghij".into()));
    assert_eq!(get(&mut client, "/slow"), (200, "waited".into()));
    assert_eq!(get(&mut client, "/file"), (200, "abcdefghij".into()));
    // (pipelined: answers in the order of the requests)
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
    client.send(["/a.txt", "/slow", "/nothing", "/oops"].map(request).concat());
    let mut texts = Vec::new();
    for _ in 0..4 {
        let answer = Answer::read(&mut client);
        texts.push((answer.status, answer.text().to_owned()));
    }
    let statuses: Vec<u16> = texts.iter().map(|(status, _)| *status).collect();
    assert_eq!((statuses, &*texts[1].1), (vec![200, 200, 404, 500], "waited"));
    client.expect_end();
    let mut client = host.tcp(ADDRESS);
    client.send(request("/bye"));
    client.expect_end();
}

#[test]
fn a_large_file_is_whole_for_fast_and_slow_readers() {
    const SIZE: usize = 10 * 1024 * 1024;
    let mut host = start(WWW);
    let content: Vec<u8> = (0..SIZE).map(|at| (at / 3 % 251) as u8).collect();
    fs::write(host.path("www/big.bin"), &content).unwrap();
    for mut client in [host.tcp(ADDRESS), Client::connect_narrow(host.socket(ADDRESS))] {
        let answer = ask(&mut client, "GET", "/big.bin", &[]);
        assert!(answer.body == content);
        client.widen();
        let part = ask(&mut client, "GET", "/big.bin", &["Range: bytes=100000-300000"]);
        assert!(part.body == content[100_000..=300_000]);
        assert_eq!(get(&mut client, "/a.txt").0, 200);
    }
}

#[test]
fn a_file_that_shrinks_ends_the_connection_instead_of_the_answer() {
    let mut host = start(WWW);
    fs::write(host.path("www/big.bin"), vec![7; 8 * 1024 * 1024]).unwrap();
    let mut client = Client::connect_narrow(host.socket(ADDRESS));
    client.send("GET /big.bin HTTP/1.1\r\nHost: here\r\n\r\n");
    client.bytes(1);
    fs::write(host.path("www/big.bin"), "").unwrap();
    assert!(client.rest().len() < 8 * 1024 * 1024);
}

#[test]
fn a_saved_script_changes_the_roots_of_open_connections() {
    let mut host = start(WWW);
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/").1, "<h1>home</h1>");
    let report = host.edit(&script("server.add_root(\"example.com\", \"shop\");"));
    assert_eq!(report.connections, 1);
    assert_eq!(get(&mut client, "/").1, "shop");
    // Another directory in its place needs no reload.
    fs::rename(host.path("shop"), host.path("old")).unwrap();
    fs::rename(host.path("www"), host.path("shop")).unwrap();
    assert_eq!(get(&mut client, "/").1, "<h1>home</h1>");
    // What cannot be served is refused, and the roots of before go on.
    let fault = host.edit_badly(&script("server.add_root(\"example.com\", \"missing\");"));
    assert!(fault.to_string().contains("main.rhai:2") && fault.to_string().contains("missing"));
    assert_eq!(get(&mut client, "/").1, "<h1>home</h1>");
}

#[test]
fn a_web_server_that_has_nothing_to_serve_does_not_start() {
    let refused = |script: &str, why: &[&str]| {
        let error = TestHost::try_start(script, &FILES).err().expect("refused").to_string();
        why.iter().for_each(|why| assert!(error.contains(why), "{error}"));
    };
    refused(&script(""), &["has no root: call add_root"]);
    refused(&script("server.add_root(\"a\", \"nowhere\");"), &["main.rhai:2", "nowhere"]);
    refused(&script("server.add_root(\"a\", \"secret.txt\");"), &["main.rhai:2", "secret.txt"]);
    refused(&script("server.add_root(\"a:80\", \"www\");"), &["`a:80` is not a domain"]);
    refused(&script("server.add_root(\"a\", \"www\", #{ indx: 1 });"), &["no option `indx`"]);
    refused(&script("server.add_root(\"a\", \"www\", #{ index: \"a/b\" });"), &["index"]);
    refused("WebServer(\"text://127.0.0.1:0\");", &["main.rhai:1", "http://"]);
    refused("let w = Worker(\"text://127.0.0.1:0\"); w.add_root(\"a\", \"www\");", &["http://"]);
}

#[test]
fn a_web_server_can_be_made_inside_of_a_handler() {
    let mut host = TestHost::start_with(
        "let w = Worker();
        w.on_worker_start = |w| {
            let server = WebServer(\"http://127.0.0.1:0\");
            server.add_root(\"localhost\", \"www\");
            server.listen();
        };
        Worker::run_all();",
        &FILES,
    );
    let mut client = host.tcp(ADDRESS);
    assert_eq!(get(&mut client, "/docs/").1, "docs");
    host.handle().reload();
    host.reloaded();
    assert_eq!(get(&mut client, "/docs/").1, "docs");
}

#[test]
fn a_response_can_be_a_file_below_a_directory_of_the_scripts_choice() {
    let mut host = TestHost::start_with(
        "let w = Worker(\"http://127.0.0.1:0\");
        w.on_message = |connection, request| {
            let path = request.path();
            if !path.starts_with(\"/files\") { path = request.get(\"path\"); } else { path = path.sub_string(6); }
            connection.send(Response().with_header(\"Cache-Control\", \"max-age=9\").with_file_in(\"www\", path));
        };",
        &FILES,
    );
    let mut client = host.tcp(ADDRESS);
    let found = ask(&mut client, "GET", "/files/a.txt", &["Range: bytes=0-1"]);
    assert_eq!((found.status, found.text()), (206, "ab"));
    assert_eq!(found.header("Cache-Control"), Some("max-age=9"));
    let moved = ask(&mut client, "GET", "/files/docs?x=1", &[]);
    assert_eq!((moved.status, moved.header("Location")), (301, Some("/files/docs/?x=1")));
    let elsewhere = ask(&mut client, "GET", "//elsewhere/docs?path=/docs", &[]);
    assert_eq!(elsewhere.header("Location"), Some("/docs/?path=/docs"));
    let missing = ask(&mut client, "GET", "/files/%2e%2e/secret.txt", &[]);
    assert_eq!((missing.status, missing.header("Cache-Control")), (404, None));
    assert_eq!(get(&mut client, "/?path=../secret.txt").0, 404);
    assert_eq!(get(&mut client, "/?path=/docs/").1, "docs");
}
