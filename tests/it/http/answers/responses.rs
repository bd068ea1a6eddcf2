//! `Response` in all its forms.

use super::{ADDRESS, check, get, serve};

/// Each call that must be an error, and a part of its text.
#[track_caller]
fn check_refused(cases: &[(&str, &str)]) {
    let tries: String = cases
        .iter()
        .map(|(code, _)| {
            format!("try {{ {code}; print(\"no error\"); }} catch (e) {{ print(e); }}\n")
        })
        .collect();
    let host = crate::support::host::TestHost::start(&tries);
    crate::support::wait::until("the lines are printed", || host.printed().len() == cases.len());
    for ((code, wanted), got) in cases.iter().zip(host.printed()) {
        assert!(got.contains(wanted), "{code}: {got}");
    }
}

#[test]
fn a_response_has_status_headers_and_body() {
    check(
        "GET",
        &[
            ("connection.send(Response())", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
            ("connection.send(Response(201))", "HTTP/1.1 201 Created\nContent-Length: 0\n\n"),
            (
                "connection.send(Response(404, #{ \"X-B\": 2, \"X-A\": true }))",
                "HTTP/1.1 404 Not Found\nX-B: 2\nX-A: true\nContent-Length: 0\n\n",
            ),
            (
                "connection.send(Response(200, #{ \"content-type\": \"text/plain\" }, \"hi\"))",
                "HTTP/1.1 200 OK\ncontent-type: text/plain\nContent-Length: 2\n\nhi",
            ),
            (
                "connection.send(Response().with_body(#{ a: 1 }))",
                "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 7\n\n{\"a\":1}",
            ),
            (
                "connection.send(Response().with_body(\"ab\".to_blob()))",
                "HTTP/1.1 200 OK\nContent-Type: application/octet-stream\nContent-Length: 2\n\nab",
            ),
            (
                "connection.send(Response::json(\"text\"))",
                "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 6\n\n\"text\"",
            ),
            (
                "connection.send(Response::json(()).with_status(400))",
                "HTTP/1.1 400 Bad Request\nContent-Type: application/json\nContent-Length: 4\n\nnull",
            ),
            (
                "connection.send(Response::redirect(\"/a?b=c\"))",
                "HTTP/1.1 302 Found\nLocation: /a?b=c\nContent-Length: 0\n\n",
            ),
            (
                "connection.send(Response::redirect(\"/\", 308))",
                "HTTP/1.1 308 Permanent Redirect\nLocation: /\nContent-Length: 0\n\n",
            ),
            (
                "connection.send(Response().with_status(599))",
                "HTTP/1.1 599 \nContent-Length: 0\n\n",
            ),
            (
                "connection.send(Response().with_status(200, \"Fine by me\"))",
                "HTTP/1.1 200 Fine by me\nContent-Length: 0\n\n",
            ),
            (
                "connection.send(Response().with_status(503, \"Lunch\").with_status(404))",
                "HTTP/1.1 404 Not Found\nContent-Length: 0\n\n",
            ),
        ],
    );
}

#[test]
fn a_header_replaces_those_of_its_name_and_an_array_repeats_it() {
    check("GET", &[
        (
            "connection.send(Response().with_header(\"X-A\", 1).header(\"x-a\", 2))",
            "HTTP/1.1 200 OK\nx-a: 2\nContent-Length: 0\n\n",
        ),
        (
            "connection.send(Response().with_headers(#{ \"X-A\": [1, 2], \"X-B\": 3 }))",
            "HTTP/1.1 200 OK\nX-A: 1\nX-A: 2\nX-B: 3\nContent-Length: 0\n\n",
        ),
        (
            "connection.send(Response(200, #{ \"X-A\": [1, 2] }).without_header(\"x-a\"))",
            "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        ),
        (
            "let r = Response(200, #{ \"X-A\": \"v\" }, \"b\");
             connection.send(`${r.get_header(\"x-a\")} ${r.get_header(\"X-B\")} ${r.get_status_code()} ${r.get_body()} ${r}`)",
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 22\n\nv  200 b Response(200)",
        ),
    ]);
}

#[test]
fn how_a_message_is_framed_is_not_the_scripts_to_say() {
    check(
        "GET",
        &[
            (
                "connection.send(Response(200, #{ \"Content-Length\": 3 }, \"hello\"))",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 5\n\nhello",
            ),
            (
                "connection.send(Response(200, #{ \"content-length\": \"99, 98\" }))",
                "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
            ),
            (
                "connection.send(Response(200, #{ \"Transfer-Encoding\": \"gzip\", \"Connection\": \"upgrade\" }, \"hello\"))",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 5\n\nhello",
            ),
            (
                "connection.send(Response(204, #{ \"X-A\": 1 }, \"nothing\").with_header(\"Content-Type\", \"a/b\"))",
                "HTTP/1.1 204 No Content\nX-A: 1\nContent-Type: a/b\n\n",
            ),
            (
                "connection.send(Response(304, #{ \"ETag\": \"\\\"a\\\"\" }))",
                "HTTP/1.1 304 Not Modified\nETag: \"a\"\n\n",
            ),
        ],
    );
}

#[test]
fn connection_close_closes_after_the_answer() {
    let mut host = serve(
        "let r = Response(200, #{ \"Connection\": \"Close\" }, \"bye\");
         if request.path() == \"/close\" { connection.close(\"bye\") } else { connection.send(r) }",
    );
    for path in ["/close", "/header"] {
        let mut client = host.tcp(ADDRESS);
        assert_eq!(
            get(&mut client, path),
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 3\nConnection: close\n\nbye"
        );
        client.expect_end();
    }
}

#[test]
fn a_response_can_be_sent_many_times_and_a_date_of_its_own_is_kept() {
    let mut host = crate::support::host::TestHost::start(
        "let page = Response(200, #{ Date: \"Mon, 01 Jan 2001 00:00:00 GMT\" }, \"page\");
         let worker = Worker(\"http://127.0.0.1:0\");
         worker.on_message = |connection, request| connection.send(page);
         Worker::run_all();",
    );
    let mut client = host.tcp(ADDRESS);
    for _ in 0..3 {
        assert!(get(&mut client, "/").ends_with("\n\npage"));
    }
}

#[test]
fn cookies_say_what_they_are_told() {
    check("GET", &[
        (
            "connection.send(Response().cookie(\"a\", \"1\").cookie(\"b\", \"x; y=ü\"))",
            "HTTP/1.1 200 OK\nSet-Cookie: a=1; HttpOnly; SameSite=Lax; Path=/\n\
             Set-Cookie: b=x%3B%20y=%C3%BC; HttpOnly; SameSite=Lax; Path=/\nContent-Length: 0\n\n",
        ),
        (
            "connection.send(Response().cookie(\"a\", \"1\", #{ max_age: 60, path: \"/x\", domain: \"example.com\",
                secure: true, http_only: false, same_site: \"strict\" }))",
            "HTTP/1.1 200 OK\n\
             Set-Cookie: a=1; SameSite=Strict; Secure; Path=/x; Domain=example.com; Max-Age=60\nContent-Length: 0\n\n",
        ),
        (
            "connection.send(Response().cookie(\"a\", \"\", #{ max_age: 0, path: \"\", same_site: \"\" }))",
            "HTTP/1.1 200 OK\nSet-Cookie: a=; HttpOnly; Max-Age=0\nContent-Length: 0\n\n",
        ),
        (
            "connection.send(Response().cookie(\"a\", \"1\", #{ same_site: \"None\" }))",
            "HTTP/1.1 200 OK\nSet-Cookie: a=1; HttpOnly; SameSite=None; Secure; Path=/\nContent-Length: 0\n\n",
        ),
    ]);
}

#[test]
fn what_could_forge_or_cannot_be_sent_is_an_error_where_it_is_written() {
    check_refused(&[
        ("Response(199)", "status is a whole number from 200 to 599, not 199"),
        ("Response(600)", "status is a whole number from 200 to 599, not 600"),
        ("Response().with_status(200, \"a\\r\\nX: y\")", "a reason is one line of text"),
        ("Response(200, #{ \"X-A\": \"a\\r\\nX-B: b\" })", "X-A has a line break"),
        ("Response().with_header(\"X-A\", \"a\\nb\")", "X-A has a line break"),
        ("Response().with_header(\"X-A\", [\"fine\", \"a\\rb\"])", "X-A has a line break"),
        ("Response().with_header(\"X-A\", \"a\\x00b\")", "control character"),
        ("Response().with_header(\"X A\", 1)", "`X A` is not the name of a header"),
        ("Response().with_header(\"X:\", 1)", "is not the name of a header"),
        ("Response().with_header(\"\", 1)", "is not the name of a header"),
        ("Response().with_header(\"X-A\", ())", "() cannot be sent"),
        ("Response().with_headers(1)", "headers are a map"),
        ("Response::redirect(\"/\\r\\nSet-Cookie: a=b\")", "Location has a line break"),
        ("Response::redirect(\"/\", 200)", "a redirect has a status from 300 to 399"),
        ("Response().with_body(())", "() cannot be sent"),
        ("Response().with_body(|| 1)", "cannot be sent"),
        ("Response().cookie(\"a b\", \"1\")", "a cookie cannot be named"),
        ("Response().cookie(\"a\", \"1\", #{ maxage: 1 })", "a cookie has no option `maxage`"),
        (
            "Response().cookie(\"a\", \"1\", #{ same_site: \"lux\" })",
            "\"Lax\", \"Strict\" or \"None\"",
        ),
        ("Response().cookie(\"a\", \"1\", #{ path: \"/;x\" })", "its path cannot be"),
        ("Response().cookie(\"a\", \"1\", 5)", "the options of a cookie are a map"),
        (
            "let r = Response(); for i in 0..101 { r.with_header(`X-${i}`, i); }",
            "at most 100 headers",
        ),
        ("Response().with_file(\"\")", "a file has a path"),
        ("Response().with_file(\"a\\x00b\")", "a file has a path"),
        ("Response().with_file(\"a\", -1)", "offset"),
        ("ServerSentEvents(#{ evnt: 1 })", "ServerSentEvents has no field `evnt`"),
        ("ServerSentEvents(#{ id: \"a\\nb\" })", "id of an event is one line"),
        ("ServerSentEvents(#{ retry: \"soon\" })", "retry (milliseconds) is a whole number"),
        ("ServerSentEvents(\"text\")", "takes a map"),
        ("Chunk(())", "() cannot be sent"),
    ]);
}
